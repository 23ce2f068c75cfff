package erasure

import (
	"testing"
	"time"

	"github.com/google/uuid"
)

// Another process, or a no in this one, may sweep while a request or its receipt
// is being written: neither is lost.
func TestSweptWhileWriting(t *testing.T) {
	s := New(t.TempDir(), "Shop")
	now, stop, done := time.Now(), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		for {
			select {
			case <-stop:
				return
			default:
				_ = s.Tidy(now)
				time.Sleep(200 * time.Millisecond) // still far more often than a no comes, and longer than a disk under load takes to write one
			}
		}
	}()
	for range 300 {
		guid := uuid.New()
		if err := s.Keep(guid, "https://stats.vendor.example/v1/metrics", now, false); err != nil {
			t.Errorf("got %v, want the request kept", err)
			break
		}
		pending := s.Pending()
		if len(pending) != 1 {
			t.Errorf("got %d requests, want 1", len(pending))
			break
		}
		if err := s.Arrived(pending[0], now); err != nil || len(s.Receipts()) == 0 {
			t.Errorf("got %v and %d receipts, want one at least", err, len(s.Receipts()))
			break
		}
	}
	close(stop)
	<-done
}
