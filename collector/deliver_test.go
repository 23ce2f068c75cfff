package collector_test

import (
	"os"
	"path/filepath"
	"sync"
	"testing"
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
		p.kill()
		senders.Wait()
	}
	data, err := os.ReadFile(filepath.Join(dir, "usage.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	rows, faults := rules.check(data)
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
