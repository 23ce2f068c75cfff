package ledger

import (
	"bytes"
	"testing"

	"github.com/google/uuid"
)

// A host may have given package uuid a reader of its own. Ours is crypto/rand
// all the same.
func TestIdentityIsRandomWhateverTheHostChose(t *testing.T) {
	uuid.SetRand(bytes.NewReader(make([]byte, 1<<10)))
	defer uuid.SetRand(nil)
	a, err1 := newHeader(owner, noon)
	b, err2 := newHeader(owner, noon)
	if err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	if zero := uuid.MustParse("00000000-0000-4000-8000-000000000000"); a.GUID == zero || a.GUID == b.GUID {
		t.Errorf("made %s and %s", a.GUID, b.GUID)
	}
}
