package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// A Binary is the size of a small stripped program.
type Binary struct {
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"`
}

// binaries compiles one program three times: without statistics, with ours,
// and with what sends OTLP alone.
func binaries(dir string) ([]Binary, error) {
	list := []Binary{{Name: "plain"}, {Name: "otlp"}, {Name: "counting"}}
	for i, b := range list {
		path := filepath.Join(dir, b.Name)
		if err := build("./programs/"+b.Name, path); err != nil {
			return nil, err
		}
		info, err := os.Stat(path)
		if err != nil {
			return nil, err
		}
		list[i].Bytes = info.Size()
	}
	return list, nil
}

// build compiles as for a release. It needs this module's directory.
func build(program, to string) error {
	c := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", to, program)
	c.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("go build %s: %w\n%s", program, err, out)
	}
	return nil
}
