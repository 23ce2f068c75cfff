package main

import (
	"strings"

	"github.com/spf13/cobra"
)

// addCompletion adds cobra's completion command, with our words for what is
// wrong.
func addCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	c, _, err := root.Find([]string{"completion"})
	if err != nil || c == root {
		return
	}
	var shells []string
	for _, shell := range c.Commands() {
		shells = append(shells, shell.Name())
		shell.Args = noArguments
	}
	c.Short = "Print the completion script of a shell"
	c.Long = `completion prints a script that lets a shell complete commands, flags and
their values. headcount completion SHELL --help says where it goes.`
	c.Example = `  source <(headcount completion bash)
  headcount completion zsh > "${fpath[1]}/_headcount"`
	c.Args = cobra.ArbitraryArgs
	c.RunE = func(_ *cobra.Command, args []string) error {
		return usage("completion needs one of %s, and got %q", strings.Join(shells, ", "), strings.Join(args, " "))
	}
}

// addHelp adds the command help, which knows wrong usage.
func addHelp(root *cobra.Command) {
	root.SetHelpCommand(&cobra.Command{
		Use:   "help [COMMAND]",
		Short: "Print the help of a command",
		Long:  `help prints what --help prints.`,
		Example: `  headcount help
  headcount help report`,
		RunE: func(_ *cobra.Command, args []string) error {
			c, rest, err := root.Find(args)
			if err != nil {
				return err
			}
			if len(rest) > 0 {
				return noSuchCommand(root, rest)
			}
			c.InitDefaultHelpFlag()
			return c.Help()
		},
	})
	root.InitDefaultHelpCmd()
}
