package panel

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"headcount.example/catalog"
	"headcount.example/consent"
	"headcount.example/internal/notice"
)

// few is how many entries of the journal are on the page unless all are asked
// for.
const few = 10

// maxTitles is how many statistics the first sentence names.
const maxTitles = 6

// An offer is what a person has to know to decide: who, why, what, how long, and
// how to undo it.
type offer struct {
	Product               string
	About                 catalog.About
	Notice                int
	Lead, Why, Kept, Undo string
	ErasureDays           string
	Counted               []statistic
	Never                 string
	Full                  []notice.Block
	Own                   bool // the catalog has its sentences in this language
}

// A page is everything the settings show, in the order in which they show it.
type page struct {
	offer
	Outcome string // of the answer that led here
	On      bool
	Status  string
	Reason  string // English: what is wrong with the product's own variable
	Veto    bool
	May     bool // the reader may decide
	Choices choices
	Form    form

	Changes []string // of the notice, since the one that was agreed to
	Agreed  int

	Last, Next     time.Time
	Reported       bool // the journal has a report, arrived or not
	NotDelivered   string
	Identifier     string
	NoIdentifier   string // what became of it
	Erasures       []erasure
	Preview        report
	Sent           []sent
	SentAll        int // how many there are, if not all are shown
	SentUnreadable bool
	History        []consent.Record
	Unreadable     bool
}

// A statistic is one line of the list.
type statistic struct {
	Name   string   `json:"name"`
	Title  string   `json:"title"`
	Says   string   `json:"says"`
	Kind   string   `json:"kind"`
	Labels []string `json:"labels"`
}

// A sent report is one entry of the journal.
type sent struct {
	Time    time.Time
	Outcome string
	Report  report
}

func (p *Panel) servePage(w http.ResponseWriter, r *http.Request, t *tongue, right Right) {
	if !slashed(w, r) {
		p.page(w, r, t, right, http.StatusOK, "")
	}
}

// slashed leads to the path with a slash at its end: addresses in our pages are
// relative to one.
func slashed(w http.ResponseWriter, r *http.Request) bool {
	path, query, _ := strings.Cut(r.RequestURI, "?")
	if path == "" || strings.HasSuffix(path, "/") {
		return false
	}
	to := path[strings.LastIndex(path, "/")+1:] + "/"
	if query != "" {
		to += "?" + query
	}
	w.Header().Set("Location", "./"+to)
	w.WriteHeader(http.StatusPermanentRedirect)
	return true
}

// page writes the settings. The outcome of a redirect is told from what stands
// now, and not from the address: anybody can write an address.
func (p *Panel) page(w http.ResponseWriter, r *http.Request, t *tongue, right Right, status int, outcome string) {
	query := r.URL.Query()
	s := p.look(r.Context())
	v := page{offer: p.offer(t, s.on()), Outcome: outcome, On: s.client.On, Status: p.status(t, s), Veto: s.vetoed(), May: right == Change,
		Choices: s.choices(), Next: s.client.NextReport, NotDelivered: said(s.client.LastError), Identifier: s.client.InstallGUID,
		Preview: p.preview(r.Context(), t, query.Has("sizes")), History: slices.Clone(s.history), Unreadable: s.fault != nil}
	slices.Reverse(v.History)
	if s.decided.Veto && s.decided.Record.Where == p.config.Catalog.Variable() {
		v.Reason = s.decided.Reason
	}
	if s.outdated() {
		v.Agreed = s.decided.Record.Notice
		v.Changes = p.changes(t, v.Agreed)
	}
	if v.May {
		v.Form = p.form(w, r, s, "")
	}
	p.journal(t, s, &v, query.Has("all"))
	v.NoIdentifier = t.Text("panel.identifier." + s.identifier(len(v.Sent) > 0 || v.SentUnreadable))
	if recorded, ok := query["recorded"]; ok && outcome == "" && s.last() != (consent.Record{}) {
		v.Outcome = t.Text("panel.recorded")
		if len(recorded) == 1 && recorded[0] == "erase" && s.last().Erase && !requested(v.Erasures) {
			v.Outcome += " " + t.Text("panel.erase.unasked")
		}
	}
	if query.Has("sent") && outcome == "" && len(v.Sent) > 0 && v.Sent[0].Outcome == "delivered" {
		v.Outcome = t.Text("panel.sent.now")
	}
	p.write(w, r, t, status, "settings", t.Text("panel.title", "product", v.Product), v)
}

