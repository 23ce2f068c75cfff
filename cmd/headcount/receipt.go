package main

import (
	"fmt"

	"headcount.example/cmd/headcount/internal/archive"
	"headcount.example/cmd/headcount/internal/terminal"
)

// receiptFacts says a receipt in sentences.
func receiptFacts(r *archive.Receipt) terminal.Facts {
	f := terminal.Facts{Title: "Receipt of " + r.Time.UTC().Format("2006-01-02 15:04:05") + " UTC"}
	f.Lines = append(f.Lines,
		fmt.Sprintf("%s carried out, %s so far", terminal.Count(int64(r.Requests), "request to erase", "requests to erase"), terminal.Number(int64(r.Ever))),
		fmt.Sprintf("%s removed from the archive or kept out of it, %s removed from rejected.jsonl",
			terminal.Count(r.Reports, "report", "reports"), terminal.Count(r.Rejected, "line", "lines")))
	for _, x := range r.Files {
		f.Lines = append(f.Lines, fileLine(x))
	}
	if r.Sums > 0 {
		f.Lines = append(f.Lines, fmt.Sprintf("%s kept as sums only: nothing can be taken out of them",
			terminal.Count(int64(r.Sums), "month is", "months are")))
	}
	if r.Left > 0 {
		f.Warnings = append(f.Warnings, fmt.Sprintf("%s left in files that were not rewritten, until %s",
			terminal.Count(r.Left, "piece of erased installations is", "pieces of erased installations are"), r.Until))
	}
	if r.Unsearched > 0 {
		f.Warnings = append(f.Warnings, unsearched(r))
	}
	return f
}

// unsearched says of how many files nothing is known.
func unsearched(r *archive.Receipt) string {
	what := terminal.Count(int64(r.Unsearched), "file", "files") + " that compact has read may still hold pieces of erased installations; run headcount erase again with "
	if r.Unsearched == 1 {
		what += "its directory"
	} else {
		what += "their directory"
	}
	if len(r.Files) == 0 {
		return "no file of the Collector was searched: " + what
	}
	return "not all files of the Collector were searched: " + what
}

func fileLine(x archive.ErasedFile) string {
	switch x.Action {
	case "rewritten":
		return fmt.Sprintf("%s: %s removed", x.Name, terminal.Count(x.Removed, "piece", "pieces"))
	case "clean":
		return x.Name + ": nothing to remove"
	case "live":
		if x.Left == 0 {
			return x.Name + ": live file, not touched; nothing in it to erase"
		}
		return fmt.Sprintf("%s: live file, not touched; %s in it must go once it is rotated (docs/operators.md#rotate-now)", x.Name, terminal.Count(x.Left, "piece", "pieces"))
	default:
		return fmt.Sprintf("%s: not touched; %s in it must go: %s", x.Name, terminal.Count(x.Left, "piece", "pieces"), x.Why)
	}
}
