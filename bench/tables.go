package main

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

// table writes Markdown that can be read in a terminal as well.
func table(head []string, rows [][]string) string {
	all := append([][]string{head, nil}, rows...)
	width := make([]int, len(head))
	for _, row := range all {
		for i, cell := range row {
			width[i] = max(width[i], utf8.RuneCountInString(cell), 3)
		}
	}
	all[1] = make([]string, len(head))
	for i := range head {
		all[1][i] = strings.Repeat("-", width[i])
		if i > 0 {
			all[1][i] = all[1][i][1:] + ":" // figures to the right
		}
	}
	var b strings.Builder
	for _, row := range all {
		for i, cell := range row {
			space := strings.Repeat(" ", width[i]-utf8.RuneCountInString(cell))
			if i > 0 {
				cell = space + cell
			} else {
				cell += space
			}
			b.WriteString("| " + cell + " ")
		}
		b.WriteString("|\n")
	}
	return b.String()
}

// tables is everything that was measured, in Markdown.
func tables(r Record) string {
	commit := ""
	if r.Machine.Commit != "" {
		commit = ", commit " + r.Machine.Commit
	}
	return fmt.Sprintf("Measured %s on %s, %d cores, %s, %s%s. The machine was shared with other work. %d rounds, in each of them %s "+
		"for each contender (%d times as long with two goroutines, and for what sends). Medians, ± the 95 %% interval of the "+
		"median; × bare is the median of the ratios of each round.\n",
		r.Date, r.Machine.CPU, r.Machine.Cores, r.Machine.System, r.Machine.Go, commit, r.Rounds, r.Turn, long) +
		"\n### Targets\n\n" + targetTable(r) +
		"\n### What a call costs\n\n" + callTable(r) +
		"\n### What a client holds\n\n" + footprintTable(r) +
		"\n### What is on the wire in a day\n\n" + wireTable(r.Wire) +
		"\n### How a binary grows\n\n" + binaryTable(r.Binaries)
}

func targetTable(r Record) string {
	var rows [][]string
	for _, t := range targets(r) {
		rows = append(rows, t.row())
	}
	return table([]string{"what", "target", "measured", ""}, rows)
}

func callTable(r Record) string {
	base := r.call(bare)
	var rows [][]string
	for _, c := range r.Calls {
		name := c.Name
		if c.Note != "" {
			name += " (" + c.Note + ")"
		}
		if c.Kind == ours {
			name = "**" + name + "**"
		}
		rows = append(rows, []string{name, around(c.One), times(ratio(c.One, base.One)), around(c.Two), times(ratio(c.Two, base.Two)), figure0(c.Allocs)})
	}
	return table([]string{"", "ns, one goroutine", "× bare", "ns, two goroutines", "× bare", "allocations"}, rows)
}

func times(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return figure(v) + " ×"
}

// figure0 writes a count.
func figure0(v float64) string { return thousands(int64(math.Round(v))) }

func footprintTable(r Record) string {
	var rows [][]string
	for _, f := range r.Footprints {
		rows = append(rows, []string{f.State, around(micro(f.InitNS)), around(micro(f.ShutdownNS)), figure0(f.Goroutines), figure0(f.Files),
			fmt.Sprintf("%.1f", f.Heap/1024)})
	}
	return table([]string{"state", "Init, µs", "Shutdown, µs", "goroutines", "open files", "heap, KiB"}, rows)
}

func micro(ns []float64) []float64 {
	list := make([]float64, len(ns))
	for i, v := range ns {
		list[i] = v / 1000
	}
	return list
}

func wireTable(w Wire) string {
	var rows [][]string
	for _, d := range w.Days {
		rows = append(rows, []string{thousands(int64(d.Events)), thousands(int64(d.Request)), thousands(int64(d.Body)),
			thousands(int64(d.Events) * int64(w.Post))})
	}
	return table([]string{"events", "our request, bytes", "of which gzipped body", fmt.Sprintf("one POST per event (%d bytes each)", w.Post)}, rows)
}

func binaryTable(list []Binary) string {
	what := map[string]string{"plain": "net/http alone", "otlp": "with otlpmetrichttp and the metric SDK", "counting": "with this library"}
	var rows [][]string
	for _, b := range list {
		rows = append(rows, []string{what[b.Name], fmt.Sprintf("%.1f", float64(b.Bytes)/1e6), fmt.Sprintf("+%.1f", float64(b.Bytes-list[0].Bytes)/1e6)})
	}
	return table([]string{"stripped", "MB", "growth"}, rows)
}

// The figures stand between these lines of the document; the words around
// them are written by people.
const (
	begin = "<!-- figures, written by make bench -->\n"
	end   = "<!-- end of figures -->\n"
)

// document renders the record into the documents.
func document(docs string, r Record) error {
	path := filepath.Join(docs, "performance.md")
	old, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	text, err := insert(string(old), tables(r))
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	chart, err := chart(r)
	if err != nil {
		return err
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(docs, "performance.svg"), chart, 0o644)
}

// insert exchanges what is between the two lines.
func insert(text, figures string) (string, error) { return between(text, begin, end, figures) }

func between(text, begin, end, figures string) (string, error) {
	before, rest, ok1 := strings.Cut(text, begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok1 || !ok2 {
		return "", fmt.Errorf("the lines %q and %q are not in it", begin, end)
	}
	return before + begin + "\n" + figures + "\n" + end + after, nil
}
