package otlpfile

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
)

func member(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestDecompress(t *testing.T) {
	s := load(t, "compreface")
	data := string(fleet(t, s, 100))
	half := len(data) / 2
	whole := member(t, data)
	for _, test := range []struct {
		name       string
		content    []byte
		compressed bool
		reports    int // -1: some
		fails      bool
	}{
		{"usage.jsonl", []byte(data), false, 100, false},
		{"named as gzip.gz", []byte(data), false, 100, false},
		{"gzip without the name", whole, true, 100, false},
		{"two members.gz", append(member(t, data[:half]), member(t, data[half:])...), true, 100, false},
		{"an empty member.gz", member(t, ""), true, 0, false},
		{"cut short.gz", whole[:len(whole)/2], true, -1, true},
		{"cut in its header.gz", whole[:5], true, 0, true},
		{"cut after two bytes.gz", whole[:2], true, 0, true},
		{"without its checksum.gz", whole[:len(whole)-8], true, 100, true},
		{"garbage behind.gz", append(bytes.Clone(whole), "garbage"...), true, 100, true},
		{"a wrong byte.gz", append(append(bytes.Clone(whole[:len(whole)-6]), whole[len(whole)-6]^1), whole[len(whole)-5:]...), true, 100, true},
		{"empty", nil, false, 0, false},
		{"one byte of gzip", []byte{0x1F}, false, 0, false},
	} {
		file := bytes.NewReader(test.content)
		r, compressed, err := Decompress(file)
		if err != nil {
			t.Errorf("%s: %v", test.name, err)
			continue
		}
		if compressed != test.compressed || (r == file) == compressed {
			t.Errorf("%s: got compressed %v and a %T, want %v", test.name, compressed, r, test.compressed)
		}
		var f found
		result, err := Read(t.Context(), r, s, f.handler(s))
		if (err != nil) != test.fails {
			t.Errorf("%s: got %v, want an error: %v", test.name, err, test.fails)
		}
		if cut := strings.HasPrefix(test.name, "cut"); cut && !errors.Is(err, io.ErrUnexpectedEOF) {
			t.Errorf("%s: got %v, want %v", test.name, err, io.ErrUnexpectedEOF)
		}
		if f.reports != test.reports && (test.reports >= 0 || f.reports == 0) || f.kinds() != "" {
			t.Errorf("%s: got %d reports, rejected %q, want %d", test.name, f.reports, f.kinds(), test.reports)
		}
		if all := int64(len(data)); test.reports == 100 && result.Consumed != all || result.Consumed > all {
			t.Errorf("%s: got %d bytes consumed, want %d", test.name, result.Consumed, all)
		}
	}
}

func TestDecompressFails(t *testing.T) {
	r, compressed, err := Decompress(strings.NewReader("\x1F\x8Bgarbage that is longer"))
	if err == nil || r != nil || !compressed || !strings.Contains(err.Error(), "begins as gzip does, and is not") {
		t.Errorf("got %v, %v, %v, want an error", r, compressed, err)
	}
}

// An open file is read from its beginning, wherever it is.
func TestDecompressFromTheBeginning(t *testing.T) {
	for _, content := range [][]byte{[]byte("some text"), member(t, "some text")} {
		f := bytes.NewReader(content)
		if _, err := f.Seek(5, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		r, _, err := Decompress(f)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(r); err != nil || string(got) != "some text" {
			t.Errorf("got %q, %v, want the whole text", got, err)
		}
	}
}
