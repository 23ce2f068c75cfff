package deploy_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
)

// docker-compose accepts the file with all profiles. Every image has a tag that
// is not the newest, and no service writes to its own root or has a right that
// it does not need. TestEngine looks at what each profile starts, but for grafana.
func TestComposeIsClosed(t *testing.T) {
	compose := find(t, "docker-compose", "docker-compose")
	c := exec.Command(compose, "-f", "../docker-compose.yml", "config")
	c.Env = append(os.Environ(), "COMPOSE_PROFILES=edge,answers,grafana")
	text := run(t, c)
	services := strings.Count(text, "\n    image: ")
	if services != 7 {
		t.Errorf("got %d services, want 7:\n%s", services, text)
	}
	for line, want := range map[string]int{
		"\n    read_only: true\n": services - 1, // all but the one that gives the volume to its user
		"\n    cap_drop:\n":       services - 1,
		"no-new-privileges:true":  services - 1,
		"\n    user: ":            services - 1,
		"\n    healthcheck:\n":    services - 2, // and the Collector, which "watch" looks at
		":latest":                 0,
		"privileged: true":        0,
		"docker.sock":             0,
	} {
		if got := strings.Count(text, line); got != want {
			t.Errorf("got %d times %q, want %d", got, line, want)
		}
	}
}
