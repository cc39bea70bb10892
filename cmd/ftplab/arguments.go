package main

import (
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"ftplab/lab"
	"ftplab/lab/scenario"
)

// takes requires between least and most arguments, none of which is empty; a most of -1 allows
// any number. what describes them in the message.
func takes(least, most int, what string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		name := strings.TrimPrefix(c.CommandPath(), "ftplab ")
		switch {
		case len(args) < least || most >= 0 && len(args) > most:
			return fmt.Errorf("%s takes %s", name, what)
		case slices.Contains(args, ""):
			return fmt.Errorf(`"" is empty; %s takes %s`, name, what)
		}
		return nil
	}
}

// What most commands take.
var (
	takesNothing  = takes(0, 0, "no arguments")
	takesCapture  = takes(1, 1, "one capture; - is the standard input")
	takesScenario = takes(1, 1, oneScenario)
)

// hintOfQuotes says that the user's own shell has perhaps replaced a variable of a COMMAND, such as $SERVER, by
// nothing, if an argument looks so: it is empty, or has a URL without a host. right is how the variable is written.
func hintOfQuotes(stderr io.Writer, command []string, right string) {
	for _, word := range command {
		_, host, isURL := strings.Cut(word, "://")
		if word == "" || isURL && (host == "" || strings.ContainsAny(host[:1], "/:@")) {
			printLine(stderr, "ftplab: the argument %q: your own shell has perhaps replaced a variable by nothing; single quotes prevent that: %s", word, right)
			return
		}
	}
}

const oneScenario = "one scenario; `ftplab list` lists them, or give the path of a file of your own"

// unknownCommand returns the error for a word that is not a subcommand of c.
func unknownCommand(c *cobra.Command, word string) error {
	c.SuggestionsMinimumDistance = 2
	meant := c.SuggestionsFor(word)
	for _, topic := range c.Commands() { // of help, which are not commands
		if topic.IsAdditionalHelpTopicCommand() && scenario.Nearest(word, []string{topic.Name()}) != "" {
			meant = append(meant, topic.Name())
		}
	}
	if len(meant) == 0 || word == "" { // each command begins with the empty word
		return fmt.Errorf("unknown command %q; `%s -h` lists them", word, c.CommandPath())
	}
	return fmt.Errorf("unknown command %q; did you mean %s?", word, strings.Join(meant, " or "))
}

// source is the capture of that name; - is the standard input. Warnings about it go to
// stderr. KeyLog is the value of keyLogFlag.
func source(name, keyLog string, stdin io.Reader, stderr io.Writer) lab.Source {
	src := lab.File(name)
	if name == "-" {
		src = lab.Reader(inMessages(name), stdin)
	}
	src.KeyLog = keyLog
	src.Warn = func(sentence string) { printLine(stderr, "ftplab: %s", sentence) }
	return src
}

// inMessages is how messages call the capture of that name.
func inMessages(name string) string {
	if name == "-" {
		return "standard input"
	}
	return name
}

// keyLogFlag adds the flag that names a file with the keys of TLS sessions.
func keyLogFlag(c *cobra.Command, file *string) {
	inputFileFlag(c.Flags(), file, "keylog", "", "a file with the keys of TLS sessions (SSLKEYLOGFILE), in addition to those in the capture")
}

// spareMemory bounds the memory for reading a capture: near 64 MiB more than the size of the
// file, the garbage collector runs more often. Below that it runs less often than usual, which
// saves a tenth of the time. The returned function ends that.
func spareMemory(capture string) (end func()) {
	info, err := os.Stat(capture)
	if err != nil || !info.Mode().IsRegular() {
		return func() {}
	}
	const program = 40 << 20 // of the program itself, and a reserve: the limit includes neither
	limit := debug.SetMemoryLimit(-1)
	debug.SetMemoryLimit(min(limit, info.Size()+64<<20-program))
	percent := debug.SetGCPercent(400)
	return func() {
		debug.SetMemoryLimit(limit)
		debug.SetGCPercent(percent)
	}
}
