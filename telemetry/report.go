package telemetry

// What is shown touches what the parts know, the gate, which renders a report, and
// the journal, which kept some. It sends nothing.

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"

	"headcount.example/consent"
	"headcount.example/internal/gate"
	"headcount.example/internal/journal"
)

// A Report is one request, as it is sent. Every field but URL is read back from
// the bytes of Request, so none can show something else.
type Report struct {
	URL         string  // where to
	Request     []byte  // the bytes on the connection
	Head        string  // request line and headers
	JSON        []byte  // the body, in OTLP's JSON form, indented
	InstallGUID string  // the one Resource attribute
	Points      []Point // what the body counts, in its order
}

// A Point is one number of a report: of a counter the total, of a range gauge
// how many things are in a range now.
type Point struct {
	Name       string
	Unit       string
	Attributes []string // keys and values in turn
	Value      int64
	Time       time.Time // day of the report
}

// String returns the point as in shop.thing.sold{shop.way=WEB} 3.
func (p Point) String() string {
	var labels string
	for pair := range slices.Chunk(p.Attributes, 2) {
		labels += "," + strings.Join(pair, "=")
	}
	if labels != "" {
		labels = "{" + labels[1:] + "}"
	}
	return fmt.Sprintf("%s%s %d", p.Name, labels, p.Value)
}

// String returns the request as a person can read it: the head, and what the
// body says.
func (r Report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\ninstall_guid %s\n", r.Head, r.InstallGUID)
	for _, p := range r.Points {
		fmt.Fprintln(&b, p)
	}
	fmt.Fprintf(&b, "(%d bytes in all)\n", len(r.Request))
	return b.String()
}

// Preview returns the next report as it would be sent now, byte for byte. It
// opens no socket, writes no file and makes no identifier: while there is
// none, zeros stand in its place. Range gauges are in it only when observe is
// set, because then the application's callbacks are called.
func (c *Client) Preview(ctx context.Context, observe bool) (Report, error) {
	if c == nil || c.outbox == nil || c.outbox.gate == nil {
		return Report{}, errors.New("telemetry: no preview: the client is not configured")
	}
	ctx = orBackground(ctx)
	r := c.live.Load()
	if !r.agreed() {
		r = newLocal(c.callbacks, c.now()) // zeros
	}
	report, err := r.collect(ctx, c.now(), observe)
	var request gate.Request
	if err == nil {
		request, err = c.outbox.gate.Request(report)
	}
	var shown Report
	if err == nil {
		shown, err = read(c.outbox.gate.URL(), request.Bytes())
	}
	if err != nil {
		return Report{}, fmt.Errorf("telemetry: no preview: %w", err)
	}
	return shown, nil
}

// read reads a request back.
func read(url string, raw []byte) (Report, error) {
	_, otlp, err := gate.Decode(raw)
	if err != nil {
		return Report{}, err
	}
	body, err := gate.JSON(otlp)
	head, _, _ := strings.Cut(string(raw), "\r\n\r\n")
	r := Report{URL: url, Request: raw, Head: strings.ReplaceAll(head, "\r\n", "\n") + "\n", JSON: body}
	guid, points := gate.Facts(otlp)
	for _, p := range points {
		r.Points = append(r.Points, Point(p))
	}
	r.InstallGUID = guid
	return r, err
}

// An Entry of the journal is one report or request to erase, as it was sent or was
// to be sent. A request to erase has one point, named as catalog.Catalog.Erasure.
type Entry struct {
	Time      time.Time // when it was about to be sent
	Report    Report    // the exact bytes, where to, and what they say
	Outcome   string    // "delivered", or why not; empty when the process ended before it knew
	Sent      bool      // it left this machine, or may have
	Delivered bool      // the receiver said that it has it
	Finished  time.Time // when the outcome was known; zero when it was not
}

