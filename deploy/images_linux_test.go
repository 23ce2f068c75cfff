package deploy_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// makeImages makes what docker-compose.yml would pull, under the same names:
// no registry can be reached here. version is in the image of the Collector.
func (e *engine) makeImages(t *testing.T) {
	t.Helper()
	e.makeCollector(t, "1")

	busybox := filepath.Join(e.dir, "busybox")
	copyFile(t, find(t, "busybox", "busybox-static"), filepath.Join(busybox, "root/bin/busybox"))
	for _, name := range strings.Fields(run(t, exec.Command(filepath.Join(busybox, "root/bin/busybox"), "--list"))) {
		if err := os.Symlink("busybox", filepath.Join(busybox, "root/bin", name)); err != nil && !os.IsExist(err) {
			t.Fatal(err)
		}
	}
	tmp := filepath.Join(busybox, "root/tmp")
	if err := errors.Join(os.Mkdir(tmp, 0o700), os.Chmod(tmp, os.ModeSticky|0o777)); err != nil {
		t.Fatal(err)
	}
	e.image(t, busybox, "busybox:1.37-musl", "FROM scratch\nCOPY root /\nENV PATH=/bin:/usr/local/bin\nCMD [\"sh\"]\n")

	nginx := filepath.Join(e.dir, "nginx")
	program := find(t, "nginx", "nginx")
	copyFile(t, program, filepath.Join(nginx, "root/usr/sbin/nginx"))
	for _, word := range strings.Fields(run(t, exec.Command("ldd", program))) {
		if strings.HasPrefix(word, "/") {
			copyFile(t, word, filepath.Join(nginx, "root", word))
		}
	}
	write(t, filepath.Join(nginx, "root/etc/passwd"), "nginx:x:101:101::/:/\n")
	write(t, filepath.Join(nginx, "root/etc/group"), "nginx:x:101:\n")
	e.image(t, nginx, "nginx:1.28-alpine", "FROM busybox:1.37-musl\nCOPY root /\nENV PATH=/bin:/usr/sbin\n")
}

func (e *engine) makeCollector(t *testing.T, version string) {
	t.Helper()
	dir := filepath.Join(e.dir, "collector")
	copyFile(t, filepath.Join(e.dir, "otelcol"), filepath.Join(dir, "otelcol"))
	e.image(t, dir, "otel/opentelemetry-collector-contrib:0.161.0",
		"FROM scratch\nCOPY otelcol /otelcol-contrib\nLABEL version="+version+"\nUSER 10001:10001\nENTRYPOINT [\"/otelcol-contrib\"]\n")
}

func (e *engine) image(t *testing.T, dir, name, dockerfile string) {
	t.Helper()
	write(t, filepath.Join(dir, "Dockerfile"), dockerfile)
	e.docker(t, "build", "--quiet", "--tag", name, dir)
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	data := read(t, from)
	write(t, to, data)
	if err := os.Chmod(to, 0o755); err != nil {
		t.Fatal(err)
	}
}

// makeProject copies the files of docker-compose.yml, with a certificate. Only
// how often health is looked at is the test's, and the volume of the reports.
func (e *engine) makeProject(t *testing.T) {
	t.Helper()
	for _, name := range []string{"docker-compose.yml", "collector-config.yaml", ".dockerignore", "deploy/edge/nginx.conf",
		"deploy/edge/site-compose.conf", "deploy/answers/Dockerfile", "deploy/answers/daily", "deploy/answers/every-day"} {
		write(t, filepath.Join(e.project, name), read(t, filepath.Join("..", name)))
	}
	copyFile(t, filepath.Join(e.dir, "headcount"), filepath.Join(e.project, ".cache/headcount"))
	override := "version: \"3.8\"\nservices:\n"
	for _, service := range []string{"watch", "edge", "answers", "page"} {
		override += "  " + service + ": {healthcheck: {interval: 1s, timeout: 10s, retries: 2}}\n"
	}
	small := filepath.Join(e.dir, "small") // the volume of the reports is a disk that is soon full
	if err := os.Mkdir(small, 0o755); err != nil {
		t.Fatal(err)
	}
	run(t, exec.Command("mount", "-t", "tmpfs", "-o", "size=8m,mode=755", "tmpfs", small))
	override += "volumes:\n  usage: {driver_opts: {type: none, o: bind, device: " + small + "}}\n"
	write(t, filepath.Join(e.project, "engine.yml"), override)
}
