//go:build linux

package faults

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"headcount.example/catalog/compreface"
	"headcount.example/internal/ledger"
	"headcount.example/telemetry"
)

const (
	shortRounds = 25
	lifetime    = 40 // rounds of one installation, then comes the next
)

// A round is what the seed and its number say about it.
type round struct {
	number    int
	processes int
	kind      int
	pauses    []time.Duration
	seed      uint64
}

const (
	starting = iota // killed from the start on, and not only once they count
	counting        // killed while they count as fast as they can
	sending         // killed while they mostly send
	kinds
)

func drawRound(number, processes int) round {
	random := rand.New(rand.NewPCG(*seed, uint64(number)<<8|uint64(processes)))
	r := round{number: number, processes: processes, kind: random.IntN(kinds), seed: random.Uint64()}
	most := [kinds]int{starting: 12_000, counting: 2_500, sending: 25_000} // µs
	for range processes {
		r.pauses = append(r.pauses, time.Duration(random.IntN(most[r.kind]/processes))*time.Microsecond)
	}
	return r
}

// A tally is what the rounds come to.
type tally struct {
	rounds, killed, installations int
	adds, flight                  uint64 // acknowledged; on the way when killed
	attempts, arrived             int
	lost, extra, excess           uint64
}

func (y tally) String() string {
	return fmt.Sprintf("%d rounds, %d processes killed, %d installations; %d adds acknowledged, %d on the way when killed: %d lost, %d extra; "+
		"%d reports asked for, %d arrived, %d more than asked for",
		y.rounds, y.killed, y.installations, y.adds, y.flight, y.lost, y.extra, y.attempts, y.arrived, y.excess)
}

// A life is one installation in the hands of a test that kills.
type life struct {
	dir      string
	acked    *acked
	guid     string
	totals   []uint64 // after the last round
	attempts int
}

func newLife(t *testing.T, dir string) *life {
	t.Helper()
	l := &life{dir: filepath.Join(dir, "telemetry"), totals: make([]uint64, len(series))}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	var err error
	if l.acked, err = openAcked(filepath.Join(dir, "acked")); err != nil {
		t.Fatal(err)
	}
	return l
}

// TestKilled kills processes at random: while they start, open the totals,
// count, and send through a proxy that misbehaves at random too. After each
// round a process of the same installation sends a report, and what the
// store says has grown by what was acknowledged in the round: by no less, and
// by no more than was begun.
func TestKilled(t *testing.T) {
	for _, name := range []string{"DO_NOT_TRACK", "OTEL_SDK_DISABLED", "COMPREFACE_TELEMETRY"} {
		t.Setenv(name, "") // this process sends as well
	}
	for _, processes := range []int{1, 4} {
		t.Run(fmt.Sprint("processes=", processes), func(t *testing.T) {
			url, s := collector(t)
			p := newProxy(t, url)
			p.set(anything())
			var sum tally
			var l *life
			top, end := t.TempDir(), time.Now().Add(*long/2)
			for n := *first; *long == 0 && n < *first+shortRounds || time.Now().Before(end); n++ {
				if l == nil || n%lifetime == 0 {
					sum.bury(t, l, s)
					l = newLife(t, filepath.Join(top, fmt.Sprint(n)))
				}
				sum.play(t, l, drawRound(n, processes), url, "http://"+p.address, s)
				if t.Failed() {
					t.Fatalf("to see it again: -seed=%d -first=%d -run='%s'", *seed, n, t.Name())
				}
			}
			sum.bury(t, l, s)
			say(t, fmt.Sprintf("%s: seed %d: %v", t.Name(), *seed, sum))
		})
	}
}

// say tells the figures: the long form prints them whatever the outcome.
func say(t *testing.T, text string) {
	t.Helper()
	if *long > 0 {
		fmt.Println(text)
		return
	}
	t.Log(text)
}

