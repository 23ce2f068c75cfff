package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"time"
)

// erased is the fifth step.
func (d *demo) erased(ctx context.Context) error {
	d.title("5. A no, and a request to erase")
	fmt.Fprint(d.out, "The quickstart's installation says no and asks to erase what it sent, as a button of a settings page does. The variable\n",
		"COMPREFACE_TELEMETRY still says yes: any no beats any yes.\n\n")
	before, err := d.find(ctx)
	if err != nil {
		return err
	}
	if len(before.archive) == 0 || len(before.raw) == 0 || len(before.product) == 0 || before.exported == 0 {
		return fmt.Errorf("the identifier is not found where it must be, so that nothing is shown by not finding it later: %+v", before)
	}
	if err := d.product(ctx, []string{"COMPREFACE_TELEMETRY=accept:1"}, "-erase"); err != nil {
		return err
	}
	fmt.Fprintf(d.out, "\nconnections opened: %d, the second one for the request to erase\n\n", d.wire.count())
	if d.wire.count() != 2 {
		return fmt.Errorf("%d connections for one report and one request to erase", d.wire.count())
	}
	if err := d.waitForLines(ctx, d.lines+1); err != nil {
		return err
	}
	fmt.Fprint(d.out, "A file with the name usage.jsonl may be open in a Collector, and is never edited. So the Collector's is rotated first, as the\n",
		"unit in deploy/systemd does each week.\n")
	if err := d.rotate(ctx); err != nil {
		return err
	}
	fmt.Fprintln(d.out)
	if err := d.shown(ctx, "compact", "--archive", archive, "history", collected); err != nil {
		return err
	}
	if err := d.shown(ctx, "erase", "--archive", archive, "history", collected); err != nil {
		return err
	}
	if err := d.checkReceipt(); err != nil {
		return err
	}
	return d.checkErased(ctx, before)
}

// rotate puts the Collector's file aside while no Collector runs, under the name
// that the Collector gives to such a file.
func (d *demo) rotate(ctx context.Context) error {
	d.stop()
	aside := "usage-" + time.Now().UTC().Format("2006-01-02T15-04-05.000") + "-size.jsonl"
	if err := os.Rename(d.file(), filepath.Join(d.work, collected, aside)); err != nil {
		return err
	}
	return d.startCollector(ctx)
}

// checkReceipt reads the receipt that the archive keeps.
func (d *demo) checkReceipt() error {
	dir := filepath.Join(d.work, archive, "receipts")
	kept, err := os.ReadDir(dir)
	if err != nil || len(kept) != 1 {
		return fmt.Errorf("the archive keeps %d receipts (%v), want 1", len(kept), err)
	}
	path := filepath.Join(dir, kept[0].Name())
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var r struct {
		Requests, Reports, Left int
		Unsearched              int `json:"not_searched"`
		Files                   []struct{ Removed int }
	}
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	removed := 0
	for _, f := range r.Files {
		removed += f.Removed
	}
	// Two pieces are removed from the Collector's file: the report and the request.
	if r.Requests != 1 || r.Reports != 1 || removed != 2 || r.Left != 0 || r.Unsearched != 0 {
		return fmt.Errorf("the receipt does not say that one request was carried out and nothing is left:\n%s", text)
	}
	return nil
}

// checkErased looks for the identifier, and compares the answers with what the
// simulation counted: those of all the others.
func (d *demo) checkErased(ctx context.Context, before *places) error {
	after, err := d.find(ctx)
	if err != nil {
		return err
	}
	if left := append(after.archive, after.raw...); len(left) > 0 || after.exported > 0 {
		return fmt.Errorf("the identifier is still in %q and in %d exported rows", left, after.exported)
	}
	if len(after.product) > 0 { // the journal is not seen: it has requests as they went out, compressed
		return fmt.Errorf("the installation still holds its identifier in %q", after.product)
	}
	got, err := d.answers(ctx)
	if err != nil {
		return err
	}
	want := maps.Clone(d.truth)
	want["installations erased"]++
	if err := same(got, want); err != nil {
		return fmt.Errorf("after the erasure: %w", err)
	}
	fmt.Fprintf(d.out, "checked: the identifier, as text or as 16 bytes, was in %d of the vendor's files, and is in none of the %d that there are now.\n"+
		"Each figure is as before without that installation: what the simulation counted for the %d others.\n"+
		"The installation has destroyed its identifier, too. Its journal keeps the requests as they were sent; a person may delete it.\n",
		len(before.archive)+len(before.raw), after.files, got["installations ever"])
	return nil
}
