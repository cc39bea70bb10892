package main

import (
	"fmt"
	"ftplab/lab/analysis/capture"
	"io"
	"os"
	"runtime/debug"
	"strings"

	"github.com/spf13/cobra"
)

// takes asks for at least and at most so many arguments, which what says in
// words; a most of -1 is any number.
func takes(least, most int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) < least || most >= 0 && len(args) > most {
			return fmt.Errorf("%s takes %s", strings.TrimPrefix(c.CommandPath(), "ftplab "), what)
		}
		return nil
	}
}

// What most commands take.
var (
	takesNothing  = takes(0, 0, "no arguments")
	takesCapture  = takes(1, 1, "one capture; - is the standard input")
	takesScenario = takes(1, 1, "one scenario; `ftplab list` shows those there are, and a path names a file of your own")
)

// unknownCommand is the error of a word that is none of the commands below c.
func unknownCommand(c *cobra.Command, word string) error {
	c.SuggestionsMinimumDistance = 2
	meant := c.SuggestionsFor(word)
	if len(meant) == 0 || word == "" { // which is the beginning of any
		return fmt.Errorf("unknown command %q; `%s -h` shows those there are", word, c.CommandPath())
	}
	return fmt.Errorf("unknown command %q; did you mean %s?", word, strings.Join(meant, " or "))
}

// openCapture opens the capture of that name; - is the standard input. It has to be
// closed.
func openCapture(name string, stdin io.Reader, opts capture.Options) (*capture.Capture, error) {
	if name == "-" {
		c, err := capture.Read(stdin, opts)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", called(name), err)
		}
		return c, nil
	}
	if info, err := os.Stat(name); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder; a capture file was expected", name)
	}
	return capture.Open(name, opts)
}

// spareMemory makes the collector work harder, until the function it returns is called, the
// nearer the program comes to 64 MiB more than the size of the capture it reads.
func spareMemory(capture string) (end func()) {
	const program = 32 << 20 // what the program itself is, and some to spare: the limit knows of neither
	limit := debug.SetMemoryLimit(-1)
	if info, err := os.Stat(capture); err == nil && info.Mode().IsRegular() {
		debug.SetMemoryLimit(min(limit, info.Size()+64<<20-program))
	}
	return func() { debug.SetMemoryLimit(limit) }
}

// called is how messages call a capture.
func called(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// warnCut says that a capture does not go on to the end of its file.
func warnCut(stderr io.Writer, name, cut string) {
	if cut != "" {
		fmt.Fprintf(stderr, "ftplab: %s: %s; what comes before it is complete\n", called(name), cut)
	}
}
