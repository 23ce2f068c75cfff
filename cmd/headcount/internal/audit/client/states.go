package client

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"headcount.example/cmd/headcount/internal/audit"
)

// An inspection is one audit, inside of its own network.
type inspection struct {
	Options
	list     *audit.List
	result   *Result
	receiver *recorder
	watch    *watch
	base     string
	strict   bool // whether the command is held to modes, also where it is root
}

// veto is the variable by which a person says no to every product.
const veto = "DO_NOT_TRACK=1"

// states runs the command in every state that the options can bring about.
func (i *inspection) states(ctx context.Context) error {
	if err := i.silent(ctx, "undecided", ""); err != nil {
		return err
	}
	if err := i.granted(ctx); err != nil {
		return err
	}
	if err := i.vetoed(ctx); err != nil {
		return err
	}
	if err := i.read(ctx); err != nil {
		return err
	}
	if i.Deny == "" {
		i.result.Notes = append(i.result.Notes, "denied, and granted then denied: not tried without --deny")
	} else {
		if err := i.silent(ctx, "denied", i.Deny); err != nil {
			return err
		}
		if err := i.revoked(ctx); err != nil {
			return err
		}
		if err := i.hindered(ctx); err != nil {
			return err
		}
	}
	if i.Erase == "" {
		i.result.Notes = append(i.result.Notes, "erased: not tried without --erase")
		return nil
	}
	return i.erased(ctx)
}

// silent runs the command in a state in which nothing may leave, and no
// identifier may exist.
func (i *inspection) silent(ctx context.Context, name, decision string) error {
	h, err := i.newHome(name)
	if err != nil {
		return err
	}
	s, rows, err := i.run(ctx, h, name, decision)
	if err != nil {
		return err
	}
	i.noReport(s, rows)
	for _, file := range h.with(guids) {
		i.result.found(name, Kept, "an identifier without a yes", file)
	}
	return nil
}

func (i *inspection) noReport(s *State, rows []audit.Row) {
	if s.Reports > 0 {
		i.result.found(s.Name, Consent, "reports were sent without a yes", fmt.Sprintf("%d reports with %d numbers", s.Reports, len(rows)))
	}
}

// vetoed says yes, and then runs the command under the variable by which a
// person says no to every product. The yes may leave an identifier.
func (i *inspection) vetoed(ctx context.Context) error {
	h, err := i.newHome("granted and vetoed")
	if err != nil {
		return err
	}
	env := append(h.env(), veto)
	if variable.MatchString(i.Grant) {
		env = append(env, i.fill(i.Grant, h))
	} else if _, _, err := i.run(ctx, h, "granted, to be vetoed", i.Grant); err != nil {
		return err
	}
	s, rows, err := i.command(ctx, h, "granted and vetoed", env)
	if err == nil {
		i.noReport(s, rows)
	}
	return err
}

// granted must send, or the audit has shown nothing.
func (i *inspection) granted(ctx context.Context) error {
	h, err := i.newHome("granted")
	if err != nil {
		return err
	}
	s, rows, err := i.run(ctx, h, "granted", i.Grant)
	if err != nil {
		return err
	}
	if s.Reports == 0 || len(rows) == 0 {
		return fmt.Errorf("nothing was sent after %q, so the silence before proves nothing: does --grant say yes, and does the command send before it ends? It ended with %s", i.Grant, s.Exit)
	}
	return nil
}

// revoked says yes, and then no, in one directory.
func (i *inspection) revoked(ctx context.Context) error {
	h, err := i.newHome("granted, then denied")
	if err != nil {
		return err
	}
	_, rows, err := i.run(ctx, h, "granted, to be denied", i.Grant)
	if err != nil {
		return err
	}
	s, late, err := i.run(ctx, h, "granted, then denied", i.Deny)
	if err != nil {
		return err
	}
	i.noReport(s, late)
	i.kept(s.Name, h, rows)
	return nil
}

