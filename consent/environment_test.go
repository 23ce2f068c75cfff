package consent

import (
	"context"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"
)

const product = "FACES_TELEMETRY"

// environ is an environment of the given variables and no others.
type environ map[string]string

func (e environ) lookup(name string) (string, bool) {
	value, ok := e[name]
	return value, ok
}

// fixed is a Source that always gives the same answer.
type fixed struct {
	record Record
	err    error
}

func (f fixed) Consent(context.Context) (Record, error) { return f.record, f.err }

// yes is a record that is on as long as nothing else says no.
func yes() Source {
	return fixed{record: Record{Decision: Granted, Notice: 2, Time: time.Now(), Where: "settings"}}
}

func TestVetoes(t *testing.T) {
	free := map[string][]string{
		"DO_NOT_TRACK":          {"", "0", "false"},
		"OTEL_SDK_DISABLED":     {"", "0", "false", "False", "FALSE", "fAlSe"},
		"OTEL_METRICS_EXPORTER": {"", "otlp", "console", "prometheus", "otlp,prometheus", "nonesuch"},
		product:                 {"", "accept:2", "accept:1", "accept:3", "accept:2147483647"},
	}
	denying := map[string][]string{
		"DO_NOT_TRACK": {"1", "true", "TRUE", "yes", "on", "2", " ", " 0", "0 ", "00", "-0", "0.0", "False", "FALSE", "no",
			"off", "f", "\x00", "falſe", "accept:2", "٠"},
		"OTEL_SDK_DISABLED": {"true", "True", "TRUE", "tRuE", "1", "yes", "on", " true", "true ", " ", "t", "00", "no", "off",
			"falſe", "false ", "accept:2"},
		"OTEL_METRICS_EXPORTER": {"none", "None", "NONE", " none "},
		product: {"off", "OFF", "Off", "0", "1", "false", "true", "no", "yes", "on", "accept", "accept:", "accept:0", "accept:-2",
			"accept:+2", "accept:02", "accept:2 ", " accept:2", "accept: 2", "accept :2", "accept:2\n", "\taccept:2", "ACCEPT:2",
			"Accept:2", "accept:two", "accept:2.0", "accept:2e0", "accept:0x2", "accept:1_0", "accept:٢", "accept:２", "accept:²",
			"accept：2", "accept=2", "accept:2,accept:2", "accept:2;off", "accept:accept:2", "accept:9223372036854775808",
			"accept:18446744073709551618", "accept:4294967298000000000000000002", "accept:2\x00", "\ufeffaccept:2", "deny", " ",
			strings.Repeat("accept:2", 1000), "accept:" + strings.Repeat("0", 1<<16) + "2"},
	}
	for name, values := range free {
		for _, value := range values {
			t.Run(fmt.Sprintf("%s=%q says no no", name, value), func(t *testing.T) {
				if got := Evaluate(context.Background(), product, 2, environ{name: value}.lookup, yes()); !got.On() {
					t.Errorf("off: %s", got.Reason)
				}
			})
		}
	}
	for name, values := range denying {
		for _, value := range values {
			t.Run(fmt.Sprintf("%s=%.60q denies", name, value), func(t *testing.T) {
				env := environ{product: "accept:2"} // a grant that must lose
				env[name] = value
				got := Evaluate(context.Background(), product, 2, env.lookup, yes())
				if got.On() || got.Decision != Denied || got.Veto == (name == product && value == "off") || got.Record.Where != name || !strings.HasPrefix(got.Reason, name) {
					t.Errorf("got %v (%s), decided by %q", got.Decision, got.Reason, got.Record.Where)
				}
				if len(got.Reason) > 400 || !printable(got.Reason) {
					t.Errorf("not fit for a person: %.500q", got.Reason)
				}
			})
		}
	}
}

func TestVetoWithoutOK(t *testing.T) {
	// A lookup that forgets to say that a variable is set: a no counts, a yes does not.
	careless := func(words environ) func(string) (string, bool) {
		return func(name string) (string, bool) { return words[name], false }
	}
	ctx := context.Background()
	if got := Evaluate(ctx, product, 2, careless(environ{"DO_NOT_TRACK": "1"}), yes()); got.Decision != Denied {
		t.Errorf("DO_NOT_TRACK was lost: %+v", got)
	}
	if got := Evaluate(ctx, product, 2, careless(environ{product: "accept:2"}), nil); got.On() {
		t.Errorf("an unset variable granted: %+v", got)
	}
}

