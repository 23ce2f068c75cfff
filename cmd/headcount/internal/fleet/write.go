package fleet

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"headcount.example/cmd/headcount/internal/atomicfile"
)

// Names of what Write writes.
const (
	LiveFile  = "usage.jsonl"
	TruthFile = "truth.json"
)

// Write writes a fleet's history into a directory, which it makes if it is
// not there: the Collector's files, and truth.json. It writes beside no other
// history. What it wrote before an error it removes again.
func Write(ctx context.Context, o Options, dir string, progress func(Progress)) (truth *Truth, err error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	for _, pattern := range []string{"usage*.jsonl", TruthFile} {
		if there, _ := filepath.Glob(filepath.Join(quoteGlob(dir), pattern)); len(there) > 0 {
			return nil, fmt.Errorf("fleet: %s is there already: name another directory", there[0])
		}
	}
	files := &rotated{dir: dir}
	defer func() {
		err = errors.Join(err, files.close())
		if err != nil {
			files.remove()
		}
	}()
	if err := files.open(); err != nil {
		return nil, err
	}
	w := newWriter(o, files, progress)
	w.rotate = files.rotate
	if err := w.run(ctx); err != nil {
		return nil, fmt.Errorf("fleet: %s: %w", dir, err)
	}
	truth = w.count.end()
	data, err := json.MarshalIndent(truth, "", "  ")
	if err != nil {
		return nil, err
	}
	if err := atomicfile.Write(filepath.Join(dir, TruthFile), append(data, '\n'), 0o644); err != nil {
		return nil, fmt.Errorf("fleet: %w", err)
	}
	return truth, nil
}

func newWriter(o Options, to io.Writer, progress func(Progress)) *writer {
	f := newFleet(o)
	w := &writer{f: f, o: o, count: newCount(f, o.last()), progress: progress, to: bufio.NewWriterSize(to, 1<<20)}
	w.faults, w.order = newFaults(o), newOrder(o.Seed)
	return w
}
