// TLS keys may come from a scenario's seed: see lab/testbed/ftps. go.mod has the same
// setting, but it counts only if the command is built in this module.
//
//go:debug cryptocustomrand=1

// Command ftplab makes normal FTP happen on a private network, records every
// frame of it, and proves that what was recorded is what should have happened.
//
// Each subcommand has a file here, which reads the arguments and prints the
// result. The packages below lab do the work; `go doc ./lab` shows how they fit together.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"time"

	"github.com/spf13/cobra"

	"ftplab/lab"
	"ftplab/lab/oserror"
	"ftplab/lab/scenario"
)

// Exit statuses, the same for every subcommand.
const (
	exitPassed   = 0 // everything is as wanted
	exitFailed   = 1 // a scenario or a capture is not as wanted
	exitError    = 2 // there is no result: an error
	exitUnjudged = 3 // the capture shows nothing to judge (baseline check)
)

// Errors that only set the exit status: the command has printed everything already.
var (
	errFailed = errors.New("something is not as it should be") // exitFailed
	errBroken = errors.New("it could not be found out")        // exitError
)

// An exitStatus is an error that only sets the exit status, such as that of a program which
// replaced the client.
type exitStatus int

func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

func main() {
	os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// interruptible returns the context of a command that has something to finish when it is
// interrupted: the first signal, such as of Ctrl-C, ends the context, the second one the program.
// All other commands end with the first. The returned function restores the normal behaviour.
func interruptible(c *cobra.Command) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(c.Context(), endSignals...)
	ended := context.AfterFunc(ctx, func() {
		if c.Context().Err() == nil {
			endAtNext(c.ErrOrStderr())
		}
		stop()
	})
	return ctx, func() {
		ended()
		stop()
	}
}

// endAtNext ends the program with the next signal, and says so.
func endAtNext(stderr io.Writer) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, endSignals...)
	go func() {
		s := secondSignal(signals, time.After(sameMoment))
		printLine(stderr, "ftplab: a second signal ended the command before it had finished its results")
		endBy(s)
	}()
}

// sameMoment is how long signals count as the first one. The timeout of GNU sends its signal to the program, and
// at once to the program's group.
const sameMoment = 300 * time.Millisecond

// secondSignal returns the first signal that comes when the moment has passed.
func secondSignal(signals <-chan os.Signal, passed <-chan time.Time) os.Signal {
	for {
		select {
		case <-signals:
		case <-passed:
			return <-signals
		}
	}
}

// run is the whole command with its surroundings passed in, so that tests can call it.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	root := rootCommand()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	helpErr := watchHelp(root)
	err := root.ExecuteContext(ctx)
	err = cmp.Or(err, *helpErr)
	var status exitStatus
	switch {
	case err == nil:
		return exitPassed
	case errors.As(err, &status):
		return int(status)
	case errors.Is(err, errFailed):
		return exitFailed
	case errors.Is(err, errBroken):
		return exitError
	default:
		printError(stderr, err)
		return exitError
	}
}

// printError prints an error. Each mistake in scenarios has a line of its own, and so has each of
// several errors that were joined.
func printError(stderr io.Writer, err error) {
	if mistakes, ok := errors.AsType[scenario.Errors](err); ok {
		for _, message := range mistakes.Messages() {
			printLine(stderr, "ftplab: %s", message)
		}
		return
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		if joined := errors.Join(several.Unwrap()...); joined != nil && joined.Error() == err.Error() {
			for _, err := range several.Unwrap() {
				printError(stderr, err)
			}
			return
		}
	}
	printLine(stderr, "ftplab: %s", oserror.Text(err))
}

// printLine prints a message, which is one line whatever names and words of the user it has. Only lines
// that a tab begins, such as of a program's log, may be below it.
func printLine(w io.Writer, format string, args ...any) error {
	_, err := fmt.Fprintln(w, oserror.Lines(fmt.Sprintf(format, args...)))
	return err
}

func rootCommand() *cobra.Command {
	root := &cobra.Command{
		Use:     "ftplab",
		Short:   "Make normal FTP happen, record it, and prove what was recorded",
		Version: lab.Version,
		Long: `ftplab makes normal FTP happen on a private network, records every frame of it,
and proves that what was recorded is what should have happened.`,
		Example: `  ftplab run                       run every scenario; captures in results/
  ftplab run active_list           run one
  ftplab list                      list the scenarios
  ftplab explain capture.pcapng    explain what happened in any capture`,
		SilenceUsage:  true,
		SilenceErrors: true,

		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 {
				return unknownCommand(c, args[0])
			}
			return nil
		},
		RunE:                  func(c *cobra.Command, _ []string) error { return c.Help() },
		DisableFlagsInUseLine: true,
	}
	root.AddCommand(runCommand(), openCommand(), listCommand(), showScenarioCommand(), newCommand(), explainCommand(), articlesCommand(), baselineCommand())
	root.AddCommand(checkCommand(), deriveCommand(), conformCommand(), generateCommand(), exportCommand())
	root.AddCommand(exerciseCommand(), gradeCommand(), extcapCommand(), matrixCommand())
	root.AddCommand(shellCommand(), serveCommand(), captureCommand())
	root.AddCommand(webCommand())
	root.AddCommand(helpTopics()...)
	root.SetFlagErrorFunc(explainFlagError)
	refineHelp(root)
	refineCompletion(root)
	return root
}
