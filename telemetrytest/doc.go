// Package telemetrytest tests what a product counts.
//
// [New] returns a client that counts in memory, for one test. Nothing is
// asked, sent or written: no consent, no file, no variable of the
// environment, no network. So a developer's DO_NOT_TRACK changes no result, and
// tests can run in parallel.
//
//	func TestSignUp(t *testing.T) {
//		stats := telemetrytest.New(t, compreface.Catalog)
//		app := newApp(stats.Client)
//		app.SignUp("Ann")
//		app.AddService(compreface.Detection)
//		app.Collections = []int64{0, 7, 9}
//		if got := stats.Total(compreface.UserCreated); got != 1 {
//			t.Errorf("got %d users, want 1", got)
//		}
//		if got := stats.Total(compreface.ServiceCreated.With(compreface.Detection)); got != 1 {
//			t.Errorf("got %d services, want 1", got)
//		}
//		if got := stats.Observed(compreface.Collections); got["1-10"] != 2 {
//			t.Errorf("got collections %v, want two with 1 to 10 faces", got)
//		}
//	}
//
// A mistake fails the test, also where the product does not look: a counter or
// a range gauge that is not in the catalog, a label that is not declared or is
// missing, and an Add of zero or less.
package telemetrytest
