package recipes

import (
	"net/http"

	"github.com/gin-gonic/gin"

	"headcount.example/panel"
)

// Gin routes by method: name those that the page has. Any would add OPTIONS,
// which clashes with a CORS middleware.
func Gin(r gin.IRouter, statistics *panel.Panel) {
	handler := gin.WrapH(http.StripPrefix("/settings/statistics", statistics))
	for _, method := range []string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut} {
		r.Handle(method, "/settings/statistics/*path", handler)
	}
}