// play kills all processes of one round, and looks what became of their adds.
func (y *tally) play(t *testing.T, l *life, r round, url, proxied string, s *store) {
	t.Helper()
	var all []*counter
	for i := range r.processes {
		all = append(all, startCounter(t, l.dir, proxied, i, r))
	}
	for _, c := range all {
		if r.kind != starting {
			c.counts(t)
		}
	}
	for i, c := range all {
		<-time.After(r.pauses[i]) // any moment will do
		c.kill(t)
	}
	begun, done, attempts := l.acked.settle(r.processes)
	guid := report(t, l.dir, url)
	attempts++
	if l.guid == "" {
		l.guid = guid
	}
	if guid != l.guid {
		t.Errorf("round %d: the installation was %s and is %s", r.number, l.guid, guid)
	}
	totals := s.of(t, guid)
	for i, total := range totals {
		gained := total - min(l.totals[i], total)
		lost, extra := max(done[i], gained)-gained, max(begun[i], gained)-begun[i]
		if lost+extra > 0 {
			t.Errorf("round %d: %s gained %d of %d acknowledged and %d begun", r.number, names[i], gained, done[i], begun[i])
		}
		y.lost, y.extra = y.lost+lost, y.extra+extra
		y.adds, y.flight = y.adds+done[i], y.flight+begun[i]-done[i]
	}
	l.totals = totals
	l.attempts += attempts
	y.rounds, y.killed, y.attempts = y.rounds+1, y.killed+len(all), y.attempts+attempts
	if n := s.lines[guid]; n > l.attempts {
		t.Errorf("round %d: %d reports arrived, of %d that were asked for", r.number, n, l.attempts)
	}
}

// settle returns the words of the dead and begins anew.
func (a *acked) settle(processes int) (begun, done []uint64, attempts int) {
	begun, done = make([]uint64, len(series)), make([]uint64, len(series))
	for p := range processes {
		for g := range counterGoroutines {
			begun[(p+g)%len(series)] += a.begun(p, g).Swap(0)
			done[(p+g)%len(series)] += a.done(p, g).Swap(0)
		}
		attempts += int(a.attempts(p).Swap(0))
	}
	return begun, done, attempts
}

// report is what the next start of the product comes to, a minute later.
func report(t *testing.T, dir, url string) (guid string) {
	t.Helper()
	place, product := ledger.Place{Dir: dir}, compreface.Catalog.Product()
	if id, _, err := ledger.Peek(t.Context(), place, product); err == nil && id.GUID != uuid.Nil {
		l, err := ledger.Open(t.Context(), place, ledger.Owner{Product: product}, nil, time.Now(), func() error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		inAMinute(t, l, func(s ledger.Schedule) (ledger.Schedule, error) { return s, nil })
	}
	stats, err := telemetry.Init(granting(dir, url))
	if err != nil {
		t.Fatal(err)
	}
	defer stats.Shutdown(context.Background())
	if err := stats.Flush(context.Background()); err != nil {
		t.Fatal(err)
	}
	return stats.Status().InstallGUID
}

// bury looks at an installation for the last time.
func (y *tally) bury(t *testing.T, l *life, s *store) {
	t.Helper()
	if l == nil {
		return
	}
	for i, total := range s.of(t, l.guid) {
		y.lost += max(l.totals[i], total) - total
		y.extra += max(l.totals[i], total) - l.totals[i]
	}
	if n := s.lines[l.guid]; n > l.attempts {
		y.excess += uint64(n - l.attempts)
	}
	y.arrived += s.lines[l.guid]
	y.installations++
	if y.lost+y.extra+y.excess > 0 {
		t.Errorf("%v", *y)
	}
	if list, _ := filepath.Glob(filepath.Join(l.dir, "*", ".new-*")); len(list) > 1 {
		t.Errorf("%d halves of files are left", len(list)) // one, of the process killed last, is no harm
	}
	l.acked.close()
	os.RemoveAll(filepath.Dir(l.dir))
}

// anything is a fault at random. The seed gives their order; which process
// gets which is the scheduler's choice.
func anything() fault {
	random := rand.New(rand.NewPCG(*seed, 1))
	var mu sync.Mutex
	faults := []fault{pass, pass, pass, pass,
		func(w *wire) { w.reset() },
		func(w *wire) { w.some(100); w.reset() },
		func(w *wire) { w.toCollector(w.request()); w.reset() },
		func(w *wire) { w.request(); w.gone() },
		late, drip(50 * time.Microsecond), answer("503 Service Unavailable", "Retry-After: 3600"), answer("400 Bad Request"),
	}
	return func(w *wire) {
		mu.Lock()
		f := faults[random.IntN(len(faults))]
		mu.Unlock()
		f(w)
	}
}
