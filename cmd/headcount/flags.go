package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"headcount.example/cmd/headcount/internal/archive"
	"headcount.example/cmd/headcount/internal/atomicfile"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
	"headcount.example/cmd/headcount/internal/terminal"
)

// lastCompleteDay is the newest day in UTC that is over.
func lastCompleteDay(now time.Time) day.Day { return day.Of(now) - 1 }

// A dateFlag is a day as in 2026-11-25; day.None where it is not given.
type dateFlag struct{ day.Day }

func (d *dateFlag) Set(text string) error {
	on, err := parseDay(text)
	if err != nil {
		return err
	}
	if on < day.First || on > day.Last {
		return fmt.Errorf("%s is outside %s to %s, the days that a report can have", text, day.First, day.Last)
	}
	d.Day = on
	return nil
}

func (d *dateFlag) String() string {
	if d.Day == day.None {
		return ""
	}
	return d.Day.String()
}

// Type is the word for the value in --help.
func (d *dateFlag) Type() string { return "DATE" }

// A countFlag is a whole number within limits.
type countFlag struct{ value, least, most int64 }

func (c *countFlag) Set(text string) error {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil || n < c.least || n > c.most {
		return fmt.Errorf("%q is not a whole number from %d to %d", text, c.least, c.most)
	}
	c.value = n
	return nil
}

func (c *countFlag) String() string { return strconv.FormatInt(c.value, 10) }

// Type is the word for the value in --help.
func (c *countFlag) Type() string { return "N" }

// A choiceFlag is one word of a list.
type choiceFlag struct {
	value string
	known []string
}

func (c *choiceFlag) Set(text string) error {
	if !slices.Contains(c.known, text) {
		return fmt.Errorf("%q is not known; known are %s", text, strings.Join(c.known, ", "))
	}
	c.value = text
	return nil
}

func (c *choiceFlag) String() string { return c.value }

// Type is the word for the value in --help.
func (c *choiceFlag) Type() string { return strings.Join(c.known, "|") }

// addFormat adds --format with its words; the first one is the default.
func addFormat(cmd *cobra.Command, known ...string) *choiceFlag {
	c := &choiceFlag{value: known[0], known: known}
	cmd.Flags().Var(c, "format", "form of the output")
	complete(cmd, "format", known...)
	return c
}

// complete makes shells complete a flag with these words and nothing else.
func complete(cmd *cobra.Command, flag string, words ...string) {
	// The only error is a flag that does not exist, which a test finds.
	_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(words, cobra.ShellCompDirectiveNoFileComp))
}

// addArchive adds --archive, which every command that uses it needs.
func addArchive(cmd *cobra.Command) *string {
	dir := cmd.Flags().String("archive", "", "directory of the archive (needed)")
	_ = cmd.MarkFlagDirname("archive")
	cmd.PreRunE = func(cmd *cobra.Command, _ []string) error {
		if *dir == "" {
			return usage("--archive DIR is needed: the directory of the archive; see %s --help", cmd.CommandPath())
		}
		return nil
	}
	return dir
}

// A catalogFlag is a catalog by name or file.
type catalogFlag struct {
	name string
	list *schema.Schema
}

func (c *catalogFlag) Set(text string) (err error) {
	if text == "" {
		return fmt.Errorf("the name is empty; known are %s, or a JSON file", strings.Join(schema.Names, ", "))
	}
	c.name = text
	c.list, err = schema.Load(text)
	return err
}

func (c *catalogFlag) String() string { return c.name }

// Type is the word for the value in --help.
func (c *catalogFlag) Type() string { return "NAME|FILE" }

// addCatalog adds --catalog.
func addCatalog(cmd *cobra.Command, without string) *catalogFlag {
	c := &catalogFlag{}
	cmd.Flags().Var(c, "catalog", "catalog: "+strings.Join(schema.Names, ", ")+", or a JSON file of one; without it, "+without)
	return c
}

// view is the catalog that was asked for, or else the list that is held. A
// catalog of another product is an error, which says of what.
func (c *catalogFlag) view(of string, held *schema.Schema) (*schema.Schema, error) {
	if c.list == nil {
		return held, nil
	}
	if held.Product != "" && held.Product != c.list.Product {
		return nil, fmt.Errorf("%s is of %q, and the catalog %s is of %q: leave out --catalog, or name the one of that product",
			of, held.Product, c.name, c.list.Product)
	}
	known := func(m schema.Metric) bool { _, ok := held.Metric([]byte(m.Name)); return ok }
	if len(held.Metrics) > 0 && !slices.ContainsFunc(c.list.Metrics, known) {
		return nil, fmt.Errorf("%s has no metric of the catalog %s (%q), but for instance %s: leave out --catalog, or name the one of that product",
			of, c.name, c.list.Product, held.Metrics[0].Name)
	}
	return c.list, nil
}

// noArchive refuses a directory that others are to read and that is an
// archive, or lies in one.
func noArchive(flag, dir string) error {
	at, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	if real, err := filepath.EvalSymlinks(at); err == nil {
		at = real
	}
	for {
		if _, err := archive.Open(at); err == nil {
			return usage("--%s %s: %s is an archive, which holds identifiers; give another directory", flag, dir, at)
		}
		up := filepath.Dir(at)
		if up == at {
			return nil
		}
		at = up
	}
}

// addOutput adds --output.
func addOutput(cmd *cobra.Command) *string {
	return cmd.Flags().String("output", "", "file to write, whole or not at all; without it, the standard output")
}

// writeOutput lets a function write to the file at path, or to the command's
// standard output where path is empty. It says to the function which
// terminal is there.
func writeOutput(cmd *cobra.Command, path string, mode fs.FileMode, write func(io.Writer, terminal.Terminal) error) error {
	if path == "" {
		w := cmd.OutOrStdout()
		return write(w, terminal.Of(w))
	}
	if err := writeFile(path, mode, func(w io.Writer) error { return write(w, terminal.Terminal{}) }); err != nil {
		return fmt.Errorf("--output %s: %w", path, err)
	}
	return nil
}

// writeFile writes a file whole or not at all. A link stays a link, and a
// file that is there gives no reader more than before. What is no file (a pipe, a
// device) is written to as it is.
func writeFile(path string, mode fs.FileMode, write func(io.Writer) error) error {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	info, err := os.Stat(path)
	switch {
	case err == nil && info.IsDir():
		return errors.New("it is a directory; name a file in it")
	case err == nil && !info.Mode().IsRegular():
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(write(f), f.Close())
	case err == nil:
		mode &= info.Mode().Perm()
	}
	dir := filepath.Dir(path)
	switch info, err := os.Stat(dir); {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the directory %s does not exist; make it, or name a file in another one", dir)
	case err == nil && !info.IsDir():
		return fmt.Errorf("%s is not a directory; name a file in one", dir)
	}
	return named(path, atomicfile.WriteTo(path, mode, write))
}

// named says of an error of the temporary file beside path where it is.
func named(path string, err error) error {
	var of *fs.PathError
	if errors.As(err, &of) && strings.HasPrefix(filepath.Base(of.Path), atomicfile.Prefix) {
		return &fs.PathError{Op: "write in", Path: filepath.Dir(path), Err: of.Err}
	}
	return err
}

// progressOf begins to measure work, for the terminal behind w.
func progressOf(w io.Writer, verb string, size func(int64) string) *terminal.Progress {
	return terminal.NewProgress(w, terminal.Of(w), verb, size, time.Now)
}

// noArguments refuses arguments.
func noArguments(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return usage("%s takes no arguments, and got %q; see %s --help", cmd.CommandPath(), args, cmd.CommandPath())
}
