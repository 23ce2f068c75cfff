package fleet

import (
	"context"
	"io"
	"testing"
)

func BenchmarkWrite(b *testing.B) {
	for _, clean := range []bool{true, false} {
		b.Run(map[bool]string{true: "clean", false: "faults"}[clean], func(b *testing.B) {
			o := Options{Schema: load(b, "compreface"), Installations: 5000, Days: 30, Seed: 1, End: end, Clean: clean}
			for b.Loop() {
				var c counter
				if _, err := writeTo(context.Background(), o, &c, nil); err != nil {
					b.Fatal(err)
				}
				b.SetBytes(int64(c))
			}
		})
	}
}

type counter int64

func (c *counter) Write(p []byte) (int, error) { *c += counter(len(p)); return len(p), nil }

var _ io.Writer = (*counter)(nil)
