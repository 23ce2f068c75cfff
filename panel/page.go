package panel

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
	"time"

	"headcount.example/catalog"
	"headcount.example/consent"
	"headcount.example/internal/told"
)

const (
	few       = 10 // entries of the journal are on the page unless all are asked for
	maxTitles = 6  // statistics are named in the first sentence
)

// An offer is what a person has to know to decide: who, why, what, how long, and
// how to undo it. Texts are in the language of the request.
type offer struct {
	Product     string          `json:"product"`
	Recipient   string          `json:"recipient"`
	Notice      int             `json:"notice"` // in force; an answer must be to this one
	Language    string          `json:"language"`
	Direction   string          `json:"direction"` // ltr or rtl
	Lead        string          `json:"lead"`
	Why         string          `json:"why"`
	Kept        string          `json:"kept"`
	Undo        string          `json:"undo"`
	Never       string          `json:"never"`
	Contact     string          `json:"contact"`
	Policy      string          `json:"policy"`
	Results     string          `json:"results,omitzero"`
	Counted     []told.Metric   `json:"counted"`
	Document    []catalog.Block `json:"document"`   // the whole notice
	Translated  bool            `json:"translated"` // false: the product's own sentences are English
	ErasureDays string          `json:"-"`
}

// A page is everything the settings show, and GET api/state answers. Times are UTC;
// those that are not known are left out.
type page struct {
	offer
	On           bool              `json:"on"`
	Status       string            `json:"status"` // in words, and why
	Decision     consent.Decision  `json:"decision"`
	Agreed       int               `json:"agreed,omitzero"` // the notice that was agreed to, in force or not
	Veto         bool              `json:"veto"`            // a variable's no
	May          bool              `json:"may_change"`      // the reader may decide
	Seen         string            `json:"seen"`            // what stands, to be sent back with a yes
	CanErase     bool              `json:"can_erase"`       // a no can come with a request to erase what was sent
	Identifier   string            `json:"install_guid,omitzero"`
	NoIdentifier string            `json:"no_install_guid,omitzero"` // what became of it
	Since        time.Time         `json:"since,omitzero"`
	Next         time.Time         `json:"next_report,omitzero"`
	Last         time.Time         `json:"last_report,omitzero"`
	NotDelivered string            `json:"not_delivered,omitzero"` // why the arrival of the newest report was not confirmed
	Changes      []string          `json:"changes"`                // since the notice that was agreed to
	Erasures     []erasure         `json:"erasures"`               // the newest first
	Sent         []sent            `json:"sent"`                   // the newest first
	History      []consent.Record  `json:"history"`                // the newest first
	Texts        map[string]string `json:"texts,omitempty"`

	Outcome        string  `json:"-"` // of the answer that led here
	Reason         string  `json:"-"` // English: what is wrong with the product's own variable
	Choices        choices `json:"-"`
	Form           form    `json:"-"`
	Preview        preview `json:"-"`
	Who            bool    `json:"-"` // some record says who decided, and the reader may know
	Reported       bool    `json:"-"` // the journal has a report that may have left
	SentAll        int     `json:"-"` // how many entries there are, if not all are shown
	SentUnreadable bool    `json:"-"`
	Unreadable     bool    `json:"-"`
}

// A sent report is one entry of the journal.
type sent struct {
	Time     time.Time `json:"time"`
	Finished time.Time `json:"finished,omitzero"`
	Outcome  string    `json:"outcome"` // empty when it is not known
	Arrived  bool      `json:"delivered"`
	Left     bool      `json:"left"` // this machine, or it may have
	report
}

// view acts on decisions that were made elsewhere, and returns how things stand after that.
func (p *Panel) view(r *http.Request, t *language, right Right) page {
	s := p.look(r.Context())
	v := page{offer: p.offer(t, s.client.On), On: s.client.On, Status: p.status(t, s), Decision: s.decided.Decision, Veto: s.vetoed(),
		May: right == Change, Seen: s.mark(), CanErase: s.client.CanErase, Identifier: s.client.InstallGUID, Since: s.client.Since,
		Next: s.client.NextReport, Changes: []string{}, History: []consent.Record{}, Unreadable: s.fault != nil}
	if s.client.LastError != nil {
		v.NotDelivered = s.client.LastError.Error()
	}
	if s.decided.Record.Decision == consent.Granted {
		v.Agreed = s.decided.Record.Notice
	}
	if s.outdated() {
		v.Changes = t.Changes(v.Agreed, p.config.Earlier)
	}
	if s.decided.Veto && s.decided.Record.Where == p.config.Catalog.Variable() {
		v.Reason = s.decided.Reason
	}
	for _, record := range slices.Backward(s.history) {
		if !v.May {
			record.By = ""
		}
		v.Who, v.History = v.Who || record.By != "", append(v.History, record)
	}
	if v.May {
		v.Choices = s.choices()
	}
	p.journal(t, s, &v)
	if v.Identifier == "" {
		erasing := requested(v.Erasures, v.History, "") && v.Erasures[0].State == "pending"
		v.NoIdentifier = t.Text("panel.identifier." + s.identifier(len(v.Sent) > 0 || v.SentUnreadable, erasing))
	}
	return v
}

