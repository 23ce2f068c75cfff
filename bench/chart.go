package main

import (
	"bytes"
	"fmt"
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

var colours = map[kind]color.Color{
	baseline: color.RGBA{0x9a, 0xa0, 0xa6, 0xff},
	ours:     color.RGBA{0x1a, 0x73, 0xe8, 0xff},
	peer:     color.RGBA{0xc8, 0xcc, 0xd1, 0xff},
}

// chart draws what a call costs, as SVG. The scale is logarithmic: the
// slowest contender costs ten thousand times the fastest.
func chart(r Record) ([]byte, error) {
	p := plot.New()
	p.BackgroundColor = color.White // it is read on dark pages too
	p.Title.Text = "What counting one event costs: ns, and how many bare atomic adds (one goroutine; logarithmic)"
	p.X.Label.Text = fmt.Sprintf("median of %d rounds, %s, %s, %d cores, %s, shared machine", r.Rounds, r.Date, r.Machine.CPU, r.Machine.Cores, r.Machine.Go)
	p.X.Scale, p.X.Tick.Marker = plot.LogScale{}, plot.LogTicks{Prec: -1}
	for style, size := range map[*text.Style]font.Length{
		&p.Title.TextStyle: 11, &p.X.Label.TextStyle: 8, &p.X.Tick.Label: 9, &p.Y.Tick.Label: 9} {
		style.Font.Variant, style.Font.Size = "Sans", size
	}
	p.Title.Padding = 6
	p.Y.LineStyle.Width, p.Y.Tick.Length = 0, 0

	base := r.call(bare)
	bars := make(bars, len(r.Calls))
	names := make(plot.ConstantTicks, len(r.Calls))
	labels := plotter.XYLabels{}
	for i, c := range r.Calls {
		y := float64(len(r.Calls) - 1 - i) // the first on top
		ns := median(c.One)
		bars[i] = bar{ns: ns, y: y, colour: colours[c.Kind]}
		names[i] = plot.Tick{Value: y, Label: c.Name}
		labels.XYs = append(labels.XYs, plotter.XY{X: ns, Y: y})
		labels.Labels = append(labels.Labels, fmt.Sprintf(" %s ns, %s", figure(ns), times(ratio(c.One, base.One))))
	}
	values, err := plotter.NewLabels(labels)
	if err != nil {
		return nil, err
	}
	for i := range values.TextStyle {
		style := &values.TextStyle[i]
		style.Font.Variant, style.Font.Size, style.YAlign = "Sans", 8, draw.YCenter
	}
	p.Y.Tick.Marker = names
	p.Add(bars, values)
	_, _, _, most := bars.DataRange()
	p.X.Min, p.X.Max = leastNS, bars.slowest()*20 // room for the figures
	p.Y.Min, p.Y.Max = -0.6, most+0.6

	canvas, err := p.WriterTo(9*vg.Inch, vg.Length(len(r.Calls))*0.24*vg.Inch+0.9*vg.Inch, "svg")
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	_, err = canvas.WriteTo(&b)
	// Liberation Sans has the widths of Arial, which more machines have.
	return bytes.ReplaceAll(b.Bytes(), []byte("font-family:Liberation Sans;"), []byte("font-family:Liberation Sans,Arial,Helvetica,sans-serif;")), err
}

// leastNS is where the bars begin.
const leastNS = 0.1

type bar struct {
	ns, y  float64
	colour color.Color
}

// bars lie down and begin at the axis; those of package plotter begin at
// zero, which a logarithmic scale does not have.
type bars []bar

// Plot draws the bars.
func (b bars) Plot(c draw.Canvas, p *plot.Plot) {
	x, y := p.Transforms(&c)
	for _, bar := range b {
		left, right, half := x(leastNS), x(max(bar.ns, leastNS)), (y(1)-y(0))*0.36
		c.FillPolygon(bar.colour, []vg.Point{
			{X: left, Y: y(bar.y) - half}, {X: right, Y: y(bar.y) - half},
			{X: right, Y: y(bar.y) + half}, {X: left, Y: y(bar.y) + half}})
	}
}

// DataRange says how far the bars reach.
func (b bars) DataRange() (xmin, xmax, ymin, ymax float64) {
	return leastNS, b.slowest(), 0, float64(len(b) - 1)
}

func (b bars) slowest() float64 {
	most := 1.0
	for _, bar := range b {
		most = max(most, bar.ns)
	}
	return most
}
