package main

import (
	"fmt"
	"go/doc/comment"
	"go/parser"
	"go/token"

	"github.com/spf13/cobra"

	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/measure"
	"ftplab/lab/scenario"
)

// helpTopics are the manuals that `ftplab help TOPIC` prints. Each is the doc
// comment of the package that owns the notation, so there is one text of it.
func helpTopics() []*cobra.Command {
	return []*cobra.Command{
		topic("scenario", "How a scenario is written: settings, steps and files", scenario.Manual),
		topic("want", "How a scenario says what should be seen, packet by packet", expect.Manual),
		topic("figures", "How a scenario says what should be measured", measure.Manual),
	}
}

// topic makes a help topic from a package's source: a command that cannot be run.
func topic(name, short, source string) *cobra.Command {
	c := &cobra.Command{Use: name, Short: short}
	c.SetHelpFunc(func(c *cobra.Command, _ []string) {
		fmt.Fprint(c.OutOrStdout(), docText(source))
	})
	return c
}

// refuseUnknownTopics lets `help WORD` fail if there is no such command or topic.
func refuseUnknownTopics(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help, _, _ := root.Find([]string{"help"})
	help.Args = func(_ *cobra.Command, args []string) error {
		if found, rest, _ := root.Find(args); len(rest) > 0 {
			return unknownCommand(found, rest[0])
		}
		return nil
	}
}

// docText is the package comment of a Go file, as `go doc` prints it.
func docText(source string) string {
	file, err := parser.ParseFile(token.NewFileSet(), "doc.go", source, parser.ParseComments|parser.PackageClauseOnly)
	if err != nil {
		panic(err) // it is part of this program
	}
	var p comment.Parser
	printer := comment.Printer{TextWidth: 80, TextCodePrefix: "    "}
	return string(printer.Text(p.Parse(file.Doc.Text())))
}
