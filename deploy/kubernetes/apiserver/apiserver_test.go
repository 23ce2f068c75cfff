// Package apiserver_test has a real kube-apiserver judge the files of
// deploy/kubernetes: make kubernetes. It is a module of its own, outside of
// go.work, because Kubernetes' requirements are its own alone.
package apiserver_test

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const token = "for-this-test-alone"

// A cluster is an etcd and a kube-apiserver. Nothing else runs in it: no
// scheduler, no controller, no node.
type cluster struct {
	kubectl, address, certificate, home string
}

// The API server takes every object, warns of nothing, and would make it.
// It knows rules that no schema has: the faults that are put in pass
// kubeconform.
func TestServerTakesEveryObject(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped: builds Kubernetes, some 10 minutes the first time (make kubernetes)")
	}
	c := start(t)
	for dir, want := range map[string]int{"..": 15, "../host": 2} {
		rendered, err := c.run("", "kustomize", "--load-restrictor", "LoadRestrictionsNone", dir)
		if err != nil {
			t.Fatal(rendered, err)
		}
		if out, err := c.run(namespaces(rendered), "apply", "--server-side", "-f", "-"); err != nil { // what is in one needs it, in a dry run too
			t.Fatal(out, err)
		}
		out, err := c.dryRun(rendered)
		if err != nil || strings.Contains(out, "Warning") {
			t.Errorf("%s: %v\n%s", dir, err, out)
		}
		if got := strings.Count(out, "serverside-applied (server dry run)"); got != want {
			t.Errorf("%s: got %d objects, want %d:\n%s", dir, got, want, out)
		}
		t.Logf("%s:\n%s", dir, out)
	}

	rendered, err := c.run("", "kustomize", "--load-restrictor", "LoadRestrictionsNone", "..")
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range []struct{ name, from, to, want string }{
		{"a selector of other pods", "matchLabels:\n      app.kubernetes.io/name: edge\n  template", "matchLabels:\n      app.kubernetes.io/name: another\n  template", "selector"},
		{"a port's name that is too long", "name: https\n        ", "name: https-of-the-edge\n        ", "must be no more than 15"},
		{"fewer replicas at most than at least", "maxReplicas: 6", "maxReplicas: 1", "maxReplicas"},
		{"a field that no object has", "maxReplicas: 6", "maxReplicas: 6\n  maxReplica: 6", ".maxReplica: field not declared"},
		{"a pod that the namespace refuses", "runAsNonRoot: true", "runAsNonRoot: false", "Warning: would violate PodSecurity"},
	} {
		broken := strings.Replace(rendered, fault.from, fault.to, 1)
		if broken == rendered {
			t.Errorf("%s: %q is not in\n%s", fault.name, fault.from, rendered)
			continue
		}
		out, err := c.dryRun(broken)
		if (err == nil) != strings.HasPrefix(fault.want, "Warning") || !strings.Contains(out, fault.want) {
			t.Errorf("%s: got %v, want %q:\n%s", fault.name, err, fault.want, out)
		}
		t.Logf("%s:\n%s", fault.name, complaints(out))
	}
}

// complaints are the lines of an answer that say more than what was taken.
func complaints(out string) string {
	var found []string
	for line := range strings.Lines(out) {
		if !strings.Contains(line, "serverside-applied") {
			found = append(found, line)
		}
	}
	return strings.Join(found, "")
}

// namespaces are the objects of the kind Namespace.
func namespaces(rendered string) string {
	var found []string
	for object := range strings.SplitSeq(rendered, "\n---\n") {
		if strings.Contains("\n"+object, "\nkind: Namespace\n") {
			found = append(found, object)
		}
	}
	if len(found) == 0 {
		return "apiVersion: v1\nkind: Namespace\nmetadata: {name: default}\n"
	}
	return strings.Join(found, "\n---\n")
}

