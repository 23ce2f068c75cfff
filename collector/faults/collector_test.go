//go:build linux

package faults

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"headcount.example/collector/internal/live"
	"headcount.example/consent"
)

// The Collector is killed while installations send, and started again where
// it was. What it acknowledged is in its file, and in the end everything is.
func TestCollectorKilled(t *testing.T) {
	t.Parallel()
	binary, err := build()
	if err != nil {
		t.Fatal(err)
	}
	dir, random := t.TempDir(), rand.New(rand.NewPCG(*seed, 3))
	begin := func() *live.Collector {
		c, err := live.Start(binary, configuration, dir)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Kill)
		return c
	}
	c, s := begin(), &store{dir: dir}
	p := newProxy(t, c.URL)
	var all []*installation
	var apps []*application
	for range 3 {
		i := consenting(t, directory(t))
		all, apps = append(all, i), append(apps, i.start("http://"+p.address))
	}
	rounds := 3
	if *long > 0 {
		rounds = 30
	}
	acknowledged := map[string]int{}
	for range rounds {
		stop := make(chan struct{})
		var outcomes []<-chan int
		for _, a := range apps {
			outcomes = append(outcomes, sendUntil(a, stop))
		}
		passed := p.passed.Load()
		for p.passed.Load() < passed+5 { // it is in the middle of it
			time.Sleep(time.Millisecond)
		}
		<-time.After(time.Duration(random.IntN(5000)) * time.Microsecond) // any moment will do
		c.Kill()
		if log := c.Log.String(); log != "" {
			t.Errorf("the Collector logged: %.1000s", log)
		}
		c = begin()
		p.upstream.Store(&c.URL)
		close(stop)
		for n, outcome := range outcomes {
			acknowledged[apps[n].began.GUID] += <-outcome
		}
		s.refresh(t)
		for guid, n := range acknowledged {
			if s.lines[guid] < n {
				t.Errorf("seed %d: %d reports were acknowledged, %d are stored", *seed, n, s.lines[guid])
			}
		}
	}
	sum := 0
	for n, i := range all {
		i.exact(apps[n], s)
		sum += acknowledged[apps[n].began.GUID]
		apps[n].close()
	}
	say(t, fmt.Sprintf("%s: seed %d: %d Collectors killed, %d reports acknowledged", t.Name(), *seed, rounds, sum))
}

// sendUntil adds and sends, and returns how many reports were acknowledged.
func sendUntil(a *application, stop <-chan struct{}) <-chan int {
	outcome := make(chan int, 1)
	go func() {
		n := 0
		for {
			select {
			case <-stop:
				outcome <- n
				return
			default:
			}
			<-a.begin(order{Do: "add", N: 20})
			if got := <-a.begin(order{Do: "flush", Timeout: time.Second}); got.Err == "" {
				n++
			}
		}
	}()
	return outcome
}

// A process is killed while it takes the yes back. The next process finds
// the old installation whole and exact, or nothing of it at all.
func TestKilledWhileRevoking(t *testing.T) {
	t.Parallel()
	url, s := collector(t)
	random := rand.New(rand.NewPCG(*seed, 4))
	rounds := 20
	if *long > 0 {
		rounds = 300
	}
	whole, gone := 0, 0
	for n := range rounds {
		i := consenting(t, filepath.Join(t.TempDir(), "telemetry"))
		a := i.start(url)
		a.must(order{Do: "add", N: 10})
		i.exact(a, s)
		a.must(order{Do: "add", N: 10})
		a.begin(order{Do: "decide", Decision: consent.Denied})
		<-time.After(time.Duration(random.IntN(8000)) * time.Microsecond) // any moment will do
		a.kill()
		a.silent()
		record, err := decisions(i.dir).Consent(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		b := i.start(url)
		if b.began.Err != "" {
			t.Errorf("seed %d, %d: Init: %s", *seed, n, b.began.Err)
		}
		if record.Decision == consent.Granted {
			whole++
			if b.began.GUID != a.began.GUID {
				t.Errorf("seed %d, %d: the yes was never taken back: it was %s and is %q", *seed, n, a.began.GUID, b.began.GUID)
			}
			i.exact(b, s)
		} else {
			gone++
			if list := i.left(); len(list) > 0 || b.began.On {
				t.Errorf("seed %d, %d: after the no there is %q, on %v", *seed, n, list, b.began.On)
			}
			i.acked.settleAll()
			if got := b.must(order{Do: "decide", Decision: consent.Granted}); got.GUID == a.began.GUID {
				t.Errorf("seed %d, %d: a new yes is still %s", *seed, n, got.GUID)
			}
			b.must(order{Do: "add", N: 3})
			i.exact(b, s)
		}
		b.close()
	}
	say(t, fmt.Sprintf("%s: seed %d: %d killed, %d before the no was recorded, %d after", t.Name(), *seed, rounds, whole, gone))
}
