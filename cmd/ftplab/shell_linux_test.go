package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/labtest/optional"
)

// soon is a generous limit for what takes an instant on an idle machine.
const soon = time.Minute

// runShell runs a script in the shell of a scenario.
func runShell(t *testing.T, folder, scenario, script string) (stdout, stderr string) {
	t.Helper()
	cmd := command(folder, "/bin/sh", "shell", scenario)
	var out, errOut bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(script), &out, &errOut
	if err := cmd.Run(); err != nil {
		t.Fatalf("%v\n%s%s", err, out.String(), errOut.String())
	}
	return out.String(), errOut.String()
}

// TestShellProgram opens a shell beside a server that is a program. Its files and
// its log are with the results.
func TestShellProgram(t *testing.T) {
	needCells(t)
	python := optional.Tool(t, "python3", "apt install python3")
	folder := t.TempDir()
	const server = `-- files/server.py --
import socket
l = socket.create_server(("", 21))
print("ready", flush=True)
while True:
    c, _ = l.accept()
    c.sendall(b"220 Hello.\r\n"); c.recv(99); c.sendall(b"221 Goodbye.\r\n"); c.close()
`
	source := "# Other\n# x\nprogram python3 server.py\nopen\nquit\n" + server
	if err := os.WriteFile(filepath.Join(folder, "other.txtar"), []byte(source), 0o644); err != nil {
		t.Fatal(err)
	}
	runShell(t, folder, "other.txtar", python+` -c 'import socket; c = socket.create_connection(("server", 21)); print(c.recv(99))'`)
	log, err := os.ReadFile(filepath.Join(folder, "results", "other-by-hand", "server.log"))
	if err != nil || string(log) != "ready\n" {
		t.Errorf("got the log %q, error %v, want ready", log, err)
	}
	inIndex(t, folder, `<a href="other-by-hand/server.log">`)
	page, err := os.ReadFile(filepath.Join(folder, "results", "other-by-hand", "walkthrough.html"))
	if err != nil || !strings.Contains(string(page), `<a href="server.log">`) {
		t.Errorf("got a walkthrough without a link to the log, error %v", err)
	}
	for name, outcome := range map[string]string{"walkthrough.html": `">recorded</span>`, "walkthrough.md": "**recorded**"} {
		page, err := os.ReadFile(filepath.Join(folder, "results", "other-by-hand", name))
		if err != nil || !strings.Contains(string(page), outcome) {
			t.Errorf("got %s without the outcome %s, error %v", name, outcome, err)
		}
	}
}

// TestShellPlace asks for the host, the names and the devices that the shell shows.
func TestShellPlace(t *testing.T) {
	needCells(t)
	mine, err := os.ReadFile("/etc/hosts")
	if err != nil {
		t.Fatal(err)
	}
	const script = `
		cat /proc/sys/kernel/hostname
		while read address name; do test "$name" = server && echo "$address is $name"; done < /etc/hosts
		cat /proc/net/dev
	`
	for scenario, want := range map[string][]string{
		"passive_list":   {"client\n", "127.0.0.1 is server\n", " lo:"},
		"ipv6_epsv_list": {"client\n", "::1 is server\n", " lo:"},
		"distance":       {"client\n", "192.0.2.21 is server\n", " eth0:"},
	} {
		out, errOut := runShell(t, t.TempDir(), scenario, script)
		for _, w := range want {
			if !strings.Contains(out, w) {
				t.Errorf("%s: got\n%s%s\nwant %q in it", scenario, out, errOut, w)
			}
		}
		if errOut != "" {
			t.Errorf("%s: got stderr %q, want silence", scenario, errOut)
		}
	}
	if now, _ := os.ReadFile("/etc/hosts"); !bytes.Equal(now, mine) {
		t.Errorf("/etc/hosts was changed outside: got %q, want %q", now, mine)
	}
	if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "ftplab-hosts-*")); left != nil {
		t.Errorf("got files %v left, want none", left)
	}
}

// TestShellRecords uses curl as the client.
func TestShellRecords(t *testing.T) {
	needCells(t)
	optional.Tool(t, "curl", "apt install curl")
	for _, scenario := range []string{"passive_list", "distance"} {
		t.Run(scenario, func(t *testing.T) {
			folder := t.TempDir()
			out, _ := runShell(t, folder, scenario, "curl -sS ftp://server/README\ncurl -sS -P - ftp://server/\n")
			if !strings.Contains(out, "Welcome to the lab.") {
				t.Errorf("got\n%s\nwant the file in it", out)
			}
			path := filepath.Join("results", scenario+"-by-hand", "capture.pcapng")
			if !strings.Contains(out, path) {
				t.Errorf("got\n%s\nwant %s in it", out, path)
			}
			got := readTransfers(t, filepath.Join(folder, path))
			if want := "passive RETR 226; active LIST 226"; got != want {
				t.Errorf("got the transfers %s, want %s", got, want)
			}
		})
	}
}

