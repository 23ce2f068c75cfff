package tutorial

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A step of the document: a file, or commands.
type step struct{ file, how, text string }

var block = regexp.MustCompile("(?ms)^(?:`([^`\n]+)`:\n\n|<!-- ([a-z ]+) -->\n)```(?:go|sh)\n(.*?)^```$")

func steps(t *testing.T, root string) (list []step) {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(root, "docs", "tutorial.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range block.FindAllStringSubmatch(string(data), -1) {
		list = append(list, step{m[1], m[2], m[3]})
	}
	return list
}

// A reader follows the document in a folder of their own. Only the ports are
// others, because programs of other tests may have these.
type reader struct {
	t            *testing.T
	dir, root    string // of the reader, and of the clone
	shop, listen string // addresses
	health       string
	client       *http.Client
}

func TestTutorial(t *testing.T) {
	if testing.Short() {
		t.Skip("it builds a Collector")
	}
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	clone := filepath.Join(dir, "headcount") // a path that the shell takes without quotes
	if err := os.Symlink(root, clone); err != nil {
		t.Fatal(err)
	}
	r := &reader{t, dir, clone, free(t), free(t), free(t), &http.Client{Jar: jar}}
	ran := map[string]int{}
	for _, s := range steps(t, root) {
		ran[s.how]++
		switch s.how {
		case "": // a file
			r.write(s.file, s.text)
		case "run":
			r.run(s.text)
		case "terminal":
			r.start(s.text)
		case "run yes":
			r.wait(r.shop)
			r.wait(r.listen)
			r.portTaken()
			r.press("granted")
			r.run(s.text)
		case "run sent":
			r.press("send")
			said := r.run(s.text)
			for _, want := range []string{"Shop: of 1 installation", "shop.order.placed"} {
				if !strings.Contains(said, want) {
					t.Errorf("the report does not say %q:\n%s", want, said)
				}
			}
			r.press("denied")
			if left, err := filepath.Glob(filepath.Join(r.dir, "shop/data/statistics/ledger*")); err != nil || len(left) != 0 {
				t.Errorf("got %q and %v after the no, want no totals", left, err)
			}
		default:
			t.Fatalf("the document has a block marked %q", s.how)
		}
	}
	if want := map[string]int{"": 5, "run": 3, "terminal": 2, "run yes": 1, "run sent": 1}; fmt.Sprint(ran) != fmt.Sprint(want) {
		t.Errorf("got the steps %v, want %v", ran, want)
	}
}

// free is below the ports that the kernel chooses for port 0: no other
// connection gets it until a process listens there.
func free(t *testing.T) string {
	t.Helper()
	for range 100 {
		address := fmt.Sprint("127.0.0.1:", 20_000+rand.IntN(10_000))
		if l, err := net.Listen("tcp", address); err == nil {
			l.Close()
			return address
		}
	}
	t.Fatal("got no free port in 100 tries")
	return ""
}

func (r *reader) ported(text string) string {
	return strings.NewReplacer("$HOME/headcount", r.root, "127.0.0.1:8000", r.shop, "127.0.0.1:4318", r.listen).Replace(text)
}

func (r *reader) write(name, text string) {
	r.t.Helper()
	path := filepath.Join(r.dir, "shop", name)
	err := os.MkdirAll(filepath.Dir(path), 0o755)
	if err == nil {
		err = os.WriteFile(path, []byte(r.ported(text)), 0o644)
	}
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *reader) command(text string) *exec.Cmd {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Minute)
	r.t.Cleanup(cancel)
	c := exec.CommandContext(ctx, "bash", "-euc", r.ported(text))
	c.Dir = r.dir
	if _, err := os.Stat(filepath.Join(r.dir, "shop")); err == nil && !strings.Contains(text, "cd shop") {
		c.Dir = filepath.Join(r.dir, "shop")
	}
	c.Env = append(os.Environ(), "HEADCOUNT="+r.root, "GOWORK=off", "GOFLAGS=-buildvcs=false",
		"HEADCOUNT_LISTEN="+r.listen, "HEADCOUNT_HEALTH="+r.health, "DO_NOT_TRACK=")
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	return c
}

func (r *reader) run(text string) string {
	r.t.Helper()
	out, err := r.command(text).CombinedOutput()
	if err != nil {
		r.t.Fatalf("%v\n%s\n%s", err, text, out)
	}
	r.t.Logf("%s\n%s", text, out)
	return string(out)
}

// start runs commands in a terminal of their own until the test ends.
func (r *reader) start(text string) {
	r.t.Helper()
	c := r.command(text)
	var out bytes.Buffer
	c.Stdout, c.Stderr = &out, &out
	if err := c.Start(); err != nil {
		r.t.Fatal(err)
	}
	r.t.Cleanup(func() {
		syscall.Kill(-c.Process.Pid, syscall.SIGKILL)
		c.Wait()
		if r.t.Failed() {
			r.t.Logf("%s\n%s", text, out.String())
		}
	})
}

// wait waits until a program listens. To build a Collector takes minutes.
func (r *reader) wait(address string) {
	r.t.Helper()
	for end := time.Now().Add(15 * time.Minute); ; time.Sleep(50 * time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return
		} else if time.Now().After(end) {
			r.t.Fatal(err)
		}
	}
}

// portTaken starts the shop a second time: it fails, and says what to do.
func (r *reader) portTaken() {
	r.t.Helper()
	out, err := r.command("go run .").CombinedOutput()
	if said := string(out); err == nil || !strings.Contains(said, r.shop) || !strings.Contains(said, "change it in main.go") || !strings.Contains(said, "exit status 1") {
		r.t.Errorf("got %v and %q, want exit status 1, the address %s, and what to do", err, said, r.shop)
	}
}

var field = regexp.MustCompile(`<input type="hidden" name="([^"]+)" value="([^"]*)"`)

// press presses a button of the page.
func (r *reader) press(button string) {
	r.t.Helper()
	page := "http://" + r.shop + "/settings/statistics/"
	form := url.Values{"decision": {button}}
	for _, f := range field.FindAllStringSubmatch(r.read(r.client.Get(page)), -1) {
		form.Set(f[1], f[2])
	}
	request, err := http.NewRequest(http.MethodPost, page+"decide", strings.NewReader(form.Encode()))
	if err != nil {
		r.t.Fatal(err)
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("Sec-Fetch-Site", "same-origin")
	r.read(r.client.Do(request))
}

func (r *reader) read(answer *http.Response, err error) string {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		r.t.Fatalf("%s: got %s, %v\n%s", answer.Request.URL, answer.Status, err, body)
	}
	return string(body)
}
