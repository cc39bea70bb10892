package lab

import (
	"strings"
	"testing"

	"ftplab/lab/scenario"
)

// TestUnusedRuleOfMisspeltCommand has a rule for a command that is almost one of FTP: the
// message says which.
func TestUnusedRuleOfMisspeltCommand(t *testing.T) {
	s := parse(t, "# x\n# y\n", "open", "login anonymous", "ls", "quit", "-- server --", "on PSAV: reply 502 No.")
	result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
	if err != nil {
		t.Fatal(err)
	}
	if want := ", LIST, QUIT; did you mean PASV?\n"; !strings.Contains(result.Report, want) {
		t.Errorf("got %q, want %q in it", result.Report, want)
	}
}

// TestMisspeltVariable has variables of commands that are almost one that there is.
func TestMisspeltVariable(t *testing.T) {
	for line, want := range map[string]string{
		"program python3 $DRI/server.py":       ":3: there is no $DRI; did you mean $DIR?",
		"program inetd ./server --root $FILE":  ":3: there is no $FILE; did you mean $FILES?",
		"run curl ftp://$USER@$SEVER/":         ":3: there is no $SEVER; did you mean $SERVER?",
		"run curl ftp://${USER}@${PROT}/a.txt": ":3: there is no ${PROT}; did you mean $PORT?",
	} {
		_, err := Run(t.Context(), parse(t, "# x\n# y", line, "open", "quit"), Options{Results: t.TempDir()})
		if err == nil || !strings.HasSuffix(err.Error(), want) {
			t.Errorf("%s: got error %v, want %q at its end", line, err, want)
		}
	}
	s := parse(t, "# x\n# y", "run no-such-program $PATH $HOME $HOST", "open", "quit")
	if _, err := Run(t.Context(), s, Options{Results: t.TempDir()}); err == nil || !strings.Contains(err.Error(), "program no-such-program: ") {
		t.Errorf("got error %v, want one about the program: its variables are like none of the lab's", err)
	}
}

// TestMisspeltFile has steps for files that the server or the client has under another name,
// or that only the other side has.
func TestMisspeltFile(t *testing.T) {
	for _, test := range []struct{ step, want string }{
		{"get readme", "get readme: the server refused: \"550 Could not access file: /readme: file does not exist\"; did you mean README? Capital letters matter\n"},
		{"size pub/move.bin", "; did you mean pub/movie.bin?\n"},
		{"cd pubs", "; did you mean pub?\n"},
		{"get report.txt", "; the client has this file, of local/report.txt, and the server's are those of files/\n"},
		{"get nothing", "file does not exist\"\n"},
		{"! get readme\nquote NOP", "quote NOP: the server refused: \"500 Unknown command \\\"NOP\\\"\"; did you mean NOOP?\n"},
	} {
		s := parse(t, "# x\n# y\n", "open", "login anonymous", test.step, "quit",
			"-- files/README --", "Welcome.", "-- files/pub/movie.bin --", "1", "-- local/report.txt --", "2")
		result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(result.Report, test.want) {
			t.Errorf("%s: got %q, want %q in it", test.step, result.Report, test.want)
		}
	}
}
