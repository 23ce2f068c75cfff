package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// docker-compose accepts the profile. The image has a tag, every file that it
// mounts is there, and the port is on loopback.
func TestCompose(t *testing.T) {
	compose, err := exec.LookPath("docker-compose")
	if err != nil {
		t.Skip("docker-compose is missing (apt-get install docker-compose)")
	}
	c := exec.Command(compose, "-f", "../../docker-compose.yml", "config")
	c.Env = append(os.Environ(), "COMPOSE_PROFILES=grafana")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text := string(out)
	if !regexp.MustCompile(`image: grafana/grafana:\d+\.\d+\.\d+\n`).MatchString(text) {
		t.Errorf("no image of Grafana with a tag:\n%s", text)
	}
	for _, dir := range []string{"provisioning", "dashboards"} {
		path, err := filepath.Abs(dir)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(text, path) {
			t.Errorf("%s is not mounted:\n%s", path, text)
		}
	}
}

// Grafana replaces $NAME in what is provisioned, but for dashboards.
func TestNoVariablesInAlerts(t *testing.T) {
	text, err := os.ReadFile("provisioning/alerting/headcount.json")
	if err != nil || strings.Contains(string(text), "$") {
		t.Errorf("got a $ in the alarms, or %v", err)
	}
}
