package runner

import (
	"errors"
	"fmt"
	"maps"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/sandbox"
)

// mostFile is the largest size of a file that a program writes, in bytes, in addition
// to twice the size of the scenario's files. So no program can fill the disk.
const mostFile = 1 << 30

// sandboxOf returns the sandbox of a program. In it the program sees its files in a
// folder, the folder of the scenario itself, and the names of the hosts.
func sandboxOf(s *scenario.Scenario, host, program, folder string) sandbox.Sandbox {
	box := sandbox.Sandbox{Program: program, Files: folder, Host: host, Hosts: "127.0.0.1\tlocalhost\n" + HostNames(s, host)}
	box.MostFile = mostFile + 2*s.Network.Volume
	if s.Network.IPv6 {
		box.Hosts = "::1\tlocalhost\n" + box.Hosts
	}
	if path, err := filepath.EvalSymlinks(program); err == nil {
		box.Program = path
	}
	if own, visible := folderOf(s); visible {
		box.Readable = []string{own}
	}
	if len(s.Names) > 0 {
		nameserver, _ := s.Host("nameserver")
		box.NameServer = nameserver.Addr
	}
	return box
}

// folderOf returns the folder of the scenario's file, without symbolic links, and whether
// a program in a sandbox sees it.
func folderOf(s *scenario.Scenario) (folder string, visible bool) {
	folder, err := filepath.Abs(filepath.Dir(s.File))
	if err != nil {
		return filepath.Dir(s.File), false
	}
	real, err := filepath.EvalSymlinks(folder)
	if err != nil {
		return folder, false
	}
	return real, sandbox.Readable(real)
}

// serverBox returns the sandbox of a scenario's server.
func serverBox(s *scenario.Scenario, host network.Host, program, folder string) sandbox.Sandbox {
	box := sandboxOf(s, host.Name(), program, folder)
	dir, _ := folderOf(s)
	values := map[string]string{
		"DIR": dir, "FILES": sandbox.Folder, "CONFIG": "/etc/" + scenario.ConfigFile, "ADDR": host.Addr().String(), "PORT": fmt.Sprint(s.Server.Port),
	}
	box.Args = arguments(s.Server.Program, program, values)
	for _, u := range s.Server.Users {
		box.Accounts = append(box.Accounts, sandbox.Account{Name: u.Name, Password: u.Password})
	}
	box.Etc = map[string]string{}
	for _, f := range s.Server.Etc {
		if !f.Folder() {
			box.Etc[f.Path] = expand(string(f.Content), values)
		}
	}
	return box
}

// arguments returns the words of a command, with variables replaced by their values. If
// the command is a path, the first word is the absolute path of the program, because
// programs use it to find files next to them and to start themselves again.
func arguments(command []string, program string, values map[string]string) []string {
	args := expandAll(command, values)
	if strings.ContainsRune(args[0], filepath.Separator) {
		args[0] = program
	}
	return args
}

// start starts a program in its sandbox on a host. If the system allows no sandbox, the
// program runs without one, and the note says what that means. A program that needs the
// sandbox's own files then cannot run.
func start(box sandbox.Sandbox, host network.Host) (cmd *exec.Cmd, note string, err error) {
	cmd, err = box.Start(host.Start)
	refusal := sandbox.Refusal{}
	if !errors.As(err, &refusal) {
		return cmd, "", err
	}
	if len(box.Etc) > 0 {
		return nil, "", fmt.Errorf("%w, and the scenario has files for its /etc, such as %s", refusal, slices.Sorted(maps.Keys(box.Etc))[0])
	}
	for i, word := range box.Args {
		box.Args[i] = strings.ReplaceAll(word, sandbox.Folder, box.Files)
	}
	cmd, err = box.StartUnconfined(host.Start)
	return cmd, fmt.Sprintf("%s ran with the machine's own files, and could change them: %v", box.Program, refusal), err
}

// hidden says which files a program does not see in its sandbox, if it is neither
// installed nor in the scenario's folder. That may be why it fails.
func hidden(box sandbox.Sandbox) string {
	inFolder := func(folder string) bool { return strings.HasPrefix(box.Program, folder+"/") }
	if sandbox.Installed(box.Program) || slices.ContainsFunc(box.Readable, inFolder) {
		return ""
	}
	text := "its sandbox hides the other files in " + filepath.Dir(box.Program)
	if len(box.Readable) > 0 {
		text += ", but not those in " + strings.Join(box.Readable, " and ")
	}
	return fmt.Sprintf("; (%s)", text)
}
