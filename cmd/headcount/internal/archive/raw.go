package archive

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/cespare/xxhash/v2"
	"github.com/google/uuid"
	"github.com/klauspost/compress/gzip"
	"go.opentelemetry.io/collector/pdata/pmetric"

	"headcount.example/cmd/headcount/internal/atomicfile"
	"headcount.example/cmd/headcount/internal/otlpfile"
)

// rotatedFile are the names that the Collector (and logrotate) give to a file
// that they write no more.
var rotatedFile = regexp.MustCompile(`(-\d{4}-\d{2}-\d{2}T\d{2}-\d{2}-\d{2}\.\d{3}\.jsonl|\.jsonl\.[0-9]+)(\.gz)?$|\.jsonl\.gz$`)

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
		named := slices.ContainsFunc(args, func(a string) bool { return filepath.Clean(a) == path })
		files = append(files, rawFile{path, named, info.Size()})
	}
	return files, nil
}

// live is why a raw file must not be touched; empty where it may.
func (e *erasure) live(f rawFile) string {
	open, known := openElsewhere(f.path)
	switch {
	case open:
		return "another program has it open: it is the Collector's live file"
	case e.o.Closed, rotatedFile.MatchString(f.path):
		return ""
	case !known:
		return "it may be the Collector's live file: whether another program has it open cannot be seen from here; give --closed if none writes it"
	case !f.named:
		return "it may be the Collector's live file, since its name is not that of a rotated one; name the file itself, or give --closed, if no Collector writes it"
	}
	return ""
}

// rawFile rewrites one raw file.
func (e *erasure) rawFile(f rawFile, known *index) (x ErasedFile, err error) {
	x = ErasedFile{Name: f.path, Action: "left"}
	if x.Why = e.live(f); x.Why != "" {
		x.Left, err = e.copyRaw(f.path, io.Discard, nil)
		return x, err
	}
	o, err := known.open(f.path)
	if err != nil {
		return x, err
	}
	o.r.Close()
	if x.Removed, err = e.copyRaw(f.path, io.Discard, nil); err != nil || x.Removed == 0 {
		x.Action = "clean"
		return x, err
	}
	x.Action = "rewritten"
	var place *prefix
	if o.in != nil {
		place = &prefix{of: o.in.Offset, hash: xxhash.New()}
	}
	err = atomicfile.WriteTo(f.path, o.info.Mode().Perm(), func(w io.Writer) error {
		if file, ok := w.(*os.File); ok {
			keepOwner(file, o.info)
		}
		if o.id.Compressed {
			z := gzip.NewWriter(w)
			_, err := e.copyRaw(f.path, z, place)
			return errors.Join(err, z.Close())
		}
		b := bufio.NewWriterSize(w, 1<<20)
		_, err := e.copyRaw(f.path, b, place)
		return errors.Join(err, b.Flush())
	})
	if err != nil {
		return x, err
	}
	os.Chtimes(f.path, o.info.ModTime(), o.info.ModTime()) // its age counts for prune; not essential
	if o.in == nil {
		return x, nil
	}
	return x, place.note(o, f.path)
}

// A prefix is the part of a file that was read into the archive, and what of
// it is left in the file that is written anew.
type prefix struct {
	of   int64 // in the old file
	at   int64 // in the old file, so far
	left int64 // in the new file
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
	}
	p.at += int64(old)
}

// note brings the input up to date with the new file.
func (p *prefix) note(o *opened, path string) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	id := fileID{Compressed: o.id.Compressed}
	id.Device, id.Inode = numbers(info)
	o.in.IDs = nil
	o.in.saw(path, id)
	o.in.Offset, o.in.Sum, o.in.Heads = p.left, stateOf(p.hash), headsOf(p.head, p.left)
	return nil
}

const maxLine = otlpfile.MaxPiece + 1<<20

// copyRaw copies a raw file without the pieces of erased installations, and
// returns how many those are.
func (e *erasure) copyRaw(path string, w io.Writer, place *prefix) (removed int64, err error) {
	r, _, err := otlpfile.Open(path)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	parts := []io.Reader{r}
	if place != nil { // what was read may end in the middle of a line
		parts = []io.Reader{io.LimitReader(r, place.of), r}
	}
	for _, part := range parts {
		n, err := e.copyLines(bufio.NewReaderSize(part, 1<<20), w, place)
		if removed += n; err != nil {
			return removed, fmt.Errorf("%s: %w", path, err)
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

var marker = []byte(`{"resourceMetrics":`)

// line returns a line without the pieces of erased installations, and their
// number. A line of which nothing is left is empty, without its end.
func (e *erasure) line(line []byte) (kept []byte, removed int64) {
	if !e.erased.in(line) {
		return line, 0
	}
	text := bytes.TrimRight(line, "\r\n")
	end := line[len(text):]
	for len(text) > 0 {
		next := bytes.Index(text[1:], marker) + 1
		if next == 0 {
			next = len(text)
		}
		piece, n := e.piece(text[:next])
		kept = append(kept, piece...)
		removed += n
		text = text[next:]
	}
	if len(bytes.TrimSpace(kept)) == 0 {
		return nil, removed
	}
	return append(kept, end...), removed
}

// piece returns what may stay of a piece: all, nothing, or, where it holds
// reports of several installations, those of the others.
func (e *erasure) piece(piece []byte) ([]byte, int64) {
	if !e.erased.in(piece) {
		return piece, 0
	}
	all, err := (&pmetric.JSONUnmarshaler{}).UnmarshalMetrics(piece)
	if err != nil {
		return nil, 1
	}
	before := all.ResourceMetrics().Len()
	all.ResourceMetrics().RemoveIf(func(rm pmetric.ResourceMetrics) bool {
		one := pmetric.NewMetrics()
		rm.CopyTo(one.ResourceMetrics().AppendEmpty())
		text, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(one)
		return err != nil || e.erased.in(text)
	})
	left := all.ResourceMetrics().Len()
	if left == 0 || left == before {
		return nil, 1
	}
	text, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(all)
	if err != nil || e.erased.in(text) {
		return nil, 1
	}
	return text, int64(before - left)
}

// in is whether a text holds the identifier of an erased installation, with
// digits of either case.
func (e *erased) in(text []byte) bool {
	for at := 0; ; at++ {
		next := bytes.IndexByte(text[at:], '-')
		if next < 0 {
			return false
		}
		at += next
		if at < 8 || at+28 > len(text) || text[at+5] != '-' || text[at+10] != '-' || text[at+15] != '-' {
			continue
		}
		if id, err := uuid.ParseBytes(text[at-8 : at+28]); err == nil && e.has(id) {
			return true
		}
	}
}
