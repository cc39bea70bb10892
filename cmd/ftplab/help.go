package main

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"ftplab/lab"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/measure"
	"ftplab/lab/analysis/question"
	"ftplab/lab/scenario"
)

// helpTopics are the manuals that `ftplab help TOPIC` prints. Each belongs to the
// package that owns the notation.
func helpTopics() []*cobra.Command {
	return []*cobra.Command{
		scenarioTopic(),
		topic("tcp", "The two TCPs that a scenario can run on, and how they differ", text(lab.TCPManual)),
		topic("want", "How a scenario describes what the capture should show, packet by packet", text(expect.Manual)),
		topic("figures", "How a scenario describes what should be measured", text(measure.Manual)),
		topic("questions", "How a scenario asks a reader what its capture shows", text(question.Manual)),
	}
}

// topic makes a help topic: a command that cannot be run.
func topic(name, short string, text func() string) *cobra.Command {
	c := &cobra.Command{Use: name, Short: short}
	c.SetHelpFunc(func(c *cobra.Command, _ []string) {
		fmt.Fprint(c.OutOrStdout(), text())
	})
	return c
}

// watchHelp keeps the first error of printing help, which package cobra ignores.
func watchHelp(root *cobra.Command) *error {
	failed := new(error)
	watch := func(c *cobra.Command) {
		help := c.HelpFunc()
		c.SetHelpFunc(func(c *cobra.Command, args []string) {
			out := &stickyWriter{to: c.OutOrStdout()}
			c.SetOut(out)
			help(c, args)
			*failed = cmp.Or(*failed, out.err)
		})
	}
	var watchTopics func(*cobra.Command)
	watchTopics = func(c *cobra.Command) {
		for _, below := range c.Commands() {
			watchTopics(below)
			if below.IsAdditionalHelpTopicCommand() { // the others print theirs as root does
				watch(below)
			}
		}
	}
	watchTopics(root)
	watch(root)
	return failed
}

// text is a manual that is a constant.
func text(manual string) func() string { return func() string { return manual } }

// scenarioTopic is the manual of scenarios. Below it each setting and step is a
// topic of its own.
func scenarioTopic() *cobra.Command {
	c := topic("scenario", "How a scenario is written: settings, steps and files", scenario.Manual)
	for _, word := range scenario.Words() {
		c.AddCommand(topic(word, "", func() string {
			entry, _ := scenario.ManualOf(word)
			return entry
		}))
	}
	return c
}

// refineCompletion makes `completion WORD` fail if there is no such shell. Its output becomes a file
// that the user's shell executes.
func refineCompletion(root *cobra.Command) {
	root.InitDefaultCompletionCmd()
	completion, _, _ := root.Find([]string{"completion"})
	completion.Args = func(c *cobra.Command, args []string) error {
		if len(args) > 0 {
			return unknownCommand(c, args[0])
		}
		return errors.New("completion takes one of the shells bash, fish, powershell and zsh")
	}
	completion.RunE = func(*cobra.Command, []string) error { return nil }
}

// refineHelp makes `help WORD` fail if there is no such command or topic, and makes
// the shell complete topics too.
func refineHelp(root *cobra.Command) {
	root.InitDefaultHelpCmd()
	help, _, _ := root.Find([]string{"help"})
	help.Args = func(_ *cobra.Command, args []string) error {
		if found, rest, _ := root.Find(args); len(rest) > 0 {
			return unknownCommand(found, rest[0])
		}
		return nil
	}
	help.ValidArgsFunction = func(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
		var names []string
		if found, rest, err := root.Find(args); err == nil && len(rest) == 0 {
			for _, c := range found.Commands() {
				names = append(names, cobra.CompletionWithDesc(c.Name(), c.Short))
			}
		}
		return names, cobra.ShellCompDirectiveNoFileComp
	}
}
