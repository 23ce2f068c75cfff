package sqlstate

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"headcount.example/internal/gate"
	"headcount.example/telemetry"
)

// TestReplicas has four processes, each with several goroutines that add and
// make events, some rolled back; two are killed at random. Events are counted
// exactly if they were committed; of what was added nothing is lost that was
// synced, and at most the one round after it.
func TestReplicas(t *testing.T) {
	each(t, func(t *testing.T, d *database) {
		const most = 4
		killed, rounds := 0, map[string]int{}
		var mu sync.Mutex
		var all sync.WaitGroup
		for i := range most {
			for life := range 3 {
				if life > 0 && i >= 2 {
					continue
				}
				name := fmt.Sprintf("series.%d.%d", i, life)
				all.Go(func() {
					if life > 0 {
						time.Sleep(time.Duration(life) * 700 * time.Millisecond)
					}
					p := spawn(t, d, "count", name)
					time.Sleep(time.Duration(500+rand.IntN(900)) * time.Millisecond)
					if i < 2 {
						p.kill()
					} else {
						time.Sleep(time.Second)
						p.says("end")
					}
					last := 0
					for line := range p.lines {
						n, err := strconv.Atoi(strings.TrimPrefix(line, "synced "))
						if err != nil {
							t.Error(line)
						}
						last = n
					}
					mu.Lock()
					defer mu.Unlock()
					rounds[name] = last
					if i < 2 {
						killed++
					}
				})
			}
		}
		all.Wait()
		series := []string{sold.String()}
		for name := range rounds {
			series = append(series, name)
		}
		l := opened(t, d.store(), series...)
		fold(t, l)
		totals := make([]uint64, len(series))
		if err := l.Totals(t.Context(), totals); err != nil {
			t.Fatal(err)
		}
		committed := uint64(d.number(t, "SELECT CAST(sum(n) AS BIGINT) FROM things"))
		if totals[0] != committed || committed == 0 {
			t.Errorf("events: counted %d, committed %d", totals[0], committed)
		}
		var counted, synced uint64
		for i, name := range series[1:] {
			is, was := totals[i+1], uint64(rounds[name]*round)
			counted, synced = counted+is, synced+was
			if is < was || is > was+round || is%round != 0 {
				t.Errorf("%s: counted %d, synced %d", name, is, was)
			}
		}
		t.Logf("%d processes, %d of them killed: %d of %d committed events counted; added: %d counted, %d acknowledged",
			len(rounds), killed, totals[0], committed, counted, synced)
	})
}

// A receiver takes reports and keeps what they say.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	reports [][]string
}

func receive(t testing.TB) *receiver {
	t.Helper()
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		raw, err := httputil.DumpRequest(request, true)
		if err != nil {
			t.Error(err)
		}
		_, otlp, err := gate.Decode(raw)
		if err != nil {
			t.Error(err)
		}
		var rows []string
		for _, resource := range otlp.GetResourceMetrics() {
			for _, a := range resource.GetResource().GetAttributes() {
				rows = append(rows, a.GetValue().GetStringValue())
			}
			for _, m := range resource.GetScopeMetrics()[0].GetMetrics() {
				for _, p := range m.GetSum().GetDataPoints() {
					rows = append(rows, fmt.Sprint(m.GetName(), len(p.GetAttributes()), " ", p.GetAsInt()))
				}
			}
		}
		r.mu.Lock()
		r.reports = append(r.reports, rows)
		r.mu.Unlock()
		w.Header().Set("Content-Type", "application/x-protobuf")
		_, _ = io.WriteString(w, "")
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) all() [][]string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.reports)
}

// TestPausedSender stops a process at the last moment before it sends, as if
// its machine was suspended. Another one takes the lease and sends more. When
// the first goes on, it must not send what is less.
func TestPausedSender(t *testing.T) {
	if pause == nil {
		t.Skip("there is no signal that stops a process here")
	}
	for _, at := range []string{"before", "after"} {
		t.Run(at+" the last look at the lease", func(t *testing.T) {
			each(t, func(t *testing.T, d *database) {
				r := receive(t)
				s := d.store()
				s.lease = 2 * time.Second
				if err := s.Save(t.Context(), yes); err != nil {
					t.Fatal(err)
				}
				p := spawn(t, d, "send", r.URL, at)
				p.hears("ready")
				if err := p.run.Process.Signal(pause); err != nil {
					t.Fatal(err)
				}
				other, err := telemetry.Init(telemetry.Config{Catalog: shop, Endpoint: r.URL, State: s, Consent: s})
				if err != nil {
					t.Fatal(err)
				}
				defer other.Shutdown(t.Context())
				other.Add(sold, 10)
				if err := other.Flush(t.Context()); err != nil { // waits for the lease
					t.Fatal(err)
				}
				p.says("go on") // as soon as it can; earlier, and it might before it stops
				if err := p.run.Process.Signal(proceed); err != nil {
					t.Fatal(err)
				}
				said := p.hears("flushed")
				if said == "<nil>" {
					t.Error("sent")
				}
				time.Sleep(200 * time.Millisecond)
				reports := r.all()
				if len(reports) != 1 || !slices.Contains(reports[0], "shop.thing.sold0 11") {
					t.Errorf("%q", reports)
				}
				t.Logf("it says: %s", said)
			})
		})
	}
}
