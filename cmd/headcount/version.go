package main

import (
	"cmp"
	_ "embed"
	"fmt"
	"io"
	"runtime/debug"

	"github.com/spf13/cobra"
)

//go:embed licences.txt
var licences string // scripts/licences writes it

// release is the version that scripts/release builds; empty elsewhere.
var release string

func versionCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print version, commit and Go version",
		Long: `version prints what this command was built from: the version of its module,
the commit, and the version of Go. What the build does not say is "not known".
With --licences it prints the licences of all code in it.`,
		Example: `  headcount version
  headcount version | cut -d' ' -f2
  headcount version --licences | less`,
		Args: noArguments,
	}
	all := cmd.Flags().Bool("licences", false, "print the licences of the code in this command")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *all {
			_, err := io.WriteString(cmd.OutOrStdout(), licences)
			return err
		}
		info, _ := debug.ReadBuildInfo()
		_, err := fmt.Fprintln(cmd.OutOrStdout(), versionOf(info))
		return err
	}
	return cmd
}

// versionOf is the line of version; info may be nil.
func versionOf(info *debug.BuildInfo) string {
	const unknown = "(not known)"
	version, commit, changed, goVersion := unknown, unknown, "", unknown
	if info != nil {
		if v := cmp.Or(release, info.Main.Version); v != "" {
			version = v
		}
		if info.GoVersion != "" {
			goVersion = info.GoVersion
		}
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision" && s.Value != "":
				commit = s.Value
			case s.Key == "vcs.modified" && s.Value == "true":
				changed = " and changes"
			}
		}
	}
	return fmt.Sprintf("headcount %s, commit %s%s, %s", version, commit, changed, goVersion)
}
