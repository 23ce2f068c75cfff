package panel

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	"headcount.example/catalog"
	"headcount.example/consent"
	"headcount.example/telemetry"
)

// few is how many entries of the journal are on the page unless all are asked
// for.
const few = 10

// A page is everything the template shows, in the order in which it shows it.
type page struct {
	Recipient string
	Notice    int

	Outcome string // of the answer that led here
	Status  string
	English bool // the status is, whatever the page is
	Stale   bool // this process has not acted on it
	Veto    bool
	May     bool // the reader may decide
	Choices choices
	Seen    string

	Last, Next   time.Time
	Reported     bool // the journal has a report, arrived or not
	NotDelivered string
	Identifier   string
	NoIdentifier string // what became of it
	Erasure      string

	Changes      []change
	Asks         bool // the notice changed
	Counted      []statistic
	Full         []block
	Preview      report
	Sent         []sent
	SentAll      int // how many there are, if not all are shown
	SentWhy      string
	History      []consent.Record
	HistoryFault string // why it could not be read
}

// A change is what one notice brought.
type change struct {
	Notice int
	Text   string
}

// A statistic is one line of the list.
type statistic struct {
	Name, Says, Kind string
	Labels           []string
}

// A sent report is one entry of the journal.
type sent struct {
	Time    time.Time
	Outcome string
	Report  report
}

func (p *Panel) servePage(w http.ResponseWriter, r *http.Request, right Right) {
	// Addresses in the page are relative to a path that ends with a slash.
	if path, query, _ := strings.Cut(r.RequestURI, "?"); path != "" && !strings.HasSuffix(path, "/") {
		to := path[strings.LastIndex(path, "/")+1:] + "/"
		if query != "" {
			to += "?" + query
		}
		w.Header().Set("Location", "./"+to)
		w.WriteHeader(http.StatusPermanentRedirect)
		return
	}
	p.page(w, r, right, http.StatusOK, "")
}

// page renders the whole page. The outcome of a redirect is told from what
// stands now, and not from the address: anybody can write an address.
func (p *Panel) page(w http.ResponseWriter, r *http.Request, right Right, status int, outcome string) {
	query := r.URL.Query()
	s := p.state(r.Context())
	v := page{Recipient: p.config.Recipient, Notice: p.notice,
		Outcome: outcome, Stale: s.decided.On() != s.client.On, Veto: s.vetoed(), May: right == Change,
		Seen: s.mark(), Changes: p.changes(s), Asks: s.outdated(), Counted: p.counted()}
	v.Status, v.English = p.status(s)
	v.NotDelivered, v.Identifier, v.Erasure, v.Next = words(s.client.LastError), s.client.InstallGUID, s.client.Erasure, s.client.NextReport
	if recorded, ok := query["recorded"]; ok && outcome == "" && s.last() != (consent.Record{}) {
		v.Outcome = p.texts.Recorded
		if len(recorded) == 1 && recorded[0] == "erase" && s.client.Erasure == "" {
			v.Outcome += " " + p.texts.NothingErased
		}
	}
	notice, _ := p.config.Catalog.Notice() // New looked at the catalog
	v.Full = blocks(string(notice))
	ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
	defer cancel()
	v.Preview = p.preview(ctx, query.Has("sizes"))
	p.journal(&v, query.Has("all"))
	v.Choices = s.choices()
	v.Choices.Erase = v.Choices.TurnOff && s.client.CanErase
	v.NoIdentifier = p.noIdentifier(s, &v)
	v.History, v.HistoryFault = slices.Clone(s.history), words(s.fault)
	slices.Reverse(v.History)
	p.render(w, "page", status, v)
}

func words(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// journal shows what was sent, the newest first.
func (p *Panel) journal(v *page, all bool) {
	entries, err := p.config.Stats.Journal()
	v.SentWhy = words(err)
	for _, e := range entries {
		if p.erases(e.Report) {
			continue
		}
		v.Reported = true
		if v.Last.IsZero() && e.Outcome == "delivered" {
			v.Last = e.Finished
		}
	}
	if v.Last.IsZero() {
		v.Last = p.config.Stats.Status().LastReport // without a journal this process knows of its own
	}
	if len(entries) > few && !all {
		v.SentAll, entries = len(entries), entries[:few]
	}
	for _, e := range entries {
		v.Sent = append(v.Sent, sent{Time: e.Time, Outcome: e.Outcome, Report: p.view(e.Report)})
	}
}

// erases tells a request to erase from a report.
func (p *Panel) erases(of telemetry.Report) bool {
	name := p.config.Catalog.Erasure().Name
	return slices.ContainsFunc(of.Points, func(at telemetry.Point) bool { return at.Name == name })
}

// changes are those since the notice that was agreed to, or all.
func (p *Panel) changes(s state) []change {
	agreed := 0
	if s.outdated() && s.decided.Record.Notice < p.notice {
		agreed = s.decided.Record.Notice
	}
	var list []change
	for _, n := range slices.Sorted(maps.Keys(p.config.Changes)) {
		if n > agreed {
			list = append(list, change{n, p.config.Changes[n]})
		}
	}
	return list
}

// counted is the catalog's list.
func (p *Panel) counted() []statistic {
	var list []statistic
	for _, d := range p.config.Catalog.Metrics() {
		line := statistic{Name: d.Name, Says: p.described(d), Kind: p.texts.HowManyNow}
		if d.Kind == catalog.KindCounter {
			line.Kind = p.texts.TotalSince
		}
		for _, a := range d.Attributes {
			line.Labels = append(line.Labels, a.Values...)
		}
		list = append(list, line)
	}
	return list
}
