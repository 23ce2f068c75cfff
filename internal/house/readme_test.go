package house

import (
	"io/fs"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

func readme(t *testing.T) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(top(t), "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// application writes an application that imports only the library, as its
// users do, and returns its directory.
func application(t *testing.T, code string) string {
	t.Helper()
	root, dir := top(t), t.TempDir()
	own, err := os.ReadFile(filepath.Join(root, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	mod := strings.Replace(string(own), "module "+module, "module application.example", 1) +
		"\nrequire " + module + " v0.0.0\nreplace " + module + " => " + strconv.Quote(root) + "\n"
	for name, text := range map[string]string{"go.mod": mod, "go.sum": string(sums), "main.go": code} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func goCommand(t *testing.T, dir string, args ...string) string {
	t.Helper()
	c := exec.Command("go", args...)
	c.Dir = dir
	c.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=-mod=mod")
	out, err := c.CombinedOutput()
	if err != nil {
		t.Fatalf("go %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// The example builds, and where its address is taken it ends with an exit code
// that says so. It finds no decision, and touches nothing.
func TestReadmeExample(t *testing.T) {
	block := regexp.MustCompile("(?s)```go\n(.*?)```").FindStringSubmatch(readme(t))
	if block == nil {
		t.Fatal("the README has no example")
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	const address = "127.0.0.1:8080"
	if strings.Count(block[1], address) != 1 {
		t.Fatalf("the README's example does not listen on %s", address)
	}
	dir := application(t, strings.Replace(block[1], address, taken.Addr().String(), 1))
	goCommand(t, dir, "vet", ".")
	goCommand(t, dir, "build", "-o", "example", ".")
	c := exec.CommandContext(t.Context(), filepath.Join(dir, "example"))
	c.Env = []string{} // no variable says yes
	out, err := c.CombinedOutput()
	if code := c.ProcessState.ExitCode(); code != 1 || !strings.Contains(string(out), "address already in use") {
		t.Errorf("with its address taken: exit code %d, %v, want 1\n%s", code, err, out)
	}
}

// An application that imports only the library gets no Collector, database
// or browser.
func TestApplicationStaysLean(t *testing.T) {
	dir := application(t, "package main\n\nimport _ \""+module+"/telemetry\"\n\nfunc main() {}\n")
	heavy := regexp.MustCompile(`(?i)opentelemetry\.io/collector|opentelemetry-collector|duckdb|clickhouse|chromedp|playwright|pgx|lib/pq|sqlite|docker|/kafka|prometheus/prometheus`)
	for _, list := range []string{goCommand(t, dir, "list", "-m", "all"), goCommand(t, dir, "list", "-deps", ".")} {
		if !strings.Contains(list, "go.opentelemetry.io/otel") {
			t.Errorf("this does not list what the library needs:\n%s", list)
		}
		for _, line := range strings.Split(list, "\n") {
			if heavy.MatchString(line) {
				t.Errorf("an application gets %s", line)
			}
		}
	}
}

func TestReadmeIsTrue(t *testing.T) {
	text := readme(t)
	if lines := strings.Count(text, "\n"); lines > 150 {
		t.Errorf("the README has %d lines, more than 150", lines)
	}
	root := top(t)
	for _, link := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(text, -1) {
		if _, err := os.Stat(filepath.Join(root, link[1])); err != nil {
			t.Errorf("the README links to %s: %v", link[1], err)
		}
	}
	for _, room := range regexp.MustCompile("(?m)^\\| `([a-z/]+/)` \\|").FindAllStringSubmatch(text, -1) {
		if info, err := os.Stat(filepath.Join(root, room[1])); err != nil || !info.IsDir() {
			t.Errorf("the README's layout names %s, which is not there", room[1])
		}
	}
	makefile, err := os.ReadFile(filepath.Join(root, "Makefile"))
	if err != nil {
		t.Fatal(err)
	}
	targets := regexp.MustCompile("(?m)(?:^    |`)make ([a-z-]+)").FindAllStringSubmatch(text, -1)
	if len(targets) < 3 {
		t.Errorf("the README names %d make targets", len(targets))
	}
	for _, target := range targets {
		if !regexp.MustCompile(`(?m)^` + target[1] + `:`).Match(makefile) {
			t.Errorf("the README says make %s, and there is no such target", target[1])
		}
	}
}

// A contributor finds every module of go.work named.
func TestModulesAreNamed(t *testing.T) {
	root := top(t)
	work, err := os.ReadFile(filepath.Join(root, "go.work"))
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "CONTRIBUTING.md"))
	if err != nil {
		t.Fatal(err)
	}
	modules := regexp.MustCompile(`(?m)^\t(?:\./)?(\S+)$`).FindAllStringSubmatch(string(work), -1)
	if len(modules) < 2 {
		t.Errorf("go.work names %d modules", len(modules))
	}
	for _, m := range modules {
		if !strings.Contains(string(text), "`"+m[1]+"`") {
			t.Errorf("CONTRIBUTING.md does not name the module %s", m[1])
		}
	}
}

// A test that the documents name is there.
func TestNamedTestsExist(t *testing.T) {
	root := top(t)
	var code strings.Builder
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && strings.HasSuffix(path, "_test.go") {
			data, err := os.ReadFile(path)
			code.Write(data)
			return err
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	documents, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(documents) == 0 {
		t.Fatalf("%d documents, %v", len(documents), err)
	}
	for _, path := range append(documents, filepath.Join(root, "README.md")) {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range regexp.MustCompile("`(Test[A-Z][A-Za-z0-9]*)`").FindAllStringSubmatch(string(text), -1) {
			if !strings.Contains(code.String(), "func "+name[1]+"(") {
				t.Errorf("%s names %s, and there is no such test", filepath.Base(path), name[1])
			}
		}
	}
}

// Requiring sqlstate raises the version of no driver: it requires the library
// alone, and its tests against real servers are a module of their own.
func TestSqlstateRequiresTheLibraryAlone(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(top(t), "sqlstate", "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range strings.Split(string(data), "\n") {
		required := regexp.MustCompile(`^(?:require )?\s*(\S+\.\S+/?\S*) v\S+$`).FindStringSubmatch(line)
		if required != nil && required[1] != module {
			t.Errorf("sqlstate requires %s", required[1])
		}
		if regexp.MustCompile(`pgx|lib/pq|mysql|sqlite`).MatchString(line) {
			t.Errorf("sqlstate's go.mod names a driver: %s", line)
		}
	}
}
