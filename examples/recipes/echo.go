package recipes

import (
	"net/http"

	"github.com/labstack/echo/v4"

	"headcount.example/panel"
)

// Echo needs the methods too.
func Echo(e *echo.Echo, statistics *panel.Panel) {
	handler := echo.WrapHandler(http.StripPrefix("/settings/statistics", statistics))
	e.Match([]string{http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut}, "/settings/statistics/*", handler)
}
