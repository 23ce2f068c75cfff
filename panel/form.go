package panel

import (
	"cmp"
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
	"headcount.example/internal/answer"
)

const (
	formType   = "application/x-www-form-urlencoded"
	tokenName  = answer.Token      // of a cookie, and of a field of every form
	laterName  = "headcount_later" // of a cookie: not to be asked by the banner
	sendPeriod = 30 * time.Second  // how long a report that is asked for may take
)

// body reads a request of one media type, and says what is wrong with it.
func body(r *http.Request, media string) ([]byte, *refusal) {
	given, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || given != media || len(r.Header.Values("Content-Type")) != 1 {
		return nil, refuse(http.StatusUnsupportedMediaType, "panel.error.media", "media", media)
	}
	if media == formType && r.PostForm != nil { // the application's own check has read the body
		return []byte(r.PostForm.Encode()), nil
	}
	data, err := io.ReadAll(r.Body)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return nil, refuse(http.StatusRequestEntityTooLarge, "panel.error.large", "bytes", maxRequest)
	case err != nil:
		return nil, refuse(http.StatusBadRequest, "panel.error.malformed")
	}
	return data, nil
}

// A form is what every form of ours has in it.
type form struct {
	Path, Seen, Token, TokenName string
	Notice                       int
	Hidden                       template.HTML
}

// form gives the browser a random token, in a cookie and in the form. Another site
// can read neither, so an answer that holds both comes from our page, also where a
// proxy hides by which address it was asked for. Path leads to the panel: empty on
// its own page. The cookie is for every path, so that all open pages share it.
func (p *Panel) form(w http.ResponseWriter, r *http.Request, seen, path string) form {
	f := form{Path: path, Seen: seen, Notice: p.notice, TokenName: tokenName, Token: rand.Text()}
	if c, err := r.Cookie(cookieName(r)); err == nil && len(c.Value) == len(f.Token) {
		f.Token = c.Value
	} else {
		http.SetCookie(w, &http.Cookie{Name: cookieName(r), Value: f.Token, Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: r.TLS != nil})
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

// serveForm takes an answer and sends the browser back to the page, which
// says what stands now: so sending the page again sends no answer again.
func (p *Panel) serveForm(w http.ResponseWriter, r *http.Request, t *language, right Right) {
	data, wrong := body(r, formType)
	a, fields, ok := answer.Form(string(data))
	// A form needs the same site and the token, because a browser may be too old to
	// say where its form is from. A no needs one of them: a proxy that changes the
	// Host makes every form look like another site's.
	same, held := p.cross.Check(r) == nil, false
	if c, err := r.Cookie(cookieName(r)); err == nil {
		held = c.Value != "" && c.Value == fields.Get(tokenName)
	}
	switch {
	case wrong != nil:
	case !ok:
		wrong = refuse(http.StatusBadRequest, "panel.error.malformed")
	case !same && !held, a.Decision != consent.Denied && !(same && held):
		wrong = refuse(http.StatusForbidden, "panel.error.crosssite")
	}
	if wrong != nil {
		p.refuse(w, r, t, false, wrong)
		return
	}
	to, where, used := "./?recorded", "settings", p.inUse()
	if fields.Has("banner") {
		where = "banner"
	}
	switch fields.Get("decision") {
	case "later": // the banner does not ask in this browser again for a while
		http.SetCookie(w, &http.Cookie{Name: laterName, Value: strconv.Itoa(p.notice), Path: "/", MaxAge: 30 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteLaxMode})
		to = cmp.Or(p.config.Home, "./")
	case "send":
		to, wrong = "./?sent", p.send(r.Context())
	case "earlier":
		identifier := fields.Get("identifier")
		to, wrong = "./?asked="+url.QueryEscape(identifier), p.eraseEarlier(r.Context(), t, identifier)
	case "erase":
		to = "./?recorded&asked=" + used
		fallthrough
	default:
		wrong = p.decide(r.Context(), a, p.signed(r, where))
	}
	if wrong == nil {
		// Not http.Redirect, which would make the address absolute and get it wrong
		// below a prefix that was stripped.
		w.Header().Set("Location", to)
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	outcome := t.Text(wrong.key, wrong.pairs...)
	if !wrong.changed {
		outcome = t.Text("panel.error.nothing") + " " + outcome
	}
	p.page(w, r, t, right, wrong.status, outcome)
}

// send sends a report now. Why it did not arrive is in the journal.
func (p *Panel) send(ctx context.Context) *refusal {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendPeriod)
	defer cancel()
	if p.config.Stats.Flush(ctx) != nil {
		return &refusal{status: http.StatusBadGateway, key: "panel.error.send", changed: true}
	}
	return nil
}