func TestVetoLeavesSourceAlone(t *testing.T) {
	src := sourceFunc(func(context.Context) (Record, error) {
		t.Error("the source was asked although the environment denies")
		return Record{}, nil
	})
	Evaluate(context.Background(), product, 2, environ{product: "off"}.lookup, src)
}

func TestNilEnvironmentIsTheProcess(t *testing.T) {
	for _, name := range []string{"DO_NOT_TRACK", "OTEL_SDK_DISABLED", product} {
		t.Setenv(name, "")
	}
	ctx := context.Background()
	if got := Evaluate(ctx, product, 2, nil, yes()); !got.On() {
		t.Fatalf("off: %s", got.Reason)
	}
	t.Setenv("DO_NOT_TRACK", "1")
	if got := Evaluate(ctx, product, 2, nil, yes()); got.Decision != Denied {
		t.Errorf("the veto was lost: %+v", got)
	}
}

func TestVariableName(t *testing.T) {
	for _, name := range []string{"X", "FACES_TELEMETRY", "A1_", "A_1"} {
		if !variableName(name) {
			t.Errorf("%q was refused", name)
		}
	}
	for _, name := range []string{"", "faces_telemetry", "Faces_Telemetry", "_X", "1X", "A-B", "A B", "A=B", "A\x00", "Ä", "A."} {
		if variableName(name) {
			t.Errorf("%q was accepted", name)
		}
		if got := Evaluate(context.Background(), name, 2, environ{name: "accept:2"}.lookup, yes()); got.On() || got.Reason == "" {
			t.Errorf("variable %q: on", name)
		}
	}
}

func FuzzEnvironment(f *testing.F) {
	for _, word := range []string{"", "off", "accept:2", "accept:02", "accept:+2", "accept:２", "accept:2\n", "ACCEPT:2", "accept:9223372036854775808", "accept:1"} {
		f.Add("", "", word, 2)
		f.Add("0", "False", word, 2)
		f.Add("1", "true", word, 1)
	}
	f.Add("false", "0", "accept:"+strconv.Itoa(math.MaxInt), math.MaxInt)
	f.Add("falſe", "falſe", "accept:0", 0)
	form := regexp.MustCompile(`\Aaccept:[1-9][0-9]*\z`)
	noVeto := regexp.MustCompile(`\A(0|false)?\z`)
	noVetoAnyCase := regexp.MustCompile(`\A(0|[Ff][Aa][Ll][Ss][Ee])?\z`)
	f.Fuzz(func(t *testing.T, track, disabled, word string, notice int) {
		env := environ{"DO_NOT_TRACK": track, "OTEL_SDK_DISABLED": disabled, product: word}
		free := noVeto.MatchString(track) && noVetoAnyCase.MatchString(disabled)
		exact := free && notice > 0 && word == fmt.Sprintf("accept:%d", notice)
		// Without a record only the exact word is a yes.
		got := Evaluate(context.Background(), product, notice, env.lookup, nil)
		if got.On() != exact {
			t.Fatalf("%q notice %d: on %v, want %v (%s)", env, notice, got.On(), exact, got.Reason)
		}
		// With a yes on record, anything but silence and a well-formed accept denies.
		_, err := strconv.ParseInt(strings.TrimPrefix(word, "accept:"), 10, strconv.IntSize)
		silent := free && (word == "" || form.MatchString(word) && err == nil)
		got = Evaluate(context.Background(), product, 2, env.lookup, yes())
		if got.On() != silent || (got.Decision == Denied) == silent {
			t.Fatalf("%q: %v, want on %v (%s)", env, got.Decision, silent, got.Reason)
		}
		if got.Reason == "" || len(got.Reason) > 1000 || !printable(got.Reason) {
			t.Fatalf("reason %q", got.Reason)
		}
	})
}
