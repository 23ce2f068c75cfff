package ledger

import (
	"errors"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

var (
	rounds = flag.Int("rounds", 12, "how often processes are killed while they count")
	seed   = flag.Uint64("seed", 0, "of the random kills; 0: another each time")
)

func init() { commands["count"] = countCommand }

const (
	processes = 4 // at once
	counters  = 4 // goroutines in each
)

// acknowledged are numbers in a mapped file, which a killed process leaves as
// they were: for each goroutine what it began to add, and what it knows to be
// added. So acked <= total <= begun, and the two differ by one Add for each
// goroutine that was killed inside of it.
type acknowledged struct{ page page }

func acknowledge(path string) (acknowledged, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return acknowledged{}, err
	}
	defer f.Close()
	if err := f.Truncate(processes * counters * 128); err != nil {
		return acknowledged{}, err
	}
	m, err := syscall.Mmap(int(f.Fd()), 0, processes*counters*128, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_SHARED)
	return acknowledged{m}, err
}

func (a acknowledged) begun(process, goroutine int) *atomic.Uint64 {
	return a.page.word((process*counters + goroutine) * 128)
}

func (a acknowledged) acked(process, goroutine int) *atomic.Uint64 {
	return a.page.word((process*counters+goroutine)*128 + 64)
}

// countCommand counts until it is killed. Goroutine g counts series g.
func countCommand(args []string) error {
	number, err1 := strconv.Atoi(args[1])
	extra, err2 := strconv.Atoi(args[2])
	a, err3 := acknowledge(filepath.Join(args[0], "..", "acknowledged"))
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	var series []string
	for i := range extra { // before the others: places differ from process to process
		series = append(series, fmt.Sprintf("extra.%d.%d", number, i))
	}
	for g := range counters {
		series = append(series, fmt.Sprint("counter.", g))
	}
	fmt.Println("ready")
	l, err := openIn(args[0], series)
	if err != nil {
		return err
	}
	for g := range counters {
		go func() {
			slot, begun, acked := l.Slot(extra+g), a.begun(number, g), a.acked(number, g)
			for n := uint64(1); ; n = n%3 + 1 {
				begun.Add(n)
				if !l.Add(slot, n) {
					fmt.Println("refused")
					return
				}
				acked.Add(n)
			}
		}()
	}
	select {}
}

// TestKilledWhileCounting kills processes at random moments: while they
// start, open the ledger, give it more series, and count.
func TestKilledWhileCounting(t *testing.T) {
	if *seed == 0 {
		*seed = rand.Uint64()
	}
	random := rand.New(rand.NewPCG(*seed, 0))
	dir := directory(t)
	a, err := acknowledge(filepath.Join(dir, "..", "acknowledged"))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for g := range counters {
		names = append(names, fmt.Sprint("counter.", g))
	}
	needsMapping(t)
	first := open(t, dir, names...)
	var adds, lost, extra, flight uint64
	for range *rounds {
		var all []*process
		for i := range processes {
			all = append(all, start(t, "count", dir, strconv.Itoa(i), strconv.Itoa(random.IntN(90))))
		}
		for _, p := range all {
			p.hears("ready")
		}
		for _, p := range all {
			<-time.After(time.Duration(random.IntN(8000)) * time.Microsecond) // any moment will do
			p.kill()
			if p.out.Scan() {
				t.Errorf("the other process says %q", p.out.Text())
			}
		}
		l := open(t, dir, names...)
		if l.Quarantined() != "" || l.Identity() != first.Identity() {
			t.Fatalf("quarantined: %q", l.Quarantined())
		}
		adds, lost, extra, flight = 0, 0, 0, 0
		for g, total := range l.totals(t) {
			var begun, acked uint64
			for i := range processes {
				begun += a.begun(i, g).Load()
				acked += a.acked(i, g).Load()
			}
			adds += acked
			flight += begun - acked
			lost += max(acked, total) - total
			extra += max(begun, total) - begun
		}
		if lost+extra > 0 {
			t.Fatalf("seed %d: %d lost, %d extra", *seed, lost, extra)
		}
	}
	t.Logf("seed %d: %d rounds of %d processes killed, %d counted and acknowledged, %d lost, %d extra; %d on the way when killed",
		*seed, *rounds, processes, adds, lost, extra, flight)
}
