package panel

import (
	"bytes"
	"context"
	"html/template"
	"net/http"
	"time"

	"headcount.example/consent"
)

// The fields of the sign-up row, named so that they meet no others.
const (
	boxField    = "headcount_consent"
	noticeField = "headcount_notice"
)

func (p *Panel) signUpWords() (label, help string) {
	fields := []any{"recipient", p.config.Recipient, "product", p.config.Catalog.Product()}
	return fill(p.texts.SignUpLabel, fields...), fill(p.texts.SignUpHelp, fields...)
}

// SignUp is the row for an application's sign-up form, to be put before its
// button: an unticked box that is not required, and what exactly would be sent,
// opening in the page. It is empty when there is nothing to ask, because
// a person has decided or a variable has.
//
// It forbids caches to keep the page that w writes, so call it before the page
// is written: what a browser kept could show a box ticked. A browser that goes
// back to a page it still has in memory shows it as the person left it.
func (p *Panel) SignUp(w http.ResponseWriter, r *http.Request) template.HTML {
	if p == nil || p.pages == nil {
		return ""
	}
	w.Header().Set("Cache-Control", "no-store")
	s := p.state(r.Context())
	if !s.undecided() || s.client.On {
		return ""
	}
	ctx, cancel := context.WithTimeout(r.Context(), requestTimeout)
	defer cancel()
	label, help := p.signUpWords()
	var row bytes.Buffer
	err := p.pages.ExecuteTemplate(&row, "signup", map[string]any{
		"Label": label, "Help": help, "Notice": p.notice, "Box": boxField, "NoticeField": noticeField,
		"Counted": p.counted(), "Preview": p.preview(ctx, false),
	})
	if err != nil {
		return ""
	}
	return template.HTML(row.String()) // escaped by the template
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
	if p == nil || p.pages == nil || r.Method != http.MethodPost || p.cross.Check(r) != nil || r.ParseForm() != nil {
		return consent.Record{}, false
	}
	// Not r.Form: what stands in an address was not ticked.
	box, notices := r.PostForm[boxField], r.PostForm[noticeField]
	if len(box) != 1 || box[0] != "on" || len(notices) != 1 {
		return consent.Record{}, false
	}
	if n, ok := number(notices[0]); !ok || n != p.notice || !p.state(r.Context()).undecided() {
		return consent.Record{}, false
	}
	return consent.Record{Decision: consent.Granted, Notice: p.notice, Time: time.Now(), Where: "sign-up form"}, true
}
