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
	for _, test := range []struct{ args, want string }{
		{"conform --config empty -- x", "--config empty: this file is empty; a configuration of the server was expected"},
		{"conform --config blank -- x", "--config blank: this file is empty; a configuration of the server was expected"},
		{"conform --config section -- x", "section:2: this line would begin a section of a scenario; change or remove it"},
		{"conform --config folder -- x", "cannot read the configuration: folder is a folder; a file was expected"},
		{"conform --config file", "--config is the configuration of the server that a COMMAND starts, and there is none; write it after --"},
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