// erased says yes, and then that what was sent is to be erased.
func (i *inspection) erased(ctx context.Context) error {
	h, err := i.newHome("granted, then erased")
	if err != nil {
		return err
	}
	_, rows, err := i.run(ctx, h, "granted, to be erased", i.Grant)
	if err != nil {
		return err
	}
	s, late, err := i.run(ctx, h, "granted, then erased", i.Erase)
	if err != nil {
		return err
	}
	if !erasureOnly(late) {
		i.result.found(s.Name, Consent, "no request to erase, and nothing else, was sent", strings.Join(s.Sent, ", ")+" ("+s.Exit+")")
	}
	i.kept(s.Name, h, rows)
	return nil
}

// kept finds identifiers that were sent and are still in a file.
func (i *inspection) kept(state string, h *home, rows []audit.Row) {
	ids := map[string]bool{}
	for _, r := range rows {
		ids[r.GUID] = true
	}
	for _, id := range slices.Sorted(maps.Keys(ids)) {
		for _, file := range h.with(regexp.MustCompile(regexp.QuoteMeta(id))) {
			i.result.found(state, Kept, "the identifier is kept after a no", id+" in "+file)
		}
	}
}

// run makes a decision, which must succeed, and runs the command.
func (i *inspection) run(ctx context.Context, h *home, name, decision string) (*State, []audit.Row, error) {
	env, refused, err := i.decide(ctx, h, name, decision)
	if err == nil && refused != "" {
		err = fmt.Errorf("%s: the decision %q failed: %s", name, decision, refused)
	}
	if err != nil {
		return nil, nil, err
	}
	return i.command(ctx, h, name, env)
}

// decide makes a decision. It returns the environment of the command, and what
// the decision said if it failed.
func (i *inspection) decide(ctx context.Context, h *home, name, decision string) (env []string, refused string, err error) {
	env = h.env()
	if variable.MatchString(decision) {
		return append(env, i.fill(decision, h)), "", nil
	}
	if decision == "" {
		return env, "", nil
	}
	out, err := i.start(ctx, env, "sh", "-c", i.fill(decision, h))
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		return env, strings.TrimSpace(fmt.Sprintf("%v: %.300s", err, out)), nil
	case err != nil:
		return nil, "", fmt.Errorf("%s: the decision %q: %w", name, decision, err)
	}
	return env, "", nil
}

// command runs the command once, and judges what left since the last time.
func (i *inspection) command(ctx context.Context, h *home, name string, env []string) (*State, []audit.Row, error) {
	s := &State{Name: name, Connections: []string{}, Lookups: []string{}, Sent: []string{}, Files: []string{}}
	before := h.files()
	command := slices.Clone(i.Command)
	for n := range command {
		command[n] = i.fill(command[n], h)
	}
	out, err := i.start(ctx, env, command...)
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		s.Exit = fmt.Sprintf("%v: %.300s", err, strings.TrimSpace(string(out)))
	case err != nil:
		return nil, nil, fmt.Errorf("%s: %w", name, err)
	default:
		s.Exit = "exit status 0"
	}
	rows, err := i.seen(ctx, s)
	for _, file := range h.files() {
		if !slices.Contains(before, file) {
			s.Files = append(s.Files, file)
		}
	}
	i.result.States = append(i.result.States, s)
	return s, rows, err
}

// seen judges what was seen on the network since the last run.
func (i *inspection) seen(ctx context.Context, s *State) (all []audit.Row, err error) {
	events, err := i.watch.taken(ctx)
	if err != nil {
		return nil, err
	}
	own := strings.TrimPrefix(i.receiver.url, "http://")
	for _, e := range events {
		switch host, _, _ := net.SplitHostPort(e.to); {
		case e.lookup != "":
			s.Lookups = append(s.Lookups, e.lookup)
			i.result.found(s.Name, Lookup, "the name "+e.lookup+" is looked up", "asked at "+e.to)
		case e.to == own:
			s.Connections = append(s.Connections, "the receiver")
		case net.ParseIP(host).IsLoopback():
			s.Connections = append(s.Connections, e.to+", on this machine")
		default:
			s.Connections = append(s.Connections, e.to)
			i.result.found(s.Name, Connection, "a connection to "+e.to, e.protocol+" to "+e.to)
		}
	}
	for _, r := range i.receiver.taken() {
		s.Reports++
		rows := i.request(s, r)
		for _, row := range rows {
			s.Sent = append(s.Sent, fmt.Sprintf("%s = %d", row.Series, row.Value))
		}
		all = append(all, rows...)
	}
	return all, nil
}

