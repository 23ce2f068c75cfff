//go:build !race && !go1.27

package telemetry

import (
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"headcount.example/catalog"
	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/internal/ledger"
)

// direct returns a client that counts directly, and how much it has counted.
func direct(t *testing.T, endpoint string) (*setup, int64) {
	t.Helper()
	for _, where := range []func() string{t.TempDir, func() string { return shared(t) }} {
		dir := filepath.Join(where(), "telemetry")
		s := start(t, endpoint, func(c *Config) { c.Dir, c.Consent = dir, consent.NewFile(dir) })
		s.dir, s.decisions = dir, consent.NewFile(dir)
		s.decide(t, consent.Granted)
		if n := hurry(s.Client); n > 0 {
			return s, n
		}
	}
	missing := "nothing is held here: it takes ext4 or tmpfs, fs.lease-break-time of 10 s or more, and the right to mlock"
	if os.Getenv("CI") != "" {
		t.Fatal(missing)
	}
	t.Skip(missing)
	return nil, 0
}

// shared is a directory in memory.
func shared(t *testing.T) string {
	dir, err := os.MkdirTemp("/dev/shm", "headcount")
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

// hurry counts until c counts directly, and returns how much; 0 when that
// does not come.
func hurry(c *Client) int64 {
	for n := int64(1); n < 2_000_000; n++ {
		c.Add(compreface.UserCreated, 1)
		if directly(c) {
			return n
		}
		if n%10_000 == 0 {
			time.Sleep(time.Millisecond)
		}
	}
	return 0
}

func directly(c *Client) bool {
	return c.direct.Load() != nil
}

func counted(t *testing.T, c *Client) int64 {
	t.Helper()
	r := c.agreed()
	totals := make([]uint64, r.counters)
	if err := r.ledger.Totals(t.Context(), totals); err != nil {
		t.Fatal(err)
	}
	return int64(totals[0])
}

// TestDirectIsExact: goroutines count while others come for the file again and
// again, and every addition is there, once.
func TestDirectIsExact(t *testing.T) {
	s, before := direct(t, "https://stats.vendor.invalid")
	var total, changes atomic.Int64
	total.Store(before)
	stop := make(chan struct{})
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
				}
				for range 1000 {
					s.Add(compreface.UserCreated, 1)
				}
				s.Add(compreface.UserCreated, ledger.Small+1)
				s.Add(compreface.UserCreated, ledger.Small)
				total.Add(1000 + 2*ledger.Small + 1)
			}
		})
	}
	for range 2 {
		// Another process opens the file: it waits, and counts in it as well.
		r, err := newRecorder(t.Context(), s.config, s.metrics, time.Now(), false, func() error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		if !directly(s.Client) {
			changes.Add(1)
		}
		if !r.ledger.Add(r.table.slot(compreface.UserCreated), 3) {
			t.Error("refused")
		}
		total.Add(3)
		r.cancel()
		r.ledger.Close()
		r = nil
		for range 1000 {
			if directly(s.Client) {
				break
			}
			runtime.GC()                         // ends the other one's mapping
			s.agreed().upper.wanted.Store(false) // as the minute does
			time.Sleep(5 * time.Millisecond)
		}
	}
	close(stop)
	all.Wait()
	if got := counted(t, s.Client); got != total.Load() {
		t.Errorf("%d in the file, %d were added", got, total.Load())
	}
	if changes.Load() != 2 {
		t.Errorf("the file was opened beside a hold, or without one: %d of 2", changes.Load())
	}
	s.restart(t)
	if got := counted(t, s.Client); got != total.Load() {
		t.Errorf("%d after a restart, %d were added", got, total.Load())
	}
}

// TestTruncatedWhileDirect: whoever truncates the file waits until no Add can
// meet it any more, and the host lives.
func TestTruncatedWhileDirect(t *testing.T) {
	for range 2 {
		s, _ := direct(t, "https://stats.vendor.invalid")
		stop := make(chan struct{})
		var all sync.WaitGroup
		for range 8 {
			all.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
						s.Add(compreface.UserCreated, 1)
					}
				}
			})
		}
		path := filepath.Join(s.dir, "headcount.totals")
		begin := time.Now()
		if err := os.Truncate(path, 0); err != nil {
			t.Error(err)
		}
		if waited := time.Since(begin); waited > 20*time.Second { // the kernel's own end of it is after 45
			t.Errorf("somebody waited %v for the file", waited)
		}
		for range 1000 {
			if info, err := os.Stat(path); err == nil && info.Size() > 0 {
				break // counting begins anew in a sound file
			}
			time.Sleep(10 * time.Millisecond)
		}
		close(stop)
		all.Wait()
		if err := s.Refresh(t.Context()); err != nil || !s.Status().On {
			t.Errorf("%v, %+v", err, s.Status())
		}
		_ = s.Shutdown(t.Context())
	}
}

