package receiver

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A tree is a part of a configuration.
type tree = map[string]any

// A plan is how a configuration is run in a scratch directory. The
// configuration itself stays as it is: a second one, the overlay, names other
// addresses and paths, and nothing else.
type plan struct {
	config  tree
	overlay tree
	dir     string
	moved   map[string]string // an address of the configuration, and the free one

	front   string   // where reports are sent
	listens []string // all that must accept before the audit begins
	outputs []string
	queues  []string
	metrics string // address of the Collector's own; empty without them
	notes   []string
}

// newPlan reads a configuration. The error says why it cannot be judged.
func newPlan(path, dir string) (*plan, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	p := &plan{overlay: tree{}, dir: dir, moved: map[string]string{}}
	if err := yaml.Unmarshal(data, &p.config); err != nil {
		return nil, fmt.Errorf("%s is not YAML: %w", path, err)
	}
	for _, step := range []func() error{p.receivers, p.exporters, p.extensions, p.telemetry} {
		if err := step(); err != nil {
			return nil, fmt.Errorf("%s cannot be run in a scratch directory: %w", path, err)
		}
	}
	return p, nil
}

// write writes the overlay, and returns its path.
func (p *plan) write() (string, error) {
	data, err := yaml.Marshal(p.overlay)
	if err != nil {
		return "", err
	}
	path := filepath.Join(p.dir, "overlay.yaml")
	return path, os.WriteFile(path, data, 0o600)
}

// at returns the part of the configuration under these keys, or nothing.
func at(from any, keys ...string) any {
	for _, k := range keys {
		m, _ := from.(tree)
		from = m[k]
	}
	return from
}

// set puts a value into the overlay.
func (p *plan) set(value any, keys ...string) {
	m := p.overlay
	for _, k := range keys[:len(keys)-1] {
		next, ok := m[k].(tree)
		if !ok {
			next = tree{}
			m[k] = next
		}
		m = next
	}
	m[keys[len(keys)-1]] = value
}

