package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"headcount.example/catalog/compreface"
)

func TestSavedExamples(t *testing.T) {
	var r replay
	if err := r.read("events.csv", "700,0,5,300"); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, c := range r.counted {
		got = append(got, c.String())
	}
	want := []string{
		compreface.UserCreated.String(), compreface.ApplicationCreated.String(),
		compreface.ServiceCreated.With("FACE_DETECTION").String(), compreface.ServiceCreated.With("FACE_VERIFICATION").String(),
		compreface.ServiceCreated.With("FACE_RECOGNITION").String(),
	}
	if !slices.Equal(got, want) || !slices.Equal(r.sizes, []int64{700, 0, 5, 300}) {
		t.Errorf("counted %q, sizes %d", got, r.sizes)
	}
}

func TestBadInput(t *testing.T) {
	for name, test := range map[string]struct{ events, faces, says string }{
		"unknown action":  {`"t","g","USER_DELETE"`, "", `"USER_DELETE"`},
		"too few fields":  {`"t","USER_CREATE"`, "", "wrong number of fields"},
		"open quote":      {`"t","g","USER_CREATE`, "", "quote"},
		"negative":        {"", "5,-1", `"-1"`},
		"not a number":    {"", "many", `"many"`},
		"empty":           {"", "5,,1", `""`},
		"larger than all": {"", "9223372036854775808", `"9223372036854775808"`},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "events.csv")
			if err := os.WriteFile(path, []byte(test.events), 0o600); err != nil {
				t.Fatal(err)
			}
			var r replay
			if err := r.read(path, test.faces); err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("error %v, want it to name %s", err, test.says)
			}
		})
	}
}
