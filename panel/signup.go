package panel

import (
	"html/template"
	"net/http"
	"strconv"
	"time"

	"headcount.example/consent"
	"headcount.example/internal/answer"
)

// The fields of the sign-up row, named so that they meet no others.
const (
	boxField    = "headcount_consent"
	noticeField = "headcount_notice"
)

// A signUp is the question at sign-up, as a row of a form and as GET api/signup.
type signUp struct {
	offer
	Ask         bool    `json:"ask"`          // false: show no box
	Box         string  `json:"box"`          // the field for what the person ticked
	NoticeField string  `json:"notice_field"` // the field for the number of the notice
	Label       string  `json:"label"`
	Help        string  `json:"help"`
	Ticked      bool    `json:"-"` // by the person, in the form that was just refused
	Preview     preview `json:"-"`
}

func (p *Panel) signUp(r *http.Request, t *language) signUp {
	s := p.state(r.Context())
	return signUp{offer: p.offer(t, false), Ask: s.undecided() && !s.client.On, Box: boxField, NoticeField: noticeField,
		Label: t.Text("panel.signup.label", "recipient", t.About.Recipient), Help: t.Text("panel.signup.help")}
}

// serveQuestion is for a sign-up form that is made by a program. A person who signs up is
// not logged in, so it shows no more than the form does.
func (p *Panel) serveQuestion(w http.ResponseWriter, r *http.Request, t *language, _ Right) {
	writeJSON(w, http.StatusOK, p.signUp(r, t))
}

// SignUp is the row for an application's sign-up form, to be put before its
// button: an unticked box that is not required, and what exactly would be sent,
// opening in the page. It is empty when there is nothing to ask, because a person has
// decided or a variable has, and while what is recorded cannot be read or is a yes for
// another product.
//
// When r posts the form and the application shows it again, because of a mistake in
// it, the box is as the person left it.
//
// Call it before the page is written: it sets a header that keeps the page out of
// caches, because a cached page could show a ticked box.
func (p *Panel) SignUp(w http.ResponseWriter, r *http.Request) template.HTML {
	if !p.ready() {
		return ""
	}
	w.Header().Set("Cache-Control", "no-store")
	t := p.language(r)
	row := p.signUp(r, t)
	if !row.Ask {
		return ""
	}
	row.Ticked, row.Preview = p.ticked(r), p.preview(r.Context(), t, false)
	html, _ := t.render("signup", row)
	return html
}

// ticked reports whether a form was posted in which a person ticked exactly our box, to
// the notice in force, on a page of this site.
func (p *Panel) ticked(r *http.Request) bool {
	if r.Method != http.MethodPost || p.cross.Check(r) != nil || r.ParseForm() != nil {
		return false
	}
	// Not r.Form: a field in an address was not ticked.
	box, notices := r.PostForm[boxField], r.PostForm[noticeField]
	if len(box) != 1 || box[0] != "on" || len(notices) != 1 {
		return false
	}
	n, ok := answer.Number(notices[0])
	return ok && n == p.notice
}

// SignedUp returns the decision that a posted sign-up form holds, for the
// application to save once the sign-up succeeded, and true: a yes to the
// notice in force, given by exactly the box that [Panel.SignUp] showed, ticked
// once, from a page of this site, while there was no decision.
//
// Everything else is the zero Record and false, and nothing to save. A box
// that was left alone is not a no: the question stays open.
//
// A form of type multipart/form-data must have been parsed before.
func (p *Panel) SignedUp(r *http.Request) (consent.Record, bool) {
	return p.agreed(r, p.ready() && p.ticked(r))
}

// SignedUpJSON is [Panel.SignedUp] for an application whose sign-up is JSON: it
// passes what the person ticked and the number of the notice that was shown, from the
// fields that GET api/signup names. A missing field is false or 0, and no yes.
func (p *Panel) SignedUpJSON(r *http.Request, ticked bool, notice int) (consent.Record, bool) {
	return p.agreed(r, p.ready() && ticked && notice == p.notice && p.cross.Check(r) == nil)
}

func (p *Panel) agreed(r *http.Request, ticked bool) (consent.Record, bool) {
	if !ticked || !p.state(r.Context()).undecided() {
		return consent.Record{}, false
	}
	record := p.signed(r, "sign-up form")
	record.Decision, record.Notice, record.Time = consent.Granted, p.notice, time.Now()
	return record, true
}

// Banner is a question for the pages of an application whose administrator has not
// decided, or agreed to an earlier notice: yes, no, later. It is empty for everyone
// else, and for 30 days after "later", which decides nothing. Path is where the
// panel is mounted, such as "/settings/statistics/". Call it before the page
// is written: it may set a cookie. Link panel.css in the page's head.
func (p *Panel) Banner(w http.ResponseWriter, r *http.Request, path string) template.HTML {
	if !p.ready() || p.config.May(r) != Change {
		return ""
	}
	if c, err := r.Cookie(laterName); err == nil && c.Value == strconv.Itoa(p.notice) {
		return ""
	}
	s := p.state(r.Context())
	if s.client.On || !s.undecided() && !s.outdated() {
		return ""
	}
	w.Header().Set("Cache-Control", "no-store")
	t := p.language(r)
	v := page{offer: p.offer(t, false), Form: p.form(w, r, s.mark(), path)}
	if s.outdated() {
		v.Status = p.status(t, s)
	}
	html, _ := t.render("banner", v)
	return html
}