// used returns the names of a section that the service uses, sorted.
func (p *plan) used(section string) (names []string) {
	if list, ok := at(p.config, "service", section).([]any); ok {
		names = texts(list)
	}
	for _, pipeline := range p.pipelines() {
		list, _ := at(pipeline, section).([]any)
		names = append(names, texts(list)...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (p *plan) pipelines() tree {
	m, _ := at(p.config, "service", "pipelines").(tree)
	return m
}

func texts(list []any) (names []string) {
	for _, v := range list {
		names = append(names, fmt.Sprint(v))
	}
	return names
}

// kind is the type of a component: otlp of otlp/hop.
func kind(name string) string {
	k, _, _ := strings.Cut(name, "/")
	return k
}

var variable = regexp.MustCompile(`\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}`)

// resolved is a text of the configuration with its variables filled in.
func resolved(v any) string {
	if v == nil {
		return ""
	}
	return variable.ReplaceAllStringFunc(fmt.Sprint(v), func(s string) string {
		m := variable.FindStringSubmatch(s)
		if value, ok := os.LookupEnv(m[1]); ok {
			return value
		}
		return m[2]
	})
}

// free is an address of loopback that nothing listens on now.
func free() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// move gives an address of the configuration a free one.
func (p *plan) move(address string) (string, error) {
	to, err := free()
	if err == nil {
		p.moved[port(address)] = to
	}
	return to, err
}

// port is what tells addresses of one machine apart.
func port(address string) string {
	if u, err := url.Parse(address); err == nil && u.Host != "" {
		address = u.Host
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return address
	}
	return port
}

func (p *plan) receivers() error {
	for _, name := range p.used("receivers") {
		if kind(name) != "otlp" {
			return fmt.Errorf("the receiver %q is not known to this audit: it knows otlp", name)
		}
		protocols, _ := at(p.config, "receivers", name, "protocols").(tree)
		for _, protocol := range []string{"http", "grpc"} {
			if _, ok := protocols[protocol]; !ok {
				continue
			}
			address := resolved(at(protocols, protocol, "endpoint"))
			if address == "" {
				address = map[string]string{"http": "localhost:4318", "grpc": "localhost:4317"}[protocol]
			}
			to, err := p.move(address)
			if err != nil {
				return err
			}
			p.set(to, "receivers", name, "protocols", protocol, "endpoint")
			p.listens = append(p.listens, to)
			if protocol == "grpc" {
				p.notes = append(p.notes, fmt.Sprintf("the receiver %q also takes gRPC, which this audit does not try; close what no installation uses", name))
			} else if at(protocols, "http", "tls") != nil {
				return fmt.Errorf("the receiver %q has TLS: run it yourself and give --endpoint", name)
			}
		}
	}
	return nil
}

func (p *plan) exporters() error {
	for _, name := range p.used("exporters") {
		switch kind(name) {
		case "file":
			if err := p.fileExporter(name); err != nil {
				return err
			}
		case "otlphttp", "otlp_http", "otlp", "otlp_grpc":
			to := p.moved[port(resolved(at(p.config, "exporters", name, "endpoint")))]
			if to == "" {
				return fmt.Errorf("the exporter %q sends to another machine, where this audit cannot look", name)
			}
			if strings.HasSuffix(kind(name), "http") {
				to = "http://" + to
			}
			p.set(to, "exporters", name, "endpoint")
		case "debug", "nop": // the log is searched
		default:
			return fmt.Errorf("the exporter %q is not known to this audit: it knows file, otlp_http, otlp, debug", name)
		}
	}
	if len(p.outputs) == 0 {
		return fmt.Errorf("no pipeline writes to a file exporter, so there is nothing to read")
	}
	return p.findFront()
}

func (p *plan) fileExporter(name string) error {
	if f := resolved(at(p.config, "exporters", name, "format")); f != "" && f != "json" {
		return fmt.Errorf("the exporter %q writes %q, and this audit reads json", name, f)
	}
	if c := resolved(at(p.config, "exporters", name, "compression")); c != "" {
		return fmt.Errorf("the exporter %q compresses with %q, and this audit reads plain files", name, c)
	}
	if resolved(at(p.config, "exporters", name, "group_by", "enabled")) == "true" {
		return fmt.Errorf("the exporter %q writes a file for each group, and this audit reads one", name)
	}
	dir := filepath.Join(p.dir, "output"+fmt.Sprint(len(p.outputs)))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	path := filepath.Join(dir, "usage.jsonl")
	p.outputs = append(p.outputs, path)
	p.set(path, "exporters", name, "path")
	return nil
}

// findFront finds the receiver that no exporter of this Collector sends to.
func (p *plan) findFront() error {
	hops := map[string]bool{}
	for _, name := range p.used("exporters") {
		if to, ok := at(p.overlay, "exporters", name, "endpoint").(string); ok {
			hops[port(to)] = true
		}
	}
	for _, name := range p.used("receivers") {
		if to, ok := at(p.overlay, "receivers", name, "protocols", "http", "endpoint").(string); ok && !hops[port(to)] {
			p.front = "http://" + to
		}
	}
	if p.front == "" {
		return fmt.Errorf("no receiver takes OTLP over HTTP")
	}
	return nil
}

func (p *plan) extensions() error {
	for _, name := range p.used("extensions") {
		switch kind(name) {
		case "file_storage":
			dir := filepath.Join(p.dir, "queue"+fmt.Sprint(len(p.queues)))
			if err := os.MkdirAll(dir, 0o700); err != nil {
				return err
			}
			p.queues = append(p.queues, dir)
			p.set(dir, "extensions", name, "directory")
		case "health_check", "pprof", "zpages":
			to, err := free()
			if err != nil {
				return err
			}
			p.set(to, "extensions", name, "endpoint")
		default:
			p.notes = append(p.notes, fmt.Sprintf("the extension %q runs as the configuration says", name))
		}
	}
	return nil
}

// telemetry moves the Collector's own metrics to a free port, to read them.
func (p *plan) telemetry() error {
	if at(p.config, "service", "telemetry", "logs", "output_paths") != nil {
		p.set([]string{"stderr"}, "service", "telemetry", "logs", "output_paths")
	}
	level := resolved(at(p.config, "service", "telemetry", "metrics", "level"))
	if level == "none" {
		return nil
	}
	to, err := free()
	if err != nil {
		return err
	}
	_, text, err := net.SplitHostPort(to)
	if err != nil {
		return err
	}
	var number int
	if _, err := fmt.Sscan(text, &number); err != nil {
		return err
	}
	p.metrics = to
	p.set([]any{tree{"pull": tree{"exporter": tree{"prometheus": tree{"host": "127.0.0.1", "port": number}}}}}, "service", "telemetry", "metrics", "readers")
	return nil
}
