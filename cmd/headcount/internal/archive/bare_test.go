package archive

import (
	"bytes"
	"encoding/hex"
	"strings"
	"testing"

	"github.com/google/uuid"
)

// An erased identifier is found in every form that a byte search would find.
func TestErasedIn(t *testing.T) {
	id := uuid.MustParse("072f1f5e-a4ce-4f0f-89fa-7533bf82aff9")
	other := uuid.MustParse("19850a00-fe9a-4e3f-9b70-37c9a21ed84f")
	key := bytes.Repeat([]byte{7}, 32)
	for name, e := range map[string]*erased{
		"pending":   {pending: map[[16]byte]bool{id: true}, key: key},
		"tombstone": {tombstones: map[string]bool{(&erased{key: key}).hash(id): true}, key: key},
	} {
		for form, of := range map[string]func(uuid.UUID) string{
			"text":             func(u uuid.UUID) string { return u.String() },
			"upper case":       func(u uuid.UUID) string { return strings.ToUpper(u.String()) },
			"without hyphens":  func(u uuid.UUID) string { return hex.EncodeToString(u[:]) },
			"among digits":     func(u uuid.UUID) string { return "0123" + hex.EncodeToString(u[:]) + "abc" },
			"16 bytes":         func(u uuid.UUID) string { return "\x00\xff" + string(u[:]) },
			"escaped":          func(u uuid.UUID) string { return strings.ReplaceAll(u.String(), "-", `\u002d`) },
			"with NULs inside": func(u uuid.UUID) string { return strings.ReplaceAll(u.String(), "4", "\x004\x00") },
		} {
			for _, around := range []string{"", "x", `{"a":"`} {
				if !e.in([]byte(around + of(id) + around)) {
					t.Errorf("%s, %s after %q: got not found, want found", name, form, around)
				}
				if e.in([]byte(around + of(other) + around)) {
					t.Errorf("%s, %s after %q: got another identifier found, want not", name, form, around)
				}
			}
		}
	}
}
