package consent

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"headcount.example/internal/durable"
)

// A stop holds up the Save that comes to a step first.
type stop struct {
	step    string
	reached chan struct{}
	goOn    chan struct{}
}

func newStop(step string) *stop {
	return &stop{step, make(chan struct{}), make(chan struct{})}
}

// holdUp applies the stops in their order.
func holdUp(t *testing.T, stops ...*stop) {
	var lock sync.Mutex
	durable.Step = func(step string) {
		lock.Lock()
		var here *stop
		if len(stops) > 0 && stops[0].step == step {
			here, stops = stops[0], stops[1:]
		}
		lock.Unlock()
		if here != nil {
			close(here.reached)
			<-here.goOn
		}
	}
	t.Cleanup(func() { durable.Step = func(string) {} })
}

func wasOvertaken(err error) bool { return err != nil && strings.Contains(err.Error(), overtaken) }

func saveLater(ctx context.Context, f *File, r Record) <-chan error {
	done := make(chan error, 1)
	go func() { done <- f.Save(ctx, r) }()
	return done
}

// noStands checks that the no that has to stand is the newest record.
func noStands(t *testing.T, f *File) {
	t.Helper()
	list, err := f.History(t.Context())
	if err != nil || len(list) == 0 || list[len(list)-1].Notice != 2 || !list[len(list)-1].Erase {
		t.Errorf("got %v, %v; want the no last", list, err)
	}
}

var (
	aYes = Record{Decision: Granted, Notice: 1, Where: "yes"}
	aNo  = Record{Decision: Denied, Notice: 2, Where: "no", Erase: true}
)

// impatient has ended when a Save comes to the lock: a no goes on without it.
type impatient struct {
	context.Context
	begun atomic.Bool
}

func (i *impatient) Err() error {
	if i.begun.Swap(true) {
		return context.DeadlineExceeded
	}
	return nil
}

func withoutLock(t *testing.T) context.Context { return &impatient{Context: t.Context()} }

// A no that does not wait for the lock stands, wherever in its Save a yes is.
func TestNoWhileAYesIsWritten(t *testing.T) {
	for _, step := range []string{"create consent.json", "write consent.json", "sync consent.json", "rename consent.json"} {
		for _, before := range []Decision{Undecided, Granted, Denied} {
			t.Run(step+" after "+before.String(), func(t *testing.T) {
				f := place(t)
				if before != Undecided {
					save(t, f, before, 1)
				}
				at := newStop(step)
				holdUp(t, at)
				yes := saveLater(t.Context(), f, aYes)
				<-at.reached
				if err := NewFile(f.dir).Save(withoutLock(t), aNo); err != nil {
					t.Errorf("the no: %v", err)
				}
				noStands(t, f)
				close(at.goOn)
				if err := <-yes; !wasOvertaken(err) {
					t.Errorf("the yes: %v", err)
				}
				noStands(t, f)
			})
		}
	}
}

// The yes was complete before the no was, and is renamed right after it.
func TestYesRightAfterTheNo(t *testing.T) {
	f := place(t)
	save(t, f, Denied, 1)
	begun, complete, renamed := newStop("create consent.json"), newStop("rename consent.json"), newStop("sweep consent.json")
	holdUp(t, begun, complete, renamed)
	no := saveLater(withoutLock(t), NewFile(f.dir), aNo)
	<-begun.reached // and has looked
	yes := saveLater(t.Context(), f, aYes)
	<-complete.reached
	close(begun.goOn)
	<-renamed.reached
	noStands(t, f)
	close(complete.goOn)
	if err := <-yes; err != nil {
		t.Errorf("the yes: %v", err)
	}
	close(renamed.goOn)
	if err := <-no; err != nil {
		t.Errorf("the no: %v", err)
	}
	noStands(t, f)
}

// Two no without the lock sweep each other's files; both are recorded.
func TestTwoNoWithoutTheLock(t *testing.T) {
	f := place(t)
	save(t, f, Granted, 1)
	at := newStop("rename consent.json")
	holdUp(t, at)
	first := saveLater(withoutLock(t), f, aNo)
	<-at.reached
	if err := NewFile(f.dir).Save(withoutLock(t), Record{Decision: Denied, Notice: 3}); err != nil {
		t.Errorf("the second no: %v", err)
	}
	close(at.goOn)
	if err := <-first; err != nil {
		t.Errorf("the first no: %v", err)
	}
	noStands(t, f)
	if list, _ := f.History(t.Context()); len(list) != 3 {
		t.Errorf("got %v, want three records", list)
	}
}

// A no that is recorded before a yes has the lock was given after it.
func TestNoWhileAYesWaits(t *testing.T) {
	for _, before := range []Decision{Undecided, Granted, Denied} {
		t.Run("after "+before.String(), func(t *testing.T) {
			f := place(t)
			if err := durable.MakeTrusted(f.dir); err != nil {
				t.Fatal(err)
			}
			if before != Undecided {
				save(t, f, before, 1)
			}
			waits := newStop("lock consent.lock")
			holdUp(t, waits)
			yes := saveLater(t.Context(), f, aYes)
			<-waits.reached
			if err := NewFile(f.dir).Save(withoutLock(t), aNo); err != nil {
				t.Errorf("the no: %v", err)
			}
			close(waits.goOn)
			if err := <-yes; !wasOvertaken(err) {
				t.Errorf("the yes: %v", err)
			}
			noStands(t, f)
			save(t, f, Granted, 3) // the next yes is an answer to the no
			holds(t, f, Granted, 3)
		})
	}
}
