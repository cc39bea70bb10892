package main

import (
	"fmt"
	"io"
	"path/filepath"

	"github.com/spf13/cobra"

	"ftplab/lab"
)

func shellCommand() *cobra.Command {
	var results string
	c := &cobra.Command{
		Use:   "shell NAME | FILE [-- COMMAND [ARGUMENT]...]",
		Short: "Open a shell on the client's host, and record what you do",
		Long: `Shell makes the network of a scenario, starts its server, and opens your shell,
$SHELL, on the client's host. There the FTP programs of your machine are the
clients: ftp, lftp, curl, or one of your own. Every frame is recorded until the
shell ends.

In the shell you are root of that network only: tcpdump and ip work, and no other
network can be reached. $SERVER and $PORT are the server's name and its port. The
results are in results/NAME-by-hand, or in -2, -3 and so on: it never replaces
earlier recordings.

With a COMMAND, ftplab runs it instead of the shell, and judges the capture by what
the scenario wants. To use $SERVER and $PORT in it, write sh -c and single quotes, as
below. Without the quotes your own shell puts nothing in the place of the variables.

Exit status: that of the shell or of the COMMAND. If that is 0 and the capture is not as
wanted, it is 1; if that cannot be judged, 2. 2 also means that the shell could not be
opened.`,
		Example: `  ftplab shell passive_list
  client# ftp server
  client# curl ftp://server/
  client# exit

  ftplab shell mine.txtar -- curl -sS ftp://server/
  ftplab shell mine.txtar -- sh -c 'curl -sS ftp://$SERVER:$PORT/'`,
		Args: func(c *cobra.Command, args []string) error {
			if dash := c.ArgsLenAtDash(); dash >= 0 {
				args = args[:dash]
			}
			return takes(1, 1, oneScenario+"; a command comes after --")(c, args)
		},
		ValidArgsFunction: completeScenarios,
		RunE: func(c *cobra.Command, args []string) error {
			s, err := selectScenario(args[0])
			if err != nil {
				return err
			}
			ctx, stop := interruptible(c)
			defer stop()
			r, err := lab.Shell(ctx, s, results, args[1:]...)
			if err != nil {
				return err
			}
			err = printRecording(c.OutOrStdout(), r)
			if err != nil {
				hintOfQuotes(c.ErrOrStderr(), args[1:], "sh -c 'curl ftp://$SERVER:$PORT/'")
			}
			return err
		},
	}
	folderFlag(c.Flags(), &results, "output", "o", defaultResults, "the folder for the results")
	return c
}

// printRecording prints what was recorded by hand, and what is wrong with it.
func printRecording(to io.Writer, r *lab.Recording) error {
	w := &stickyWriter{to: to}
	if r.Capture == "" {
		fmt.Fprintln(w, "nothing was recorded, so there are no results")
	} else {
		printLine(w, "%s recorded: %s", counted(r.Frames, "frame", "frames"), r.Capture)
		printLine(w, "their story: %s", filepath.Join(filepath.Dir(r.Capture), "walkthrough.html"))
	}
	for _, f := range r.Failures {
		fmt.Fprintln(w, f)
	}
	if r.Incomplete != "" {
		fmt.Fprintln(w, r.Incomplete)
	}
	if r.Verdict != nil {
		fmt.Fprint(w, r.Verdict.Report())
		fmt.Fprintln(w, summary(r.Verdict))
	}
	switch {
	case r.Status != 0:
		return exitStatus(r.Status)
	case w.err != nil:
		return w.err
	case r.Incomplete != "", len(r.Failures) == 0 && r.Verdict != nil && r.Verdict.Unjudged():
		return errBroken
	case len(r.Failures) > 0 || r.Verdict != nil && !r.Verdict.Pass:
		return errFailed
	}
	return nil
}
