package main

import (
	_ "github.com/cespare/xxhash/v2"
	_ "github.com/gofrs/flock"
	_ "github.com/google/uuid"
	_ "github.com/jedib0t/go-pretty/v6/table"
	_ "github.com/klauspost/compress/gzip"
	_ "github.com/parquet-go/parquet-go"
	_ "github.com/spf13/cobra"
	_ "go.opentelemetry.io/collector/pdata/pmetric"
	_ "golang.org/x/sys/unix"
	_ "golang.org/x/term"
)

func main() {}