// readTransfers are the transfers of a capture, in words.
func readTransfers(t *testing.T, path string) string {
	t.Helper()
	tr, err := capture.Open(path, capture.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var transfers []string
	for c := range tr.Connections() {
		if c.Role == ftp.Data && c.Transfer != nil {
			transfers = append(transfers, fmt.Sprintf("%s %s %d", c.Mode, c.Transfer.Command, c.Transfer.Reply))
		}
	}
	return strings.Join(transfers, "; ")
}

// TestShellCommand runs a command instead of the shell: its exit status is that of ftplab,
// and the capture is judged by the scenario.
func TestShellCommand(t *testing.T) {
	needCells(t)
	curl := optional.Tool(t, "curl", "apt install curl")
	wants := "# x\n# y\nopen\nlogin anonymous\nquit\n-- files/README --\nhello\n-- want --\n" +
		"ctl  client.* > server.21\ndata  client.* > server.*\n\nctl  ...\nctl  client > server  \"RETR %s\"\nctl  ...\ndata  ...\n"
	for _, test := range []struct {
		name, file string
		command    []string
		status     int
		says       string
	}{
		{"passed", "README", []string{curl, "-sS", "ftp://server/README"}, exitPassed, ": passed: "},
		{"by its variables", "README", []string{"sh", "-c", curl + " -sS ftp://$SERVER:$PORT/README"}, exitPassed, ": passed: "},
		{"failed", "OTHER", []string{curl, "-sS", "ftp://server/README"}, exitFailed, "want.txtar:13: ctl: "},
		{"another session than that of the steps", "OTHER", []string{curl, "-sS", "ftp://server/README"}, exitFailed, "\nnote: the scenario says what its own steps should send"},
		{"nothing done", "README", []string{"true"}, exitFailed, "says what should be seen, and nothing was"},
		{"a variable that is gone", "README", []string{"sh", "-c", curl + " -sS ftp://:/README; " + curl + " -sS ftp://server/README; exit 7"}, 7, "single quotes prevent that: sh -c 'curl ftp://$SERVER:$PORT/'\n"},
		{"a status of its own", "README", []string{"sh", "-c", "exit 7"}, 7, "says what should be seen, and nothing was"},
	} {
		t.Run(test.name, func(t *testing.T) {
			folder := t.TempDir()
			file := write(t, "want.txtar", fmt.Sprintf(wants, test.file))
			cmd := command(folder, "/bin/sh", append([]string{"shell", "-o", "new/results", file, "--"}, test.command...)...)
			out, err := cmd.CombinedOutput()
			if got := cmd.ProcessState.ExitCode(); got != test.status || !strings.Contains(string(out), test.says) {
				t.Errorf("got status %d, error %v and\n%s\nwant %d and %q in it", got, err, out, test.status, test.says)
			}
			left, _ := filepath.Glob(filepath.Join(folder, "*"))
			if none := strings.HasSuffix(test.says, "nothing was"); none != (len(left) == 0) {
				t.Errorf("got %v left", left)
			}
		})
	}
}

// TestCaptureOfNothing records a device on which nothing happens: in a shell, whose network has nobody else. Nothing is
// left.
func TestCaptureOfNothing(t *testing.T) {
	needCells(t)
	folder := t.TempDir()
	self := command(folder, "").Path
	cmd := command(folder, "/bin/sh", "shell", "passive_list", "--", "sh", "-c",
		`"$0" capture -o new lo >log & while ! grep -q recording log; do sleep 0.01; done; kill -TERM $!; wait $!; cat log`, self)
	out, _ := cmd.CombinedOutput() // it fails, as the scenario wants packets
	if strings.Count(string(out), "nothing was recorded, so there are no results\n") != 2 {
		t.Errorf("got\n%s\nwant that neither the shell nor capture has results", out)
	}
	if left, _ := filepath.Glob(filepath.Join(folder, "*")); len(left) != 1 || filepath.Base(left[0]) != "log" {
		t.Errorf("got %q left, want the log alone", left)
	}
}

// TestShellNeedsLinux refuses a scenario that asks for another TCP.
func TestShellNeedsLinux(t *testing.T) {
	file := write(t, "other.txtar", "# x\nnetwork wire tcp=gvisor\nopen\nquit\n")
	_, stderr, status := judged(t, "shell", "-o", t.TempDir(), file, "--", "true")
	if want := "programs in a shell use the kernel's sockets, and so need Linux's TCP"; status != exitError || !strings.Contains(stderr, want) {
		t.Errorf("got status %d and %q, want %d and %q", status, stderr, exitError, want)
	}
}

// inIndex fails unless the index of the results in a folder has a text.
func inIndex(t *testing.T, folder, text string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(folder, "results", "index.html"))
	if err != nil || !strings.Contains(string(page), text) {
		t.Errorf("got an index without %q, error %v", text, err)
	}
}

