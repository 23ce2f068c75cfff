package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"headcount.example/cmd/headcount/internal/datasheet"
	"headcount.example/cmd/headcount/internal/export"
	"headcount.example/cmd/headcount/internal/schema"
)

const datasheetLong = `datasheet renders one page about a catalog for those who check it: what each
metric is for, its labels, the identifier, who gets the reports, and where each
field goes and for how long it is kept.

With --earlier, the catalogs of earlier notices, it says since which notice a
metric is counted.`

const datasheetExample = `  headcount datasheet --catalog compreface
  headcount datasheet --catalog usage/catalog.json --format html > datasheet.html
  headcount datasheet --catalog catalog-2.json --earlier catalog-1.json`

func datasheetCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:     "datasheet --catalog NAME|FILE",
		Short:   "Render the page about a catalog for those who check it",
		Long:    datasheetLong,
		Example: datasheetExample,
		Args:    noArguments,
	}
	name := cmd.Flags().String("catalog", "", "name of a shipped catalog, or the file of its JSON (required)")
	earlier := cmd.Flags().StringArray("earlier", nil, "file of the JSON of an earlier notice; can be repeated")
	format := addFormat(cmd, "markdown", "html", "json")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if *name == "" {
			return usage("--catalog is missing: name a shipped one, or the file that catalog.JSON rendered")
		}
		list, err := schema.Load(*name)
		if err != nil {
			return err
		}
		var before []*schema.Schema
		for _, file := range *earlier {
			e, err := schema.Load(file)
			if err != nil {
				return err
			}
			before = append(before, e)
		}
		sheet, err := datasheet.New(list, before)
		if err != nil {
			return fmt.Errorf("catalog %s: %w", *name, err)
		}
		render := sheet.Markdown
		switch format.value {
		case "json":
			return export.Indented(cmd.OutOrStdout(), sheet)
		case "html":
			render = sheet.HTML
		}
		page, err := render()
		if err == nil {
			_, err = cmd.OutOrStdout().Write(page)
		}
		return err
	}
	return cmd
}
