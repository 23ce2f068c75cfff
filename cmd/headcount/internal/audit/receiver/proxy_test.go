package receiver

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/audit"
)

const nginxConfig = `daemon off;
pid DIR/pid;
error_log DIR/error.log crit;
events {}
http {
	access_log ACCESS;
	client_body_temp_path DIR/body;
	proxy_temp_path DIR/proxy;
	fastcgi_temp_path DIR/fastcgi;
	uwsgi_temp_path DIR/uwsgi;
	scgi_temp_path DIR/scgi;
	server {
		listen LISTEN;
		location / { proxy_pass http://UPSTREAM; }
	}
}
`

// A Collector that runs behind a proxy is clean, and is not when the proxy
// keeps a log of who sends.
func TestProxyThatKeepsALog(t *testing.T) {
	nginx, err := exec.LookPath("nginx")
	if err != nil {
		nginx, err = exec.LookPath("/usr/sbin/nginx")
	}
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("missing in CI: nginx (apt-get install nginx)")
		}
		t.Skip("skipped: nginx is missing (apt-get install nginx)")
	}
	for name, log := range map[string]string{"no log": "off", "access log": "DIR/logs/access.log"} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "logs"), 0o700); err != nil {
				t.Fatal(err)
			}
			upstream, file := runShipped(t, dir)
			r, err := Audit(t.Context(), Options{Schema: catalogOf(t, "compreface"), Endpoint: runNginx(t, nginx, dir, log, upstream),
				Output: file, Search: []string{filepath.Join(dir, "logs")}, Seed: 9})
			if err != nil {
				t.Fatal(err)
			}
			if log == "off" {
				for _, f := range r.Findings {
					t.Errorf("%+v", *f)
				}
				return
			}
			address := false
			for _, f := range r.Findings {
				address = address || f.Carrier == audit.Header && strings.HasSuffix(f.Where, "logs") && strings.Contains(f.Proof, ownAddress.String())
			}
			if !address || r.counts[audit.Path].Found == 0 {
				t.Errorf("the log of the proxy is not found in %+v", r.Findings)
			}
		})
	}
}

// runShipped runs a Collector with the shipped configuration.
func runShipped(t *testing.T, dir string) (address, file string) {
	t.Helper()
	address, health := freeAddress(t), freeAddress(t)
	file = filepath.Join(dir, "usage.jsonl")
	config, err := filepath.Abs("../../../../../collector-config.yaml")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("HEADCOUNT_LISTEN", address)
	t.Setenv("HEADCOUNT_HEALTH", health)
	t.Setenv("HEADCOUNT_FILE", file)
	p, err := start(context.WithoutCancel(t.Context()), program(t), []string{config}, dir, []string{address}, &output{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return address, file
}

func runNginx(t *testing.T, nginx, dir, log, upstream string) (url string) {
	t.Helper()
	listen := freeAddress(t)
	text := strings.NewReplacer("ACCESS", log, "LISTEN", listen, "UPSTREAM", upstream).Replace(nginxConfig)
	path := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(path, []byte(strings.ReplaceAll(text, "DIR", dir)), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(nginx, "-p", dir, "-c", path)
	var stderr output
	c.Stderr = &stderr
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() { _ = c.Wait(); close(ended) }() // how it ended is no matter
	t.Cleanup(func() {
		_ = c.Process.Signal(os.Interrupt) // the master ends its workers
		<-ended
	})
	if err := until(t.Context(), func() (bool, error) {
		select {
		case <-ended:
			return false, fmt.Errorf("nginx ended: %s", stderr.last())
		default:
		}
		conn, err := net.Dial("tcp", listen)
		if err != nil {
			return false, nil
		}
		return true, conn.Close()
	}); err != nil {
		t.Fatal(err)
	}
	return "http://" + listen
}

func freeAddress(t *testing.T) string {
	t.Helper()
	a, err := free()
	if err != nil {
		t.Fatal(err)
	}
	return a
}