// Journal returns what is kept of the reports and requests to erase that left, or
// were about to leave, the newest first. At most 90 are kept. Where more than 30 were
// not delivered, the oldest of those makes room for a new one; else the oldest of all
// does. They stay readable after a no. An entry is written before the connection is
// opened: nothing leaves without one, except where Config.State is set and Config.Dir
// is not, and there is no journal. The error names entries that could not be read;
// the others are there.
func (c *Client) Journal() ([]Entry, error) {
	if c == nil || c.outbox == nil || c.outbox.journal == nil {
		return nil, nil
	}
	kept, err := c.outbox.journal.Entries()
	var list []Entry
	for _, k := range kept {
		report, e := read(k.URL, k.Request)
		if e != nil {
			err = errors.Join(err, fmt.Errorf("telemetry: entry %d of the journal: %w", k.Number, e))
			continue
		}
		list = append(list, Entry{
			Time: k.Time, Report: report, Outcome: k.Outcome, Finished: k.Finished,
			Sent: !strings.HasPrefix(k.Outcome, notSent), Delivered: k.Outcome == journal.Delivered,
		})
	}
	return list, err
}

// Producer shows the same numbers to a reader of the operator's own, such as
// an OpenTelemetry Prometheus exporter, and sends nothing anywhere:
//
//	reader := metric.NewManualReader(metric.WithProducer(stats.Producer()))
//
// It leaves out install_guid, and produces nothing while nothing is counted:
// without consent that is so unless [Config.CountLocally] is set.
// Callbacks are called at every reading, so the reader's interval decides how
// often.
func (c *Client) Producer() metric.Producer { return producer{c} }

type producer struct{ client *Client }

// Produce returns the numbers of this moment.
func (p producer) Produce(ctx context.Context) ([]metricdata.ScopeMetrics, error) {
	c := p.client
	var r *recorder
	if c != nil {
		r = c.live.Load()
	}
	if r == nil {
		return nil, nil
	}
	report, err := r.collect(orBackground(ctx), c.now(), true)
	if err != nil {
		return nil, err
	}
	return []metricdata.ScopeMetrics{c.outbox.gate.Local(report, c.now())}, nil
}

// A Status says how things stand, for a settings page. The zero value is off.
type Status struct {
	On      bool
	Reason  string         // why it is on or off, for a person
	Consent consent.Status // what was decided when it was last asked

	InstallGUID string    // empty while off
	Since       time.Time // day from which totals count; zero while off
	Durable     bool      // a killed process loses nothing that was counted

	// Kept says whether an identifier may be kept with the totals, also while off.
	// Erasing has the identifiers that are kept for requests.
	Kept bool

	// NextReport is the earliest moment of the next report: now while one is on its
	// way, zero while off. The other two are of this process: when its newest report
	// that arrived did, and why its newest did not; zero and nil otherwise.
	NextReport time.Time
	LastReport time.Time
	LastError  error

	// CanErase says whether a no can ask to erase what was sent. That needs a
	// running client and Config.Dir.
	CanErase bool

	// Erasing has the identifiers of requests to erase that have not arrived, and
	// when each was made. NextErase is the earliest moment of the next try: now while
	// one is on its way, zero when there is none, and under a veto in the environment.
	// Erasure says for a person how the requests stand; empty when there is none.
	Erasing   map[string]time.Time
	NextErase time.Time
	Erasure   string
}

// Status tells how things stand. It does not ask for consent anew: see
// [Client.Refresh]. Config.State, where it is set, is read while nothing counts
// under consent, for Kept: once, for a second at most, and never written.
func (c *Client) Status() Status {
	s := Status{Reason: c.reason()}
	if c == nil || c.decisions == nil {
		return s
	}
	r, last := c.live.Load(), c.reporter.outcome()
	s.Consent, s.LastReport, s.LastError = c.decisions.last.Load().status, last.delivered, last.err
	if c.fault == nil {
		s.CanErase = c.life.Err() == nil && c.config.Dir != ""
		s.Erasing, s.NextErase, s.Erasure = c.erasures.status()
		if s.Consent.Veto {
			s.NextErase = time.Time{}
		}
	}
	s.Kept = r.agreed() || c.decisions.kept()
	if r.agreed() && s.Consent.On() && s.Reason == s.Consent.Reason { // nothing is wrong
		id := r.ledger.Identity()
		s.On, s.InstallGUID, s.Since, s.Durable = true, id.GUID.String(), id.Day, r.ledger.Mapped()
		none := func(time.Duration) time.Duration { return 0 }
		s.NextReport = plan(c.now(), id.Phase, r.ledger.Schedule(), none).Due
		if len(r.sending) > 0 {
			s.NextReport = c.now()
		}
	}
	return s
}
