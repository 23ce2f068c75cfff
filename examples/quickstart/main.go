// Quickstart is the whole integration of a product: in main, the calls of Init,
// Shutdown and Observe, in sayNo the one of Decide, and in replay.go the one of
// Add. The rest reads flags and shows what happens.
//
// What happens in the product is read from saved examples, as CompreFace
// published them, the face service that this design comes from: one event a
// line, with the time, an identifier (which we do not use) and what happened.
// That replay stands where the real product has its own code.
//
// In the folder examples:
//
//	go run ./quickstart -endpoint http://127.0.0.1:4318 -dir /tmp/quickstart -events quickstart/events.csv -faces 700,0,5,300
//
// Nothing is counted or sent until a person agrees; without a browser that is
// COMPREFACE_TELEMETRY=accept:1 in the environment.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/telemetry"
)

func main() {
	endpoint := flag.String("endpoint", "http://127.0.0.1:4318", "`URL` of the Collector")
	dir := flag.String("dir", "", "directory that survives a restart, an absolute `path`")
	events := flag.String("events", "", "saved events to replay, a CSV `file`")
	faces := flag.String("faces", "", "number of faces of each collection, as in `700,0,5,300`")
	preview := flag.Bool("preview", false, "show the next report, byte for byte")
	erase := flag.Bool("erase", false, "say no, and ask the receiver to erase what was sent, as a button on a settings page does")
	now := flag.Bool("now", false, "send the report now and not when it is due, for the demo")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()

	stats, err := telemetry.Init(telemetry.Config{
		Catalog:  compreface.Catalog,
		Endpoint: *endpoint,
		Dir:      *dir,
		Consent:  consent.NewFile(*dir),
	})
	defer stats.Shutdown(context.Background())
	if err != nil {
		log.Print(err) // the product goes on: stats is usable all the same, and off
	}

	if *erase {
		sayNo(ctx, stats)
	}
	product := replay{stats: stats}
	if err := product.read(*events, *faces); err != nil {
		fail(err)
	}
	stats.Observe(compreface.Collections, product.facesPerCollection)
	product.run()

	fmt.Println("statistics:", onOff(stats.Status()))
	if *preview {
		report, err := stats.Preview(ctx, true)
		if err != nil {
			fail(err)
		}
		fmt.Print(report)
	}
	if *now {
		sendNow(ctx, stats)
	}
}

// sayNo does what a settings page does after "Turn off and ask to erase what was
// sent". The no holds, whatever the error.
func sayNo(ctx context.Context, stats *telemetry.Client) {
	err := stats.Decide(ctx, consent.Record{Decision: consent.Denied, Where: "quickstart", Erase: true})
	if err != nil {
		fmt.Println(err)
	}
	if said := stats.Status().Erasure; said != "" { // else nothing was sent
		fmt.Println("erasure:", said)
	}
}

// sendNow does what a real product leaves to the schedule.
func sendNow(ctx context.Context, stats *telemetry.Client) {
	if err := stats.Flush(ctx); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println("sent")
}

func onOff(s telemetry.Status) string {
	if s.On {
		return "on, " + s.Reason
	}
	return "off, " + s.Reason
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "quickstart:", err)
	os.Exit(1)
}
