package collector_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"headcount.example/collector/internal/live"
)

// Every number of a valid report arrives, exactly, in each form.
func TestValidReports(t *testing.T) {
	for _, product := range products {
		t.Run(product.name, func(t *testing.T) {
			t.Parallel()
			p := start(t, product.config)
			rules := rulesOf(product.catalog)
			for _, f := range forms {
				guid := newGUID()
				want := rowsOf(product.catalog, guid)
				if len(want) < 10 {
					t.Fatalf("a report of %d rows tests nothing", len(want))
				}
				for _, fault := range one(p, rules, f, report(product.catalog, guid), want) {
					t.Errorf("%s: %s", f.name, fault)
				}
			}
		})
	}
}

// A report that was acknowledged is in the file, even when the Collector is
// killed at once, and starting again appends to the file.
func TestNothingIsLostWhenKilled(t *testing.T) {
	product := products[0]
	rules := rulesOf(product.catalog)
	dir := t.TempDir()
	acknowledged := map[string]bool{}
	var mu sync.Mutex
	for round := range 3 {
		p := startIn(t, product.config, dir)
		var senders sync.WaitGroup
		enough := make(chan struct{})
		for range 4 {
			senders.Go(func() {
				for n := 0; ; n++ {
					guid := newGUID()
					m, err := forms[n%len(forms)].encode(report(product.catalog, guid))
					if err != nil {
						t.Error(err)
						return
					}
					if status, err := p.send(m); err != nil || status != 200 {
						return // killed
					}
					mu.Lock()
					acknowledged[guid] = true
					if len(acknowledged) == 150*(round+1) {
						close(enough)
					}
					mu.Unlock()
				}
			})
		}
		<-enough
		p.Kill()
		senders.Wait()
	}
	data, err := os.ReadFile(filepath.Join(dir, "usage.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	reports, torn := live.Reports(data)
	t.Logf("%d torn", torn)
	rows, faults := rules.check(append(bytes.Join(reports, []byte("\n")), '\n'))
	for _, fault := range faults {
		t.Error(fault)
	}
	count := map[string]int{}
	for _, r := range rows {
		count[r.guid]++
	}
	lost := 0
	for guid := range acknowledged {
		if count[guid] != len(rowsOf(product.catalog, guid)) {
			lost++
		}
	}
	if lost > 0 {
		t.Errorf("%d of %d acknowledged reports are lost", lost, len(acknowledged))
	}
	t.Logf("%d reports acknowledged, %d killed Collectors, %d lost", len(acknowledged), 3, lost)
}

// When the file is full it is put aside under another name, and nothing is
// lost or written twice.
func TestNothingIsLostWhenTheFileIsFull(t *testing.T) {
	product := products[0]
	config := readConfiguration(t, product.config).edit(t, "max_megabytes: 100", "max_megabytes: 1")
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(strings.Join(config, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	p := start(t, path)
	var want []row
	for range 1000 {
		guid := newGUID()
		m, err := forms[0].encode(report(product.catalog, guid))
		if err != nil {
			t.Fatal(err)
		}
		if status, err := p.send(m); err != nil || status != 200 {
			t.Fatal(status, err)
		}
		want = append(want, rowsOf(product.catalog, guid)...)
	}
	files, err := filepath.Glob(filepath.Join(filepath.Dir(p.File), "usage*.jsonl"))
	if err != nil || len(files) < 2 {
		t.Fatalf("files %q: nothing was put aside", files)
	}
	var got []row
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		rows, faults := rulesOf(product.catalog).check(data)
		for _, fault := range faults {
			t.Error(fault)
		}
		got = append(got, rows...)
	}
	for _, fault := range compare(got, want) {
		t.Error(fault)
	}
	t.Logf("%d files, %d rows", len(files), len(got))
}

// When the disk is full a report is refused, not acknowledged and lost, and
// the log does not hold it.
func TestFullDiskRefuses(t *testing.T) {
	const full = "/dev/full"
	if _, err := os.Stat(full); err != nil {
		t.Skip("no " + full)
	}
	product := products[0]
	config := readConfiguration(t, product.config).edit(t, "${env:HEADCOUNT_FILE:-usage.jsonl}", full)
	path := filepath.Join(t.TempDir(), "config.yaml")
	if err := os.WriteFile(path, []byte(strings.Join(config, "\n")), 0o644); err != nil {
		t.Fatal(err)
	}
	p := start(t, path)
	guid := newGUID()
	m, err := forms[0].encode(report(product.catalog, guid))
	if err != nil {
		t.Fatal(err)
	}
	if status, err := p.send(m); err != nil || status != 503 {
		t.Errorf("status %d, %v, want 503", status, err)
	}
	log := p.Log.String()
	for deadline := time.Now().Add(10 * time.Second); !strings.HasSuffix(log, "\n") && time.Now().Before(deadline); log = p.Log.String() {
		time.Sleep(10 * time.Millisecond) // the answer can be faster than the log
	}
	if !strings.Contains(log, "no space left on device") || strings.Contains(log, guid) || len(log) > 1000 {
		t.Errorf("log: %s", log)
	}
}
