package byhand

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/runner"
)

// A Shell is a shell on a host of a cell. It is sent to the cell as JSON.
//
// The shell runs as root of the cell's network only; files keep their owners, and
// there is no sandbox: the programs in it are the user's own. The hostname, which
// most prompts show, is that of the host, and the shell's programs see an /etc/hosts
// with the names of the scenario's hosts.
type Shell struct {
	Command []string // a path, and arguments
	Env     []string // as of os.Environ
	Dir     string
	Hosts   string // lines in front of the machine's own /etc/hosts
	Welcome string // printed before it starts
}

// A Terminal is the input and the outputs of a shell. They need not be a
// terminal.
type Terminal struct{ In, Out, Err *os.File }

// NewShell returns the user's shell, $SHELL, for the client's host of a scenario;
// or if there is a command, that program with its arguments.
func NewShell(s *scenario.Scenario, command []string) (*Shell, error) {
	what, greeting := command, ""
	if len(command) == 0 {
		what, greeting = []string{cmp.Or(os.Getenv("SHELL"), "/bin/sh")}, welcome(s)
	}
	path, err := exec.LookPath(what[0])
	if err != nil && len(command) == 0 {
		return nil, fmt.Errorf("your shell, $SHELL, cannot be started: %w", err)
	}
	if err != nil && len(command) == 1 && strings.ContainsRune(command[0], ' ') {
		return nil, fmt.Errorf("%q is one word, and no program has this name; leave out the quotes around the command and its arguments", command[0])
	}
	if err != nil {
		return nil, fmt.Errorf("%q cannot be started: %w", what[0], err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	sh := &Shell{Command: append([]string{path}, what[1:]...), Env: os.Environ(), Dir: dir, Hosts: hosts(s), Welcome: greeting}
	sh.Env = append(sh.Env, "SERVER=server", fmt.Sprintf("PORT=%d", s.Server.Port)) // as for the step run
	hasPrompt := func(v string) bool { return strings.HasPrefix(v, "PS1=") }
	if !slices.ContainsFunc(sh.Env, hasPrompt) {
		sh.Env = append(sh.Env, "PS1=client# ") // for shells that set no prompt
	}
	return sh, nil
}

// Client returns a runner.Client that runs the shell and sets its exit status.
func (sh *Shell) Client(t Terminal, status *int) runner.Client {
	return func(ctx context.Context, e *runner.Environment) (_ []runner.Failure, err error) {
		*status, err = sh.run(ctx, e, t)
		return nil, err
	}
}

// hosts returns the lines of a hosts file for the scenario's names.
func hosts(s *scenario.Scenario) string {
	var b strings.Builder
	b.WriteString(runner.HostNames(s, "client"))
	for _, n := range s.Names {
		fmt.Fprintf(&b, "%s\t%s\n", n.Addr, n.Name)
	}
	return b.String()
}

// clients are the FTP programs to look for on this machine, the classic one
// first.
var clients = []string{"ftp", "tnftp", "inetutils-ftp", "lftp", "ncftp", "curl", "wget"}

// welcome describes the network, the server, and the FTP programs on this
// machine.
func welcome(s *scenario.Scenario) string {
	client, _ := s.Host("client")
	server, _ := s.Host("server")
	var b strings.Builder
	if s.Network.Kind == scenario.Loopback {
		fmt.Fprintf(&b, "You are on the network of %s: loopback, with its server and nothing else.\n", s.Name)
	} else {
		fmt.Fprintf(&b, "You are on host client, %s, of the network of %s. No other network can be reached.\n", client.Addr, s.Name)
	}
	port := ""
	if s.Server.Port != 21 {
		port = fmt.Sprintf(" %d", s.Server.Port)
	}
	fmt.Fprintf(&b, "\tftp server%s\tits FTP server, %s%s\n", port, server.Addr, logins(s))
	var found []string
	for _, name := range clients {
		if _, err := exec.LookPath(name); err == nil {
			found = append(found, name)
		}
	}
	if found == nil {
		found = []string{"none found; install one, such as curl or lftp"}
	}
	fmt.Fprintf(&b, "\tFTP programs:\t%s\n", strings.Join(found, ", "))
	b.WriteString("Every frame is recorded until you leave, with: exit\n")
	return b.String()
}

// logins lists the users that may log in. Whether a server that is a program takes others, too,
// is its own affair.
func logins(s *scenario.Scenario) string {
	names := []string{}
	anonymous := len(s.Server.Program) == 0
	for _, u := range s.Server.Users {
		names = append(names, fmt.Sprintf("%s with password %s", u.Name, u.Password))
		anonymous = anonymous && u.Name != "anonymous"
	}
	if anonymous {
		names = append(names, "anonymous with any password")
	}
	if len(names) == 0 {
		return ""
	}
	return "; log in as " + strings.Join(names, ", or ")
}
