package recipes

import (
	"net/http"

	"headcount.example/panel"
)

// NetHTTP mounts the page below a path.
func NetHTTP(mux *http.ServeMux, statistics *panel.Panel) {
	mux.Handle("/settings/statistics/", http.StripPrefix("/settings/statistics", statistics))
}

// OwnHost mounts the page at the root of a host of its own: nothing is stripped.
func OwnHost(mux *http.ServeMux, statistics *panel.Panel) {
	mux.Handle("statistics.shop.example/", statistics)
}

// BasePath mounts the page in a product that an operator runs below a path,
// such as https://example.org/shop/. Links on the page are relative, so it needs
// to know nothing of it.
func BasePath(base string, statistics *panel.Panel) http.Handler {
	mux := http.NewServeMux()
	NetHTTP(mux, statistics)
	return http.StripPrefix(base, mux)
}
