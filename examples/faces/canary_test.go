//go:build linux

package main

import (
	"bytes"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
)

// disguises are the forms in which a text could leave: as it is, encoded, or
// as a hash of it.
func disguises(text string) map[string][]byte {
	forms := map[string][]byte{"plain": []byte(text), "upper": []byte(strings.ToUpper(text)), "lower": []byte(strings.ToLower(text))}
	for i := range 3 { // base64 of it in the middle of something, at each offset
		whole := base64.RawStdEncoding.EncodeToString([]byte(strings.Repeat("x", i) + text))
		from := (i*8 + 5) / 6
		forms[fmt.Sprintf("base64 at %d", i)] = []byte(whole[from : len(whole)-2])
	}
	forms["base64url"] = []byte(base64.RawURLEncoding.EncodeToString([]byte(text)))
	forms["url"] = []byte(url.QueryEscape(text))
	forms["hex"] = []byte(hex.EncodeToString([]byte(text)))
	for _, t := range []string{text, strings.ToLower(text)} {
		m, s1, s2 := md5.Sum([]byte(t)), sha1.Sum([]byte(t)), sha256.Sum256([]byte(t))
		for name, sum := range map[string][]byte{"md5": m[:], "sha1": s1[:], "sha256": s2[:]} {
			forms[name+" of "+t] = sum
			forms[name+" hex of "+t] = []byte(hex.EncodeToString(sum))
			forms[name+" base64 of "+t] = []byte(base64.RawStdEncoding.EncodeToString(sum)[:20])
			forms[name+" base64url of "+t] = []byte(base64.RawURLEncoding.EncodeToString(sum)[:20])
		}
	}
	for name, form := range forms {
		if strings.Contains(name, "hex") {
			forms["upper "+name] = bytes.ToUpper(form)
			forms[name] = form[:16] // a prefix of a hash tells as much
		}
	}
	return forms
}

func TestDisguisesAreFound(t *testing.T) {
	const text = "canary-Name-1"
	hash := sha256.Sum256([]byte(text))
	for name, bytes := range map[string]string{
		"plain": "a " + text + " b", "base64": base64.StdEncoding.EncodeToString([]byte("{\"name\": \"" + text + "\"}")),
		"hex": hex.EncodeToString([]byte("--" + text)), "sha256": fmt.Sprintf("id=%x", hash), "raw": string(hash[:]),
		"url": url.QueryEscape("/" + text), "shouted": strings.ToUpper(text),
	} {
		if found := canaries(text, []byte(bytes)); len(found) == 0 {
			t.Errorf("%s is not found", name)
		}
	}
	if found := canaries(text, []byte("nothing of it")); len(found) != 0 {
		t.Errorf("found %q in nothing", found)
	}
}

// canaries are the disguises in which a text is in data.
func canaries(text string, data []byte) (found []string) {
	for name, form := range disguises(text) {
		if bytes.Contains(data, form) {
			found = append(found, name)
		}
	}
	return found
}

// Marks planted wherever a user or the host can put something never leave, in
// no disguise: with everything on, in reports and in the request to erase.
func TestCanaries(t *testing.T) {
	c := startCollector(t)
	const mark = "canary-9f3c71"
	p := &product{endpoint: c.url}
	var planted []string
	plant := func(where string) string {
		planted = append(planted, mark+"-"+where)
		return planted[len(planted)-1]
	}
	for _, variable := range []string{"USER", "HOME", "HOSTNAME", "TZ", "LANG", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_SERVICE_NAME",
		"OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_METRICS_HEADERS", "NO_PROXY", "FACES_ANYTHING"} {
		value := plant("env-" + variable)
		if strings.HasPrefix(variable, "OTEL_") {
			value = "key=" + value
		}
		p.env = append(p.env, variable+"="+value)
	}
	p.dir = t.TempDir() + "/" + plant("directory")
	startProduct(t, p)
	v := newPerson(t, p)
	v.Transport = planting{map[string]string{"User-Agent": plant("agent"), "Accept-Language": plant("language"), "Referer": p.url + "/" + plant("referer"),
		"X-Forwarded-For": plant("forwarded"), "Traceparent": plant("trace"), "Baggage": "a=" + plant("baggage"), "Cookie": "other=" + plant("cookie")}}
	secret := plant("password")
	if to := v.post(t, "/signup", url.Values{"name": {plant("user")}, "email": {plant("mail") + "@faces.example"}, "password": {secret},
		"headcount_consent": yes["headcount_consent"], "headcount_notice": yes["headcount_notice"], plant("field"): {plant("value")}}); to != "/" {
		t.Fatalf("signing up led to %s", to)
	}
	application := v.post(t, "/applications", url.Values{"name": {plant("application")}})
	planted = append(planted, strings.TrimPrefix(application, "/applications/"))
	for _, k := range kinds {
		service := v.post(t, application+"/services?"+plant("query")+"=1", url.Values{"name": {plant("service")}, "type": {k.Type}})
		planted = append(planted, strings.TrimPrefix(service, "/services/"))
		if k.Type == kinds[1].Type {
			v.post(t, service+"/faces", url.Values{"names": {plant("face-1") + "\n" + plant("face-2")}})
		}
	}
	for _, cookie := range v.Jar.Cookies(mustParse(t, p.url)) {
		planted = append(planted, cookie.Value)
	}
	if host, err := os.Hostname(); err == nil && len(host) > 3 {
		planted = append(planted, host)
	}
	v.post(t, "/settings/report", nil)
	v.work(t, 3)
	v.post(t, "/settings/report", nil)
	v.decide(t, "erase")
	p.stop(t)

	requests := c.requests()
	if len(requests) != 3 {
		t.Fatalf("%d requests", len(requests))
	}
	var leaves []byte
	for _, raw := range requests {
		leaves = slices.Concat(leaves, raw, decode(t, raw).body)
	}
	if !bytes.Contains(leaves, []byte("compreface.user.created")) || len(planted) < 30 {
		t.Fatalf("%d marks and %d bytes: this would find nothing", len(planted), len(leaves))
	}
	for _, text := range planted {
		if found := canaries(text, leaves); len(found) > 0 {
			t.Errorf("%s leaves: %q", text, found)
		}
		if found := canaries(text, []byte(strings.Join(c.lines(t), "\n"))); len(found) > 0 {
			t.Errorf("%s is written: %q", text, found)
		}
	}
}

// planting adds headers to every request.
type planting struct{ headers map[string]string }

func (p planting) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	for name, value := range p.headers {
		if name == "Cookie" && r.Header.Get(name) != "" {
			value = r.Header.Get(name) + "; " + value
		}
		r.Header.Set(name, value)
	}
	return http.DefaultTransport.RoundTrip(r)
}

func mustParse(t *testing.T, text string) *url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return u
}
