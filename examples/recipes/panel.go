package recipes

import (
	"html/template"
	"net/http"

	"github.com/gorilla/csrf"

	"headcount.example/panel"
)

// TokenCSRF gives every form of the page the field that the product's check
// against forged requests wants. Here that check is gorilla/csrf.
func TokenCSRF(config *panel.Config) {
	config.Hidden = csrf.TemplateField
}

// Framed shows the page in the product's own layout, under a policy that allows
// scripts by nonce only: the page needs none.
func Framed(config *panel.Config, layout *template.Template, nonce func(*http.Request) string) {
	config.Layout = func(w http.ResponseWriter, r *http.Request, status int, title string, content template.HTML) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'; script-src 'nonce-"+nonce(r)+"'; form-action 'self'")
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.WriteHeader(status)
		layout.Execute(w, map[string]any{"Title": title, "Content": content, "Nonce": nonce(r)})
	}
}

// Members shows the notice to everyone whose actions are counted, and has no form.
func Members(mux *http.ServeMux, statistics *panel.Panel) {
	mux.Handle("GET /usage-notice/", http.StripPrefix("/usage-notice", statistics.Notice()))
}
