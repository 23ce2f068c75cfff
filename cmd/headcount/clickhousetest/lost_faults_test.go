package clickhousetest

import (
	"bytes"
	"net/http"
	"path/filepath"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// ClickHouse is away for hundreds of attempts, and then refuses every insert.
// What was acknowledged meanwhile is stored once it takes them again.
func TestStoreIsAway(t *testing.T) {
	e := startEngine(t)
	c := startCollector(t, e)
	e.kill()
	taken := sendNow(t, c, 160)
	e.start(t)
	for _, table := range []string{"sum", "gauge"} {
		e.do(t, "RENAME TABLE headcount.otel_metrics_"+table+" TO headcount.away_"+table)
	}
	taken += sendNow(t, c, 160)
	time.Sleep(3 * time.Second) // attempts that are refused; more or fewer of them prove the same
	for _, table := range []string{"sum", "gauge"} {
		e.do(t, "RENAME TABLE headcount.away_"+table+" TO headcount.otel_metrics_"+table)
	}
	if taken != 320 {
		t.Errorf("%d of 320 reports were taken while the store was away", taken)
	}
	stored(t, e, taken)
}

// A queue that is full refuses, and a sender comes again. What was
// acknowledged before is stored.
func TestQueueIsFull(t *testing.T) {
	e := startEngine(t)
	c := startCollector(t, e, [2]string{"queue_size: 10_000_000_000", "queue_size: 40_000"})
	refusedAndStored(t, e, c, 0)
}

// The disk of the queue is full: so is the queue. Where the queue cannot note that it
// takes a report out, OpenTelemetry's queue drops it: 0 and 1 of some 4,700 were seen.
func TestDiskOfTheQueueIsFull(t *testing.T) {
	disk := t.TempDir()
	if err := syscall.Mount("tmpfs", disk, "tmpfs", 0, "mode=0755,size=3m"); err != nil {
		t.Skip("needs root: to mount a small disk: ", err)
	}
	t.Cleanup(func() { syscall.Unmount(disk, syscall.MNT_DETACH) })
	e := startEngine(t)
	c := startCollectorAt(t, e, filepath.Join(disk, "queue"))
	t.Cleanup(c.kill) // before the disk goes
	refusedAndStored(t, e, c, 20)
}

// refusedAndStored sends while the store is away until a report is refused,
// and then the refused ones again with the store back. So many may be lost.
func refusedAndStored(t *testing.T, e *engine, c *collector, lost int) {
	t.Helper()
	e.kill()
	s, taken := list(t), 0
	var refused [][]byte
	for len(refused) < 20 {
		if taken > 20_000 {
			t.Fatalf("%d reports were taken, and none refused", taken)
		}
		b := body(s)
		code, text := status(t, c.url, b)
		switch code {
		case http.StatusOK:
			taken++
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
			refused = append(refused, b)
		default:
			t.Fatalf("after %d reports the Collector answers %d %s, want 429 or 503", taken, code, text)
		}
	}
	t.Logf("%d reports taken, then refused", taken)
	e.start(t)
	for _, b := range refused {
		if err := insist(c.url, b); err != nil {
			t.Fatal(err)
		}
	}
	storedBut(t, e, taken+len(refused), lost)
}

// sendNow sends reports, each once, and returns how many were acknowledged.
func sendNow(t *testing.T, c *collector, n int) (taken int) {
	t.Helper()
	s := list(t)
	var mu sync.Mutex
	var running sync.WaitGroup
	for range senders {
		running.Go(func() {
			for range n / senders {
				if post(c.url, body(s)) == nil {
					mu.Lock()
					taken++
					mu.Unlock()
				}
			}
		})
	}
	running.Wait()
	return taken
}

func status(t *testing.T, url string, body []byte) (int, string) {
	t.Helper()
	answer, err := http.Post(url, "application/x-protobuf", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	return answer.StatusCode, answer.Status
}

// stored waits until so many whole reports are in the store, each once.
func stored(t *testing.T, e *engine, want int) {
	t.Helper()
	storedBut(t, e, want, 0)
}

// storedBut is stored, where so many may be lost. They are waited for as long as
// more come, and a minute in any case.
func storedBut(t *testing.T, e *engine, want, lost int) {
	t.Helper()
	const whole = "SELECT count() FROM (SELECT install_guid, day, hour FROM headcount.reports GROUP BY ALL HAVING max(`compreface.user.created`) = 7 AND max(`compreface.collection.count{compreface.faces.range=1-10}`) = 3)"
	least := want
	for end, n := time.Now().Add(time.Minute), 0; lost > 0 && n < want && time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		text, _ := e.try(whole)
		n, _ = strconv.Atoi(text)
		least = max(n, want-lost)
	}
	// The queue is read more slowly than it is filled: as long as more come, they are waited for.
	for end, before := time.Now().Add(2*time.Minute), -1; ; time.Sleep(500 * time.Millisecond) {
		text, err := e.try(whole)
		n, failed := strconv.Atoi(text)
		if err == nil && failed == nil && n >= least && n <= want {
			break
		}
		if n > before {
			end, before = time.Now().Add(2*time.Minute), n
		}
		if time.Now().After(end) {
			t.Fatalf("got %s whole reports stored, want the %d that were acknowledged: %v", text, want, err)
		}
	}
	text := e.do(t, "SELECT count() FROM (SELECT DISTINCT install_guid, day, hour FROM headcount.reports)")
	if n, err := strconv.Atoi(text); err != nil || n < least || n > want {
		t.Errorf("%s reports are stored, and %d were acknowledged", text, want)
	}
	t.Logf("%s of %d acknowledged reports are stored", text, want)
}
