package main

import (
	"github.com/spf13/cobra"
)

func showScenarioCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "show NAME",
		Short: "Print a scenario",
		Long: `Show prints the source of a scenario that comes with ftplab. To change it, print it
to a file of your own and run that.`,
		Example: `  ftplab show active_list
  ftplab show active_list > mine.txtar`,
		Args:              takesScenario,
		ValidArgsFunction: completeScenarios,
		RunE: func(c *cobra.Command, args []string) error {
			choose := selectOne
			if comesWithFtplab(args[0]) { // also if there is a file of that name here
				choose = loadNamed
			}
			list, err := choose(args[0])
			s, err := theOne(args[0], list, err)
			if err != nil {
				return err
			}
			_, err = c.OutOrStdout().Write(s.Source)
			return err
		},
	}
}
