package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"ftplab/lab/labtest/optional"
)

// A lesson is a console block of the README: lines to type, each after a prompt.
type lesson []step

// A step of a lesson is a line that is typed when the prompt has come.
type step struct{ prompt, line string }

// prompts are the prompts of the README and how they look in a terminal: what
// depends on the user or on the shell is left open.
var prompts = []struct{ readme, terminal *regexp.Regexp }{
	{regexp.MustCompile(`^\$ `), regexp.MustCompile(`outside> $`)},
	{regexp.MustCompile(`^client# `), regexp.MustCompile(`client[^\n]*[#$] $`)},
	{regexp.MustCompile(`^ftp> `), regexp.MustCompile(`ftp> $`)},
	{regexp.MustCompile(`^Name \(server:\w+\): `), regexp.MustCompile(`Name \(server:\w+\): $`)},
	{regexp.MustCompile(`^Password: `), regexp.MustCompile(`Password: ?$`)},
}

// readLesson returns the README's console block that has a text in it.
func readLesson(t *testing.T, text string) lesson {
	t.Helper()
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```console\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	for _, block := range blocks {
		if !strings.Contains(block[1], text) {
			continue
		}
		var l lesson
		for _, line := range strings.Split(strings.TrimSpace(block[1]), "\n") {
			l = append(l, readStep(t, line))
		}
		return l
	}
	t.Fatalf("README.md has no console block with %q", text)
	return nil
}

func readStep(t *testing.T, line string) step {
	t.Helper()
	for _, p := range prompts {
		if prompt := p.readme.FindString(line); prompt != "" {
			return step{p.terminal.String(), strings.TrimPrefix(line, prompt)}
		}
	}
	t.Fatalf("README.md: %q begins with no prompt that is known", line)
	return step{}
}

// typeInto types the lesson, word for word, into a shell that waits at its prompt, and
// returns what was printed from then on. Timeout limits how long its commands may take
// before they ask for anything. The test fails at once if a command ends instead.
func (l lesson) typeInto(term *terminal, timeout time.Duration) string {
	term.t.Helper()
	var printed strings.Builder
	before, shell := soon, prompts[0].terminal.String()
	for _, s := range l {
		text := term.expect(s.prompt+"|"+shell, before)
		if !regexp.MustCompile(s.prompt).MatchString(text) {
			term.t.Fatalf("the command has ended; got\n%s\nwant %s", printed.String()+text, s.prompt)
		}
		printed.WriteString(text)
		term.enter(s.line)
		printed.WriteString(term.expect(`\n`, soon)) // its echo; of a password, the end of the line
		if before = soon; s.prompt == shell {
			before = timeout
		}
	}
	printed.WriteString(term.expect(shell, timeout))
	return printed.String()
}

// outside starts a shell in a terminal, as a reader of the README would.
func outside(t *testing.T, folder string, env ...string) *terminal {
	t.Helper()
	cmd := exec.Command(optional.Tool(t, "bash", "apt install bash"), "--norc", "--noprofile")
	cmd.Dir = folder
	cmd.Env = append(environ("SHELL", "PS1", "TERM"), "SHELL=/bin/bash", "PS1=outside> ", "TERM=dumb")
	cmd.Env = append(cmd.Env, env...)
	return startTerminal(t, cmd)
}

// TestShellLesson types the README's lesson without Docker.
func TestShellLesson(t *testing.T) {
	needCells(t)
	optional.Tool(t, "ftp", "apt install ftp")
	optional.Tool(t, "curl", "apt install curl")
	folder, bin := t.TempDir(), t.TempDir()
	self, err := os.Executable()
	if err == nil {
		err = os.Symlink(self, filepath.Join(bin, "ftplab"))
	}
	if err != nil {
		t.Fatal(err)
	}
	term := outside(t, folder, asCommand+"=1", "PATH="+bin+":"+os.Getenv("PATH"))
	readLesson(t, "ftplab shell").typeInto(term, soon)
	got := readTransfers(t, filepath.Join(folder, "results", "distance-by-hand", "capture.pcapng"))
	if want := "passive LIST 226; passive RETR 226"; got != want {
		t.Errorf("got the transfers %s, want %s", got, want)
	}
	wantWalkthrough(t, filepath.Join(folder, "results", "distance-by-hand"))
}

// wantWalkthrough fails unless a folder has the walkthrough of its capture.
func wantWalkthrough(t *testing.T, folder string) {
	t.Helper()
	page, err := os.ReadFile(filepath.Join(folder, "walkthrough.html"))
	if err != nil {
		t.Error(err)
	} else if !strings.Contains(string(page), "USER anonymous") {
		t.Errorf("%s has no login", filepath.Join(folder, "walkthrough.html"))
	}
}
