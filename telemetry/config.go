package telemetry

// The configuration touches Config.Env, once, at Init: for the proxy.

import (
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"time"

	"headcount.example/catalog"
	"headcount.example/consent"
	"headcount.example/internal/gate"
	"headcount.example/internal/ledger"
)

// Config is what an application decides. There is no option that could send
// more, sooner, or without consent.
type Config struct {
	// Catalog is the closed list of what may be counted and sent. Required.
	Catalog *catalog.Catalog

	// Endpoint is the base URL of the OTLP/HTTP receiver, to which
	// /v1/metrics is added: https, or http to a loopback address. Required.
	Endpoint string

	// Proxy is the URL of a proxy that reports go through, where only a proxy
	// leads out: http or https, as in http://user:password@proxy.example:3128.
	// The endpoint must be https, so that the proxy learns nothing but the
	// receiver's name and port. An administrator names another one in the
	// product's own variable (catalog.Catalog.Variable) with _PROXY behind it, as
	// in COMPREFACE_TELEMETRY_PROXY, which wins. HTTPS_PROXY and its like are
	// never used. A proxy that cannot be used is an error of Init, and nothing
	// is sent. Empty means no proxy.
	Proxy string

	// Dir is where totals, identifier and schedule are kept, and the journal
	// of what was sent. It must survive a restart: in a container it belongs
	// on a volume, or every restart would count as a new installation. All
	// processes of one installation on one host share it; two products must
	// not, and nothing but consent.File's files belongs in it. It is made, with
	// mode 0700, at the yes; an absolute path. Required, unless State is given.
	Dir string

	// State keeps totals, identifier and schedule in the application's own
	// database, see module sqlstate, for an installation of several hosts. Dir
	// then holds only the journal and requests to erase; without Dir there is no
	// journal, and nothing can be erased. Nil means in Dir.
	State State

	// Consent says what has been decided. Nil means that nothing is recorded:
	// off, unless the environment accepts the notice. The environment is heard
	// in any case, and its no is final: see package consent.
	Consent consent.Source

	// Env looks up a variable of the environment, in the form of os.LookupEnv. A
	// product that has such settings in a file of its own answers from there, so
	// that a veto in it is heard. Nil means os.LookupEnv.
	Env func(name string) (value string, set bool)

	// Watch is the interval at which the client looks for a decision that another
	// process recorded. It asks Consent and reads the variables. If the answer has
	// changed, it does what [Client.Refresh] does; otherwise it touches nothing
	// else. Watch is one goroutine from Init to [Client.Shutdown], also while there
	// is no decision. At least a second; a minute is usual. Zero never looks.
	Watch time.Duration

	// CountLocally makes the client count without consent as well, for
	// [Client.Producer] alone: in the memory of this process, without an
	// identifier, a file or a goroutine, and never sent. A later yes begins
	// at zero all the same. False counts nothing without consent.
	CountLocally bool

	// Logger hears of the few things that can go wrong, one line each and
	// the same line at most once an hour. Nil means silence.
	Logger *slog.Logger
}

// A State is where an installation's totals, identifier and schedule are kept
// when that is not a directory: module sqlstate has it. An application cannot write
// one of its own, because the errors that a State returns are internal.
type State = ledger.State

// A shorter Watch is an error: a Watch of 60, in nanoseconds, would ask a database
// all the time.
const shortestWatch = time.Second

// check looks at the configuration and touches nothing but Env.
func (c Config) check() (metrics []catalog.Definition, sender *gate.Gate, err error) {
	wrong := c.Catalog.Err()
	if wrong == nil {
		metrics = c.Catalog.Metrics()
	}
	sender, endpoint := gate.New(c.Catalog, c.Endpoint)
	proxy := c.setProxy(sender)
	if wrong != nil || proxy != nil {
		sender = nil
	}
	var watch, dir error
	if c.Watch != 0 && c.Watch < shortestWatch {
		watch = fmt.Errorf("Config.Watch is %v: give at least %v, or 0 for never", c.Watch, shortestWatch)
	}
	switch {
	case c.Dir == "" && c.State != nil: // no journal, and nothing can be erased later
	case c.Dir == "":
		dir = errors.New("no directory: name one that survives a restart, or every restart would count as a new installation")
	case !filepath.IsAbs(c.Dir):
		dir = fmt.Errorf("directory %q is not absolute: it would depend on where the product was started", c.Dir)
	}
	faults := []error{wrong, endpoint, proxy, watch, dir}
	for i, fault := range faults {
		if fault != nil {
			faults[i] = fmt.Errorf("telemetry: %w", fault)
		}
	}
	return metrics, sender, errors.Join(faults...)
}

// setProxy sends reports through the proxy that the administrator names, else
// through Config.Proxy. An error never holds the proxy's password.
func (c Config) setProxy(sender *gate.Gate) error {
	if sender == nil {
		return nil // that has a fault of its own
	}
	name, proxy := "Config.Proxy", c.Proxy
	value, err := c.lookup(c.Catalog.Variable() + "_PROXY")
	if value != "" {
		name, proxy = c.Catalog.Variable()+"_PROXY", value
	}
	if proxy != "" && err == nil {
		err = sender.Through(proxy)
	}
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// proxyHint is what to say where the receiver cannot be reached; empty where the
// environment names no proxy, or reports go through one.
func (c Config) proxyHint(sender *gate.Gate) string {
	if sender == nil || !sender.Direct() {
		return ""
	}
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"} {
		if value, _ := c.lookup(name); value != "" {
			return fmt.Sprintf("%s is set, and reports do not use it: set %s_PROXY to the URL of a proxy that they may use", name, c.Catalog.Variable())
		}
	}
	return ""
}

// lookup asks Config.Env, which is the application's and may panic.
func (c Config) lookup(name string) (value string, err error) {
	defer func() {
		if p := recover(); p != nil {
			value, err = "", fmt.Errorf("Config.Env ended in a panic when asked for %s", name)
		}
	}()
	value, _ = c.Env(name)
	return value, nil
}
