// Package corpus makes the requests of an audit: valid reports, reports in
// which something hides that is not on the list, and mutations of both. The
// same seed makes the same requests.
package corpus

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strconv"

	"headcount.example/cmd/headcount/internal/audit"
	"headcount.example/cmd/headcount/internal/schema"
)

// A Request is one HTTP request of the audit.
type Request struct {
	ID      int
	Carrier audit.Carrier
	Name    string

	// Valid reports hold only what is on the list: all their rows must arrive.
	Valid bool
	GUID  string
	// Rows are all that may arrive under this identifier. Nil is anything
	// that is on the list: a mutation cannot say.
	Rows map[audit.Row]bool

	Method, Path, Host string // POST and /v1/metrics when empty
	Header             map[string]string
	Body               []byte
	Chunked            bool // the length is not said
}

// A Corpus makes requests. It is not safe for concurrent use.
type Corpus struct {
	schema *schema.Schema
	list   *audit.List
	random *rand.Rand
	plan   []planned
	next   int
	sent   int
}

// planned is a request that the corpus always has.
type planned struct {
	carrier audit.Carrier
	name    string
	make    func(*report, *Request) bool // false where the catalog has no such part
}

// validEvery is how often a valid report comes between hostile ones.
const validEvery = 10

// New returns the corpus of a catalog.
func New(s *schema.Schema, seed uint64) (*Corpus, error) {
	list, err := audit.NewList(s)
	if err != nil {
		return nil, err
	}
	c := &Corpus{schema: s, list: list, random: rand.New(rand.NewPCG(seed, 12))}
	for _, h := range hostiles {
		for _, f := range forms {
			c.plan = append(c.plan, planned{h.carrier, h.name + ", as " + f.name, func(r *report, to *Request) bool {
				return h.change(r) && r.finish(to, f)
			}})
		}
	}
	for _, l := range letters {
		c.plan = append(c.plan, planned{l.carrier, l.name, func(r *report, to *Request) bool {
			return l.write(r, to)
		}})
	}
	return c, nil
}

// Targeted is how many requests have a purpose of their own; those after them
// are mutations.
func (c *Corpus) Targeted() int { return len(c.plan) * validEvery / (validEvery - 1) }

// Valid returns a valid report, in protobuf.
func (c *Corpus) Valid() *Request {
	to := &Request{ID: c.sent, Carrier: audit.Valid, Name: "a valid report", Valid: true}
	c.sent++
	r := c.newReport(to.ID, true)
	r.finish(to, forms[c.random.IntN(2)])
	return to
}

// Next returns the next request: each planned one once, then mutations, and a
// valid report now and then.
func (c *Corpus) Next() *Request {
	for {
		if c.sent%validEvery == 0 {
			return c.Valid()
		}
		to := &Request{ID: c.sent}
		r := c.newReport(to.ID, false)
		if c.next >= len(c.plan) {
			c.sent++
			c.mutation(r, to)
			return to
		}
		p := c.plan[c.next]
		c.next++
		to.Carrier, to.Name = p.carrier, p.name
		if p.make(r, to) {
			c.sent++
			return to
		}
	}
}

func (c *Corpus) newGUID() string {
	var b [16]byte
	for i := range b {
		b[i] = byte(c.random.Uint32())
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

// canary is a text that is in every hostile part, and says of which request.
func canary(id int) string { return fmt.Sprintf("cnry%dq", id) }

// Canaries finds what hid in hostile requests: as it was, in base 64 and in
// hexadecimal digits, as OTLP's JSON writes bytes.
var Canaries = regexp.MustCompile(`(?i)cnry([0-9]+)q|cnry|Y25yeT[A-P]|636e7279[0-9a-f]{4}`)

// RequestOf returns the number of the request that a canary is of, or -1.
func RequestOf(match []byte) int {
	if m := Canaries.FindSubmatch(match); m != nil && len(m[1]) > 0 {
		if id, err := strconv.Atoi(string(m[1])); err == nil {
			return id
		}
	}
	return -1
}
