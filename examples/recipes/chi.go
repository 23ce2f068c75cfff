package recipes

import (
	"net/http"

	"github.com/go-chi/chi/v5"

	"headcount.example/panel"
)

// Chi strips nothing from the path of a mounted handler, so we do.
func Chi(r chi.Router, statistics *panel.Panel) {
	r.Mount("/settings/statistics", http.StripPrefix("/settings/statistics", statistics))
}
