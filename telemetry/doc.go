// Package telemetry counts how a self-hosted product is used, with
// permission: nothing is counted, made or sent until a person said yes, and
// then one small report a day holds exactly what the catalog lists.
//
//	stats, err := telemetry.Init(telemetry.Config{
//		Catalog:  compreface.Catalog,
//		Endpoint: "https://stats.vendor.example",
//		Dir:      "/var/lib/faces/telemetry",
//		Consent:  consent.NewFile("/var/lib/faces/telemetry"),
//	})
//	defer stats.Shutdown(context.Background()) // safe before err is looked at
//	if err != nil {
//		log.Print(err) // stats is usable all the same, and off
//	}
//	stats.Observe(compreface.Collections, db.FacesPerCollection)
//	stats.Add(compreface.UserCreated, 1)
//	stats.Add(compreface.ServiceCreated.With(compreface.Detection), 1)
//
// When a person decides, which takes effect before Decide returns:
//
//	err = stats.Decide(ctx, consent.Record{Decision: consent.Granted, Notice: 1, Where: "sign-up"})
//	err = stats.Decide(ctx, consent.Record{Decision: consent.Denied, Notice: 1, Where: "settings"})
//
// # What is sent
//
// At most once a day, and whenever [Client.Flush] is called: the lifetime
// totals of the catalog's counters, the observed sizes in ranges, and
// install_guid. [Client.Preview] shows the next request byte for byte.
//
// # What is never sent
//
// Anything else is never sent. The documentation of internal/gate says how that is
// ensured. While consent does not hold nothing is sent, no identifier is made, and no
// file, goroutine or connection exists, with two exceptions:
//
//   - A no may ask the receiver to erase what was sent (consent.Record.Erase).
//     The identifier is kept until that request has arrived, for 14 days at most.
//     [Client.EraseEarlier] makes such a request at a later time.
//   - [Config.Watch], where it is set, is a goroutine.
//
// The record of decisions and the journal of what was sent stay. A veto in the
// environment, a newer notice or a record that cannot be read takes no yes back: totals
// and identifier then stay until the next decision, and are not used.
//
// # The identifier
//
// install_guid is a version 4 UUID from crypto/rand, made at the moment of the yes
// and kept with the totals. Other versions are refused, because they can tell when
// and where they were made: 560eee90-5fca-11eb-988b-0242ac120003, of version 1, on
// 2021-01-26 at 11:33:39 UTC in the container with the address 172.18.0.3.
//
// # Never in the way
//
// [Client.Add] is one atomic add in memory. It waits only where the system has to
// load a page of memory, and allocates nothing. The client does
// not panic, keeps no globals, logs only to [Config.Logger], and does not make exit
// wait. A nil or zero Client does nothing, so that a product can leave it out.
//
// # OpenTelemetry
//
// A report is one OTLP/HTTP request. OpenTelemetry's own exporter
// (otlpmetrichttp) makes its body. A counter is a monotonic, cumulative Sum, a range gauge a Gauge
// with the range as its attribute, and install_guid the only Resource attribute.
// There is no MeterProvider: one would add the host's resource, exemplars with
// trace ids, and the instruments of other libraries. [Client.Producer] is for a
// reader of the operator's own.
package telemetry
