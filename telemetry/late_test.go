package telemetry

import (
	"context"
	"sync/atomic"
	"testing"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
)

// A process that was told of a no, and comes to act on it only when there is
// a new yes, destroys nothing; and one that was told of a yes makes nothing
// when there is a no.
func TestComesLate(t *testing.T) {
	for name, c := range map[string]struct {
		told, then consent.Decision
	}{"a no, and then a new yes": {consent.Denied, consent.Granted}, "a yes, and then a no": {consent.Granted, consent.Denied}} {
		t.Run(name, func(t *testing.T) {
			s := start(t, "https://stats.vendor.invalid", nil)
			guid := ""
			if c.told == consent.Denied { // the new yes has been acted on by another process
				s.decide(t, consent.Granted)
				s.Add(compreface.UserCreated, 7)
				guid = s.Status().InstallGUID
			}
			var asked atomic.Int64
			config := s.config
			config.Consent = sourceFunc(func(context.Context) (consent.Record, error) {
				if asked.Add(1) == 1 {
					return record(c.told, 1), nil
				}
				return record(c.then, 1), nil
			})
			late, err := Init(config)
			if err != nil {
				t.Error(err)
			}
			defer func() { _ = late.Shutdown(t.Context()) }()
			if got := late.Status(); got.InstallGUID != guid || got.On != (guid != "") {
				t.Errorf("%+v, want %q", got, guid)
			}
			if exists(s.dir+"/headcount.totals") != (guid != "") {
				t.Errorf("there are %q", files(t, s.dir))
			}
			if guid != "" {
				if err := s.live.Load().ledger.Check(t.Context()); err != nil {
					t.Error(err)
				}
			}
		})
	}
}
