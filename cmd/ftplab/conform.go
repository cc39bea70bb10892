package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"ftplab/lab"
	"ftplab/lab/analysis/conform"
	conformance "ftplab/scenarios/conform"
)

func conformCommand() *cobra.Command {
	var results, user, tcp, config string
	var asJSON, client bool
	c := &cobra.Command{
		Use:   "conform [--client] [-- COMMAND [ARGUMENT]...]",
		Short: "Say which rules of the RFCs a server or a client keeps",
		Long: `Conform runs a set of scenarios with a server, and prints a table: of each rule
of RFC 959, 1123, 2389, 2428, 3659 and 4217 whether the server keeps it, what was
seen, and in which capture. It judges by commands, reply codes, data and their
order, and not by the wording of replies.

COMMAND starts the server, as the setting program of a scenario does (ftplab help
scenario): it listens on port 21, in a sandbox of its own, and its files are in
/srv/ftp. It must let the user alice in, with the password secret, who is an
account of the sandbox; --user names another. With --config, $CONFIG stands for a
copy of a configuration file. Without a COMMAND the lab's own server is tried.

With --client, COMMAND is a client. It must download the file README from the
server $SERVER, at port $PORT, as user $USER with $PASSWORD, and end with status 0
if it has it, and with another if not. It runs once for each scenario, in which the
lab's server answers in a way that an RFC allows.

A rule is "not applicable" where it is about what a server may lack or refuse,
such as an upload. The captures are in results/conform/SCENARIO/, each with its
walkthrough.

Exit status: 0 all rules are kept that apply, 1 one is not, 2 it could not be
found out.`,
		Example: `  ftplab conform
  ftplab conform -- proftpd
  ftplab conform --config vsftpd.conf -- vsftpd '$CONFIG'
  ftplab conform --client -- curl -sS -o README 'ftp://$SERVER/README'
  ftplab conform --json -- python3 -m pyftpdlib -p 21 -w -u alice -P secret -d /srv/ftp`,
		Args: func(c *cobra.Command, args []string) error {
			if len(args) > 0 && c.ArgsLenAtDash() != 0 {
				return fmt.Errorf("the command comes behind --, such as: ftplab conform -- %s", strings.Join(args, " "))
			}
			if client && len(args) == 0 {
				return errors.New("the client's command is missing, such as: ftplab conform --client -- curl -sS -o README 'ftp://$SERVER/README'")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error {
			ctx, stop := interruptible(c)
			defer stop()
			whose, err := parseTCP(tcp)
			if err != nil {
				return err
			}
			o := lab.Options{Results: results, TCP: whose}
			if client {
				found, err := lab.ConformClient(ctx, args, o)
				if err != nil {
					return err
				}
				return printConformance(c, found, asJSON)
			}
			name, password, _ := strings.Cut(user, ":")
			text, err := readConfig(config)
			if err != nil {
				return err
			}
			found, err := lab.Conform(ctx, conformance.Program{Command: args, Config: text, User: name, Password: password}, o)
			if err != nil {
				return err
			}
			return printConformance(c, found, asJSON)
		},
	}
	flags := c.Flags()
	flags.StringVarP(&results, "output", "o", "results/conform", "the folder for the results")
	flags.StringVar(&config, "config", "", "a configuration file, for which $CONFIG stands in the COMMAND")
	flags.StringVar(&user, "user", "alice:secret", "who may log in: NAME:PASSWORD")
	flags.StringVar(&tcp, "tcp", "auto", "whose TCP the hosts have: auto, linux or gvisor")
	flags.BoolVar(&client, "client", false, "COMMAND is a client, and not a server")
	flags.BoolVar(&asJSON, "json", false, "print the results as JSON")
	return c
}

// readConfig reads a configuration file; "" is none.
func readConfig(name string) (string, error) {
	if name == "" {
		return "", nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return "", fmt.Errorf("cannot read the configuration: %w", err)
	}
	return string(text), nil
}

// printConformance prints the table; its error says that a rule is not kept.
func printConformance(c *cobra.Command, found []conform.Result, asJSON bool) error {
	var err error
	if asJSON {
		encoder := json.NewEncoder(c.OutOrStdout())
		encoder.SetIndent("", "  ")
		err = encoder.Encode(found)
	} else {
		err = conform.WriteTable(c.OutOrStdout(), found)
	}
	if err == nil && conform.Count(found, conform.Breaks) > 0 {
		err = errFailed
	}
	return err
}
