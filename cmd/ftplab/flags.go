package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"ftplab/lab"
	"ftplab/lab/analysis/report"
	"ftplab/lab/scenario"
	"ftplab/lab/traffic"
)

// oneOf lets a command take at most one of these flags.
func oneOf(c *cobra.Command, names ...string) {
	c.MarkFlagsMutuallyExclusive(names...) // so that completion offers only one
	others := c.Args
	c.Args = func(c *cobra.Command, args []string) error {
		var set []string
		for _, name := range names {
			if c.Flags().Changed(name) {
				set = append(set, "--"+name)
			}
		}
		if len(set) > 1 {
			return fmt.Errorf("%s do not go together: %s takes one of them", strings.Join(set, " and "), c.Name())
		}
		return others(c, args)
	}
}

// completes offers values of a flag to the shell.
func completes(c *cobra.Command, flag string, offer cobra.CompletionFunc) {
	if err := c.RegisterFlagCompletionFunc(flag, offer); err != nil {
		panic(err) // there is no such flag
	}
}

// values offers all that a flag can be.
func values(all ...string) cobra.CompletionFunc {
	return cobra.FixedCompletions(all, cobra.ShellCompDirectiveNoFileComp)
}

// completeProfiles offers the profiles that come with ftplab to the shell, and files.
func completeProfiles(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
	return slices.Concat(traffic.Profiles(), traffic.Programs()), cobra.ShellCompDirectiveDefault
}

// explainFlagError describes what is wrong with the flags, in the style of this command.
func explainFlagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var invalid *pflag.InvalidValueError
	var missing *pflag.ValueRequiredError
	switch {
	case errors.As(err, &unknown):
		return unknownFlag(c, unknown)
	case errors.As(err, &invalid):
		return fmt.Errorf("--%s %s: %s was expected", invalid.GetFlag().Name, cmp.Or(invalid.GetValue(), `""`), cmp.Or(expected(invalid.GetFlag()), "another value"))
	case errors.As(err, &missing):
		return fmt.Errorf("--%s: %s was expected after it", missing.GetFlag().Name, cmp.Or(expected(missing.GetFlag()), "a value"))
	}
	return err
}

// unknownFlag says which flag was perhaps meant.
func unknownFlag(c *cobra.Command, err *pflag.NotExistError) error {
	var names []string
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	flag, name := "--"+err.GetSpecifiedName(), err.GetSpecifiedName()
	short := strings.TrimSuffix(err.GetSpecifiedShortnames(), "=")
	if short != "" { // as in -parallel, perhaps
		flag, name = "-"+err.GetSpecifiedName(), short
	}
	if meant := scenario.Nearest(name, names); meant != "" && (short == "" || len(short) > 2) {
		if short != "" {
			flag = "-" + short
		}
		return fmt.Errorf("unknown flag: %s; did you mean --%s?", flag, meant)
	}
	if strings.Contains(c.Use, "[-- COMMAND") && c.ArgsLenAtDash() < 0 {
		return fmt.Errorf("unknown flag: %s; a COMMAND with flags of its own comes after --; `%s -h` lists those of %s", flag, c.CommandPath(), c.Name())
	}
	return fmt.Errorf("unknown flag: %s; `%s -h` lists them", flag, c.CommandPath())
}

// expected describes the value that a flag takes; "" if it can be any text.
func expected(f *pflag.Flag) string {
	names := map[string]string{"int": "a whole number", "uint16": "a number from 0 to 65535", "bool": "true or false", "duration": "a duration, such as 30s or 24h,",
		"uint64": "a whole number from 0", "float64": "a number", "seed": "a whole number from 1", "file": "a file", "folder": "a folder", "device": "a network device, such as eth0,", "port": "a port from 1 to 65535"}
	return names[f.Value.Type()]
}

// seedFlag adds the flag --seed, whose value is never 0.
func seedFlag(flags *pflag.FlagSet, seed *uint64, usage string) {
	*seed = lab.DefaultSeed
	flags.Var((*seedValue)(seed), "seed", usage)
}

type seedValue uint64

func (v *seedValue) String() string { return fmt.Sprint(uint64(*v)) }
func (v *seedValue) Type() string   { return "seed" }

func (v *seedValue) Set(text string) error {
	n, err := strconv.ParseUint(text, 10, 64)
	if err == nil && n == 0 {
		err = strconv.ErrRange
	}
	*v = seedValue(n)
	return err
}

// A portValue is a flag for a TCP port. It is 0 until the flag is set: the command then chooses.
type portValue uint16

func (v *portValue) String() string {
	if *v == 0 {
		return ""
	}
	return fmt.Sprint(uint16(*v))
}
func (v *portValue) Type() string { return "port" }

func (v *portValue) Set(text string) error {
	n, err := strconv.ParseUint(text, 10, 16)
	if err == nil && n == 0 {
		err = strconv.ErrRange
	}
	*v = portValue(n)
	return err
}

// notesFlag adds the flag that says how pages show their notes; see notesOf.
func notesFlag(c *cobra.Command, notes *string) {
	c.Flags().StringVar(notes, "notes", string(report.ShowNotes), "the explanations in HTML pages: shown, hidden (a click shows each) or none")
}

// notesOf is what the flag says.
func notesOf(text string) (report.Notes, error) {
	switch notes := report.Notes(text); notes {
	case report.ShowNotes, report.HideNotes, report.NoNotes:
		return notes, nil
	}
	return "", fmt.Errorf("--notes %s: shown, hidden or none was expected", text)
}

// parseTCP reads the flag that says whose TCP the hosts have; "" is auto.
func parseTCP(text string) (scenario.TCP, error) {
	switch tcp := scenario.TCP(text); tcp {
	case scenario.LinuxTCP, scenario.GVisorTCP:
		return tcp, nil
	case "auto":
		return "", nil
	}
	return "", fmt.Errorf("--tcp %s: auto, linux or gvisor was expected", text)
}

// A pathValue is a flag for the path of a file or a folder. Where a command writes a file, - is
// the standard output; anywhere else it is refused, as is no path at all.
type pathValue struct {
	path     *string
	kind     string
	standard bool // - is the standard output
}

func (v *pathValue) String() string {
	if v.path == nil { // pflag makes one, to look at the zero value
		return ""
	}
	return *v.path
}
func (v *pathValue) Type() string { return v.kind }

func (v *pathValue) Set(text string) error {
	if text == "" || text == "-" && !v.standard {
		return errors.New("no path")
	}
	*v.path = text
	return nil
}

// inputFileFlag adds a flag for a file that a command reads. It may also be the name of something
// that comes with ftplab.
func inputFileFlag(flags *pflag.FlagSet, path *string, name, value, usage string) {
	*path = value
	flags.Var(&pathValue{path, "file", false}, name, usage)
}

// outputFileFlag adds a flag for a file that a command writes.
func outputFileFlag(flags *pflag.FlagSet, path *string, name, short, value, usage string) {
	*path = value
	flags.VarP(&pathValue{path, "file", true}, name, short, usage)
}

// folderFlag adds a flag for a folder.
func folderFlag(flags *pflag.FlagSet, path *string, name, short, value, usage string) {
	*path = value
	flags.VarP(&pathValue{path, "folder", false}, name, short, usage)
}
