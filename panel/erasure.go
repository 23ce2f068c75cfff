package panel

import (
	"cmp"
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"headcount.example/consent"
	"headcount.example/internal/told"
	"headcount.example/telemetry"
)

// An erasure says whether the data of one earlier identifier was erased, as far as the
// journal on this host and the client know.
type erasure struct {
	Identifier    string    `json:"identifier"`       // the first eight characters
	From          time.Time `json:"from,omitzero"`    // of the reports that the journal has
	To            time.Time `json:"to,omitzero"`      //
	Asked         time.Time `json:"asked,omitzero"`   // of a request that is kept, and so known exactly
	Arrived       time.Time `json:"arrived,omitzero"` //
	State         string    `json:"state"`            // arrived, pending, failed, or none: no request was made
	CanAsk        bool      `json:"can_ask"`          // for the reader
	Text          string    `json:"text"`
	guid          string
	here          bool      // a report of it went to the receiver that is configured now
	first, newest time.Time // attempts in the journal
}

// erasures returns the identifiers under which something was sent, the one that reported
// last first, without those that are in use or kept until a decision.
func (p *Panel) erasures(t *language, s state, entries []sent, may bool) []erasure {
	list := []erasure{}
	of := func(guid string) *erasure {
		i := slices.IndexFunc(list, func(e erasure) bool { return e.guid == guid })
		if i < 0 {
			i, list = len(list), append(list, erasure{guid: guid, Identifier: guid[:min(8, len(guid))], State: "none"})
		}
		return &list[i]
	}
	next, _ := p.config.Stats.Preview(context.Background(), false)
	for _, e := range entries { // the newest first
		if e.reported() {
			one := of(e.Identifier)
			one.From, one.To, one.here = e.Time, cmp.Or(one.To, e.Time), one.here || e.URL == next.URL
		}
	}
	for _, e := range entries {
		if e.Erasure {
			one := of(e.Identifier)
			one.State, one.first, one.newest = "failed", e.Time, cmp.Or(one.newest, e.Time)
			if e.Arrived {
				one.Arrived = e.Finished
			}
		}
	}
	for _, guid := range slices.Sorted(maps.Keys(s.client.Erasing)) {
		one := of(guid)
		one.State, one.Asked = "pending", s.client.Erasing[guid]
	}
	yes := s.last().Since
	if len(list) > 0 && list[0].State == "none" && !s.client.On && s.client.Kept && !yes.After(list[0].To) {
		list = list[1:] // it is kept; an identifier from before the yes is not
	}
	list = slices.DeleteFunc(list, func(e erasure) bool { return e.guid == "" || e.guid == s.client.InstallGUID })
	for i := range list {
		e := &list[i]
		if !e.Arrived.IsZero() {
			e.State = "arrived"
		}
		e.here = e.here && s.client.CanErase
		e.CanAsk = may && e.here && (e.State == "none" || e.State == "failed")
		e.Text = p.erasureText(t, s, *e)
	}
	return list
}

func (p *Panel) erasureText(t *language, s state, e erasure) string {
	key, reports := "panel.erase."+e.State, t.Date(e.From)
	if to := t.Date(e.To); to != reports {
		reports = t.Text("common.range.between", "from", reports, "to", to)
	}
	if e.State == "pending" && e.newest.Before(e.Asked) {
		key = "panel.erase.waiting"
	}
	text := t.Text(key, "identifier", e.Identifier, "reports", reports, "asked", t.Date(e.Asked), "arrived", t.Date(e.Arrived),
		"recipient", t.About.Recipient, "days", t.Days(t.About.ErasureDays))
	switch {
	case e.State == "pending" && s.decided.Veto:
		text += " " + t.Text("panel.erase.veto")
	case e.State == "failed", e.State == "none" && !e.here:
		text += " " + t.Text("panel.erase.write", "contact", t.About.Contact)
	}
	return text
}

// inUse returns the first 8 characters of the identifier that a no would destroy: the one
// in use, or the one that reported last and is kept until a decision. It returns "" if
// there is none.
func (p *Panel) inUse() string {
	s := p.config.Stats.Status()
	guid := s.InstallGUID
	if entries, _ := p.config.Stats.Journal(); guid == "" && s.Kept {
		i := slices.IndexFunc(entries, func(e telemetry.Entry) bool { return !told.Erases(p.config.Catalog, e.Report) })
		if i >= 0 && !s.Consent.Record.Since.After(entries[i].Time) { // else it reported before the yes
			guid = entries[i].Report.InstallGUID
		}
	}
	return guid[:min(8, len(guid))]
}

// requested reports whether a request exists for the identifier with this beginning.
// Without one it looks at the identifier of the latest yes: a request from before that
// yes was for an earlier identifier.
func requested(list []erasure, history []consent.Record, used string) bool {
	if used != "" {
		return slices.ContainsFunc(list, func(e erasure) bool { return e.Identifier == used && e.State != "none" })
	}
	yes := slices.IndexFunc(history, func(r consent.Record) bool { return r.Decision == consent.Granted })
	return len(list) > 0 && list[0].State != "none" && (yes < 0 || !cmp.Or(list[0].first, list[0].Asked).Before(history[yes].Time))
}

// eraseEarlier asks to erase what was sent under the identifier with this beginning. The
// page says whether the request arrived.
func (p *Panel) eraseEarlier(ctx context.Context, t *language, identifier string) *refusal {
	v := page{May: true}
	p.journal(t, p.look(ctx), &v)
	i := slices.IndexFunc(v.Erasures, func(e erasure) bool { return e.Identifier == identifier })
	switch {
	case i >= 0 && (v.Erasures[i].State == "pending" || v.Erasures[i].State == "arrived"):
		return nil // a form that is sent twice is one request
	case i < 0 || !v.Erasures[i].CanAsk:
		return refuse(http.StatusConflict, "panel.erase.impossible")
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendPeriod)
	defer cancel()
	guid := v.Erasures[i].guid
	if err := p.config.Stats.EraseEarlier(ctx, guid); err != nil && p.config.Stats.Status().Erasing[guid].IsZero() {
		return p.fail("panel.error.erase", err)
	}
	return nil
}
