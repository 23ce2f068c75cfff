// Command footprint starts a client, waits a moment, and prints how much more
// there is in its process than before:
//
//	footprint undecided|denied|granted directory
package main

import (
	"context"
	"encoding/json"
	"log"
	"os"
	"runtime"
	"time"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/telemetry"
)

type said consent.Record

func (s said) Consent(context.Context) (consent.Record, error) { return consent.Record(s), nil }

type state struct{ goroutines, files, heap float64 }

func now() state {
	runtime.GC()
	runtime.GC() // the first makes garbage of what waited for it
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	files, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		files = nil // not Linux: not counted
	}
	return state{float64(runtime.NumGoroutine()), float64(len(files)), float64(m.HeapAlloc)}
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 {
		log.Fatal("usage: footprint undecided|denied|granted directory")
	}
	var record said
	if os.Args[1] != "undecided" {
		record = said{Notice: 1, Time: time.Now(), Where: "bench"}
		if err := record.Decision.UnmarshalText([]byte(os.Args[1])); err != nil {
			log.Fatal(err)
		}
	}
	config := telemetry.Config{Catalog: compreface.Catalog, Endpoint: "http://127.0.0.1:9", Dir: os.Args[2], Consent: record}
	now() // whatever looking costs is there before
	before := now()

	begin := time.Now()
	stats, err := telemetry.Init(config)
	started := time.Since(begin)
	if err != nil {
		log.Fatal(err)
	}
	if on := stats.Status().On; on != (record.Decision == consent.Granted) {
		log.Fatalf("on is %t: %s", on, stats.Status().Reason)
	}
	time.Sleep(20 * time.Millisecond) // for what runs beside
	stats.Add(compreface.UserCreated, 1)
	after := now()

	begin = time.Now()
	if err := stats.Shutdown(context.Background()); err != nil {
		log.Fatal(err)
	}
	ended := time.Since(begin)
	err = json.NewEncoder(os.Stdout).Encode(map[string]float64{
		"InitNS": float64(started), "ShutdownNS": float64(ended),
		"Goroutines": after.goroutines - before.goroutines, "Files": after.files - before.files, "Heap": after.heap - before.heap,
	})
	if err != nil {
		log.Fatal(err)
	}
}