func (c *cluster) dryRun(objects string) (string, error) {
	return c.run(objects, "apply", "--server-side", "--dry-run=server", "-f", "-")
}

func (c *cluster) run(in string, args ...string) (string, error) {
	command := exec.Command(c.kubectl, append(args, "--server=https://"+c.address, "--certificate-authority="+c.certificate, "--token="+token)...)
	command.Env = append(os.Environ(), "HOME="+c.home, "KUBECONFIG="+filepath.Join(c.home, "none"))
	command.Stdin = strings.NewReader(in)
	out, err := command.CombinedOutput()
	return string(out), err
}

// start builds and starts the programs. They end with the test.
func start(t *testing.T) *cluster {
	t.Helper()
	bin, dir := build(t), t.TempDir()
	etcd, peer, api := freeAddress(t), freeAddress(t), freeAddress(t)
	background(t, dir, filepath.Join(bin, "etcd"), "--data-dir="+filepath.Join(dir, "etcd"), "--unsafe-no-fsync",
		"--listen-client-urls=http://"+etcd, "--advertise-client-urls=http://"+etcd,
		"--listen-peer-urls=http://"+peer, "--initial-advertise-peer-urls=http://"+peer, "--initial-cluster=default=http://"+peer)

	key := filepath.Join(dir, "accounts.key")
	made, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	write(t, key, pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(made)}))
	tokens := filepath.Join(dir, "tokens")
	write(t, tokens, fmt.Appendf(nil, "%s,test,test,system:masters\n", token))
	certificates := filepath.Join(dir, "certificates")
	_, port, _ := net.SplitHostPort(api)
	log, ended := background(t, dir, filepath.Join(bin, "kube-apiserver"), "--etcd-servers=http://"+etcd, "--bind-address=127.0.0.1", "--endpoint-reconciler-type=none",
		"--secure-port="+port, "--cert-dir="+certificates, "--token-auth-file="+tokens, "--service-cluster-ip-range=10.0.0.0/24",
		"--service-account-issuer=https://127.0.0.1", "--service-account-key-file="+key, "--service-account-signing-key-file="+key)

	c := &cluster{kubectl: filepath.Join(bin, "kubectl"), address: api, certificate: filepath.Join(certificates, "apiserver.crt"), home: dir}
	for end := time.After(3 * time.Minute); ; {
		out, err := c.run("", "get", "--raw", "/readyz")
		if err == nil {
			return c
		}
		select {
		case <-time.After(time.Second):
			continue
		case <-ended:
		case <-end:
		}
		said, _ := os.ReadFile(log)
		t.Fatalf("kube-apiserver is not ready: %v\n%s\n%s", err, out, said)
	}
}

// build makes the programs in the folder of the build, where they stay for
// the next time. The versions are those of go.mod.
func build(t *testing.T) string {
	t.Helper()
	bin, err := filepath.Abs("../../../.cache/kubernetes")
	if err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{
		"etcd": "go.etcd.io/etcd/server/v3", "kubectl": "k8s.io/kubernetes/cmd/kubectl", "kube-apiserver": "k8s.io/kubernetes/cmd/kube-apiserver",
	} {
		c := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(bin, name), path)
		c.Env = append(os.Environ(), "GOWORK=off", "CGO_ENABLED=0")
		if out, err := c.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", c, err, out)
		}
	}
	return bin
}

// background starts a program. It returns the file with its output, and a
// channel that is closed when it ends.
func background(t *testing.T, dir, program string, args ...string) (string, <-chan struct{}) {
	t.Helper()
	log, err := os.Create(filepath.Join(dir, filepath.Base(program)+".log"))
	if err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, args...)
	c.Dir, c.Stdout, c.Stderr = dir, log, log
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		_ = c.Wait()
		close(ended)
	}()
	t.Cleanup(func() {
		_ = c.Process.Kill()
		<-ended
		_ = log.Close()
	})
	return log.Name(), ended
}

func freeAddress(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
