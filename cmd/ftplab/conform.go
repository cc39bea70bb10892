package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/spf13/cobra"
	"golang.org/x/tools/txtar"

	"ftplab/lab"
	"ftplab/lab/analysis/conform"
	conformance "ftplab/scenarios/conform"
)

// conformFlags are the flags of `ftplab conform`.
type conformFlags struct {
	results string
	config  string
	user    string
	tcp     string
	client  bool
	json    bool
}

func conformCommand() *cobra.Command {
	var f conformFlags
	c := &cobra.Command{
		Use:   "conform [--client] [-- COMMAND [ARGUMENT]...]",
		Short: "Test which rules of the RFCs a server or a client follows",
		Long: `Conform runs a set of scenarios with a server, and prints a table of rules from RFC 959,
1123, 2228, 2389, 2428, 3659 and 4217. For each rule, the table has the RFC and the section,
whether the server follows the rule, what the capture shows, and the scenario of that
capture. Conform judges commands, reply codes, data and their order. It judges the text of a
reply only where an RFC prescribes it.

A rule with "should" is a recommendation of its RFC. A rule about a reply code of RFC 959
is one, too: RFC 1123, 4.1.2.11, says that a server should use these codes, but may use
another one when needed.

COMMAND starts the server in the same way as the setting program of a scenario (ftplab
help scenario). Its program is looked for on $PATH, and in /usr/local/sbin, /usr/sbin and
/sbin, where Debian has servers. The server runs in its own sandbox and must listen on port
21 of every address, or of $ADDR. Its files are in /srv/ftp. The user alice must be able to
log in with the password secret; she has an account in the sandbox. --user sets another
user. With --config, $CONFIG in the COMMAND means a copy of the configuration file. Write
variables such as $CONFIG in single quotes, as below. Without the quotes your own shell puts
nothing in their place. Without a COMMAND, Conform tests the lab's own server.

With --client, COMMAND is a client. It must download the file README from the
server $SERVER, port $PORT, as user $USER with $PASSWORD, which are those of --user, and
end with status 0 if it has the file, and with another status if not. The user anonymous
may log in with any password. COMMAND runs once for each scenario, for at most 15 seconds.
A client that is still running then, that a signal ends, or that cannot be run, has reported
neither success nor failure. In each scenario the lab's server answers in a different way
that an RFC allows.

A rule is "not applicable" if it is about a feature that a server may refuse, such as
uploads, and the server refuses it; or if the session does not show whether the server
follows it. If a server does not greet, or a client does not connect, the table says so, and
the error has what the program printed. The captures are in results/conform/SCENARIO/, each
with its walkthrough.

Exit status: 0 all applicable rules are followed, 1 a rule is not followed, 2 the test
could not run, or a client did not connect.`,
		Example: `  ftplab conform
  ftplab conform -- proftpd
  ftplab conform --config vsftpd.conf -- vsftpd '$CONFIG'
  ftplab conform --client -- curl -sS -o README 'ftp://$SERVER/README'
  ftplab conform --json -- python3 -m pyftpdlib -p 21 -w -u alice -P secret -d /srv/ftp`,
		Args: f.takesCommand,
		RunE: func(c *cobra.Command, args []string) error {
			config, err := readConfig(f.config) // before signals wait for the end of a run: the file may be a named pipe
			if err != nil {
				return err
			}
			ctx, stop := interruptible(c)
			defer stop()
			found, err := f.run(ctx, args, config)
			if found == nil {
				return err
			}
			printed := f.print(c.OutOrStdout(), found)
			if err != nil || printed != nil {
				hintOfQuotes(c.ErrOrStderr(), args, "'ftp://$SERVER/README'")
			}
			if err != nil && printed == errFailed {
				printError(c.ErrOrStderr(), err)
			}
			return cmp.Or(printed, err)
		},
	}
	flags := c.Flags()
	folderFlag(flags, &f.results, "output", "o", "results/conform", "the folder for the results")
	inputFileFlag(flags, &f.config, "config", "", "a configuration file; $CONFIG in the COMMAND is the path of a copy")
	flags.StringVar(&f.user, "user", "alice:secret", "who may log in: NAME:PASSWORD")
	flags.StringVar(&f.tcp, "tcp", "auto", "the TCP implementation of the hosts: auto, linux or gvisor")
	completes(c, "tcp", values("auto", "linux", "gvisor"))
	flags.BoolVar(&f.client, "client", false, "COMMAND is a client, not a server")
	flags.BoolVar(&f.json, "json", false, "print the results as JSON")
	return c
}

// namesConfig finds the variable for a copy of the configuration file.
var namesConfig = regexp.MustCompile(`\$(CONFIG\b|\{CONFIG\})`)

// takesCommand requires that the arguments are a command after --, or none for a server.
func (f *conformFlags) takesCommand(c *cobra.Command, args []string) error {
	if len(args) > 0 && c.ArgsLenAtDash() != 0 {
		return fmt.Errorf("the command comes after --, such as: ftplab conform -- %s", lab.CommandLine(args...))
	}
	if len(args) == 0 && !f.client && f.config != "" {
		return errors.New("--config is the configuration of the server that a COMMAND starts, and there is none; write it after --")
	}
	if f.client && f.config != "" {
		return errors.New("--config is the configuration of a server, and --client tests a client; leave one of the two out")
	}
	if f.config != "" && !slices.ContainsFunc(args, namesConfig.MatchString) {
		return errors.New("--config: the COMMAND does not use the file, as it has no $CONFIG; write '$CONFIG' in single quotes where its path belongs")
	}
	if f.client && len(args) == 0 {
		return errors.New("the client's command is missing, such as: ftplab conform --client -- curl -sS -o README 'ftp://$SERVER/README'")
	}
	return nil
}

// run tests the server or the client that the command starts.
func (f *conformFlags) run(ctx context.Context, command []string, config string) ([]conform.Result, error) {
	tcp, err := parseTCP(f.tcp)
	if err != nil {
		return nil, err
	}
	o := lab.Options{Results: f.results, TCP: tcp}
	name, password, _ := strings.Cut(f.user, ":")
	if name == "" || password == "" || strings.ContainsFunc(f.user, unicode.IsControl) {
		return nil, fmt.Errorf("--user %q: NAME:PASSWORD was expected, such as alice:secret or anonymous:me@mypc.test", f.user)
	}
	program := conformance.Program{Command: command, Config: config, User: name, Password: password}
	if f.client {
		return lab.ConformClient(ctx, program, o)
	}
	return lab.Conform(ctx, program, o)
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
	archive := txtar.Parse(text)
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return "", fmt.Errorf("--config %s: this file is empty; a configuration of the server was expected", name)
	case len(archive.Files) > 0:
		line := 1 + bytes.Count(archive.Comment, []byte("\n"))
		return "", fmt.Errorf("%s:%d: this line would begin a section of a scenario; change or remove it", name, line)
	}
	return string(text), nil
}

// print prints the table; its error says that a rule is not kept.
func (f *conformFlags) print(w io.Writer, found []conform.Result) error {
	var err error
	if f.json {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		err = encoder.Encode(found)
	} else {
		err = conform.WriteTable(w, found)
	}
	if err == nil && conform.Count(found, conform.Breaks) > 0 {
		err = errFailed
	}
	return err
}