var errLate = errors.New("too late")

var variable = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*=`)

// guids are random identifiers, as an installation makes them.
var guids = regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}`)

func (i *inspection) fill(text string, h *home) string {
	return strings.NewReplacer("{endpoint}", i.receiver.url, "{dir}", h.state).Replace(text)
}

func (i *inspection) start(ctx context.Context, env []string, command ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, i.Timeout)
	defer cancel()
	c := exec.CommandContext(ctx, command[0], command[1:]...)
	c.Env = env
	out, err := i.output(c)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		return out, fmt.Errorf("%w: %s did not end within %s; --timeout gives it longer", errLate, command[0], i.Timeout)
	}
	return out, err
}

// A home is where the command of one state lives.
type home struct{ dir, state string }

func (i *inspection) newHome(name string) (*home, error) {
	dir := filepath.Join(i.base, strings.NewReplacer(" ", "-", ",", "").Replace(name))
	h := &home{dir, filepath.Join(dir, "state")}
	for _, sub := range []string{"home", "tmp"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o700); err != nil {
			return nil, err
		}
	}
	if err := os.Mkdir(h.state, 0o700); err != nil {
		return nil, err
	}
	return h, os.WriteFile(filepath.Join(dir, "home", canary+".txt"), []byte(canary+"@example.com\n"), 0o600)
}

// env is an environment full of what should not leave. The addresses are of
// networks for documentation, which are on no machine.
func (h *home) env() []string {
	env := []string{"PATH=" + os.Getenv("PATH"), "HOME=" + filepath.Join(h.dir, "home"), "TMPDIR=" + filepath.Join(h.dir, "tmp"),
		"USER=" + canary, "LOGNAME=" + canary, "HOSTNAME=" + canary, "EMAIL=" + canary + "@example.com",
		"OTEL_EXPORTER_OTLP_ENDPOINT=http://198.51.100.7:4318", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT=http://198.51.100.8:4318/v1/metrics",
		"OTEL_EXPORTER_OTLP_HEADERS=api-key=" + canary, "OTEL_EXPORTER_OTLP_METRICS_HEADERS=authorization=" + canary,
		"OTEL_EXPORTER_OTLP_CERTIFICATE=" + filepath.Join(h.dir, "home", canary+".txt"), "OTEL_EXPORTER_OTLP_COMPRESSION=none",
		"OTEL_RESOURCE_ATTRIBUTES=host.name=" + canary + ",user.email=" + canary, "OTEL_SERVICE_NAME=" + canary,
		"OTEL_METRICS_EXPORTER=otlp", "OTEL_METRIC_EXPORT_INTERVAL=100", "OTEL_TRACES_SAMPLER=always_on",
		"TRACEPARENT=00-636e7279636e7279636e7279636e7279-636e7279636e7279-01", "TRACESTATE=a=" + canary, "BAGGAGE=user=" + canary,
		"HTTP_PROXY=http://198.51.100.9:3128", "HTTPS_PROXY=http://198.51.100.9:3128", "ALL_PROXY=http://198.51.100.9:3128"}
	return env
}

// files are all below the home, in order.
func (h *home) files() (list []string) {
	_ = filepath.WalkDir(h.dir, func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			if rel, err := filepath.Rel(h.dir, name); err == nil {
				list = append(list, rel)
			}
		}
		return nil // what cannot be read is listed as far as it can
	})
	return list
}

// with are the files that hold a text.
func (h *home) with(text *regexp.Regexp) (list []string) {
	for _, name := range h.files() {
		data, err := os.ReadFile(filepath.Join(h.dir, name))
		if err == nil && (text.Match(data) || text.MatchString(name)) {
			list = append(list, name)
		}
	}
	return list
}
