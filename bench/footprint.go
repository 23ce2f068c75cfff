package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// A Footprint is what a client costs a process that does nothing else. Times
// are those of each process, the rest is the median.
type Footprint struct {
	State      string    `json:"state"`
	InitNS     []float64 `json:"init_ns"`
	ShutdownNS []float64 `json:"shutdown_ns"`
	Goroutines float64   `json:"goroutines"` // how many more than before Init, a moment later
	Files      float64   `json:"files"`      // open file descriptors, likewise
	Heap       float64   `json:"heap"`       // bytes in use after a collection, likewise
}

// The states of a client. In each the program ./footprint measures itself.
const (
	undecided = "undecided"
	saidNo    = "denied"
	first     = "granted, first start"
	again     = "granted"
)

// A sample is what the program prints.
type sample struct {
	InitNS, ShutdownNS, Goroutines, Files, Heap float64
}

// footprints starts a process for every figure, so that nothing is warm that
// would not be in a product. The states take turns.
func footprints(dir string, rounds int) ([]Footprint, error) {
	program := filepath.Join(dir, "footprint")
	if err := build("./footprint", program); err != nil {
		return nil, err
	}
	kept := filepath.Join(dir, "kept")
	if err := os.MkdirAll(kept, 0o700); err != nil {
		return nil, err
	}
	if _, err := ask(program, "granted", filepath.Join(kept, "telemetry")); err != nil {
		return nil, err
	}
	states := []string{undecided, saidNo, first, again}
	samples := map[string][]sample{}
	for i := range rounds {
		for _, state := range states {
			decision, where := "granted", filepath.Join(dir, fmt.Sprintf("new-%d", i))
			switch state {
			case undecided, saidNo:
				decision = state
			case again:
				where = filepath.Join(kept, "telemetry")
			}
			s, err := ask(program, decision, where)
			if err != nil {
				return nil, err
			}
			samples[state] = append(samples[state], s)
		}
	}
	var list []Footprint
	for _, state := range states {
		list = append(list, put(state, samples[state]))
	}
	return list, nil
}

func put(state string, samples []sample) Footprint {
	f := Footprint{State: state}
	var goroutines, files, heap []float64
	for _, s := range samples {
		f.InitNS = append(f.InitNS, s.InitNS)
		f.ShutdownNS = append(f.ShutdownNS, s.ShutdownNS)
		goroutines, files, heap = append(goroutines, s.Goroutines), append(files, s.Files), append(heap, s.Heap)
	}
	f.Goroutines, f.Files, f.Heap = median(goroutines), median(files), median(heap)
	return f
}

func ask(program, decision, dir string) (s sample, err error) {
	out, err := exec.Command(program, decision, dir).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w: %s", err, exit.Stderr)
		}
		return s, fmt.Errorf("footprint, %s: %w", decision, err)
	}
	return s, json.Unmarshal(out, &s)
}
