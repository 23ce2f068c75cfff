package main

import (
	"path/filepath"
	"strings"
	"testing"

	"headcount.example/cmd/headcount/internal/archive"
)

func TestFileLine(t *testing.T) {
	for _, test := range []struct {
		file archive.ErasedFile
		want string
	}{
		{archive.ErasedFile{Name: "f", Action: "clean"}, "f: nothing to remove"},
		{archive.ErasedFile{Name: "f", Action: "rewritten", Removed: 1}, "f: 1 piece removed"},
		{archive.ErasedFile{Name: "f", Action: "live"}, "f: live file, not touched; nothing in it to erase"},
		{archive.ErasedFile{Name: "f", Action: "live", Left: 2, Why: "why"}, "f: live file, not touched; 2 pieces in it must go once it is rotated (docs/operators.md#rotate-now)"},
		{archive.ErasedFile{Name: "f", Action: "left", Left: 1, Why: "give --closed"}, "f: not touched; 1 piece in it must go: give --closed"},
	} {
		if got := fileLine(test.file); got != test.want {
			t.Errorf("%+v: got %q, want %q", test.file, got, test.want)
		}
	}
}

// A receipt does not look complete where files were not searched.
func TestReceiptOfUnsearchedFiles(t *testing.T) {
	one := []archive.ErasedFile{{Name: "f", Action: "clean"}}
	for _, test := range []struct {
		receipt archive.Receipt
		want    string
	}{
		{archive.Receipt{}, ""},
		{archive.Receipt{Unsearched: 1}, "no file of the Collector was searched: 1 file that compact has read may still hold pieces of erased installations; run headcount erase again with its directory"},
		{archive.Receipt{Unsearched: 2, Files: one}, "not all files of the Collector were searched: 2 files that compact has read may still hold pieces of erased installations; run headcount erase again with their directory"},
	} {
		if got := strings.Join(receiptFacts(&test.receipt).Warnings, "\n"); got != test.want {
			t.Errorf("%+v: got %q, want %q", test.receipt, got, test.want)
		}
	}
	dir := t.TempDir()
	raw := write(t, filepath.Join(dir, "usage.jsonl"), reportLine(t, guidA, "2026-11-24", 1, 1), eraseLine(t, guidA, "2026-11-24"))
	archive := filepath.Join(dir, "archive")
	fine(t, "compact", "--archive", archive, "--catalog", "compreface", raw)
	if out := fine(t, "erase", "--archive", archive, "--format", "json"); !strings.Contains(out, "\n  \"not_searched\": 1") {
		t.Errorf("without files: got %s, want 1 file that was not searched", out)
	}
	if out := fine(t, "erase", "--archive", archive, "--format", "json", raw); !strings.Contains(out, "\n  \"not_searched\": 0") || !strings.Contains(out, "\n  \"number\": 2,") {
		t.Errorf("with the file: got %s, want receipt 2 and none that was not searched", out)
	}
}
