package main

import (
	"os"

	"github.com/spf13/cobra"

	"ftplab/lab"
	"ftplab/scenarios"
	"ftplab/scenarios/articles"
)

func articlesCommand() *cobra.Command {
	var o lab.Options
	c := &cobra.Command{
		Use:   "articles",
		Short: "Reproduce the two articles and print their figures beside ours",
		Long: `Articles runs the sessions of the two articles that this lab started from, and
prints a table in Markdown: each figure of the articles, the same figure in our
capture, and whether the two agree.`,
		Example: `  ftplab articles > results/gallery/articles.md`,
		Args:    takesNothing,
		RunE: func(c *cobra.Command, _ []string) error {
			if o.Results == "" {
				folder, err := os.MkdirTemp("", "ftplab-articles-")
				if err != nil {
					return err
				}
				defer os.RemoveAll(folder)
				o.Results, o.Removed = folder, true
			}
			ctx, stop := interruptible(c)
			defer stop()
			failed, err := articles.Write(ctx, c.OutOrStdout(), o, scenarios.Load)
			if err == nil && failed > 0 {
				err = errFailed
			}
			return err
		},
	}
	folderFlag(c.Flags(), &o.Results, "output", "o", "", "keep the captures in this folder")
	return c
}