// TestShellKeepsEarlier opens the shell twice: the first recording is not replaced, and both
// are in the index.
func TestShellKeepsEarlier(t *testing.T) {
	needCells(t)
	optional.Tool(t, "curl", "apt install curl")
	folder := t.TempDir()
	for range 2 {
		runShell(t, folder, "passive_list", "curl -sS ftp://server/README\n")
	}
	for _, name := range []string{"passive_list-by-hand", "passive_list-by-hand-2"} {
		frames(t, filepath.Join(folder, "results", name, "capture.pcapng"))
		inIndex(t, folder, `<a href="`+name+`/walkthrough.html">`)
	}
	inIndex(t, folder, "<h1>0 passed, 0 failed, 2 recorded</h1>")
}

// TestShellTerminal uses the terminal as people do.
func TestShellTerminal(t *testing.T) {
	needCells(t)
	bash := optional.Tool(t, "bash", "apt install bash")
	for _, scenario := range []string{"passive_list", "distance"} {
		t.Run(scenario, func(t *testing.T) {
			outer := exec.Command(bash, "--norc", "--noprofile")
			inner := command(t.TempDir(), bash, "shell", scenario)
			outer.Dir, outer.Env = inner.Dir, append(inner.Env, "PS1=outside> ")
			term := startTerminal(t, outer)

			term.expect("outside> $", soon)
			term.enter(strings.Join(inner.Args, " "))
			const prompt = `client[^\n]*[#$] $`
			term.expect(prompt, soon)
			term.enter("stty size")
			term.expect("33 111", soon)
			term.expect(prompt, soon)

			term.enter("sleep 1000") // Ctrl-C ends the program, not the shell, not the lab
			term.expect("sleep 1000", soon)
			term.awaitForeground("sleep")
			term.press(controlC)
			term.expect(prompt, soon)

			term.enter("sleep 1000") // job control
			term.expect("sleep 1000", soon)
			term.awaitForeground("sleep")
			term.press(controlZ)
			term.expect(`Stopped +sleep 1000`, soon)
			term.expect(prompt, soon)
			term.enter("fg")
			term.awaitForeground("sleep")
			term.press(controlC)
			term.expect(prompt, soon)

			term.enter("stty -echo raw; exit") // leaves the terminal in disorder
			term.expect("nothing was recorded", soon)
			term.expect("outside> $", soon)
			term.enter("stty -a; echo status $?")
			if got := term.expect("status 0", soon); !strings.Contains(got, " echo ") || !strings.Contains(got, " icanon ") {
				t.Errorf("got\n%s\nwant a terminal as before: echo, icanon", got)
			}
			term.expect("outside> $", soon)
			term.enter("exit")
		})
	}
}

// TestShellHangup closes the terminal under the shell.
func TestShellHangup(t *testing.T) {
	needCells(t)
	optional.Tool(t, "curl", "apt install curl")
	folder := t.TempDir()
	term := startTerminal(t, command(folder, "/bin/sh", "shell", "passive_list"))
	term.expect(`client# $`, soon)
	term.enter("curl -sS ftp://server/README && sleep 1000")
	term.expect("Welcome to the lab", soon)
	term.master.Close()
	term.cmd.Wait()
	frames(t, filepath.Join(folder, "results", "passive_list-by-hand", "capture.pcapng"))
	inIndex(t, folder, `<a href="passive_list-by-hand/walkthrough.html">`)
}

