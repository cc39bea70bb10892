package main

import (
	"github.com/spf13/cobra"

	"ftplab/lab/analysis/baseline/alike"
	"ftplab/lab/analysis/baseline/profile"
)

func compareCommand() *cobra.Command {
	var keyLog string
	c := &cobra.Command{
		Use:   "compare CAPTURE | PROFILE  CAPTURE | PROFILE",
		Short: "Say how alike two captures or profiles are",
		Long: `Compare tests whether two captures, or two profiles, may be of the same
traffic. A profile is a file whose name ends in .json, or the name of a profile that comes
with ftplab (ftplab help generate).

Compare tests each quantity that 'baseline learn' learns: numbers with the two-sample
Kolmogorov-Smirnov test, words with the chi-square test. The values of one session depend
on each other, so each value of a long session counts for less (Kish's design effect).
Some of many tests fail by chance; Holm's correction allows for that.

Exit status: 0 if none differs, 1 if one does, 2 if they could not be compared.`,
		Example: `  ftplab baseline compare mine.json corpus/part-00000.pcapng
  ftplab baseline compare monday.pcapng tuesday.pcapng
  ftplab baseline compare office monday.pcapng`,
		Args: takes(2, 2, "two captures or profiles"),
		RunE: func(c *cobra.Command, args []string) error {
			var profiles [2]*profile.Profile
			for i, name := range args {
				p, err := learnAll([]string{name}, keyLog, c.InOrStdin(), c.ErrOrStderr())
				if err != nil {
					return err
				}
				profiles[i] = p
			}
			same, err := alike.Write(c.OutOrStdout(), alike.Compare(profiles[0], profiles[1]))
			if err == nil && !same {
				return errFailed
			}
			return err
		},
	}
	keyLogFlag(c, &keyLog)
	return c
}
