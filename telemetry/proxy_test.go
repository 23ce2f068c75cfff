package telemetry

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

// env is Config.Env of a few variables.
func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1], true
			}
		}
		return "", false
	}
}

// listenClosing accepts connections, says which was made, and closes them.
func listenClosing(t *testing.T) (address string, made chan string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ln.Close() })
	made = make(chan string, 100)
	go func() {
		for {
			conn, err := ln.Accept()
			if err != nil {
				return
			}
			head := make([]byte, 1000)
			n, _ := conn.Read(head)
			conn.Close()
			made <- string(head[:n])
		}
	}()
	return ln.Addr().String(), made
}

// TestWhichProxy: the administrator's variable wins over Config.Proxy, an empty
// one counts as unset, and the environment's own is never used. The password is
// in no status, log, journal or error.
func TestWhichProxy(t *testing.T) {
	const endpoint, variable = "https://stats.vendor.invalid", "COMPREFACE_TELEMETRY_PROXY"
	configured, ofConfig := listenClosing(t)
	administered, ofAdmin := listenClosing(t)
	ambient := listenDeaf(t)
	for _, test := range []struct {
		name, config string
		env          []string
		want         chan string
	}{
		{"Config.Proxy", "http://user:canary@" + configured, nil, ofConfig},
		{"an empty variable", "http://user:canary@" + configured, []string{variable, ""}, ofConfig},
		{"the variable", "", []string{variable, "http://user:canary@" + administered}, ofAdmin},
		{"the variable wins", "http://user:canary@" + configured, []string{variable, "http://user:canary@" + administered}, ofAdmin},
	} {
		t.Run(test.name, func(t *testing.T) {
			noLookups(t)
			var log lines
			s := start(t, endpoint, func(c *Config) {
				c.Proxy, c.Logger = test.config, log.logger()
				c.Env = env(append(test.env, "HTTPS_PROXY", ambient.url(), "https_proxy", ambient.url(), "ALL_PROXY", ambient.url())...)
			})
			s.decide(t, consent.Granted)
			err := s.Flush(t.Context())
			if err == nil || !strings.Contains(err.Error(), "the proxy 127.0.0.1:") || strings.Contains(err.Error(), "HTTPS_PROXY") {
				t.Errorf("got %v, want an error that names the proxy, and no other", err)
			}
			if head := <-test.want; !strings.HasPrefix(head, "CONNECT stats.vendor.invalid:443 ") {
				t.Errorf("the proxy heard %q", head)
			}
			entries, e := s.Journal()
			if e != nil || len(entries) != 1 {
				t.Fatalf("%d entries, %v", len(entries), e)
			}
			for _, text := range []string{err.Error(), s.Status().LastError.Error(), s.Status().Reason, log.String(), entries[0].Outcome, string(entries[0].Report.Request)} {
				if strings.Contains(text, "canary") {
					t.Errorf("the password is in %q", text)
				}
			}
		})
	}
	ambient.untouched(t)
}

