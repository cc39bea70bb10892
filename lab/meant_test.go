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
