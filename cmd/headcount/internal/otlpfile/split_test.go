package otlpfile

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/schema"
)

// inTwo reads a part of the input, and then goes on where the result says.
func inTwo(t testing.TB, l limits, data []byte, at int, s *schema.Schema) found {
	t.Helper()
	first, result := readWith(t, l, bytes.NewReader(data[:at]), s)
	if result.Consumed+result.Pending != int64(at) {
		t.Fatalf("got %+v, want a sum of %d", result, at)
	}
	second, _ := readWith(t, l, bytes.NewReader(data[result.Consumed:]), s)
	for i := range second.rejected {
		second.rejected[i].Offset += result.Consumed
	}
	return found{reports: first.reports + second.reports, rejected: append(first.rejected, second.rejected...),
		lines: slices.Concat(first.reportLines(), second.reportLines())}
}

// reportLines are the lines of reports alone.
func (f *found) reportLines() (list []string) {
	for _, line := range f.lines {
		if !strings.Contains(line, " at ") {
			list = append(list, line)
		}
	}
	return list
}

// same fails the test if not the same was found in the same order.
func same(t testing.TB, name string, got, want found) {
	t.Helper()
	if !slices.Equal(got.reportLines(), want.reportLines()) {
		t.Fatalf("%s: got reports %q, want %q", name, got.reportLines(), want.reportLines())
	}
	equal := func(a, b Rejected) bool {
		return a.Kind == b.Kind && a.Offset == b.Offset && bytes.Equal(a.Bytes, b.Bytes) && a.Length == b.Length && a.GUID == b.GUID && a.HasGUID == b.HasGUID
	}
	if !slices.EqualFunc(got.rejected, want.rejected, equal) {
		t.Fatalf("%s: got rejected %+v, want %+v", name, got.rejected, want.rejected)
	}
}

// mess makes a file with everything in it that a Collector's file may have.
func mess(t testing.TB, s *schema.Schema, random *rand.Rand) []byte {
	t.Helper()
	var b bytes.Buffer
	for line := range bytes.Lines(fleet(t, s, 12)) {
		line = bytes.TrimSuffix(line, []byte("\n"))
		switch random.IntN(12) {
		case 0:
			b.Write(line[:random.IntN(len(line))])
			continue // and then the next one on its line
		case 1:
			b.Write(line)
			continue
		case 2:
			b.WriteString("some text")
		case 3:
			b.Write(bytes.Repeat([]byte{0}, random.IntN(50)))
		case 4:
			i := random.IntN(len(line))
			line = slices.Insert(bytes.Clone(line), i, 0, 0, 0)
		case 5:
			line = mutate(random, line)
		case 6:
			line = bytes.Replace(line, []byte(":"), []byte(": "), 1)
		case 7:
			line = append(bytes.Clone(line), "\xEF\xBB\xBF {} "...)
		}
		b.Write(line)
		b.WriteString([]string{"\n", "\r\n", "\n\n", "\n \t\n"}[random.IntN(4)])
	}
	return b.Bytes()
}

// A valid file that is read in two parts, cut at any byte, gives the reports
// that it gives at once.
func TestValidFileInTwoParts(t *testing.T) {
	s := load(t, "compreface")
	data := fleet(t, s, 3)
	want, _ := read(t, string(data), s)
	for at := range len(data) + 1 {
		same(t, "cut", inTwo(t, limits{piece: MaxPiece, kept: MaxKept, first: 512, chunk: 1024}, data, at, s), want)
	}
}

// The same of files with torn reports, garbage, NUL bytes and several reports
// on a line, for any size of the buffer, also what is rejected.
func TestMessInTwoParts(t *testing.T) {
	random := rand.New(rand.NewPCG(7, 8))
	for range 60 {
		s := load(t, "compreface")
		data := mess(t, s, random)
		for _, piece := range []int{MaxPiece, 700} {
			want, _ := readWith(t, limits{piece: piece, kept: 40, first: 1 << 16, chunk: 1 << 20}, bytes.NewReader(data), s)
			for range 20 {
				l := limits{piece: piece, kept: 40, first: 1 + random.IntN(100), chunk: 1 + random.IntN(3000)}
				same(t, "in two parts", inTwo(t, l, data, random.IntN(len(data)+1), s), want)
			}
		}
	}
}

// An open schema that learns on the way says the same in two parts.
func TestOpenSchemaInTwoParts(t *testing.T) {
	data := fleet(t, load(t, "affiliate"), 5)
	open := schema.New()
	want, _ := read(t, string(data), open)
	for at := 0; at <= len(data); at += 97 {
		s := schema.New()
		same(t, "cut", inTwo(t, usual, data, at, s), want)
		if len(s.Series) != len(open.Series) {
			t.Fatalf("cut at %d: got %d series, want %d", at, len(s.Series), len(open.Series))
		}
	}
}

func FuzzRead(f *testing.F) {
	random := rand.New(rand.NewPCG(9, 10))
	s := load(f, "compreface")
	for range 10 {
		f.Add(mess(f, s, random), uint16(random.Uint32()), false)
	}
	f.Fuzz(func(t *testing.T, data []byte, cut uint16, open bool) {
		schemaOf := func() *schema.Schema {
			if open {
				return schema.New()
			}
			return s
		}
		want, result := read(t, string(data), schemaOf())
		if result.Consumed+result.Pending != int64(len(data)) || result.Pending < 0 {
			t.Fatalf("got %+v of %d bytes", result, len(data))
		}
		last := int64(-1)
		for _, x := range want.rejected {
			if x.Offset < last || x.Offset >= result.Consumed || x.Length < int64(len(x.Bytes)) {
				t.Fatalf("got %+v after offset %d, consumed %d", x, last, result.Consumed)
			}
			last = x.Offset
		}
		at := int(cut) % (len(data) + 1)
		l := limits{piece: MaxPiece, kept: MaxKept, first: 64, chunk: 1 + int(cut)%1000}
		same(t, "in two parts", inTwo(t, l, data, at, schemaOf()), want)
	})
}
