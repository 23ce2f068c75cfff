package clickhousetest

import (
	"crypto/rand"
	"flag"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"headcount.example/cmd/headcount/internal/schema"
)

var reports = flag.Int("reports", 1200, "reports that TestNothingIsLost sends; make clickhouse sends 100,000")

// What a sender was told is taken is stored, once, though the Collector and the
// store are killed in the middle. A sender that got no answer comes again, as
// the product does.
func TestNothingIsLost(t *testing.T) {
	e := startEngine(t)
	c := startCollector(t, e)
	const rounds = 6
	each, all := (*reports+rounds-1)/rounds, 0
	for round := range rounds {
		acknowledged, half := sendAll(t, c, each)
		<-half
		if round%3 != 0 {
			e.kill()
		}
		if round%3 != 1 {
			c.kill()
			c.start(t)
		}
		if round%3 != 0 {
			e.start(t)
		}
		all += <-acknowledged
	}
	if all != each*rounds {
		t.Fatalf("got %d reports taken, want %d", all, each*rounds)
	}
	stored(t, e, all)
	t.Logf("%d reports acknowledged and stored, through %d kills", all, rounds+rounds/3)
}

// sendAll sends so many reports of as many installations. It returns a channel
// that gets the number of those that were acknowledged, and one that is closed
// when half of them are.
func sendAll(t *testing.T, c *collector, n int) (acknowledged <-chan int, half <-chan struct{}) {
	t.Helper()
	s := list(t)
	done, middle := make(chan int, 1), make(chan struct{})
	var taken atomic.Int64
	var running sync.WaitGroup
	for sender := range senders {
		running.Go(func() {
			for i := sender; i < n; i += senders {
				if err := insist(c.url, body(s)); err != nil {
					t.Error(err)
				} else if taken.Add(1) == int64(n/2) {
					close(middle)
				}
			}
		})
	}
	go func() { running.Wait(); done <- int(taken.Load()) }()
	return done, middle
}

// body is a report of a new installation.
func body(s *schema.Schema) []byte {
	r := &schema.Report{Day: lastDay, Values: make([]int64, len(s.Series))}
	rand.Read(r.GUID[:])
	r.GUID[6], r.GUID[8] = r.GUID[6]&0x0f|0x40, r.GUID[8]&0x3f|0x80
	for i := range r.Values {
		r.Values[i] = schema.Absent
	}
	for metric, v := range map[string]int64{"compreface.user.created": 7, "compreface.collection.count": 3} {
		var labels []string
		if v == 3 {
			labels = []string{"1-10"}
		}
		if at, ok := s.Number(metric, labels); ok {
			r.Values[at] = v
		}
	}
	b, _ := encode(s, r, lastDay.Time()) // of what is right
	return b
}

// insist sends a report again until it is taken. The time only bounds how
// long a test that fails takes.
func insist(url string, body []byte) (err error) {
	for end := time.Now().Add(3 * time.Minute); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
		if err = post(url, body); err == nil {
			return nil
		}
	}
	return err
}
