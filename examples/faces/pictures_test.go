//go:build linux

package main

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
)

// TestPictures makes the pictures of README, small enough for it. They are put into
// docs/screenshots when it is asked for, because every run has another identifier and
// day:
//
//	FACES_PICTURES=1 GOWORK=off go test -count=1 -run TestPictures .
func TestPictures(t *testing.T) {
	dir := t.TempDir()
	if os.Getenv("FACES_PICTURES") != "" {
		dir = "../../docs/screenshots"
	}
	g := openGallery(t, startCollector(t))
	shot := func(b *tab, name string, width, height int64) {
		t.Helper()
		b.do(chromedp.EmulateViewport(width, height))
		data, err := chromedp.Run(b, chromedp.CaptureScreenshot())
		b.check(err)
		data = small(t, data)
		if len(data) < 10_000 || len(data) > 100_000 {
			t.Errorf("%s: got %d bytes, want 10 to 100 kB", name, len(data))
		}
		if err := os.WriteFile(filepath.Join(dir, name+".png"), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b := openTab(t, startProduct(t, &product{endpoint: nowhere}))
	b.open("/signup")
	b.do(chromedp.Click(chromedp.CSS(".hc-signup > details > summary")))
	shot(b, "sign-up", 760, 840)
	b = g.tab(t)
	b.open("/undecided/settings/")
	shot(b, "settings", 760, 660)
	shot(b, "phone", 390, 844)
	b.open("/on/settings/?sizes")
	shot(b, "settings-on", 760, 840)
	b.speak("ar")
	b.open("/undecided/settings/")
	shot(b, "arabic", 390, 844)
}

// small is the same picture in its 256 most frequent colours: letters and lines need
// no more.
func small(t *testing.T, data []byte) []byte {
	t.Helper()
	full, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	at, often := full.Bounds(), map[color.Color]int{}
	for y := range at.Dy() {
		for x := range at.Dx() {
			often[full.At(x, y)]++
		}
	}
	palette := slices.SortedFunc(maps.Keys(often), func(a, b color.Color) int { return often[b] - often[a] })
	few := image.NewPaletted(at, palette[:min(256, len(palette))])
	draw.Draw(few, at, full, at.Min, draw.Src) // the nearest colour of the palette
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	if err := encoder.Encode(&out, few); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}
