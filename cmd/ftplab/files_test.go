package main

import (
	"os"
	"strings"
	"testing"
)

// TestFilesOfAnotherKind gives commands files that are there, and are not what was expected.
func TestFilesOfAnotherKind(t *testing.T) {
	t.Chdir(t.TempDir())
	for name, text := range map[string]string{"empty": "", "blank": "\n \n", "section": "a=b\n-- want --\n", "file": "hello\n"} {
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir("folder", 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nowhere", "broken"); err != nil {
		t.Skip(err)
	}
	if _, err := os.Stat("/dev/zero"); err != nil {
		t.Skip(err)
	}
	if err := os.WriteFile("large", []byte("\x0a\x0d\x0d\x0a"), 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate("large", 1<<40); err != nil { // the file takes no space on the disk
		t.Skip(err)
	}
	for _, test := range []struct{ args, want string }{
		{"conform --config empty -- x $CONFIG", "--config empty: this file is empty; a configuration of the server was expected"},
		{"conform --config blank -- x $CONFIG", "--config blank: this file is empty; a configuration of the server was expected"},
		{"conform --config section -- x $CONFIG", "section:2: this line would begin a section of a scenario; change or remove it"},
		{"conform --config folder -- x $CONFIG", "cannot read the configuration: folder is a folder; a file was expected"},
		{"conform --config file -- x $CONFIGS", "--config: the COMMAND does not use the file, as it has no $CONFIG; write '$CONFIG' in single quotes where its path belongs"},
		{"conform --config file", "--config is the configuration of the server that a COMMAND starts, and there is none; write it after --"},
		{"show /dev/zero", "/dev/zero:1: a scenario file has at most 16777216 bytes, and this one has more: use `file PATH SIZE` to generate large files"},
		{"check large c", "large:1: the file is a capture; a scenario was expected, which is a text"},
		{"baseline check --suppress large c", "large is a capture, and a text was expected"},
		{"baseline check --suppress folder c", "folder is a folder; a file was expected"},
		{"baseline check --normal folder c", "folder is a folder; a file was expected"},
		{"baseline show folder", "folder is a folder; a file was expected"},
		{"generate --sessions 3 --profile broken", "broken is a symbolic link to nowhere, which does not exist; remove the link or correct it"},
		{"check --keylog file active_list c", "file:1: it has 1 word; a line is LABEL CLIENT_RANDOM SECRET; a line of a key log was expected, such as CLIENT_RANDOM, 64 hexadecimal digits and the secret"},
		{"explain --live= c", `--live "": a network device, such as eth0, was expected`},
		{"matrix -o file", "-o: file is a file, or a part of this path is one; a folder was expected"},
		{"matrix -o file/x", "-o: file/x is a file, or a part of this path is one; a folder was expected"},
		{"run --failures file/x active_list", "--failures: file/x is a file, or a part of this path is one; a folder was expected"},
	} {
		stdout, stderr, status := judged(t, strings.Fields(test.args)...)
		if status != exitError || stderr != "ftplab: "+test.want+"\n" || stdout != "" {
			t.Errorf("%s: got status %d, %q on stderr and %q, want %d and %q alone", test.args, status, stderr, stdout, exitError, test.want)
		}
	}
}
