package otlpfile

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"
	"testing/iotest"
)

// Both shipped catalogs, as OpenTelemetry writes them, are read whole and in order.
func TestFleet(t *testing.T) {
	for _, name := range []string{"compreface", "affiliate"} {
		s := load(t, name)
		data := fleet(t, s, 500)
		f, result := read(t, string(data), s)
		if f.reports != 500 || f.kinds() != "" || result != (Result{Consumed: int64(len(data))}) {
			t.Errorf("%s: got %d reports, rejected %q, %+v, want 500 reports of %d bytes", name, f.reports, f.kinds(), result, len(data))
		}
		one, _ := readWith(t, usual, iotest.OneByteReader(bytes.NewReader(data)), s)
		if got, want := strings.Join(one.lines, "\n"), strings.Join(f.lines, "\n"); got != want {
			t.Errorf("%s: a reader of one byte at a time gives other reports", name)
		}
	}
}

func TestTornThenWhole(t *testing.T) {
	data, err := os.ReadFile("testdata/torn-then-whole.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	s := load(t, "compreface")
	f, _ := read(t, string(data), s)
	if f.reports != 3 || f.kinds() != "torn" {
		t.Fatalf("got %d reports and rejected %q, want 3 and one torn", f.reports, f.kinds())
	}
	want := "19850a00fe9a4e3f9b7037c9a21ed84f 2026-11-26 compreface.user.created=7 compreface.application.created=3 " +
		"compreface.service.created{compreface.service.type=FACE_DETECTION}=1 compreface.service.created{compreface.service.type=FACE_RECOGNITION}=2 " +
		"compreface.collection.count{compreface.faces.range=0}=1 compreface.collection.count{compreface.faces.range=11-50}=4"
	if f.lines[0] != want {
		t.Errorf("got  %s\nwant %s", f.lines[0], want)
	}
	x := f.rejected[0]
	if at := int64(bytes.IndexByte(data, '\n')) + 1; x.Offset != at || !bytes.HasSuffix(x.Bytes, []byte(`[{"timeUni`)) || x.HasGUID {
		t.Errorf("got %d %s, want offset %d and the torn half", x.Offset, x.Bytes, at)
	}
}

// Each case is an input, and what is found in it: R for a report with the
// number of its users, or a kind, each with its offset and length.
func TestPieces(t *testing.T) {
	a, b := reportOf(someGUID, users("1")), reportOf(otherGUID, users("2"))
	n := len(a) // and of b
	torn := a[:100]
	hole := strings.Repeat("\x00", 5000)
	spaced := strings.Replace(a, `{"res`, `{ "res`, 1)
	for _, test := range []struct {
		name, input, want string
		pending           int
	}{
		{"an empty file", "", "", 0},
		{"only newlines", "\n\n\r\n", "", 0},
		{"only NULs", hole, "", 0},
		{"NULs and a newline", hole + "\n" + hole, "", 0},
		{"a report", a + "\n", "R1", 0},
		{"a report without a newline", a, "R1", 0},
		{"two reports", a + "\n" + b + "\n", "R1 R2", 0},
		{"two reports on a line", a + b + "\n", "R1 R2", 0},
		{"two reports on a line without a newline", a + b, "R1 R2", 0},
		{"CRLF", a + "\r\n" + b + "\r\n", "R1 R2", 0},
		{"a UTF-8 mark", "\xEF\xBB\xBF" + a + "\n", "R1", 0},
		{"a UTF-8 mark alone", "\xEF\xBB\xBF", "", 0},
		{"half a UTF-8 mark", "\xEF\xBB", "", 2},
		{"spaces around", "  \t" + a + " \n", "R1", 0},
		{"blank lines", "\n" + a + "\n\n   \n" + b + "\n\n", "R1 R2", 0},
		{"torn, then whole", torn + a + "\n", "torn@0+100 R1", 0},
		{"torn twice, then whole", torn + torn + a + "\n", "torn@0+100 torn@100+100 R1", 0},
		{"torn, newline, whole", torn + "\n" + a + "\n", "torn@0+100 R1", 0},
		{"torn at a CR", torn + "\r\n" + a, "torn@0+100 R1", 0},
		{"torn at the end", a + "\n" + torn, "R1", 100},
		{"torn, then torn at the end", torn + torn, "torn@0+100", 100},
		{"torn in the marker", a[:10] + a + "\n", "foreign@0+10 R1", 0},
		{"torn in the marker at the end", a + a[:10], "R1", 10},
		{"whole but for its last byte", a[:n-1] + "\n", fmt.Sprintf("torn@0+%d", n-1), 0},
		{"whole but for its last byte, at the end", a[:n-1], "", n - 1},
		{"one bracket too much", a + "}\n", fmt.Sprintf("R1 foreign@%d+1", n), 0},
		{"garbage behind", a + " garbage \n" + b, fmt.Sprintf("R1 foreign@%d+7 R2", n+1), 0},
		{"garbage behind, at the end", a + "garbage", "R1", 7},
		{"garbage in between", a + "garbage" + b + "\n", fmt.Sprintf("R1 foreign@%d+7 R2", n), 0},
		{"garbage in front", "garbage" + a + "\n", "foreign@0+7 R1", 0},
		{"a foreign line", "some log line\n" + a, "foreign@0+13 R1", 0},
		{"another JSON object", `{"resourceLogs":[]}` + "\n", "foreign@0+19", 0},
		{"another JSON object at the end", `{"resourceLogs":[]}`, "", 19},
		{"not an object", "[1]\n\"x\"\nnull\n", "foreign@0+3 foreign@4+3 foreign@8+4", 0},
		{"an object with nothing", "{}\n", "foreign@0+2", 0},
		{"a report without resources", marker + "[]}\n", "no_points@0+22", 0},
		{"a report that is null", marker + "null}\n", "no_points@0+24", 0},
		{"spaces inside", spaced + "\n", "R1", 0},
		{"spaces inside, twice on a line", spaced + spaced + "\n", "R1 R1", 0},
		{"spaces inside, then a foreign object", spaced + "{}\n", fmt.Sprintf("R1 foreign@%d+2", n+1), 0},
		{"a report over two lines", strings.Replace(a, `,"scopeMetrics"`, ",\n\"scopeMetrics\"", 1), "torn@0+135", n - 135},
		{"NULs in front", hole + a + "\n", "R1", 0},
		{"NULs behind", a + hole, "R1", 0},
		{"NULs inside", a[:50] + "\x00\x00" + a[50:] + "\n", "R1", 0},
		{"NULs inside, at the end", a[:50] + hole + a[50:], "R1", 0},
		{"NULs in the marker", a[:5] + "\x00" + a[5:] + b + "\n", "R1 R2", 0},
		{"torn, NULs, whole", torn + hole + a + "\n", "torn@0+100 R1", 0},
		{"torn, NULs, torn by NULs", torn + hole + a[:5] + "\x00" + a[5:] + "\n", "torn@0+100 R1", 0},
		{"torn, NULs in the next marker, at the end", torn + a[:5] + "\x00" + a[5:], "torn@0+100 R1", 0},
		{"torn, NULs in the next marker, torn at the end", torn + a[:5] + "\x00" + a[5:50], "torn@0+100", 51},
		{"torn with NULs at the end", a + "\n" + torn + hole, "R1", 100 + len(hole)},
		{"garbage with NULs", "ab\x00\x00c\x00\n" + a, "foreign@0+3 R1", 0},
		{"garbage after NULs", a + "\n\x00\x00xy\n" + a, fmt.Sprintf("R1 foreign@%d+2 R1", n+3), 0},
		{"another name of the field", strings.Replace(a, "resourceMetrics", "resource_metrics", 1) + "\n", "R1", 0},
		{"a report in a foreign object", `{"a":` + a + "}\n", fmt.Sprintf("foreign@0+5 R1 foreign@%d+1", n+5), 0},
		{"an empty key", strings.Replace(a, `{"scope"`, `{"" : {},"scope"`, 1) + "\n", fmt.Sprintf("torn@0+%d", n+8), 0},
		{"a comma too many", strings.Replace(a, "[{\"key", "[ ,{\"key", 1) + "\n", fmt.Sprintf("torn@0+%d", n+2), 0},
		{"not JSON, but read by pdata", strings.Replace(a, "{user}", "\\u007b\t", 1) + "\n", fmt.Sprintf("torn@0+%d", n+1), 0},
		{"a value that is a list", strings.Replace(a, `"asInt":"1"`, `"asInt":[]`, 1) + "\n", fmt.Sprintf("torn@0+%d", n-1), 0},
		{"a scope that is a text", strings.Replace(a, `{"name":"headcount"}`, `"headcount"`, 1) + "\n", fmt.Sprintf("torn@0+%d", n-9), 0},
		{"invalid UTF-8", "\xFF\xFE\n", "foreign@0+2", 0},
		{"deep nesting", strings.Repeat(`{"a":`, 20000) + "1" + strings.Repeat("}", 20000) + "\n", "foreign@0+120001", 0},
	} {
		s := load(t, "compreface")
		f, result := read(t, test.input, s)
		if got := short(f); got != test.want {
			t.Errorf("%s: got %s, want %s", test.name, got, test.want)
		}
		if want := (Result{int64(len(test.input) - test.pending), int64(test.pending)}); result != want {
			t.Errorf("%s: got %+v, want %+v", test.name, result, want)
		}
	}
}

// short writes what was found as TestPieces wants it.
func short(f found) string {
	var list []string
	rejected := f.rejected
	for _, line := range f.lines {
		if _, n, ok := strings.Cut(line, " compreface.user.created="); ok {
			list = append(list, "R"+n)
			continue
		}
		list = append(list, fmt.Sprintf("%s@%d+%d", rejected[0].Kind, rejected[0].Offset, rejected[0].Length))
		rejected = rejected[1:]
	}
	return strings.Join(list, " ")
}
