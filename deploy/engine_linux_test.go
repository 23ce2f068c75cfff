package deploy_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// inside is set for the process of TestEngine that has namespaces of its own:
// its value is the directory with the programs.
const inside = "HEADCOUNT_ENGINE"

// programs are what TestEngine needs, and Debian's packages of them.
var programs = map[string]string{"dockerd": "docker.io", "docker-compose": "docker-compose", "nginx": "nginx", "busybox": "busybox-static"}

// Each of them that is missing is said.
func TestEnginePrograms(t *testing.T) {
	for program, debian := range programs {
		t.Run(program, func(t *testing.T) {
			if path := find(t, program, debian); !filepath.IsAbs(path) {
				t.Errorf("%s: got %s, want a program of this machine", program, path)
			}
		})
	}
}

// docker-compose.yml runs on the real engine. Images are made of our own
// programs and Debian's, under the names that the file uses.
//
// The engine has a network, mounts and processes of its own, which end with
// the test, however it ends.
func TestEngine(t *testing.T) {
	if dir := os.Getenv(inside); dir != "" {
		newEngine(t, dir).all(t)
		return
	}
	for program, debian := range programs {
		find(t, program, debian)
	}
	if os.Geteuid() != 0 {
		t.Skip("needs root: to start a Docker engine")
	}
	dir, err := os.MkdirTemp("", "hc") // short: a socket's path has 107 bytes
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	}()
	build(t, "../collector/otelcol", dir, "otelcol")
	build(t, "../cmd/headcount", dir, "headcount")
	build(t, "../examples/quickstart", dir, "quickstart")
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command("unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc",
		"sh", "-euc", `ip link set lo up; exec "$0" "$@"`, self, "-test.run=^TestEngine$", "-test.v", "-test.timeout=25m")
	c.Env = append(os.Environ(), inside+"="+dir)
	out, err := c.CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if err != nil || strings.Contains(line, "_test.go:") {
			t.Log(strings.TrimRight(line, "\n"))
		}
	}
	if err != nil || !strings.Contains(string(out), "--- PASS: TestEngine") {
		t.Error(err)
	}
}

// An engine is a Docker engine that runs until the test ends.
type engine struct {
	dir     string // of the programs, the engine's data and the project
	project string
	env     []string
}

func newEngine(t *testing.T, dir string) *engine {
	t.Helper()
	e := &engine{dir: dir, project: filepath.Join(dir, "project")}
	e.env = append(os.Environ(), "DOCKER_HOST=unix://"+dir+"/docker.sock", "DOCKER_BUILDKIT=0", "DOCKER_CONFIG="+dir+"/config",
		"COMPOSE_PROJECT_NAME=headcount", "COMPOSE_FILE=docker-compose.yml:engine.yml")
	if err := os.Mkdir(e.project, 0o755); err != nil {
		t.Fatal(err)
	}
	log, err := os.Create(filepath.Join(dir, "dockerd.log"))
	if err != nil {
		t.Fatal(err)
	}
	daemon := exec.Command("/usr/sbin/dockerd", "--host=unix://"+dir+"/docker.sock", "--data-root="+dir+"/data", "--exec-root="+dir+"/exec",
		"--pidfile="+dir+"/pid", "--log-level=warn")
	daemon.Stdout, daemon.Stderr = log, log
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- daemon.Wait() }()
	t.Cleanup(func() {
		daemon.Process.Signal(os.Interrupt)
		<-ended
	})
	for {
		select {
		case <-ended:
			t.Fatalf("dockerd does not run here:\n%s", read(t, log.Name()))
		case <-time.After(100 * time.Millisecond):
		}
		if e.command("/usr/bin/docker", "version").Run() == nil {
			return e
		}
	}
}

// command is a command of the project.
func (e *engine) command(name string, args ...string) *exec.Cmd {
	c := exec.Command(name, args...)
	c.Env, c.Dir = e.env, e.project
	return c
}

func (e *engine) docker(t *testing.T, args ...string) string {
	t.Helper()
	return run(t, e.command("/usr/bin/docker", args...))
}

// sh runs lines of a shell, as docs/operations.md has them, in the project.
func (e *engine) sh(t *testing.T, lines string) string {
	t.Helper()
	return run(t, e.command("sh", "-euc", lines))
}

var runBlock = regexp.MustCompile("(?s)<!-- run: (\\w+) -->\n```sh\n(.*?)```")

// runbook runs a block of docs/operations.md, but for what asks a registry.
func (e *engine) runbook(t *testing.T, name string) {
	t.Helper()
	for _, b := range runBlock.FindAllStringSubmatch(read(t, "../docs/operations.md"), -1) {
		if b[1] == name {
			e.sh(t, strings.ReplaceAll(b[2], "docker-compose pull --ignore-pull-failures\n", ""))
			return
		}
	}
	t.Fatalf("docs/operations.md has no block %q to run", name)
}

// waitFor waits until a service says this of its health. It gives up after a
// time only so that a test that fails ends.
func (e *engine) waitFor(t *testing.T, service, want string) {
	t.Helper()
	container, got := "headcount_"+service+"_1", ""
	for range 100 {
		out, _ := e.command("/usr/bin/docker", "inspect", "--format", "{{.State.Health.Status}}", container).CombinedOutput()
		if got = strings.TrimSpace(string(out)); got == want {
			return
		}
		time.Sleep(200 * time.Millisecond)
	}
	t.Fatalf("%s is %s, want %s\n%s", service, got, want,
		e.sh(t, "docker inspect --format '{{json .State}}' "+container+"; docker logs --tail 20 "+container+" 2>&1"))
}
