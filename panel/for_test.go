package panel_test

import (
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"headcount.example/catalog"
	"headcount.example/catalog/affiliate"
	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

// besides is a second product, with its own totals, that keeps its decisions where
// another one does.
func besides(t *testing.T, first *house) *house {
	t.Helper()
	return open(t, "", func(h *house) {
		h.decisions = first.decisions
		h.config.Decisions, h.config.Catalog = first.decisions, affiliate.Catalog
	})
}

// A yes that another product recorded in the same place turns nothing on, is not
// shown as one, and does not stand for an answer that is given here.
func TestYesForAnotherProduct(t *testing.T) {
	h := open(t, "", nil)
	other := besides(t, h)
	if w := h.do(form(h.pressed(t, "granted"))); w.Code != http.StatusSeeOther || !h.stats.Status().On {
		t.Fatalf("the yes: got %d, on %v", w.Code, h.stats.Status().On)
	}
	want := []string{compreface.Catalog.Variable(), affiliate.Catalog.Variable()}
	const said = "The yes that is recorded is for another product: give each product a directory of its own. Nothing is counted or sent."
	if got := other.status(t); got != said || other.stats.Status().On {
		t.Errorf("the other product: got %q, on %v, want %q", got, other.stats.Status().On, said)
	}
	if got := other.buttons(t); !slices.Equal(got, []string{"granted", "denied"}) {
		t.Errorf("the other product: got the buttons %q, want a yes and a no", got)
	}
	if got := other.state(t); got.On || got.Decision != "undecided" || got.Agreed != 0 {
		t.Errorf("the other product: got %+v, want no yes", got)
	}
	if row := other.SignUp(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil)); row != "" {
		t.Errorf("the other product asks at sign-up: a yes there would end the first one's\n%s", row)
	}
	if record, yes := other.SignedUp(signUpForm("headcount_consent=on&headcount_notice=1")); yes {
		t.Errorf("the other product: got %+v at sign-up, want nothing", record)
	}
	if w := other.do(form(other.pressed(t, "granted"))); w.Code != http.StatusSeeOther || !other.stats.Status().On {
		t.Errorf("the other product's yes: got %d, on %v, want it recorded", w.Code, other.stats.Status().On)
	}
	if err := h.stats.Refresh(t.Context()); err != nil || h.stats.Status().On || h.status(t) != said {
		t.Errorf("the first product: got %v, on %v, %q, want it off", err, h.stats.Status().On, h.status(t))
	}
	var got []string
	for _, r := range h.records(t) {
		got = append(got, r.For)
	}
	if !slices.Equal(got, want) {
		t.Errorf("got records for %q, want %q", got, want)
	}

	// The no is for both.
	if w := h.do(put(`{"decision":"denied","notice":1}`)); w.Code != http.StatusOK || !strings.HasPrefix(other.status(t), "Turned off on") || other.stats.Status().On {
		t.Errorf("the no: got %d, and the other product says %q", w.Code, other.status(t))
	}
}

// Under a veto there is nothing to turn off but one's own yes.
func TestVetoOverAnothersYes(t *testing.T) {
	h := open(t, "", nil)
	other := besides(t, h)
	h.do(form(h.pressed(t, "granted")))
	t.Setenv("DO_NOT_TRACK", "1")
	if got := other.buttons(t); len(got) != 0 {
		t.Errorf("got the buttons %q, want none", got)
	}
	if got := h.buttons(t); !slices.Equal(got, []string{"denied", "erase"}) {
		t.Errorf("its own: got the buttons %q, want the two ways to turn it off", got)
	}
}

// A yes that was seen over another product's does not come again over a later one, also
// where the history is full and no longer grows.
func TestOldYesOverAnothersYes(t *testing.T) {
	h := open(t, "", nil)
	save := func(d consent.Decision, name string) {
		t.Helper()
		if err := h.decisions.Save(t.Context(), consent.Record{Decision: d, Notice: 1, For: name}); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		save(consent.Granted, affiliate.Catalog.Variable())
	}
	old := h.pressed(t, "granted")
	save(consent.Denied, compreface.Catalog.Variable())
	save(consent.Granted, affiliate.Catalog.Variable())
	if w := h.do(form(old)); w.Code != http.StatusConflict || h.stats.Status().On {
		t.Errorf("got %d, on %v, want 409 and off", w.Code, h.stats.Status().On)
	}
}

// What is kept of a product stays its own when another one's yes comes: it is not
// listed among those of the past.
func TestKeptUnderAnothersYes(t *testing.T) {
	h := reported(t)
	guid := h.stats.Status().InstallGUID
	r := consent.Record{Decision: consent.Granted, Notice: 1, For: catalog.New("Shop", 1, compreface.About, compreface.UserCreated).Variable()}
	if err := h.decisions.Save(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got := h.state(t); h.stats.Status().On || !h.stats.Status().Kept || len(got.Erasures) != 0 {
		t.Errorf("got %+v, and %v kept, want %s kept and no earlier identifier", got.Erasures, h.stats.Status().Kept, guid)
	}
}

// What a person answers at sign-up says for which product it is.
func TestSignUpFor(t *testing.T) {
	h := open(t, "", nil)
	record, yes := h.SignedUp(signUpForm("headcount_consent=on&headcount_notice=1"))
	if !yes || record.For != compreface.Catalog.Variable() {
		t.Errorf("got %+v, %v, want a yes for %s", record, yes, compreface.Catalog.Variable())
	}
}
