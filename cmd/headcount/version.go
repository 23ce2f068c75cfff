package main

import (
	"fmt"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print version, commit and Go version",
		Long: `version prints what this command was built from: the version of its module,
the commit, and the version of Go. What the build does not say is "not known".`,
		Example: `  headcount version
  headcount version | cut -d' ' -f2`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			info, _ := debug.ReadBuildInfo()
			_, err := fmt.Fprintln(cmd.OutOrStdout(), versionOf(info))
			return err
		},
	}
}

// versionOf is the line of version; info may be nil.
func versionOf(info *debug.BuildInfo) string {
	const unknown = "(not known)"
	version, commit, changed, goVersion := unknown, unknown, "", unknown
	if info != nil {
		if v := info.Main.Version; v != "" {
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