// TestShellEndedBeforeAnything ends the command from outside when nothing has been
// recorded. Nothing is left then, as after a shell that ends by itself: the end of a
// terminal ends both, and either may be first.
func TestShellEndedBeforeAnything(t *testing.T) {
	if testing.Short() {
		t.Skip("waits a second for a shell that does not end; run without -short")
	}
	needCells(t)
	folder := t.TempDir()
	cmd := command(folder, "/bin/sh", "shell", "passive_list")
	cmd.Stdin = strings.NewReader("trap '' HUP TERM INT\necho here > here\nwhile :; do sleep 1; done\n")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, filepath.Join(folder, "here"), "here")
	cmd.Process.Signal(syscall.SIGTERM)
	cmd.Wait()
	if left, _ := filepath.Glob(filepath.Join(folder, "results", "*")); len(left) > 0 {
		t.Errorf("got %q left, want nothing", left)
	}
}

// TestShellTerminated ends the command while its shell runs something that does
// not want to end. Nothing of it is left. What was recorded has a page, which says how it ended.
func TestShellTerminated(t *testing.T) {
	needCells(t)
	optional.Tool(t, "curl", "apt install curl")
	folder := t.TempDir()
	cmd := command(folder, "/bin/sh", "shell", "passive_list")
	cmd.Stdin = strings.NewReader("trap '' HUP TERM INT\ncurl -sS ftp://server/README\necho here > here\nwhile :; do sleep 1; done\n")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	waitFor(t, filepath.Join(folder, "here"), "here")
	cmd.Process.Signal(syscall.SIGTERM)
	cmd.Wait()
	frames(t, filepath.Join(folder, "results", "passive_list-by-hand", "capture.pcapng"))
	inIndex(t, folder, `<a href="passive_list-by-hand/walkthrough.html">`)
	inIndex(t, folder, "passive_list.txtar: terminated signal received")
	page, err := os.ReadFile(filepath.Join(folder, "results", "passive_list-by-hand", "walkthrough.html"))
	if err != nil || !bytes.Contains(page, []byte("passive_list.txtar: terminated signal received")) {
		t.Errorf("got error %v, want a page that says which signal ended the shell", err)
	}
}

func TestShellBadInput(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name, shell string
		args        []string
		want        string
	}{
		{"no scenario", "/bin/sh", nil, "ftplab: shell takes one scenario; `ftplab list` lists them"},
		{"unknown", "/bin/sh", []string{"no_such"}, `ftplab: there is no scenario "no_such"`},
		{"several", "/bin/sh", []string{"*_list"}, `scenarios, and one was expected`},
		{"no shell", "/no/such/shell", []string{"passive_list"}, "ftplab: your shell, $SHELL, cannot be started: "},
		{"results", "/bin/sh", []string{"-o", filepath.Join(file, "results"), "passive_list"}, "ftplab: cannot make a folder for the results: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			cmd := command(t.TempDir(), test.shell, append([]string{"shell"}, test.args...)...)
			out, err := cmd.CombinedOutput()
			if status := cmd.ProcessState.ExitCode(); status != exitError {
				t.Errorf("got status %d (%v), want %d", status, err, exitError)
			}
			if !strings.Contains(string(out), test.want) || bytes.Count(out, []byte("\n")) != 1 {
				t.Errorf("got %q, want one line with %q", out, test.want)
			}
		})
	}
}

// TestLogOfAServerThatEnds starts a server that ends at once. The message names a log, which stays;
// there is no capture without a frame beside it.
func TestLogOfAServerThatEnds(t *testing.T) {
	needCells(t)
	server := write(t, "ends.txtar", "# Ends\nprogram sh -c \"echo no configuration >&2; exit 3\"\nopen\nquit\n")
	for _, args := range [][]string{{"shell", server, "--", "true"}, {"run", server}} {
		results := filepath.Join(t.TempDir(), "results")
		status, _, errOut := ftplab(t.Context(), append([]string{args[0], "-o", results}, args[1:]...)...)
		if status != exitError || strings.Contains(errOut, "what was recorded") {
			t.Errorf("%s: got status %d and %q, want %d and nothing about a capture", args[0], status, errOut, exitError)
		}
		_, log, _ := strings.Cut(errOut, "its log, ")
		log, _, _ = strings.Cut(log, ": ")
		if text, err := os.ReadFile(log); string(text) != "no configuration\n" {
			t.Errorf("%s: got %q and %v in the log that %q names", args[0], text, err, errOut)
		}
		if _, err := os.Stat(filepath.Join(filepath.Dir(log), "capture.pcapng")); !os.IsNotExist(err) {
			t.Errorf("%s: got %v, want no capture", args[0], err)
		}
	}
}
