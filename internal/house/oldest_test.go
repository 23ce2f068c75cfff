package house

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// oldest is what the library asks of an application: the Go release before the
// two that are supported, and the first OpenTelemetry without a fault that is
// known to be one for security. Older ones compile, from v1.36.0 on.
var oldest = map[string]string{
	"go":                         "1.25.0",
	"github.com/gofrs/flock":     "v0.13.0",
	"github.com/google/uuid":     "v1.6.0",
	"go.opentelemetry.io/otel":   "v1.43.0",
	"go.opentelemetry.io/proto":  "v1.10.0",
	"golang.org/x/sys":           "v0.42.0",
	"golang.org/x/text":          "v0.35.0",
	"google.golang.org/protobuf": "v1.36.11",
}

// TestOldestVersions: an application that requires the library, or sqlstate, is
// made to raise no more than it must. Raise one there and here, and say why in CHANGELOG.md.
func TestOldestVersions(t *testing.T) {
	for _, dir := range []string{".", "sqlstate"} {
		text, err := os.ReadFile(filepath.Join(top(t), dir, "go.mod"))
		if err != nil {
			t.Fatal(err)
		}
		direct := 0
		for line := range strings.Lines(string(text)) {
			field := strings.Fields(line)
			if len(field) != 2 || field[0] == "module" || field[0] == module || field[1] == "(" {
				continue // what is indirect is asked for by these
			}
			want := ""
			for name, version := range oldest {
				if field[0] == name || strings.HasPrefix(field[0], name+"/") {
					want = version
				}
			}
			if direct++; field[1] != want {
				t.Errorf("%s/go.mod asks for %s %s, want %q", dir, field[0], field[1], want)
			}
		}
		if direct == 0 {
			t.Errorf("%s/go.mod: got nothing to compare", dir)
		}
	}
}
