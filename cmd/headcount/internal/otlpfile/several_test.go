package otlpfile

import (
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/pmetric"
)

// Each resource of a request is a report of its own. What is rejected of one
// does not hold what is another's.
func TestSeveralResources(t *testing.T) {
	first, bad := reportOf(someGUID, users("1")), reportOf(otherGUID, users("-2"))
	inner := func(report string) string { return report[len(marker)+1 : len(report)-2] }
	line := marker + "[" + inner(first) + "," + inner(bad) + "]}"
	s := load(t, "compreface")
	f, result := read(t, "\n"+line+first+"\n", s)
	if len(f.lines) != 3 || f.reports != 2 || f.kinds() != "absurd_value" {
		t.Fatalf("got %q, want two reports and one rejected in between", f.lines)
	}
	for i, want := range map[int]string{0: "created=1", 2: "created=1"} {
		if !strings.HasSuffix(f.lines[i], want) {
			t.Errorf("report %d: got %s, want %s", i, f.lines[i], want)
		}
	}
	x := f.rejected[0]
	if string(x.Bytes) != bad || x.Length != int64(len(bad)) || x.Offset != 1 || !x.HasGUID || x.GUID[0] != 0x07 {
		t.Errorf("got %+v %s, want the rejected report alone: %s", x, x.Bytes, bad)
	}
	if result.Pending != 0 {
		t.Errorf("got %+v, want nothing pending", result)
	}
}

// The identifier of a report does not stay with the next one that has none.
func TestIdentifierOfARejectedReport(t *testing.T) {
	unnamed := strings.Replace(reportOf("x", users("1")), "install_guid", "a", 1)
	f, _ := read(t, reportOf(someGUID, users("-1"))+unnamed+"garbage\n", load(t, "compreface"))
	if f.kinds() != "absurd_value bad_install_guid foreign" {
		t.Fatalf("got %q", f.kinds())
	}
	for i, x := range f.rejected {
		if x.HasGUID != (i == 0) || (x.GUID == [16]byte{}) != (i > 0) {
			t.Errorf("%s: got %x %v", x.Kind, x.GUID, x.HasGUID)
		}
	}
}

// pdata stops at an empty key, and would leave out the second report without
// an error. The piece is rejected instead.
func TestEmptyKeyHidesNothing(t *testing.T) {
	report := reportOf(someGUID, users("1"))
	inner := report[len(marker)+1 : len(report)-2]
	line := marker + "[" + strings.TrimSuffix(inner, "}") + `,"":null},` + inner + "]}"
	f, _ := read(t, line+"\n"+strings.Replace(line, `,""`, `,"x"`, 1)+"\n", load(t, "compreface"))
	if f.kinds() != "torn" || f.reports != 2 || f.rejected[0].Offset != 0 {
		t.Errorf("got %q, want one torn piece and two reports", f.lines)
	}
}

// One line of 20 MB with 9,000 reports is right.
func TestLongLine(t *testing.T) {
	s := load(t, "compreface")
	md := pmetric.NewMetrics()
	values := make([]int64, len(s.Series))
	n := 0
	for ; n < 9000; n++ {
		values[0] = int64(n)
		add(md, s, someGUID, 20600*nanosPerDay, values)
	}
	line, err := (&pmetric.JSONMarshaler{}).MarshalMetrics(md)
	if err != nil {
		t.Fatal(err)
	}
	if len(line) < 20<<20 {
		t.Fatalf("got a line of %d bytes, want more than 20 MB", len(line))
	}
	whole := reportOf(otherGUID, users("7"))
	f, result := read(t, whole+"\n"+string(line)+whole+"\n", s)
	if f.reports != n+2 || f.kinds() != "" || result.Pending != 0 {
		t.Errorf("got %d reports, rejected %q, %+v, want %d", f.reports, f.kinds(), result, n+2)
	}
	if !strings.Contains(f.lines[n], "created=8999 ") {
		t.Errorf("the last report of the line: got %s", f.lines[n])
	}
}
