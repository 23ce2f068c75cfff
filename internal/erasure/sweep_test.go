package erasure

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"headcount.example/internal/durable"
)

// Another process, or a no in this one, may sweep while a request or its receipt
// is being written, at any step and several times: neither is lost.
func TestSweptWhileWriting(t *testing.T) {
	defer func() { durable.Step = func(string) {} }()
	for _, step := range []string{"write ", "sync ", "rename "} {
		s, now := New(t.TempDir(), "Shop"), time.Now()
		left, sweeping := 0, false
		durable.Step = func(name string) {
			if left == 0 || sweeping || !strings.HasPrefix(name, step) {
				return
			}
			left--
			sweeping = true
			defer func() { sweeping = false }()
			if there := durable.Leftovers(filepath.Join(s.dir, "*")); len(there) != 1 {
				t.Errorf("before %q: got %d temporary files to sweep, want 1", name, len(there))
			}
			_ = s.Tidy(now)
		}
		for _, sweeps := range []int{1, 9} {
			left = sweeps
			if err := s.Keep(uuid.New(), "https://stats.vendor.example/v1/metrics", now, false); err != nil || left != 0 {
				t.Fatalf("swept %d times before %q: got %v and %d sweeps left, want the request kept", sweeps, step, err, left)
			}
			pending := s.Pending()
			if len(pending) != 1 {
				t.Fatalf("swept %d times before %q: got %d requests, want 1", sweeps, step, len(pending))
			}
			left = sweeps
			receipts := len(s.Receipts())
			if err := s.Arrived(pending[0], now); err != nil || left != 0 || len(s.Receipts()) != receipts+1 {
				t.Errorf("swept %d times before %q: got %v and %d receipts, want %d", sweeps, step, err, len(s.Receipts()), receipts+1)
			}
		}
	}
}
