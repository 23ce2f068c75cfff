package archive

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"
	"github.com/klauspost/compress/gzip"

	"headcount.example/cmd/headcount/internal/atomicfile"
	"headcount.example/cmd/headcount/internal/otlpfile"
)

// rotatedFile are the names that the Collector (and logrotate) give to a file
// that they write no more. The Collector adds why it rotated, at its start also to
// names without it: usage-2026-11-24T00-00-00.000-size.jsonl.
var rotatedFile = regexp.MustCompile(`(-\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}(-[0-9a-zA-Z_]+)?\.jsonl|\.jsonl\.[0-9]+)(\.gz)?$|\.jsonl\.gz$`)

// A rawFile is a file of the Collector to erase from. One that was found in a
// directory is taken for live unless its name says that it was rotated.
type rawFile struct {
	path  string
	named bool // given by itself
	size  int64
}

func rawFiles(args []string) (files []rawFile, err error) {
	paths, err := expand(args)
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			return nil, irregular(path, info)
		}
		named := slices.ContainsFunc(args, func(a string) bool { return filepath.Clean(a) == path })
		files = append(files, rawFile{path, named, info.Size()})
	}
	return files, nil
}

const isOpen = "another program has it open: it is the Collector's live file"

// live is why a raw file must not be touched; empty where it may.
func (e *erasure) live(f rawFile) string {
	open, known := openElsewhere(f.path)
	switch {
	case open:
		return isOpen
	case e.o.Closed, rotatedFile.MatchString(f.path):
		return ""
	case !known:
		return "it may be the Collector's live file: whether another program has it open cannot be seen from here; give --closed if none writes it"
	case !f.named:
		return "no program has it open, and its name is not that of a rotated file; while the Collector is stopped, run headcount erase again and name the file itself"
	}
	return ""
}

// rawFile rewrites one raw file.
func (e *erasure) rawFile(f rawFile, known *index) (x ErasedFile, err error) {
	x = ErasedFile{Name: f.path, Action: left, Why: e.live(f)}
	o, err := known.open(f.path)
	if err != nil {
		return x, err
	}
	defer o.file.Close()
	e.give(o)
	n, err := e.copyRaw(o, io.Discard, nil)
	if err != nil {
		return x, err
	}
	if x.Why == "" && n > 0 && links(o.info) > 1 {
		x.Why = "it has more than one name (hard links), and the others would keep what is removed; remove them first"
	}
	switch {
	case x.Why != "":
		if x.Left = n; n == 0 {
			x.Why = "" // what may be live is, as long as nothing in it must go
			e.searched(o)
		}
		if x.Why == "" || x.Why == isOpen {
			x.Action = live
		}
		return x, nil
	case n == 0:
		x.Action = clean
		e.searched(o)
		return x, nil
	}
	x.Action, x.Removed = rewritten, n
	return x, e.rewrite(o, x)
}

// rewrite puts a new file in the place of a raw file. Before that the
// manifest knows how much of the new one was read.
func (e *erasure) rewrite(o *opened, x ErasedFile) (err error) {
	defer func() { err = o.byName(err) }()
	to, err := filepath.EvalSymlinks(o.path) // the file, not a link to it
	if err != nil {
		return err
	}
	f, err := os.OpenFile(filepath.Join(filepath.Dir(to), fmt.Sprintf(anewPrefix+"%d", o.id.Inode)), os.O_CREATE|os.O_TRUNC|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	defer func() {
		f.Close()
		if err != nil {
			os.Remove(f.Name())
		}
	}()
	var place *prefix
	if o.in != nil {
		place = &prefix{of: o.in.Offset, hash: xxhash.New()}
	}
	if err := e.fill(f, o, place); err != nil {
		return err
	}
	step("filled")
	in, err := place.input(o, f, len(e.m.Tombstones))
	if err != nil {
		return err
	}
	if in != nil {
		e.m.Inputs = append(e.m.Inputs, in)
	}
	e.m.Open.Files = append(e.m.Open.Files, x)
	if err := e.m.save(e.dir); err != nil {
		return err
	}
	if err := o.unchanged(to); err != nil {
		return err
	}
	step("known")
	if err := os.Rename(f.Name(), to); err != nil {
		return err
	}
	step("renamed")
	if in != nil {
		if o.in.Pending > 0 {
			in.Pending = place.rest
		}
		e.m.finishErase(in)
	}
	return atomicfile.SyncDir(filepath.Dir(to))
}

// anewPrefix begins the name of the new file, until it has the place of the
// old one.
const anewPrefix = ".headcount-"

// byName names the raw file in an error about the new one.
func (o *opened) byName(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path) && strings.HasPrefix(filepath.Base(path.Path), anewPrefix):
		return fmt.Errorf("%s cannot be written anew: %w", o.path, path.Err)
	case errors.As(err, &link) && strings.HasPrefix(filepath.Base(link.Old), anewPrefix):
		return fmt.Errorf("%s cannot be replaced: %w", o.path, link.Err)
	}
	return err
}

