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
// Its user is root there, of that network alone; files keep their owners. The
// machine is called by its host's name, which most prompts show, and an /etc/hosts
// that only the shell's programs see has the names of the scenario's hosts.
type Shell struct {
	Command []string // a path, and arguments
	Env     []string // as of os.Environ
	Dir     string
	Hosts   string // lines in front of the machine's own /etc/hosts
	Welcome string // printed before it starts
}

// A Terminal is what a shell reads from and writes to. It need not be a terminal.
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
	if err != nil {
		return nil, fmt.Errorf("%s cannot be started: %w", what[0], err)
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, err
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	sh := &Shell{Command: append([]string{path}, what[1:]...), Env: os.Environ(), Dir: dir, Hosts: hosts(s), Welcome: greeting}
	hasPrompt := func(v string) bool { return strings.HasPrefix(v, "PS1=") }
	if !slices.ContainsFunc(sh.Env, hasPrompt) {
		sh.Env = append(sh.Env, "PS1=client# ") // of shells that have no other
	}
	return sh, nil
}

// Client is the shell in the client's place. It sets the shell's exit status.
func (sh *Shell) Client(t Terminal, status *int) runner.Client {
	return func(ctx context.Context, e *runner.Environment) (_ []runner.Failure, err error) {
		*status, err = sh.Run(ctx, e.Host("client"), t)
		return nil, err
	}
}

// hosts are the lines of a hosts file for the scenario's names.
func hosts(s *scenario.Scenario) string {
	var b strings.Builder
	for _, h := range s.Network.Hosts {
		fmt.Fprintf(&b, "%s\t%s\n", h.Addr, h.Name)
	}
	for _, n := range s.Names {
		fmt.Fprintf(&b, "%s\t%s\n", n.Addr, n.Name)
	}
	return b.String()
}

// clients are FTP programs that a machine may have, the classic one first.
var clients = []string{"ftp", "tnftp", "inetutils-ftp", "lftp", "ncftp", "curl", "wget"}

// welcome says where one is and what there is to do.
func welcome(s *scenario.Scenario) string {
	client, _ := s.Host("client")
	server, _ := s.Host("server")
	var b strings.Builder
	if s.Network.Kind == scenario.Loopback {
		fmt.Fprintf(&b, "You are on the network of %s: loopback, nothing but its server is here.\n", s.Name)
	} else {
		fmt.Fprintf(&b, "You are on host client, %s, of the network of %s. Nothing else can be reached from here.\n", client.Addr, s.Name)
	}
	port := ""
	if s.Server.Port != 21 {
		port = fmt.Sprintf(" %d", s.Server.Port)
	}
	fmt.Fprintf(&b, "\tftp server%s\tits FTP server, %s; log in as %s\n", port, server.Addr, logins(s))
	var found []string
	for _, name := range clients {
		if _, err := exec.LookPath(name); err == nil {
			found = append(found, name)
		}
	}
	if found == nil {
		found = []string{"none was found; install one, such as curl or lftp"}
	}
	fmt.Fprintf(&b, "\tFTP programs:\t%s\n", strings.Join(found, ", "))
	b.WriteString("Every frame is recorded until you leave, with: exit\n")
	return b.String()
}

// logins names who may log in.
func logins(s *scenario.Scenario) string {
	names := []string{}
	anonymous := true
	for _, u := range s.Server.Users {
		names = append(names, fmt.Sprintf("%s with password %s", u.Name, u.Password))
		anonymous = anonymous && u.Name != "anonymous"
	}
	if anonymous {
		names = append(names, "anonymous with any password")
	}
	return strings.Join(names, ", or ")
}
