package panel

import (
	"slices"
	"time"

	"headcount.example/telemetry"
)

// erasurePeriod is how long package telemetry tries a request to erase.
const erasurePeriod = 14 * 24 * time.Hour

// An erasure says how the data of one identifier that was in use stands, as far as
// the journal on this host knows it.
type erasure struct {
	Identifier string    `json:"identifier"` // the first eight characters
	Asked      time.Time `json:"asked,omitzero"`
	Arrived    time.Time `json:"arrived,omitzero"`
	State      string    `json:"state"` // arrived, pending, failed, or none: no request was made
	Text       string    `json:"text"`
	guid       string
}

// erases tells a request to erase from a report.
func (p *Panel) erases(of telemetry.Report) bool {
	name := p.config.Catalog.Erasure().Name
	return slices.ContainsFunc(of.Points, func(at telemetry.Point) bool { return at.Name == name })
}

// erasures are the identifiers of a journal, the newest first, without those that
// are in use or kept until a decision.
func (p *Panel) erasures(t *tongue, s state, entries []telemetry.Entry, now time.Time) []erasure {
	list := []erasure{}
	of := map[string]int{}
	for _, e := range entries { // the newest first
		guid := e.Report.InstallGUID
		if len(guid) < 8 {
			continue
		}
		i, known := of[guid]
		if !known {
			i = len(list)
			of[guid] = i
			list = append(list, erasure{guid: guid, Identifier: guid[:8], State: "none"})
		}
		if !p.erases(e.Report) {
			continue
		}
		list[i].Asked, list[i].State = e.Time, "pending"
		if e.Outcome == "delivered" {
			list[i].Arrived = e.Finished
		}
	}
	if len(list) > 0 && list[0].State == "none" {
		switch {
		case slices.Contains(s.client.Erasing, list[0].guid): // it was not tried yet, so the journal does not know it
			list[0].State, list[0].Asked = "pending", s.last().Time
		case s.client.InstallGUID == list[0].guid, !s.client.On && s.client.Kept:
			list = list[1:]
		}
	}
	for i := range list {
		e := &list[i]
		switch {
		case !e.Arrived.IsZero():
			e.State = "arrived"
		case e.State == "pending" && (!slices.Contains(s.client.Erasing, e.guid) || now.Sub(e.Asked) > erasurePeriod):
			e.State = "failed"
		}
		e.Text = t.Text("panel.erase."+e.State, "identifier", e.Identifier, "asked", t.Date(e.Asked), "arrived", t.Date(e.Arrived),
			"recipient", t.about.Recipient, "contact", t.about.Contact, "days", t.days(t.about.ErasureDays))
	}
	return list
}

// requested is true if a request was made for the identifier that was in use last.
func requested(list []erasure) bool { return len(list) > 0 && list[0].State != "none" }
