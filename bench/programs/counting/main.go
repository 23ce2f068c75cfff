// Command counting is the product plain with the library.
package main

import (
	"context"
	"log"
	"net/http"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/telemetry"
)

func main() {
	const dir = "/var/lib/faces/telemetry"
	stats, err := telemetry.Init(telemetry.Config{
		Catalog:  compreface.Catalog,
		Endpoint: "https://stats.vendor.example",
		Dir:      dir,
		Consent:  consent.NewFile(dir),
	})
	defer stats.Shutdown(context.Background())
	if err != nil {
		log.Print(err)
	}
	http.HandleFunc("/", func(http.ResponseWriter, *http.Request) { stats.Add(compreface.UserCreated, 1) })
	log.Fatal(http.ListenAndServe("127.0.0.1:8080", nil))
}
