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
		{"put report.txt\nsize report.txt", "ASCII mode\"\n"},
		{"put report.txt\ndelete report.txt\ndelete report.txt", "file does not exist\"\n"},
		{"mkdir pubs\nmkdir pubs", "file already exists\"\n"},
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

// TestMessageOfStep has steps that fail otherwise than expected, or that a setting of the session
// does not explain: the message names what is the case, and nothing that is not.
func TestMessageOfStep(t *testing.T) {
	for _, test := range []struct{ lines, want, not string }{
		{"network wire\nreject client > server [S]\nexpect timeout: open", ": expect timeout: open: 192.0.2.21:21 refuses the connection: no program listens there, or a firewall rejects it; that is refused, and timeout was expected\n", "waited"},
		{"file a 50\nopen\nlogin anonymous\ntype a\nget a\n-- server --\non RETR: reply 150 Ok.; send 20; reply 226 Done.", "not the whole file: got 20 bytes", "TYPE A"},
		{"file a \"1\\n2\\n\"\nopen\nlogin anonymous\ntype a\nget a\n-- server --\non RETR: reply 150 Ok.; send \"1\\n2\\n\"; reply 226 Done.", "the file came unchanged, and this is TYPE A", "waited"},
	} {
		result, err := Run(t.Context(), parse(t, "# x\n# y\n", test.lines), Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(result.Report, test.want) || strings.Contains(result.Report, test.not) {
			t.Errorf("got %q, want %q in it, and not %q", result.Report, test.want, test.not)
		}
	}
}
