package deploy_test

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// product is a product in a container, as docs/containers.md says: it is not
// root, can write its volume only, and trusts the edge's certificate by
// SSL_CERT_FILE.
func (e *engine) product(t *testing.T) {
	t.Helper()
	dir := filepath.Join(e.dir, "product")
	copyFile(t, filepath.Join(e.dir, "quickstart"), filepath.Join(dir, "quickstart"))
	e.image(t, dir, "product:1", "FROM scratch\nCOPY quickstart /quickstart\nENTRYPOINT [\"/quickstart\"]\n")
	events, err := filepath.Abs("../examples/quickstart/events.csv")
	if err != nil {
		t.Fatal(err)
	}
	users := strings.Count(read(t, events), "USER_CREATE")
	if users == 0 {
		t.Fatal("no user is created in " + events)
	}
	write(t, filepath.Join(e.project, "events.csv"), read(t, events))
	volume := func(script string) string {
		return strings.TrimSpace(e.docker(t, "run", "--rm", "--network", "none", "--volume", "product:/volume", "busybox:1.37-musl", "sh", "-euc", script))
	}
	counted := func(endpoint string) string {
		return e.docker(t, "run", "--rm", "--user", "10001:10001", "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges:true",
			"--network", "headcount_default", "--env", "COMPREFACE_TELEMETRY=accept:1", "--env", "SSL_CERT_FILE=/authority.pem",
			"--volume", "product:/volume", "--volume", e.project+"/tls/fullchain.pem:/authority.pem:ro", "--volume", e.project+"/events.csv:/events.csv:ro",
			"product:1", "-dir", "/volume/headcount", "-endpoint", endpoint, "-events", "/events.csv", "-now")
	}

	volume("chown 10001:10001 /volume")
	if out := counted("http://collector:4318"); strings.HasSuffix(out, "\nsent\n") || !strings.Contains(out, "statistics: off") {
		t.Errorf("plain http to another container: got %q, want off", out)
	}
	before := e.installations(t)
	if out := counted("https://edge:8443"); !strings.HasSuffix(out, "\nsent\n") {
		t.Fatalf("https with a private authority: got %q, want sent", out)
	}
	if got := volume("stat -c '%u %a' /volume/headcount"); got != "10001 700" {
		t.Errorf("the directory: got owner and mode %s, want 10001 700", got)
	}

	// What Kubernetes' fsGroup does at each start of a pod.
	volume("chgrp -R 10001 /volume; chmod -R g+rwX /volume; find /volume -type d -exec chmod g+s {} +")
	if out := counted("https://edge:8443"); !strings.HasSuffix(out, "\nsent\n") {
		t.Errorf("after fsGroup: got %q, want sent", out)
	}

	// Several containers with one volume are one installation.
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() { counted("https://edge:8443") })
	}
	both.Wait()
	out := counted("https://edge:8443")
	if !strings.HasSuffix(out, "\nsent\n") {
		t.Errorf("after two at once: got %q, want sent", out)
	}
	if got := e.installations(t) - before; got != 1 {
		t.Errorf("got %d installations, want 1", got)
	}
	lines := strings.Split(strings.TrimSpace(e.reports(t)), "\n")
	last := lines[len(lines)-1]
	total := regexp.MustCompile(`"name":"compreface.user.created".*?"asInt":"(\d+)"`).FindStringSubmatch(last)
	if want := 5 * users; len(total) != 2 || total[1] != strconv.Itoa(want) {
		t.Errorf("users created: got %q, want %d, in\n%s", total, want, last)
	}
	e.docker(t, "volume", "rm", "product")
}

var installGUID = regexp.MustCompile(`"install_guid","value":\{"stringValue":"([^"]+)"`)

// installations counts the identifiers in the Collector's file.
func (e *engine) installations(t *testing.T) int {
	t.Helper()
	found := map[string]bool{}
	for _, m := range installGUID.FindAllStringSubmatch(e.reports(t), -1) {
		found[m[1]] = true
	}
	if len(found) == 0 {
		t.Fatal("no identifier is found in the file")
	}
	return len(found)
}
