package main

import (
	"os"

	"github.com/spf13/cobra"

	"ftplab/scenarios"
	"ftplab/scenarios/articles"
)

func articlesCommand() *cobra.Command {
	var results string
	c := &cobra.Command{
		Use:   "articles",
		Short: "Reproduce the two articles and print their figures beside ours",
		Long: `Articles runs the sessions of the two articles that this lab started from, and
prints a table in Markdown: each figure of the articles, the same figure in our
capture, and whether the two agree.`,
		Example: `  ftplab articles > results/gallery/articles.md`,
		Args:    takesNothing,
		RunE: func(c *cobra.Command, _ []string) error {
			if results == "" {
				folder, err := os.MkdirTemp("", "ftplab-articles-")
				if err != nil {
					return err
				}
				defer os.RemoveAll(folder)
				results = folder
			}
			ctx, stop := interruptible(c)
			defer stop()
			failed, err := articles.Write(ctx, c.OutOrStdout(), results, scenarios.Load)
			if err == nil && failed > 0 {
				err = errFailed
			}
			return err
		},
	}
	folderFlag(c.Flags(), &results, "output", "o", "", "keep the captures in this folder")
	return c
}
