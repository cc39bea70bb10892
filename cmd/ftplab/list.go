package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"ftplab/lab/scenario"
	"ftplab/scenarios"
)

func listCommand() *cobra.Command {
	var asJSON bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List the scenarios, in the best order to read them",
		Example: `  ftplab list
  ftplab list --json`,
		Args: takesNothing,
		RunE: func(c *cobra.Command, _ []string) error {
			if asJSON {
				return listJSON(c.OutOrStdout())
			}
			return listTable(c.OutOrStdout())
		},
	}
	c.Flags().BoolVar(&asJSON, "json", false, "print JSON, one object per line")
	return c
}

// allChapters are the course and the lessons.
func allChapters() []scenarios.Chapter { return append(scenarios.Contents(), scenarios.Lessons()) }

func listTable(w io.Writer) error {
	for i, chapter := range allChapters() {
		if i > 0 {
			fmt.Fprintln(w)
		}
		fmt.Fprintln(w, chapter.Title)
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		for _, name := range chapter.Names {
			s, err := scenarios.Load(name)
			if err != nil {
				return err
			}
			fmt.Fprintf(table, "  %s\t%s\t%s\t%s\t%s\n", name, s.Mode(), s.Network.Kind, counted(len(s.Steps), "step", "steps"), s.Title)
		}
		if err := table.Flush(); err != nil {
			return err
		}
	}
	return nil
}

// listed is a scenario as `list --json` prints it.
type listed struct {
	Name    string `json:"name"`
	Chapter string `json:"chapter"`
	Title   string `json:"title"`
	Mode    string `json:"mode"`
	Network string `json:"network"`
	Steps   int    `json:"steps"`
	Bytes   int64  `json:"bytes"` // its transfers move, about
}

func listJSON(w io.Writer) error {
	out := json.NewEncoder(w)
	for _, chapter := range allChapters() {
		for _, name := range chapter.Names {
			s, err := scenarios.Load(name)
			if err != nil {
				return err
			}
			if err := out.Encode(describe(s, chapter.Title)); err != nil {
				return err
			}
		}
	}
	return nil
}

func describe(s *scenario.Scenario, chapter string) listed {
	return listed{s.Name, chapter, s.Title, s.Mode(), string(s.Network.Kind), len(s.Steps), s.Network.Volume}
}
