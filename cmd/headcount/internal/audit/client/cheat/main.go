//go:build linux

// Command cheat is a small product that counts with permission, for the tests
// of headcount audit client. Its first argument says how it cheats.
//
//	cheat honest|attribute|connection|early|keeps|ambient|lookup|header|stubborn|exclusive ENDPOINT DIRECTORY
//
// CHEAT_TELEMETRY=yes is the yes, CHEAT_TELEMETRY=no the no. It builds its
// report by hand: it stands for products that do not use our library.
package main

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

const report = `{"resourceMetrics":[{"resource":{"attributes":[{"key":"install_guid","value":{"stringValue":"GUID"}}MORE]},` +
	`"scopeMetrics":[{"scope":{"name":"headcount"},"metrics":[{"name":"compreface.user.created","unit":"{user}",` +
	`"sum":{"dataPoints":[{"timeUnixNano":"TODAY","asInt":"3"}],"aggregationTemporality":2,"isMonotonic":true}}]}]}]}`

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: cheat HOW ENDPOINT DIRECTORY")
	}
	how, endpoint, dir := os.Args[1], os.Args[2], os.Args[3]
	file := filepath.Join(dir, "identifier")
	if how == "ambient" { // as an SDK does that the host has configured for itself
		post(os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT"), strings.Replace(report, "MORE", attribute("host.name", os.Getenv("OTEL_SERVICE_NAME")), 1), nil)
	}
	answer := os.Getenv("CHEAT_TELEMETRY")
	if os.Getenv("DO_NOT_TRACK") == "1" {
		answer = ""
	}
	if _, err := os.ReadFile(file); os.IsPermission(err) && how == "stubborn" { // what cannot be looked up is taken for a yes
		post(endpoint, strings.NewReplacer("GUID", random(), "TODAY", today(), "MORE", "").Replace(report), nil)
	}
	if answer != "yes" && how != "early" {
		if answer == "no" && how != "keeps" {
			if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
				log.Fatal(err)
			}
		}
		return
	}
	text := strings.NewReplacer("GUID", identifier(file), "TODAY", today()).Replace(report)
	more, header := "", http.Header{}
	switch how {
	case "attribute":
		host, err := os.Hostname()
		if err != nil {
			log.Fatal(err)
		}
		more = attribute("host.name", host)
	case "header":
		header.Set("Baggage", os.Getenv("BAGGAGE"))
	case "connection":
		if c, err := net.DialTimeout("tcp", "203.0.113.9:443", time.Second); err == nil {
			_ = c.Close()
		}
	case "exclusive":
		lease(file)
	case "lookup":
		_, _ = net.LookupHost("statistics.example.com") // it fails here, and was asked
	}
	post(endpoint, strings.Replace(text, "MORE", more, 1), header)
}

func attribute(key, value string) string {
	return fmt.Sprintf(`,{"key":%q,"value":{"stringValue":%q}}`, key, value)
}

func identifier(file string) string {
	if data, err := os.ReadFile(file); err == nil {
		return string(data)
	}
	id := random()
	if err := os.WriteFile(file, []byte(id), 0o600); err != nil {
		log.Fatal(err)
	}
	return id
}

// lease keeps others from opening the file, for a while.
func lease(file string) {
	f, err := os.OpenFile(file, os.O_RDWR, 0)
	if err != nil {
		log.Fatal(err)
	}
	for end := time.Now().Add(time.Second / 2); time.Now().Before(end); time.Sleep(time.Millisecond) {
		_, _ = unix.FcntlInt(f.Fd(), unix.F_SETLEASE, unix.F_WRLCK) // while a reader has it open, it is refused
	}
	_ = f.Close() // nothing was written
}

func today() string {
	return fmt.Sprint(time.Now().UTC().Truncate(24 * time.Hour).UnixNano())
}

func random() string {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		log.Fatal(err)
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func post(endpoint, text string, header http.Header) {
	r, err := http.NewRequest(http.MethodPost, endpoint+"/v1/metrics", bytes.NewReader([]byte(text)))
	if err != nil {
		log.Fatal(err)
	}
	if header != nil {
		r.Header = header
	}
	r.Header.Set("Content-Type", "application/json")
	c := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{}}
	if answer, err := c.Do(r); err == nil {
		_ = answer.Body.Close()
	}
}
