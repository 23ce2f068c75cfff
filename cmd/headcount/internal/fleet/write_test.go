package fleet

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

func TestLimits(t *testing.T) {
	list := load(t, "compreface")
	for name, test := range map[string]struct {
		edit func(*Options)
		want string // in the error; empty: none
	}{
		"as is":                   {func(*Options) {}, ""},
		"one installation":        {func(o *Options) { o.Installations = 1 }, ""},
		"no installation":         {func(o *Options) { o.Installations = 0 }, "0 installations"},
		"too many":                {func(o *Options) { o.Installations = MaxInstallations + 1 }, "100000001 installations"},
		"one day":                 {func(o *Options) { o.Days = 1 }, ""},
		"no day":                  {func(o *Options) { o.Days = 0 }, "0 days"},
		"most days":               {func(o *Options) { o.Days, o.End = MaxDays, day.First+MaxDays-1 }, ""},
		"too many days":           {func(o *Options) { o.Days = MaxDays + 1 }, "3651 days"},
		"two days without one":    {func(o *Options) { o.Days, o.WithoutEnd = 2, true }, ""},
		"one day without one":     {func(o *Options) { o.Days, o.WithoutEnd = 1, true }, "without the last one"},
		"begins on the first day": {func(o *Options) { o.End = day.First + 4 }, ""},
		"begins before":           {func(o *Options) { o.End = day.First + 3 }, "2019-12-31"},
		"ends on the last day":    {func(o *Options) { o.End = day.Last }, ""},
		"ends after":              {func(o *Options) { o.End = day.Last + 1 }, "2100-01-01"},
		"negative rotation":       {func(o *Options) { o.Rotate = -1 }, "-1 bytes"},
		"open list":               {func(o *Options) { o.Schema = schema.New() }, "catalog"},
		"no list":                 {func(o *Options) { o.Schema = nil }, "catalog"},
	} {
		o := Options{Schema: list, Installations: 3, Days: 5, Seed: 1, End: end}
		test.edit(&o)
		_, err := writeTo(context.Background(), o, io.Discard, nil)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, want %q", name, err, test.want)
		}
	}
}

// full is a disk that is full after so many bytes.
type full int

var errFull = errors.New("no space left on device")

func (f *full) Write(p []byte) (int, error) {
	if len(p) > int(*f) {
		n := int(*f)
		*f = 0
		return n, errFull
	}
	*f -= full(len(p))
	return len(p), nil
}

func TestWriteToAFullDisk(t *testing.T) {
	o := Options{Schema: load(t, "compreface"), Installations: 200, Days: 60, Seed: 1, End: end}
	for _, room := range []full{0, 1 << 20, 3 << 20} {
		if _, err := writeTo(context.Background(), o, &room, nil); !errors.Is(err, errFull) {
			t.Errorf("got %v, want %v", err, errFull)
		}
	}
}

// What was written is removed when it is not complete.
func TestWriteStopped(t *testing.T) {
	o := Options{Schema: load(t, "compreface"), Installations: 200, Days: 60, Seed: 1, End: end, Rotate: 100_000}
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(context.Background())
	_, err := Write(ctx, o, dir, func(p Progress) {
		if p.Day == 30 {
			cancel()
		}
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
		t.Errorf("got %v, %v, want an empty directory", left, err)
	}
}

func TestWriteBesideOthers(t *testing.T) {
	o := Options{Schema: load(t, "compreface"), Installations: 2, Days: 2, Seed: 1, End: end}
	for _, there := range []string{LiveFile, TruthFile, "usage-2026-11-25T00-00-00.000-size.jsonl"} {
		dir := t.TempDir()
		path := filepath.Join(dir, there)
		if err := os.WriteFile(path, []byte("kept"), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Write(context.Background(), o, dir, nil); err == nil || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: got %v, want an error that names it", there, err)
		}
		if data, err := os.ReadFile(path); string(data) != "kept" {
			t.Errorf("%s: got %q, %v, want it as it was", there, data, err)
		}
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Write(context.Background(), o, file, nil); err == nil || !strings.Contains(err.Error(), file) {
		t.Errorf("a file for a directory: got %v", err)
	}
}

// writeTo writes a fleet's history as one file. Rotate has no effect.
func writeTo(ctx context.Context, o Options, to io.Writer, progress func(Progress)) (*Truth, error) {
	if err := o.check(); err != nil {
		return nil, err
	}
	w := newWriter(o, to, progress)
	if err := w.run(ctx); err != nil {
		return nil, err
	}
	return w.count.end(), nil
}
