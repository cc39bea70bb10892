package lab

import (
	"os/exec"
	"testing"

	"ftplab/lab/labtest/optional"
	"ftplab/lab/scenario"
)

// TestCommandLine has a shell read words with all that it could interpret.
func TestCommandLine(t *testing.T) {
	optional.Tool(t, "sh", "install a POSIX shell")
	for _, word := range []string{"", "my first.txtar", "it's", "$(id)`id`", "a&b;c|d", "*?[a]", "~", "#x", "a\nb", `\"`, "!x", "{a,b}", "<>", "ü", "é.txtar"} {
		got, err := exec.Command("sh", "-c", CommandLine("printf", "%s", word)).Output()
		if err != nil || string(got) != word {
			t.Errorf("got %q, %v, want %q", got, err, word)
		}
	}
	if got, want := CommandLine("ftplab", "run", "--seed", "7", "/tmp/a-b_c/é.txtar", "x.txtar"), "ftplab run --seed 7 '/tmp/a-b_c/é.txtar' x.txtar"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestCommandsInCaptures has the commands that a capture or a page gives to make it again.
func TestCommandsInCaptures(t *testing.T) {
	for file, want := range map[string]string{
		"scenarios/active_list.txtar": "ftplab run --tcp gvisor --seed 7 active_list",
		"my tests/it's.txtar":         `ftplab run --tcp gvisor --seed 7 'my tests/it'\''s.txtar'`,
		"-o.txtar":                    "ftplab run --tcp gvisor --seed 7 ./-o.txtar",
	} {
		s := &scenario.Scenario{File: file, Name: scenario.NameOf(file)}
		if got := runCommand(s, scenario.GVisorTCP, 7); got != want {
			t.Errorf("%s: got %s, want %s", file, got, want)
		}
	}
}