func (p *Panel) servePage(w http.ResponseWriter, r *http.Request, t *language, right Right) {
	if !slashed(w, r) {
		p.page(w, r, t, right, http.StatusOK, "")
	}
}

// slashed leads to the path with a slash at its end: addresses in our pages are
// relative to one.
func slashed(w http.ResponseWriter, r *http.Request) bool {
	path, query, asked := strings.Cut(r.RequestURI, "?")
	if path == "" || strings.HasSuffix(path, "/") {
		return false
	}
	to := "./" + path[strings.LastIndex(path, "/")+1:] + "/"
	if asked {
		to += "?" + query
	}
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusPermanentRedirect)
	return true
}

// page writes the settings. The outcome of a redirect is told from what stands
// now, and not from the address: an address can be written by anyone.
func (p *Panel) page(w http.ResponseWriter, r *http.Request, t *language, right Right, status int, outcome string) {
	query, v := r.URL.Query(), p.view(r, t, right)
	v.Outcome, v.Preview = outcome, p.preview(r.Context(), t, query.Has("sizes"))
	if len(v.Sent) > few && !query.Has("all") {
		v.Sent, v.SentAll = v.Sent[:few], len(v.Sent)
	}
	if v.May {
		v.Form = p.form(w, r, v.Seen, "")
	}
	asked := "" // what became of the request to erase that was just made
	for _, e := range v.Erasures {
		if e.Identifier == query.Get("asked") && e.State != "none" {
			asked = e.Text
		}
	}
	switch {
	case outcome != "":
	case query.Has("recorded") && len(v.History) > 0:
		if v.History[0].Erase && !requested(v.Erasures, v.History, query.Get("asked")) {
			asked = t.Text("panel.erase.unasked")
		}
		v.Outcome = strings.TrimSpace(t.Text("panel.recorded") + " " + asked)
	case query.Has("asked"):
		v.Outcome = asked
	case query.Has("sent") && len(v.Sent) > 0 && v.Sent[0].Arrived:
		v.Outcome = t.Text("panel.sent.now")
	}
	p.write(w, r, t, status, "settings", v)
}

// offer says what is asked, or what was agreed to.
func (p *Panel) offer(t *language, on bool) offer {
	about := t.About
	o := offer{Product: p.config.Catalog.Product(), Recipient: about.Recipient, Notice: p.notice, Language: t.Tag, Direction: t.Direction,
		Why: about.Purpose, Never: t.Text("panel.never"), Contact: about.Contact, Policy: about.Policy, Results: about.Results,
		Kept:        t.Text("panel.kept.text", "reports", t.Days(about.ReportDays), "figures", t.Days(about.FigureDays)),
		ErasureDays: t.Days(about.ErasureDays)}
	o.Undo = t.Text("panel.undo.text", "recipient", about.Recipient, "days", o.ErasureDays)
	o.Counted = t.Counted()
	o.Document, o.Translated = p.config.Catalog.Document(t.Tag)
	var titles []string
	for _, m := range o.Counted {
		titles = append(titles, m.Title)
	}
	if more := len(titles) - maxTitles; more > 1 {
		titles = append(titles[:maxTitles], t.Count("panel.more", int64(more)))
	}
	o.Lead = t.Text(map[bool]string{true: "panel.lead.on", false: "panel.lead.off"}[on], "recipient", about.Recipient, "what", strings.Join(titles, " · "))
	return o
}

// journal shows what was sent, the newest first, and what became of requests to erase it.
func (p *Panel) journal(t *language, s state, v *page) {
	entries, err := p.config.Stats.Journal()
	if v.SentUnreadable = err != nil; err != nil {
		p.config.Logger.Warn("panel: entries of the journal cannot be read", "error", err)
	}
	v.Sent = []sent{}
	for _, e := range entries {
		one := sent{e.Time, e.Finished, e.Outcome, e.Delivered, e.Sent, p.report(t, e.Report, true)}
		v.Sent, v.Reported = append(v.Sent, one), v.Reported || one.reported()
		if !one.Erasure && e.Delivered && e.Finished.After(v.Last) {
			v.Last = e.Finished
		}
	}
	// Without a journal this process knows of its own.
	v.Last, v.Erasures = cmp.Or(v.Last, s.client.LastReport), p.erasures(t, s, v.Sent, v.May)
}

// reported says whether an entry is a report that may have left this machine.
func (s sent) reported() bool { return !s.Erasure && s.Left }

// Notice serves the notice for everybody whose actions are counted: what is sent,
// why, and whether it is on. It shows no identifier and no numbers, and changes
// nothing. It does not call May. Mount it at a path that ends with a slash, like the panel.
func (p *Panel) Notice() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case !p.protect(w, r):
		case strings.HasSuffix(r.URL.Path, "/panel.css"):
			p.serveStyle(w, r, nil, Nothing)
		case !slashed(w, r):
			p.showNotice(w, r, p.language(r), http.StatusOK)
		}
	})
}

func (p *Panel) showNotice(w http.ResponseWriter, r *http.Request, t *language, status int) {
	s := p.look(r.Context())
	p.write(w, r, t, status, "notice", page{offer: p.offer(t, s.client.On), On: s.client.On, Status: p.status(t, s)})
}