func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// offer says what is asked, or what was agreed to.
func (p *Panel) offer(t *tongue, on bool) offer {
	o := offer{Product: p.config.Catalog.Product(), About: t.about, Notice: p.notice, Why: t.about.Purpose, Never: t.Text("panel.never")}
	var titles []string
	for _, d := range p.config.Catalog.Metrics() {
		text := t.texts.Metric(d.Name)
		titles = append(titles, text.Title)
		line := statistic{Name: d.Name, Title: text.Title, Says: text.Description, Kind: t.Text("panel.list.now"), Labels: []string{}}
		if d.Kind == catalog.KindCounter {
			line.Kind = t.Text("panel.list.since")
		}
		for _, a := range d.Attributes {
			line.Labels = append(line.Labels, a.Values...)
		}
		o.Counted = append(o.Counted, line)
	}
	if more := len(titles) - maxTitles; more > 1 {
		titles = append(titles[:maxTitles], t.Count("panel.more", int64(more)))
	}
	key := "panel.lead.off"
	if on {
		key = "panel.lead.on"
	}
	o.Lead = t.Text(key, "recipient", t.about.Recipient, "what", strings.Join(titles, " · "))
	o.Kept = t.Text("panel.kept.text", "reports", t.days(t.about.ReportDays), "figures", t.days(t.about.FigureDays))
	o.ErasureDays = t.days(t.about.ErasureDays)
	o.Undo = t.Text("panel.undo.text", "recipient", t.about.Recipient, "days", o.ErasureDays)
	o.Full, o.Own = p.config.Catalog.Document(t.Tag)
	return o
}

// journal shows what was sent, the newest first.
func (p *Panel) journal(t *tongue, s state, v *page, all bool) {
	entries, err := p.config.Stats.Journal()
	if v.SentUnreadable = err != nil; err != nil {
		p.config.Logger.Warn("panel: entries of the journal cannot be read", "error", err)
	}
	v.Erasures = p.erasures(t, s, entries, time.Now())
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
		v.Last = s.client.LastReport // without a journal this process knows of its own
	}
	if len(entries) > few && !all {
		v.SentAll, entries = len(entries), entries[:few]
	}
	for _, e := range entries {
		v.Sent = append(v.Sent, sent{Time: e.Time, Outcome: e.Outcome, Report: p.view(t, e.Report, true)})
	}
}

// Notice serves the notice for everybody whose actions are counted: what is sent,
// why, and whether it is on. It shows no identifier and no numbers, and changes
// nothing. It asks no May. Mount it at a path that ends with a slash, as the panel.
func (p *Panel) Notice() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if p == nil || p.pages == nil {
			http.Error(w, "the panel is not configured: see the error of panel.New", http.StatusInternalServerError)
			return
		}
		p.protect(w.Header())
		switch {
		case strings.HasSuffix(r.URL.Path, "/panel.css"):
			p.serveStyle(w, r, nil, Nothing)
		case !slashed(w, r):
			p.showNotice(w, r, p.tongue(r), http.StatusOK)
		}
	})
}

func (p *Panel) showNotice(w http.ResponseWriter, r *http.Request, t *tongue, status int) {
	s := p.look(r.Context())
	v := page{offer: p.offer(t, s.on()), On: s.client.On, Status: p.status(t, s)}
	p.write(w, r, t, status, "notice", t.Text("panel.title", "product", v.Product), v)
}
