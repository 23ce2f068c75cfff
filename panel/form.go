package panel

import (
	"context"
	"crypto/rand"
	"errors"
	"html/template"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"headcount.example/consent"
)

const (
	formType   = "application/x-www-form-urlencoded"
	tokenName  = "headcount_token" // of a cookie, and of a field of every form
	laterName  = "headcount_later" // of a cookie: not to be asked by the banner
	laterDays  = 30
	sendPeriod = 30 * time.Second // how long a report that is asked for may take
)

// body reads a request of one media type, and says what is wrong with it.
func body(r *http.Request, media string) ([]byte, *refusal) {
	given, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || given != media || len(r.Header.Values("Content-Type")) != 1 {
		return nil, refuse(http.StatusUnsupportedMediaType, "media", "media", media)
	}
	if media == formType && r.PostForm != nil { // the application's own check has read the body
		return []byte(r.PostForm.Encode()), nil
	}
	data, err := io.ReadAll(r.Body)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, refuse(http.StatusRequestEntityTooLarge, "large", "bytes", maxRequest)
	case err != nil:
		return nil, refuse(http.StatusBadRequest, "malformed")
	}
	return data, nil
}

// parseForm understands what the page's buttons send: the fields decision, notice
// and seen, each once. Fields with other names are the application's own.
func parseForm(body string) (a answer, token string, ok bool) {
	fields, err := url.ParseQuery(body)
	if err != nil || len(fields["decision"]) != 1 || len(fields["notice"]) != 1 || len(fields["seen"]) != 1 || len(fields[tokenName]) > 1 {
		return answer{}, "", false
	}
	notice, ok := number(fields.Get("notice"))
	a = answer{notice: notice, seen: fields.Get("seen")}
	switch fields.Get("decision") {
	case "granted":
		a.decision = consent.Granted
	case "denied":
		a.decision = consent.Denied
	case "erase":
		a.decision, a.erase = consent.Denied, true
	case "later", "send": // no decisions
	default:
		ok = false
	}
	if !ok || a.seen == "" {
		return answer{}, "", false
	}
	return a, fields.Get(tokenName), true
}

// number reads a notice's number as we write it.
func number(text string) (int, bool) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || strconv.Itoa(n) != text {
		return 0, false
	}
	return n, true
}

// A form is what every form of ours has in it.
type form struct {
	Action, Seen, Token, TokenName string
	Notice                         int
	Hidden                         template.HTML
}

// form gives the browser a random token, in a cookie and in the form. Another site
// can read neither, so an answer that holds both comes from our page, also where a
// proxy hides by which address it was asked for. Path leads to the panel: empty on
// its own page. The cookie is for every path, so that all open pages share it.
func (p *Panel) form(w http.ResponseWriter, r *http.Request, s state, path string) form {
	f := form{Action: path + "decide", Seen: s.mark(), Notice: p.notice, TokenName: tokenName}
	name := cookieName(r)
	if c, err := r.Cookie(name); err == nil && len(c.Value) == len(rand.Text()) {
		f.Token = c.Value
	} else {
		f.Token = rand.Text()
		http.SetCookie(w, &http.Cookie{Name: name, Value: f.Token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil})
	}
	if p.config.Hidden != nil {
		f.Hidden = p.config.Hidden(r)
	}
	return f
}

// cookieName is the name of the token's cookie. With the prefix a browser takes it
// from no other host, and from none without TLS.
func cookieName(r *http.Request) string {
	if r.TLS != nil {
		return "__Host-" + tokenName
	}
	return tokenName
}

// ours is true for a form with the token of its browser.
func ours(r *http.Request, token string) bool {
	c, err := r.Cookie(cookieName(r))
	return err == nil && token != "" && token == c.Value
}

// serveForm takes an answer and sends the browser back to the page, which
// says what stands now: so sending the page again sends no answer again.
func (p *Panel) serveForm(w http.ResponseWriter, r *http.Request, t *tongue, right Right) {
	data, wrong := body(r, formType)
	if wrong != nil {
		p.refuse(w, r, t, false, wrong)
		return
	}
	a, token, ok := parseForm(string(data))
	if !ok {
		p.refuse(w, r, t, false, refuse(http.StatusBadRequest, "malformed"))
		return
	}
	// A yes needs the same site and the token, because a browser may be too old to
	// say where its form is from. A no needs one of them: a proxy that changes the
	// Host makes every form look like another site's.
	same, held := p.cross.Check(r) == nil, ours(r, token)
	if !same && (a.decision != consent.Denied || !held) || a.decision == consent.Granted && !held {
		p.refuse(w, r, t, false, refuse(http.StatusForbidden, "crosssite"))
		return
	}
	fields, _ := url.ParseQuery(string(data))
	switch fields.Get("decision") {
	case "later":
		p.serveLater(w, r)
	case "send":
		p.serveSend(w, r, t, right)
	default:
		where := "settings"
		if fields.Has("banner") {
			where = "banner"
		}
		p.serveAnswer(w, r, t, right, a, where)
	}
}

func (p *Panel) serveAnswer(w http.ResponseWriter, r *http.Request, t *tongue, right Right, a answer, where string) {
	err := p.decide(r.Context(), a, where)
	var refused *refusal
	var failed failure
	switch {
	case errors.As(err, &refused) && refused.recorded:
		p.page(w, r, t, right, refused.status, t.Text(refused.key, refused.pairs...))
	case errors.As(err, &refused):
		p.page(w, r, t, right, refused.status, t.Text("panel.error.nothing")+" "+t.Text(refused.key, refused.pairs...))
	case errors.As(err, &failed):
		p.page(w, r, t, right, http.StatusInternalServerError, t.Text(failed.key))
	case a.erase:
		back(w, "./?recorded=erase")
	default:
		back(w, "./?recorded")
	}
}

// back leads to an address below the panel's. Not http.Redirect, which would make
// it absolute and get it wrong below a prefix that was stripped.
func back(w http.ResponseWriter, to string) {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusSeeOther)
}

// serveLater has the banner leave this browser in peace for a while. It is no
// decision.
func (p *Panel) serveLater(w http.ResponseWriter, _ *http.Request) {
	http.SetCookie(w, &http.Cookie{Name: laterName, Value: strconv.Itoa(p.notice), Path: "/", MaxAge: laterDays * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode})
	to := p.config.Home
	if to == "" {
		to = "./"
	}
	back(w, to)
}

func (p *Panel) serveSend(w http.ResponseWriter, r *http.Request, t *tongue, right Right) {
	if err := p.send(r.Context()); err != nil {
		p.page(w, r, t, right, http.StatusBadGateway, t.Text("panel.error.send"))
		return
	}
	back(w, "./?sent")
}

// send sends a report now. Why it did not arrive is in the journal.
func (p *Panel) send(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendPeriod)
	defer cancel()
	return p.config.Stats.Flush(ctx)
}
