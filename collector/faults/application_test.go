//go:build linux

package faults

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/telemetry"
)

// An order is what a test tells the application to do.
type order struct {
	ID       int
	Do       string
	N        int              // add: how many, by each goroutine
	Timeout  time.Duration    // flush: how patient the caller is; 0: for ever
	Decision consent.Decision // decide
}

// An answer is what the application says when it is done. The one without a
// number says that consent is being asked for, and waits.
type answerTo struct {
	ID    int
	Err   string
	Took  time.Duration
	GUID  string
	On    bool
	Next  time.Time
	Stack string // close: the goroutines that are left over
}

// A host is the application's side: everything that happens in it is the
// library's doing, or one of these goroutines.
type host struct {
	stats   *telemetry.Client
	number  int
	acked   *acked
	source  *hesitant
	dir     string
	before  int // goroutines, without the library
	handles int // open files, without the library

	mu  sync.Mutex
	out *json.Encoder
}

// decisions are kept beside the totals, where a full disk does not reach.
func decisions(dir string) *consent.File {
	return consent.NewFile(filepath.Join(filepath.Dir(dir), "decisions"))
}

// hesitant is a source of consent that can be made to wait, once, with its
// answer in its hand.
type hesitant struct {
	file *consent.File
	wait atomic.Bool
	ask  func()
	on   chan struct{}
}

func (h *hesitant) Consent(ctx context.Context) (consent.Record, error) {
	record, err := h.file.Consent(ctx)
	if h.wait.CompareAndSwap(true, false) {
		h.ask()
		<-h.on // also when ctx has ended: it is the application's code
	}
	return record, err
}

// beHost is a process that does as it is told: orders come in at the third
// file, answers go out at the fourth, so that whatever appears at the first
// two is a fault.
func beHost() {
	in, out := os.NewFile(3, "orders"), os.NewFile(4, "answers")
	number, _ := strconv.Atoi(os.Getenv("HEADCOUNT_FAULTS_NUMBER"))
	h := &host{number: number, dir: os.Getenv("HEADCOUNT_FAULTS_DIR"), out: json.NewEncoder(out)}
	var err error
	if h.acked, err = openAcked(filepath.Join(filepath.Dir(h.dir), "acked")); err != nil {
		h.say(answerTo{Err: err.Error()})
		os.Exit(1)
	}
	h.source = &hesitant{file: decisions(h.dir), on: make(chan struct{})}
	h.source.ask = func() { h.say(answerTo{ID: -1}) }
	h.before, h.handles = runtime.NumGoroutine(), handles()
	h.stats, err = telemetry.Init(telemetry.Config{
		Catalog:  compreface.Catalog,
		Endpoint: os.Getenv("HEADCOUNT_FAULTS_ENDPOINT"),
		Dir:      h.dir,
		Consent:  h.source,
	})
	h.say(h.status(err))
	orders := bufio.NewScanner(in)
	for orders.Scan() {
		var o order
		if err := json.Unmarshal(orders.Bytes(), &o); err != nil {
			os.Exit(1)
		}
		go h.obey(o)
	}
	os.Exit(0)
}

func (h *host) say(a answerTo) {
	h.mu.Lock()
	defer h.mu.Unlock()
	_ = h.out.Encode(a)
}

func (h *host) status(err error) answerTo {
	s := h.stats.Status()
	a := answerTo{GUID: s.InstallGUID, On: s.On, Next: s.NextReport}
	if err != nil {
		a.Err = err.Error()
	}
	return a
}

func (h *host) obey(o order) {
	begin := time.Now()
	stack, err := h.do(o)
	took := time.Since(begin)
	a := h.status(err)
	a.ID, a.Took, a.Stack = o.ID, took, stack
	h.say(a)
}

func (h *host) do(o order) (stack string, err error) {
	switch o.Do {
	case "add":
		h.add(o.N)
	case "flush":
		return "", h.flush(o.Timeout)
	case "decide":
		return "", h.decide(o.Decision)
	case "refresh":
		return "", h.stats.Refresh(context.Background())
	case "hesitate":
		h.source.wait.Store(true)
	case "go on":
		h.source.on <- struct{}{}
	case "status":
	case "close":
		return h.close()
	default:
		return "", fmt.Errorf("unknown order %q", o.Do)
	}
	return "", nil
}

// add counts n with every goroutine, one at a time, and acknowledges each
// after Add returned.
func (h *host) add(n int) {
	var all sync.WaitGroup
	for g := range mostGoroutines {
		all.Go(func() {
			begun, done := h.acked.begun(h.number, g), h.acked.done(h.number, g)
			for range n {
				begun.Add(1)
				h.stats.Add(series[g%len(series)], 1)
				done.Add(1)
			}
		})
	}
	all.Wait()
}

func (h *host) flush(patience time.Duration) error {
	ctx := context.Background()
	if patience > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, patience)
		defer cancel()
	}
	h.acked.attempts(h.number).Add(1)
	return h.stats.Flush(ctx)
}

func (h *host) decide(d consent.Decision) error {
	record := consent.Record{Decision: d, Notice: compreface.Catalog.NoticeNumber(), Where: "test"}
	if err := h.source.file.Save(context.Background(), record); err != nil {
		return err
	}
	return h.stats.Refresh(context.Background())
}

// close shuts down, and says what the library left behind. The goroutine that
// obeys this order is one more.
func (h *host) close() (stack string, err error) {
	err = h.stats.Shutdown(context.Background())
	deadline := time.Now().Add(bound / 2)
	for runtime.NumGoroutine() > h.before+1 || handles() > h.handles {
		if time.Now().After(deadline) {
			stacks := make([]byte, 64<<10)
			return fmt.Sprintf("%d files more\n%s", handles()-h.handles, stacks[:runtime.Stack(stacks, true)]), err
		}
		time.Sleep(5 * time.Millisecond) // the end of a goroutine is no event
	}
	return "", err
}

// handles counts the open files of this process.
func handles() int {
	list, _ := os.ReadDir("/proc/self/fd")
	return len(list)
}
