package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"ftplab/lab"
	"ftplab/lab/extcap"
)

// extcapFlags are the flags of `ftplab extcap`. All but install are those that Wireshark
// gives.
type extcapFlags struct {
	install                               bool
	interfaces, linkTypes, config, record bool
	fifo, scenario, file, pace, filter    string
	seed                                  uint64
}

func extcapCommand() *cobra.Command {
	var f extcapFlags
	c := &cobra.Command{
		Use:   "extcap --install",
		Short: "Make the lab an interface of Wireshark",
		Long: `Extcap --install adds an interface "FTP lab" to Wireshark and tshark, for this user.
Start a capture on it, choose a scenario, and its packets come as from a network, with
the names of the hosts and the comments of the walkthrough. The file that it adds is
printed; remove that file to remove the interface.

Wireshark starts "ftplab extcap" with flags of its own.`,
		Example: `  ftplab extcap --install
  tshark -i ftplab -o extcap.ftplab.scenario:distance`,
		Args: takesNothing,
		RunE: func(c *cobra.Command, _ []string) error { return serveWireshark(c, f) },
	}
	flags := c.Flags()
	flags.BoolVar(&f.install, "install", false, "add the interface to this user's Wireshark")
	flags.BoolVar(&f.interfaces, "extcap-interfaces", false, "")
	flags.BoolVar(&f.linkTypes, "extcap-dlts", false, "")
	flags.BoolVar(&f.config, "extcap-config", false, "")
	flags.BoolVar(&f.record, "capture", false, "")
	flags.StringVar(&f.fifo, "fifo", "", "")
	flags.StringVar(&f.scenario, "scenario", "active_list", "")
	flags.StringVar(&f.file, "file", "", "")
	flags.StringVar(&f.pace, "pace", string(extcap.AsItHappened), "")
	flags.Uint64Var(&f.seed, "seed", lab.DefaultSeed, "")
	flags.StringVar(&f.filter, "extcap-capture-filter", "", "")
	for _, unused := range []string{"extcap-interface", "extcap-version"} {
		flags.String(unused, "", "")
	}
	for _, name := range []string{"extcap-interfaces", "extcap-dlts", "extcap-config", "capture", "fifo", "scenario", "file", "pace", "seed", "extcap-interface", "extcap-version", "extcap-capture-filter"} {
		flags.MarkHidden(name)
		oneOf(c, "install", name)
	}
	return c
}

// serveWireshark does what Wireshark, or the user, asks for.
func serveWireshark(c *cobra.Command, f extcapFlags) error {
	out := c.OutOrStdout()
	switch {
	case f.install:
		path, err := extcap.Install()
		if err == nil {
			printLine(out, "%s is written. Next: start Wireshark, and a capture on the interface \"FTP lab\"", path)
		}
		return err
	case f.interfaces:
		return extcap.Interfaces(out)
	case f.linkTypes:
		return extcap.LinkTypes(out)
	case f.config:
		return extcap.Settings(out, extcapChoices())
	case f.record:
		return captureForWireshark(c, f)
	case f.filter != "": // Wireshark asks what is wrong with it
		_, err := fmt.Fprintln(out, noFilter)
		return err
	}
	return errors.New("extcap --install adds the lab to Wireshark; the other flags are for Wireshark only")
}

// noFilter says why a capture filter is refused.
const noFilter = "the interface of ftplab has no capture filters: leave the filter out, and use a display filter, such as tcp.port == 20"

func extcapChoices() []extcap.Choice {
	var choices []extcap.Choice
	for _, chapter := range allChapters() {
		for _, name := range chapter.Names {
			if s, err := selectScenario(name); err == nil {
				choices = append(choices, extcap.Choice{Group: chapter.Title, Name: name, Title: s.Title})
			}
		}
	}
	return choices
}

func captureForWireshark(c *cobra.Command, f extcapFlags) error {
	pace := extcap.Pace(f.pace)
	if pace != extcap.AsItHappened && pace != extcap.AtOnce {
		return fmt.Errorf("--pace %s: %s or %s was expected", f.pace, extcap.AsItHappened, extcap.AtOnce)
	}
	if f.filter != "" {
		return errors.New("--extcap-capture-filter: " + noFilter)
	}
	name := f.scenario
	if f.file != "" {
		name = f.file
	}
	s, err := selectScenario(name)
	if err != nil {
		return err
	}
	if info, err := os.Stat(f.fifo); err == nil && info.Mode().IsRegular() {
		return fmt.Errorf("--fifo %s: this is a file; Wireshark gives a pipe, and `ftplab run -w FILE` writes a file", f.fifo)
	}
	pipe, err := os.OpenFile(f.fifo, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer pipe.Close()
	ctx, stop := interruptible(c)
	defer stop()
	return extcap.Capture(ctx, s, pipe, pace, f.seed)
}
