package receiver

import (
	"fmt"
	"slices"

	"headcount.example/cmd/headcount/internal/audit"
)

// read says what the configuration itself shows, where a request can show it
// only by chance.
func (p *plan) read(to *Result) {
	to.counts[audit.Configuration].Tried++
	say := func(what, proof string) {
		to.found(audit.Configuration, "configuration", what, proof, 1, "")
	}
	for _, name := range p.used("processors") {
		if k := kind(name); k != "filter" && k != "transform" {
			continue
		}
		mode := resolved(at(p.config, "processors", name, "error_mode"))
		if mode != "propagate" {
			if mode == "" {
				mode = "not set, which is ignore"
			}
			say(fmt.Sprintf("%s goes on after an error, and lets through what it could not check", name), "error_mode: "+mode)
		}
	}
	for _, name := range p.used("receivers") {
		for _, protocol := range []string{"http", "grpc"} {
			if resolved(at(p.config, "receivers", name, "protocols", protocol, "include_metadata")) == "true" {
				say(name+" keeps the headers of a request", "include_metadata: true")
			}
		}
	}
	if level := resolved(at(p.config, "service", "telemetry", "metrics", "level")); level == "detailed" {
		say("the Collector's own metrics count by the sender's Host header", "level: "+level)
	}
	var others []string
	for name := range p.pipelines() {
		if kind(name) != "metrics" {
			others = append(others, name)
		}
	}
	slices.Sort(others)
	for _, name := range others {
		say("a pipeline takes what is on no list", "pipelines: "+name)
	}
}
