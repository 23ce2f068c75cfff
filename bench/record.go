package main

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
)

// A Record is everything that one run measured.
type Record struct {
	Date       string      `json:"date"`
	Machine    Machine     `json:"machine"`
	Rounds     int         `json:"rounds"`
	Turn       string      `json:"turn"` // how long each contender was measured in each round
	Calls      []Call      `json:"calls"`
	Wire       Wire        `json:"wire"`
	Binaries   []Binary    `json:"binaries"`
	Footprints []Footprint `json:"footprints"`
}

// A Machine is where a run took place.
type Machine struct {
	CPU    string `json:"cpu"`
	Cores  int    `json:"cores"`
	System string `json:"system"`
	Go     string `json:"go"`
	Commit string `json:"commit"` // of what was measured
}

// A Call is what one contender costs.
type Call struct {
	Name   string    `json:"name"`
	Kind   kind      `json:"kind"`
	Note   string    `json:"note,omitempty"`
	One    []float64 `json:"one"`           // ns a call in each round, one goroutine
	Two    []float64 `json:"two,omitempty"` // ns a call in each round, two goroutines on one series
	Allocs float64   `json:"allocs"`        // a call, in the whole process
}

// call finds a contender; a name that is not there has no figures.
func (r Record) call(name string) Call {
	for _, c := range r.Calls {
		if c.Name == name {
			return c
		}
	}
	return Call{}
}

func (r Record) footprint(state string) Footprint {
	for _, f := range r.Footprints {
		if f.State == state {
			return f
		}
	}
	return Footprint{}
}

func machine() Machine {
	m := Machine{CPU: "unknown CPU", Cores: runtime.NumCPU(), System: runtime.GOOS + "/" + runtime.GOARCH, Go: runtime.Version()}
	info, _ := os.ReadFile("/proc/cpuinfo") // elsewhere it stays unknown
	for line := range strings.Lines(string(info)) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(key) == "model name" {
			m.CPU = strings.TrimSpace(value)
			break
		}
	}
	if out, err := exec.Command("git", "describe", "--always", "--dirty", "--exclude=*").Output(); err == nil {
		m.Commit = strings.TrimSpace(string(out))
	}
	return m
}

func load(path string) (r Record, err error) {
	err = loadJSON(path, &r)
	return r, err
}

func save(path string, r Record) error {
	data, err := r.json()
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o644)
}

// loadJSON and saveJSON are for the other record.
func loadJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	return err
}

func saveJSON(path string, v any) error {
	data, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(data, '\n'), 0o644)
}

var numbers = regexp.MustCompile(`\[\s*(-?[0-9][-0-9.eE+,\s]*)\]`)

// json is the record with the measurements of one contender on one line.
func (r Record) json() ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, err
	}
	data = numbers.ReplaceAllFunc(data, func(list []byte) []byte {
		return bytes.Join(bytes.Fields(list), nil)
	})
	return append(data, '\n'), nil
}
