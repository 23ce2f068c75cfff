//go:build linux

package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/uuid"

	"headcount.example/catalog"
	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/internal/ledger"
)

// scratch is what one run of the tests makes, but for what its tests make.
var scratch string

// TestMain is the application itself when a test starts this binary again.
func TestMain(m *testing.M) {
	if asked := os.Getenv("FACES_TEST_NOTICE"); asked != "" {
		os.Exit(child(asked))
	}
	var err error
	if scratch, err = os.MkdirTemp("", "faces-test-"); err != nil {
		panic(err)
	}
	code := m.Run()
	closeBrowser()
	stopPostgres()
	_ = os.RemoveAll(scratch)
	os.Exit(code)
}

// child is main, with the list of what may leave at another notice if asked.
func child(notice string) int {
	if err := hide(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	if text := os.Getenv("FACES_TEST_WATCH"); text != "" {
		watchInterval, _ = time.ParseDuration(text)
	}
	list := compreface.Catalog
	if notice == "2" {
		list = catalog.New("CompreFace", 2, compreface.About, compreface.UserCreated, compreface.ApplicationCreated, compreface.ServiceCreated, compreface.Collections)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	return exit(run(ctx, os.Args[1:], os.Stdout, list))
}

// A product is the application in a process of its own.
type product struct {
	dir, database, endpoint string
	notice                  string // "1" if empty
	env                     []string
	attr                    *syscall.SysProcAttr
	way                     *wire // in, if it is alone

	url string
	cmd *exec.Cmd
	log strings.Builder
}

// startProduct runs the application with nothing but what is given, so that no
// variable of this terminal decides.
func startProduct(t *testing.T, p *product) *product {
	t.Helper()
	if p.dir == "" {
		p.dir = filepath.Join(t.TempDir(), "data")
	}
	p.start(t)
	return p
}

// inForce is the number of the notice.
func (p *product) inForce() string { return cmp.Or(p.notice, "1") }

func (p *product) command(args ...string) *exec.Cmd {
	c := exec.Command(os.Args[0], append([]string{"-dir", p.dir, "-database", p.database, "-endpoint", p.endpoint, "-listen", "127.0.0.1:0"}, args...)...)
	c.Env = append([]string{"FACES_TEST_NOTICE=" + p.inForce()}, p.env...)
	c.SysProcAttr = p.attr
	return c
}

func (p *product) start(t *testing.T) {
	t.Helper()
	p.cmd = p.command()
	out, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.cmd.Stderr = &p.log
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.stop(t) })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		_ = p.cmd.Wait()
		t.Fatalf("the application did not start: %v\n%s", err, p.log.String())
	}
	p.url = strings.TrimSpace(strings.TrimPrefix(line, "faces: "))
}

func (p *product) stop(t *testing.T) {
	t.Helper()
	if p.cmd.ProcessState != nil {
		return
	}
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("the application ended with %v\n%s", err, p.log.String())
	}
}

// kill ends it as kill -9 does.
func (p *product) kill(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Wait()
}

// seed runs the seed-data command.
func (p *product) seed(t *testing.T) {
	t.Helper()
	if out, err := p.command("seed").CombinedOutput(); err != nil {
		t.Fatalf("seed: %v\n%s", err, out)
	}
}

// A person uses the product without a browser.
type person struct {
	http.Client
	product *product
}

func newPerson(t *testing.T, p *product) *person {
	t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	return &person{Client: http.Client{Jar: jar, Timeout: patience}, product: p}
}

// post sends a form and returns the path of the page that it leads to.
func (v *person) post(t *testing.T, path string, form url.Values) string {
	t.Helper()
	reply, err := v.PostForm(v.product.url+path, form)
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	if reply.StatusCode != http.StatusOK {
		t.Fatalf("POST %s: %s\n%s", path, reply.Status, v.product.log.String())
	}
	return reply.Request.URL.Path
}

const password = "correct horse battery"

func (v *person) signUp(t *testing.T, name string, more url.Values) {
	t.Helper()
	form := url.Values{"name": {name}, "email": {strings.ToLower(name) + "@faces.example"}, "password": {password}}
	for k, values := range more {
		form[k] = values
	}
	if to := v.post(t, "/signup", form); to != "/" {
		t.Fatalf("signing up led to %s", to)
	}
}