// TestQuietGivesBack: a process that counts little leaves the file to others
// and does not wake up for it.
func TestQuietGivesBack(t *testing.T) {
	if s, _ := direct(t, "https://stats.vendor.invalid"); s.Status().On {
		_ = s.Shutdown(t.Context())
	}
	dir := filepath.Join(shared(t), "telemetry")
	synctest.Test(t, func(t *testing.T) {
		c, err := Init(Config{Catalog: compreface.Catalog, Endpoint: "http://127.0.0.1:9", Dir: dir, Consent: always(consent.Granted, 1)})
		if err != nil {
			t.Fatal(err)
		}
		total := hurry(c)
		time.Sleep(blink / 2)
		for range 3 * calm {
			for range busy {
				c.Add(compreface.UserCreated, 1)
			}
			total += busy
			time.Sleep(blink)
		}
		if !directly(c) {
			t.Error("given back while it counts a lot")
		}
		for range calm + 2 {
			for range busy - 1 {
				c.Add(compreface.UserCreated, 1)
			}
			total += busy - 1
			time.Sleep(blink)
		}
		if directly(c) {
			t.Error("kept while it counts little")
		}
		f, err := os.OpenFile(filepath.Join(dir, "headcount.totals"), os.O_RDWR|syscall.O_NONBLOCK, 0)
		if err != nil {
			t.Errorf("the file is not free: %v", err)
		}
		f.Close()
		n := hurry(c)
		if n == 0 {
			t.Error("not taken again")
		}
		total += n
		if got := counted(t, c); got != total {
			t.Errorf("%d, counted %d", got, total)
		}
		_ = c.Shutdown(t.Context())
	})
}

// TestNoWhileDirect: after a no nothing is counted, held or left.
func TestNoWhileDirect(t *testing.T) {
	s, _ := direct(t, "https://stats.vendor.invalid")
	s.decide(t, consent.Denied)
	if directly(s.Client) {
		t.Error("still counts")
	}
	s.Add(compreface.UserCreated, 1)
	if exists(filepath.Join(s.dir, "headcount.totals")) {
		t.Errorf("there are %q", files(t, s.dir))
	}
	s, n := direct(t, "https://stats.vendor.invalid")
	shutdownSoon(t, s.Client)
	s.Add(compreface.UserCreated, 1)
	s.restart(t)
	if got := counted(t, s.Client); got != n {
		t.Errorf("%d, before Shutdown %d", got, n)
	}
}

// TestDirectUndeclared: what is not in the catalog counts nothing, here too.
func TestDirectUndeclared(t *testing.T) {
	s, n := direct(t, "https://stats.vendor.invalid")
	for _, strange := range []catalog.Counter{{}, compreface.ServiceCreated, compreface.ServiceCreated.With("unknown"),
		catalog.NewCounter("compreface.user.created", "{user}", "Of another catalog.")} {
		for _, by := range []int64{-1 << 63, -1, 0, 1, 1<<63 - 1} {
			s.Add(strange, by)
		}
	}
	s.Add(compreface.UserCreated, 0)
	s.Add(compreface.UserCreated, -5)
	s.Add(compreface.UserCreated, 1<<40) // more than fits, and more than may be added without a look
	s.Add(compreface.UserCreated, ledger.Small+1)
	n += ledger.Small + 1
	r := s.agreed()
	totals := make([]uint64, r.counters)
	if err := r.ledger.Totals(t.Context(), totals); err != nil || sum(totals) != uint64(n) {
		t.Errorf("%v, %v: counted %d", err, totals, n)
	}
}

// TestGiveBackWaits: whoever waits for the file does not get it while somebody
// is in a function like add.
func TestGiveBackWaits(t *testing.T) {
	s, _ := direct(t, "https://stats.vendor.invalid")
	r := s.agreed()
	r.upper.mu.Lock() // the timer waits, and so may this test
	hold := r.upper.hold
	gone := make(chan struct{})
	go func() {
		if err := os.Truncate(filepath.Join(s.dir, "headcount.totals"), 0); err != nil {
			t.Error(err)
		}
		close(gone)
	}()
	for !hold.Wanted() {
		time.Sleep(time.Millisecond)
	}
	var inside, left atomic.Bool
	go linger(&inside, &left)
	for !inside.Load() {
		time.Sleep(time.Microsecond)
	}
	r.upper.mu.Unlock()
	s.blink(r)
	<-gone
	if !left.Load() {
		t.Error("the file was given away while somebody was in a function like add")
	}
	if directly(s.Client) {
		t.Error("counts directly in what was given away")
	}
}

// TestEveryoneOut: everyoneOut waits for what is in a function like add, on
// the compiler and runtime in use.
func TestEveryoneOut(t *testing.T) {
	if info, ok := debug.ReadBuildInfo(); ok && slices.ContainsFunc(info.Settings, func(s debug.BuildSetting) bool { return s.Key == "-gcflags" }) {
		t.Skip("built with -gcflags, as for a debugger: test without")
	}
	var inside, left atomic.Bool
	go linger(&inside, &left)
	for !inside.Load() {
		time.Sleep(time.Microsecond)
	}
	everyoneOut()
	if !left.Load() {
		t.Error("did not wait")
	}
	source, err := os.ReadFile("direct.go")
	if !regexp.MustCompile(`(?m)^//go:nosplit\n//go:noinline\nfunc \(c \*Client\) add\(`).Match(source) {
		t.Errorf("add is not such a function any more: %v", err)
	}
}

//go:nosplit
//go:noinline
func linger(inside, left *atomic.Bool) {
	inside.Store(true)
	for range 1 << 27 { // a third of a second, without a call
		if inside.CompareAndSwap(false, true) {
			break
		}
	}
	left.Store(true)
}
