package sqlstate

import (
	"fmt"
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	for _, name := range []string{"DO_NOT_TRACK", "OTEL_SDK_DISABLED", "OTEL_METRICS_EXPORTER", "SHOP_TELEMETRY"} {
		os.Unsetenv(name)
	}
	if len(os.Args) > 1 && os.Args[1] == "replica" {
		if err := replica(os.Args[2:]); err != nil {
			fmt.Println("failed:", err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	code := m.Run()
	shared.stop()
	os.Exit(code)
}
