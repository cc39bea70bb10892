package main

import (
	_ "embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"ftplab/lab"
	"ftplab/lab/oserror"
	"ftplab/lab/scenario"
)

// newScenario is a small scenario with a comment on each part.
//
//go:embed new.txtar
var newScenario []byte

func newCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "new FILE",
		Short: "Write a first scenario of your own",
		Long: `New writes a small scenario to a file, with a comment on each of its parts. You can
run it without changes. New never overwrites a file.`,
		Example: `  ftplab new mine.txtar
  ftplab run mine.txtar`,
		Args: takes(1, 1, "one file, such as mine.txtar"),
		RunE: func(c *cobra.Command, args []string) error {
			name := args[0]
			if base := filepath.Base(name); base == "." || base == ".." || os.IsPathSeparator(name[len(name)-1]) {
				return fmt.Errorf("new takes a file, and %s is a folder; write %s, for example", name, filepath.Join(name, "mine"+scenario.Extension))
			}
			if strings.HasPrefix(name, "-") { // otherwise it is a flag to the next command
				name = "./" + name
			}
			given := name
			if !strings.HasSuffix(name, scenario.Extension) {
				name += scenario.Extension
			}
			if _, err := scenario.Parse(name, newScenario); err != nil { // only its name can be wrong
				return err
			}
			if ext := filepath.Ext(given); ext != scenario.Extension && otherKind.MatchString(ext) {
				return fmt.Errorf("%s: the name of a scenario's file ends in %s; write %s", given, scenario.Extension, strings.TrimSuffix(strings.TrimSuffix(given, ext), scenario.Extension)+scenario.Extension)
			}
			if err := writeNew(name, newScenario); err != nil {
				return err
			}
			return printLine(c.OutOrStdout(), "%s is written. Next: %s", name, lab.CommandLine("ftplab", "run", name))
		},
	}
}

// otherKind matches what seems to be the extension of another kind of file, such as .txt, and not a part
// of a name, as in v1.2.
var otherKind = regexp.MustCompile(`^\.[A-Za-z]`)

// writeNew writes a file that must not exist yet.
func writeNew(name string, data []byte) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if _, noFile := os.Stat(name); errors.Is(err, fs.ErrExist) && noFile == nil {
		return fmt.Errorf("%s exists; choose another name", name)
	}
	if err != nil {
		return oserror.Named(err, name, name)
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Close()); err != nil {
		os.Remove(name) // as it is, it would only be in the way
	}
	return err
}
