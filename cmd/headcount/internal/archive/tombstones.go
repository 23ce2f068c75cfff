package archive

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/google/uuid"
)

// erased knows which identifiers are erased.
type erased struct {
	pending    map[[16]byte]bool
	tombstones map[string]bool
	key        []byte
}

func (m *manifest) erased() (*erased, error) {
	key, err := hex.DecodeString(m.Key)
	if err != nil || len(key) < 16 {
		return nil, fmt.Errorf("%s has no key for its tombstones; restore it from a backup", manifestName)
	}
	e := &erased{pending: map[[16]byte]bool{}, tombstones: map[string]bool{}, key: key}
	for _, text := range m.Pending {
		id, err := uuid.Parse(text)
		if err != nil {
			return nil, fmt.Errorf("%s names %q as an identifier", manifestName, text)
		}
		e.pending[id] = true
	}
	for _, hash := range m.Tombstones {
		e.tombstones[hash] = true
	}
	return e, nil
}

func (e *erased) has(id [16]byte) bool {
	return e.pending[id] || len(e.tombstones) > 0 && e.tombstones[e.hash(id)]
}

// hash is the tombstone of an identifier.
func (e *erased) hash(id [16]byte) string {
	h := hmac.New(sha256.New, e.key)
	h.Write(id[:])
	return hex.EncodeToString(h.Sum(nil)[:16])
}
