package archive

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const rotatedName = "usage-2026-11-24T00-00-00.000.jsonl"

// without is an answer with no count of erased installations or of what was
// rejected: what must be the same as if the installation had never been.
func without(t *testing.T, dir string) string {
	t.Helper()
	a := answerOf(t, dir, today, 28)
	a.Installations.Erased, a.Health.LateErased, a.Health.Pending = 0, 0, 0
	a.Health.Kinds, a.Health.Findings, a.Input.Torn, a.Input.Refused = nil, nil, 0, 0
	data, err := json.MarshalIndent(a, "", " ")
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// After erase nothing of an identifier is left, in the archive or in the raw
// files, whatever it stood in; and no figure has changed.
func TestErase(t *testing.T) {
	foul := strings.Replace(line(1, today, 5), usersMetric, "unknown.metric", 1)
	upper := strings.Replace(line(2, today, 5), guid(2), strings.ToUpper(guid(1)), 1)
	for name, text := range map[string]string{
		"reports":                        line(1, today-40, 1) + line(2, today-40, 1) + line(1, today, 2) + line(2, today, 3),
		"two on a line":                  strings.TrimSpace(line(1, today, 1)) + line(2, today, 1),
		"two on a line, the other first": strings.TrimSpace(line(2, today, 1)) + line(1, today, 1),
		"two in one request":             request(resource(1, today, 1, "1-10"), resource(2, today, 1, "11-50")) + "\n",
		"three in one request":           request(resource(2, today, 1, "1-10"), resource(1, today, 1, "11-50"), resource(3, today, 4, "")) + "\n",
		"twice in one request":           request(resource(1, today, 1, ""), resource(2, today, 1, ""), resource(1, today-1, 1, "")) + "\n",
		"what is refused":                foul + line(2, today, 1) + foul,
		"a torn piece":                   line(1, today, 4)[:350] + "\n" + line(2, today, 1),
		"a torn piece before a report":   line(1, today, 4)[:350] + line(2, today, 1),
		"a torn piece at the end":        line(2, today, 1) + line(1, today, 4)[:350],
		"text after a report":            strings.TrimSpace(line(2, today, 1)) + " and " + guid(1) + " too\n",
		"foreign text":                   line(2, today, 1) + "install " + guid(1) + " says hello\n",
		"upper case":                     line(2, today, 1) + upper,
		"NUL bytes":                      line(2, today, 1) + strings.Replace(line(1, today, 1), guid(1), guid(1)[:7]+"\x00"+guid(1)[7:], 1),
		"digits that JSON escapes":       line(2, today, 1) + strings.Replace(line(1, today, 1), guid(1), `\u0030`+guid(1)[1:], 1),
		"not UTF-8":                      line(2, today, 1) + "\xff\xfe" + guid(1) + "\n",
		"CRLF":                           strings.ReplaceAll(line(1, today, 1)+line(2, today, 1), "\n", "\r\n"),
		"no report at all":               line(2, today, 1),
		"it alone":                       line(1, today, 1),
		"between others in the order":    line(0, today, 1) + line(1, today, 1) + line(2, today, 1),
	} {
		for _, form := range []string{"plain", "gzip"} {
			t.Run(name+", "+form, func(t *testing.T) {
				t.Parallel()
				raw, dir, never := t.TempDir(), newDir(t), newDir(t)
				all, path := text+"\n"+askErase(1, today), filepath.Join(raw, rotatedName)
				if form == "gzip" {
					path += ".gz"
					write(t, path, gzipped(t, all))
				} else {
					write(t, path, all)
				}
				compact(t, dir, raw)
				if in := find(t, idOf(1), dir); len(in) == 0 {
					t.Fatal("the identifier cannot be found before")
				}
				before := answers(t, dir)
				r := erase(t, dir, EraseOptions{Files: []string{raw}})
				if r.Requests != 1 || r.Ever != 1 || r.Left != 0 || len(r.Files) != 1 || r.Files[0].Action != rewritten {
					t.Errorf("got the receipt %+v", r)
				}
				if in := find(t, idOf(1), dir, raw); len(in) > 0 {
					t.Errorf("the identifier is still in %s", in)
				}
				whole(t, dir)
				for _, when := range []string{"erase", "the next compact"} {
					after := strings.Replace(before, `"pending_erasures": 1`, `"pending_erasures": 0`, -1)
					sameText(t, "after "+when, answers(t, dir), after)
					compact(t, dir, raw)
				}
				compact(t, never, raw) // only the others are in it
				sameText(t, "as if it had never been", without(t, dir), without(t, never))
			})
		}
	}
}

// A fleet of which some asked to erase, against the same without them.
func TestEraseOfAFleet(t *testing.T) {
	files := small(t, 9)
	raw := filepath.Dir(files[0])
	appendTo(t, filepath.Join(raw, "usage.jsonl"), many(0, 200)+askErase(3, today)+askErase(11, today)+askErase(77, today))
	dir := newDir(t)
	compact(t, dir, raw)
	m, err := load(dir)
	if err != nil {
		t.Fatal(err)
	}
	pending := m.Pending
	before := without(t, dir)
	r := erase(t, dir, EraseOptions{Files: []string{raw}, Closed: true})
	if r.Requests != len(pending) || r.Reports < 10 {
		t.Errorf("got %+v, want %d requests", r, len(pending))
	}
	for _, text := range pending {
		if in := find(t, parsed(text), dir, raw); len(in) > 0 {
			t.Errorf("%s is still in %s", text, in)
		}
	}
	sameText(t, "after erase", without(t, dir), before)
	never := newDir(t)
	compact(t, never, raw)
	sameText(t, "a fleet without them", without(t, never), before)
	compact(t, dir, raw)
	sameText(t, "read again", without(t, dir), before)
}

// Reports that come after the request stay out, before and after erase.
func TestLateReports(t *testing.T) {
	raw, dir := t.TempDir(), newDir(t)
	live := write(t, filepath.Join(raw, "usage.jsonl"), line(1, today-3, 1), askErase(1, today-3), line(2, today-3, 1))
	compact(t, dir, raw)
	want := without(t, dir)
	late := func(n int64) {
		t.Helper()
		appendTo(t, live, line(1, today-2, 7))
		if done := compact(t, dir, raw); done.Reports != 0 || done.LateErased != 1 {
			t.Errorf("got %d reports, %d late, want 0 and 1", done.Reports, done.LateErased)
		}
		sameText(t, "answers", without(t, dir), want)
		a := answerOf(t, dir, today, 28)
		if a.Health.LateErased != n || a.Installations.Erased != 1 || a.Installations.Ever != 1 {
			t.Errorf("got %d late, %d erased, %d ever, want %d, 1, 1", a.Health.LateErased, a.Installations.Erased, a.Installations.Ever, n)
		}
	}
	late(1)
	if r := erase(t, dir, EraseOptions{}); r.Requests != 1 || r.Reports != 1 {
		t.Errorf("got %+v, want 1 request and 1 report", r)
	}
	late(2)
	appendTo(t, live, askErase(1, today)) // it asks again
	if done := compact(t, dir, raw); done.Erasures != 0 {
		t.Errorf("asked again: got %d new requests, want none", done.Erasures)
	}
	late(3)
	if r := erase(t, dir, EraseOptions{}); r.Requests != 0 || r.Ever != 1 {
		t.Errorf("erased again: got %+v, want no request and 1 ever", r)
	}
	if in := find(t, idOf(1), dir); len(in) > 0 {
		t.Errorf("the identifier is in %s", in)
	}
}

// A request may come before any report.
func TestRequestBeforeAnyReport(t *testing.T) {
	dir := newDir(t)
	path := write(t, filepath.Join(t.TempDir(), "usage.jsonl"), askErase(1, today))
	compact(t, dir, path)
	if a := answerOf(t, dir, today, 28); a.Installations.Erased != 1 || a.Installations.Ever != 0 {
		t.Errorf("got %+v, want 1 erased", a.Installations)
	}
	if r := erase(t, dir, EraseOptions{}); r.Requests != 1 || r.Reports != 0 {
		t.Errorf("got %+v", r)
	}
	appendTo(t, path, line(1, today, 1))
	compact(t, dir, path)
	if a := answerOf(t, dir, today, 28); a.Installations.Ever != 0 || a.Health.LateErased != 1 {
		t.Errorf("got %d ever, %d late, want 0 and 1", a.Installations.Ever, a.Health.LateErased)
	}
	whole(t, dir)
}

// The receipt says what was done, and holds no identifier or hash of one.
func TestReceipt(t *testing.T) {
	raw, dir := t.TempDir(), newDir(t)
	write(t, filepath.Join(raw, rotatedName), line(1, today-50, 1), line(1, today, 1), line(2, today, 1), line(1, today, 1)[:350]+"\n", askErase(1, today), askErase(3, today))
	compact(t, dir, raw)
	r := erase(t, dir, EraseOptions{Files: []string{raw}})
	want := &Receipt{Version: 1, Number: r.Number, Time: today.Time(), Requests: 2, Ever: 2, Reports: 2, Rejected: 1,
		Files: []ErasedFile{{Name: filepath.Join(raw, rotatedName), Action: rewritten, Removed: 5}}}
	if !reflect.DeepEqual(r, want) {
		t.Errorf("got  %+v\nwant %+v", r, want)
	}
	data, err := os.ReadFile(filepath.Join(dir, receiptsName, r.name()))
	if err != nil {
		t.Fatal(err)
	}
	m, err := load(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, hash := range m.Tombstones {
		if strings.Contains(string(data), hash[:8]) {
			t.Errorf("the receipt has a hash: %s", data)
		}
	}
	var kept Receipt
	if err := json.Unmarshal(data, &kept); err != nil || !reflect.DeepEqual(&kept, want) {
		t.Errorf("the file has %+v, %v", kept, err)
	}
	if len(m.Tombstones) != 2 || len(m.Pending) != 0 || m.Tombstones[0] == m.Tombstones[1] {
		t.Errorf("got the tombstones %v and %v pending", m.Tombstones, m.Pending)
	}
	for _, other := range []string{newDir(t), newDir(t)} { // each archive has a key of its own
		compact(t, other, write(t, filepath.Join(t.TempDir(), "usage.jsonl"), askErase(1, today)))
		erase(t, other, EraseOptions{})
		if n, err := load(other); err != nil || n.Tombstones[0] == m.Tombstones[0] || n.Tombstones[0] == m.Tombstones[1] {
			t.Errorf("the hash of an identifier is the same in two archives: %v", err)
		}
	}
}