// TestBadProxy: nothing is sent, nothing is counted, and Init and the status say
// which setting to change. A no still destroys.
func TestBadProxy(t *testing.T) {
	const https = "https://stats.vendor.invalid"
	good, made := listenClosing(t)
	for _, test := range []struct {
		name, endpoint, config string
		env                    func(string) (string, bool)
		want                   string
	}{
		{"SOCKS of the administrator", https, "http://" + good, env("COMPREFACE_TELEMETRY_PROXY", "socks5://u:canary@proxy.example"),
			`COMPREFACE_TELEMETRY_PROXY: the scheme "socks5" is not supported: use a proxy with http or https`},
		{"no URL", https, "", env("COMPREFACE_TELEMETRY_PROXY", "u:canary@proxy.example:3128"), "COMPREFACE_TELEMETRY_PROXY: this is not the URL of a proxy"},
		{"of the developer", https, "ftp://proxy.example", env(), `Config.Proxy: the scheme "ftp" is not supported`},
		{"without TLS", "http://127.0.0.1:9", "http://" + good, env(), `Config.Proxy: a proxy is used for an https endpoint alone`},
		{"a panic", https, "http://" + good, func(string) (string, bool) { panic("canary") }, "Config.Env ended in a panic when asked for COMPREFACE_TELEMETRY_PROXY"},
	} {
		t.Run(test.name, func(t *testing.T) {
			noLookups(t)
			s := start(t, https, nil)
			s.decide(t, consent.Granted)
			s.config.Endpoint, s.config.Proxy, s.config.Env = test.endpoint, test.config, test.env
			_ = s.Shutdown(t.Context())
			c, err := Init(s.config)
			defer c.Shutdown(context.Background())
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "canary") {
				t.Fatalf("got %v, want %q", err, test.want)
			}
			c.Add(compreface.UserCreated, 1)
			if status := c.Status(); status.On || !strings.Contains(status.Reason, test.want) {
				t.Errorf("status %+v, want off and why", status)
			}
			if err := c.Flush(t.Context()); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("Flush: got %v, want %q", err, test.want)
			}
			if test.name == "a panic" {
				return // the answer to consent is one, too
			}
			if err := c.Decide(t.Context(), consent.Record{Decision: consent.Denied}); err != nil || c.Status().Kept {
				t.Errorf("a no: got %v, kept %v", err, c.Status().Kept)
			}
		})
	}
	if len(made) != 0 {
		t.Errorf("the proxy heard %q", <-made)
	}
}

// TestProxyToSet: where the environment names a proxy and the receiver cannot be
// reached, one sentence says what to set, in every place that says why.
func TestProxyToSet(t *testing.T) {
	const want = "HTTPS_PROXY is set, and reports do not use it: set COMPREFACE_TELEMETRY_PROXY to the URL of a proxy that they may use"
	const refusing = "https://127.0.0.1:9" // discard: nothing listens there
	var log lines
	s := start(t, refusing, func(c *Config) {
		c.Env, c.Logger = env("HTTPS_PROXY", "http://user:canary@proxy.example"), log.logger()
	})
	s.decide(t, consent.Granted)
	err := s.Flush(t.Context())
	entries, e := s.Journal()
	if e != nil || err == nil || len(entries) != 1 {
		t.Fatal(err, e, len(entries))
	}
	for _, text := range []string{err.Error(), s.Status().LastError.Error(), log.String(), entries[0].Outcome} {
		if strings.Count(text, want) != 1 || strings.Contains(text, "canary") {
			t.Errorf("%q does not say once what to set", text)
		}
	}
	// No hint without such a variable, and none where the receiver was reached.
	r := receive(t)
	r.status = 503
	for endpoint, environment := range map[string]func(string) (string, bool){refusing: env(), r.URL: env("HTTPS_PROXY", "http://proxy.example")} {
		s := start(t, endpoint, func(c *Config) { c.Env = environment })
		s.decide(t, consent.Granted)
		if err := s.Flush(t.Context()); err == nil || strings.Contains(err.Error(), "PROXY") {
			t.Errorf("%s: got %v, want an error without a hint", endpoint, err)
		}
	}
}

// TestWhichTimeRanOut: the caller's time is named, and a time of ours is not
// taken for it.
func TestWhichTimeRanOut(t *testing.T) {
	r := receive(t)
	r.held = make(chan struct{}, 1)
	s := start(t, r.URL, nil)
	s.decide(t, consent.Granted)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-r.held; cancel() }()
	err := s.Flush(ctx)
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "the context given to Flush ended") {
		t.Errorf("got %v, want one that names the caller's context", err)
	}
}

// TestRetryAfterIsKept: the next report is not announced for earlier than the
// receiver wants it.
func TestRetryAfterIsKept(t *testing.T) {
	r := receive(t)
	r.status, r.retryAfter = 503, "36000"
	s := start(t, r.URL, nil)
	s.decide(t, consent.Granted)
	begin := time.Now().Truncate(time.Second)
	if err := s.Flush(t.Context()); err == nil {
		t.Fatal("delivered")
	}
	for _, when := range []string{"at once", "after a restart"} {
		next := s.Status().NextReport
		if next.Before(begin.Add(10*time.Hour)) || next.After(time.Now().Add(10*time.Hour+firstRetry)) {
			t.Errorf("%s: the next report is announced for %v, want 10 hours after %v", when, next, begin)
		}
		s.restart(t)
	}
}