// work creates an application, a service of each type, and n faces.
func (v *person) work(t *testing.T, n int) {
	t.Helper()
	application := v.post(t, "/applications", url.Values{"name": {"Front door"}})
	for _, k := range kinds {
		service := v.post(t, application+"/services", url.Values{"name": {"One of each"}, "type": {k.Type}})
		if k.Type == compreface.Recognition && n > 0 {
			v.post(t, service+"/faces", url.Values{"names": {strings.Repeat("Somebody\n", n)}})
		}
	}
}

// newPersonLike is who is logged in in a tab.
func newPersonLike(t *testing.T, b *tab) *person {
	t.Helper()
	v := newPerson(t, b.product)
	at, err := url.Parse(b.product.url)
	if err != nil {
		t.Fatal(err)
	}
	v.Jar.SetCookies(at, b.cookies())
	return v
}

// refused posts a form that must not be accepted.
func (v *person) refused(t *testing.T, path string) {
	t.Helper()
	reply, err := v.PostForm(v.product.url+path, url.Values{"decision": {"granted"}, "notice": {"1"}, "seen": {"x"}})
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	if reply.StatusCode < 400 {
		t.Errorf("POST %s: %s", path, reply.Status)
	}
}

// open returns the product's database.
func (p *product) open(t *testing.T) *store {
	t.Helper()
	db, err := openStore(t.Context(), p.database, p.dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// rows counts what the statistics keep in the database.
func (p *product) rows(t *testing.T, tables ...string) (n int) {
	t.Helper()
	db := p.open(t)
	for _, table := range tables {
		var rows int
		if err := db.QueryRowContext(t.Context(), "SELECT count(*) FROM "+table).Scan(&rows); err != nil {
			t.Fatal(err)
		}
		n += rows
	}
	return n
}

// installations is how many are kept: one or none.
func (p *product) installations(t *testing.T) (n int) {
	t.Helper()
	if p.database == "" {
		if ledger.Kept(t.Context(), ledger.Place{Dir: filepath.Join(p.dir, "telemetry")}) {
			n = 1
		}
		return n
	}
	if err := p.open(t).QueryRowContext(t.Context(), "SELECT count(*) FROM headcount WHERE state IS NOT NULL").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// decisions is how many are kept, with SQLite.
func (p *product) decisions(t *testing.T) int {
	t.Helper()
	list, err := consent.NewFile(filepath.Join(p.dir, "telemetry")).History(t.Context())
	if err != nil {
		return 0 // what cannot be read is no yes
	}
	return len(list)
}

// leavesNothing checks that without a decision there is no identifier, no
// number, no decision, and no file.
func (p *product) leavesNothing(t *testing.T) {
	t.Helper()
	if p.database != "" && p.rows(t, "headcount") != 0 || p.installations(t) != 0 {
		t.Error("the statistics have something in the database")
	}
	if _, err := os.Stat(filepath.Join(p.dir, "telemetry")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the statistics' directory: %v", err)
	}
}

// forgot checks that nothing is left of an installation.
func (p *product) forgot(t *testing.T, id string) {
	t.Helper()
	if n := p.installations(t); n != 0 {
		t.Errorf("after a no there are %d installations", n)
	}
	p.nowhere(t, id)
}

// nowhere checks that an identifier is in no file but the journal, which is
// for the people here.
func (p *product) nowhere(t *testing.T, id string) {
	t.Helper()
	parsed := uuid.MustParse(id)
	err := filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Base(filepath.Dir(path)) == "journal" {
			return err
		}
		data, err := os.ReadFile(path)
		if bytes.Contains(data, []byte(id)) || bytes.Contains(data, parsed[:]) {
			t.Errorf("the identifier is still in %s", path)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

var (
	seen      = regexp.MustCompile(`name="seen" value="([^"]+)"`)
	pageToken = regexp.MustCompile(`name="headcount_token" value="([^"]+)"`)
)

// decide answers in the settings.
func (v *person) decide(t *testing.T, decision string) {
	t.Helper()
	reply, err := v.Get(v.product.url + "/settings/statistics/")
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	page, err := io.ReadAll(reply.Body)
	mark, token := seen.FindSubmatch(page), pageToken.FindSubmatch(page)
	if err != nil || mark == nil || token == nil {
		t.Fatalf("no form to decide with: %v\n%s", err, page)
	}
	v.post(t, "/settings/statistics/decide", url.Values{"decision": {decision}, "notice": {v.product.inForce()}, "seen": {string(mark[1])},
		"headcount_token": {string(token[1])}})
}
