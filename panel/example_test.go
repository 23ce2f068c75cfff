package panel_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"html/template"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/panel"
	"headcount.example/telemetry"
)

// product is what an application has anyhow.
func product() (*consent.File, *telemetry.Client, func()) {
	dir, err := os.MkdirTemp("", "panel")
	if err != nil {
		log.Fatal(err)
	}
	kept := filepath.Join(dir, "telemetry")
	decisions := consent.NewFile(kept)
	stats, _ := telemetry.Init(telemetry.Config{Catalog: compreface.Catalog, Endpoint: "https://stats.vendor.example", Dir: kept, Consent: decisions})
	return decisions, stats, func() {
		_ = stats.Shutdown(context.Background())
		_ = os.RemoveAll(dir)
	}
}

// A product with accounts: its sign-up form has the row, its settings the
// panel, and only its owner decides.
func Example() {
	decisions, stats, end := product()
	defer end()
	statistics, err := panel.New(panel.Config{
		Catalog: compreface.Catalog, Decisions: decisions, Stats: stats,
		May: func(r *http.Request) panel.Right {
			if name, _, _ := r.BasicAuth(); name == "owner" { // the product's own sessions
				return panel.Change
			}
			return panel.Nothing
		},
	})
	if err != nil {
		log.Fatal(err)
	}
	page := template.Must(template.New("").Parse(`<form method="post">{{.}}<button>Sign up</button></form>`))
	mux := http.NewServeMux()
	mux.Handle("/settings/statistics/", http.StripPrefix("/settings/statistics", statistics))
	mux.HandleFunc("GET /signup", func(w http.ResponseWriter, r *http.Request) {
		row := statistics.SignUp(w, r)
		_ = page.Execute(w, row)
	})
	mux.HandleFunc("POST /signup", func(w http.ResponseWriter, r *http.Request) {
		// Make the account first; then:
		if record, yes := statistics.SignedUp(r); yes {
			if err := errors.Join(decisions.Save(r.Context(), record), stats.Refresh(r.Context())); err != nil {
				log.Print(err) // the account is there all the same
			}
		}
	})

	r := httptest.NewRequest("POST", "/signup", strings.NewReader("headcount_consent=on&headcount_notice=1"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	mux.ServeHTTP(httptest.NewRecorder(), r)
	fmt.Println(stats.Status().On)

	// Output:
	// true
}

// A page for all people whose actions are counted, and a question on the pages
// of an administrator who has not decided yet.
func ExamplePanel_Banner() {
	decisions, stats, end := product()
	defer end()
	statistics, err := panel.New(panel.Config{
		Catalog: compreface.Catalog, Decisions: decisions, Stats: stats,
		May: func(*http.Request) panel.Right { return panel.Change },
	})
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/statistics/", http.StripPrefix("/statistics", statistics.Notice()))
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		question := statistics.Banner(w, r, "/settings/statistics/")
		_, _ = fmt.Fprintf(w, "<body>%s</body>", question)
	})

	page := httptest.NewRecorder()
	mux.ServeHTTP(page, httptest.NewRequest("GET", "/", nil))
	fmt.Println(strings.Contains(page.Body.String(), "Exadel"))
	// Output: true
}

// A product whose sign-up is JSON.
func ExamplePanel_SignedUpJSON() {
	decisions, stats, end := product()
	defer end()
	statistics, err := panel.New(panel.Config{
		Catalog: compreface.Catalog, Decisions: decisions, Stats: stats,
		May: func(*http.Request) panel.Right { return panel.Nothing },
	})
	if err != nil {
		log.Fatal(err)
	}
	r := httptest.NewRequest("POST", "/api/signup", strings.NewReader(`{"name": "Ann", "statistics": true, "notice": 1}`))
	var account struct {
		Name       string
		Statistics bool
		Notice     int
	}
	if err := json.NewDecoder(r.Body).Decode(&account); err != nil {
		log.Fatal(err)
	}
	record, yes := statistics.SignedUpJSON(r, account.Statistics, account.Notice)
	fmt.Println(yes, record.Decision, record.Where)
	// Output: true granted sign-up form
}