// fill writes the new file: what stays of the old one, with its owner, mode
// and times.
func (e *erasure) fill(f *os.File, o *opened, place *prefix) (err error) {
	keepOwner(f, o.info)
	b := bufio.NewWriterSize(f, 1<<20)
	if o.id.Compressed {
		z := gzip.NewWriter(b)
		_, err = e.copyRaw(o, z, place)
		err = errors.Join(err, z.Close())
	} else {
		_, err = e.copyRaw(o, b, place)
	}
	if err := errors.Join(err, b.Flush(), f.Chmod(o.info.Mode().Perm()), f.Sync()); err != nil {
		return err
	}
	return os.Chtimes(f.Name(), o.info.ModTime(), o.info.ModTime()) // its age counts for prune
}

// unchanged is an error where another program has changed the file since it
// was opened.
func (o *opened) unchanged(path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !os.SameFile(info, o.info) || info.Size() != o.info.Size() || !info.ModTime().Equal(o.info.ModTime()) {
		return fmt.Errorf("%s changed while it was read: another program writes it; run the command again when it has ended", o.path)
	}
	return nil
}

// A prefix is the part of a file that was read into the archive, and what of
// it is left in the file that is written anew.
type prefix struct {
	of   int64 // in the old file
	at   int64 // in the old file, so far
	left int64 // in the new file
	rest int64 // what is left after it
	hash *xxhash.Digest
	head []byte
}

// copied notes a piece of the old file, and what of it went into the new one.
func (p *prefix) copied(old int, kept []byte) {
	if p == nil {
		return
	}
	if p.at < p.of {
		p.left += int64(len(kept))
		p.hash.Write(kept)
		p.head = append(p.head, kept[:min(len(kept), int(headSteps[len(headSteps)-1])-len(p.head))]...)
	} else {
		p.rest += int64(len(kept))
	}
	p.at += int64(old)
}

// input is what the new file is to be known as.
func (p *prefix) input(o *opened, f *os.File, tombstones int) (*input, error) {
	if p == nil {
		return nil, nil
	}
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	id := fileID{Compressed: o.id.Compressed, Size: info.Size()}
	id.Device, id.Inode = numbers(info)
	in := &input{Offset: p.left, Sum: stateOf(p.hash), Heads: headsOf(p.head, p.left), Was: o.in.Sum, Lost: p.rest == 0, Searched: tombstones}
	in.saw(o.path, id)
	return in, nil
}

const maxLine = otlpfile.MaxPiece + 1<<20

// copyRaw copies a raw file without the pieces of erased installations, and
// returns how many those are.
func (e *erasure) copyRaw(o *opened, w io.Writer, place *prefix) (removed int64, err error) {
	r, err := o.again()
	if err != nil {
		return 0, err
	}
	parts := []io.Reader{r}
	if place != nil { // what was read may end in the middle of a line
		parts = []io.Reader{io.LimitReader(r, place.of), r}
	}
	for _, part := range parts {
		n, err := e.copyLines(bufio.NewReaderSize(part, 1<<20), w, place)
		if removed += n; err != nil {
			return removed, o.fault(err)
		}
	}
	return removed, nil
}

func (e *erasure) copyLines(lines *bufio.Reader, w io.Writer, place *prefix) (removed int64, err error) {
	for {
		if e.ctx.Err() != nil {
			return removed, e.ctx.Err()
		}
		line, err := readLine(lines)
		if errors.Is(err, io.ErrUnexpectedEOF) { // a gzip file that is cut short
			err = io.EOF
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return removed, err
		}
		kept, n := e.line(line)
		removed += n
		place.copied(len(line), kept)
		if _, failed := w.Write(kept); failed != nil {
			return removed, failed
		}
		if errors.Is(err, io.EOF) {
			return removed, nil
		}
	}
}

func readLine(r *bufio.Reader) (line []byte, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if line == nil && err == nil {
			return part, nil
		}
		line = append(line, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
		if len(line) > maxLine {
			return nil, fmt.Errorf("a line is longer than %d bytes: no Collector wrote it; remove the file if it is in the archive", maxLine)
		}
	}
}
