package main

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"
)

// What the saved examples and the four collections come to.
var (
	expectedActions = []string{"USER_CREATE", "APP_CREATE", "FACE_DETECTION_CREATE", "FACE_RECOGNITION_CREATE", "FACE_VERIFICATION_CREATE"}
	expectedRanges  = []string{"0", "1-10", "201-500", "501-2000"}
)

// written is the third step.
func (d *demo) written(ctx context.Context) error {
	d.title("3. What the Collector wrote")
	if err := d.waitForLines(ctx, 1); err != nil {
		return err
	}
	fmt.Fprint(d.out, "CompreFace is a face recognition service that people host themselves. It used to save a row for each event.\n",
		"The Collector wrote one report, as OTLP JSON. headcount export turns this report into rows like those of CompreFace:\n\n")
	if _, err := d.command(ctx, "compact", "--archive", archive, "--catalog", "compreface", collected); err != nil {
		return err
	}
	actions, err := d.rows(ctx, "actions", expectedActions)
	if err != nil {
		return err
	}
	collections, err := d.rows(ctx, "collections", expectedRanges)
	if err != nil {
		return err
	}
	d.guid = actions[0][1]
	fmt.Fprintf(d.out, "\n%d rows, as in the saved examples: one user, one application, three services, and collections of 700, 0, 5 and 300 faces.\n",
		len(actions)+len(collections))
	fmt.Fprint(d.out, "The time is the day of the report. The third value of a collection is synthetic: a report does not say which collection it is.\n")
	return nil
}

// rows exports and prints rows. The last values of them must be these.
func (d *demo) rows(ctx context.Context, shape string, want []string) ([][]string, error) {
	out, err := d.command(ctx, "export", "--archive", archive, shape)
	if err != nil {
		return nil, err
	}
	fmt.Fprint(d.out, out)
	rows, err := csv.NewReader(strings.NewReader(out)).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("headcount export %s: %w", shape, err)
	}
	var got []string
	for _, r := range rows {
		got = append(got, r[len(r)-1])
	}
	if !slices.Equal(got, want) {
		return nil, fmt.Errorf("headcount export %s: got %q, want %q", shape, got, want)
	}
	return rows, nil
}

// waitForLines waits until the Collector's file has so many lines.
func (d *demo) waitForLines(ctx context.Context, want int) error {
	deadline := time.Now().Add(collectorTimeout)
	for {
		data, err := os.ReadFile(d.file())
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
		got := strings.Count(string(data), "\n")
		if got >= want {
			return nil
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%d reports were taken, but the Collector wrote %d", want, got)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}
