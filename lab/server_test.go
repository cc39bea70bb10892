package lab

import (
	"strings"
	"testing"

	"ftplab/lab/scenario"
)

// TestCodeIsNotTheOwnServer refuses settings of the lab's server for a server that is code.
func TestCodeIsNotTheOwnServer(t *testing.T) {
	for _, setting := range []string{"server idle=1s", "server port=2121 wording=vsftpd", "server tls=explicit"} {
		s, err := scenario.Parse("x.txtar", []byte("# x\n"+setting+"\nopen\nquit\n"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP, Server: &Code{Name: "mine"}})
		if want := "x.txtar:2: mine has its own replies and habits"; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: got error %v, want %s", setting, err, want)
		}
	}
}

// TestQuitOfJlaffayeInTLS has a client that does not read the reply to QUIT in TLS. The step fails only
// if there is none.
func TestQuitOfJlaffayeInTLS(t *testing.T) {
	for _, version := range []string{"1.2", "1.3"} {
		for does, want := range map[string]string{"reply 221 x": "", "pause 1s": "quit: QUIT: waited 1s for the reply: the server closed the connection\n"} {
			s := parse(t, "# x\n# y", "server tls=explicit version="+version, "client jlaffaye", "user a b", "open", "login a b", "noop", "quit", "-- server --", "on QUIT: "+does)
			result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
			if err != nil {
				t.Fatal(err)
			}
			if failed := result.Outcome == Failed; failed != (want != "") || !strings.Contains(result.Report, want) {
				t.Errorf("TLS %s, %s: got %s\n%swant %q", version, does, result.Outcome, result.Report, want)
			}
		}
	}
}

// TestRuleWithTypo fails a step because the rule for it names another command. The message about the rule
// says so; one about a rule that only came too late does not appear.
func TestRuleWithTypo(t *testing.T) {
	s := parse(t, "# x\n# y", "file a.txt 30", "open", "login anonymous me@mypc.test", "expect 550: get a.txt", "quit", "-- server --",
		"on RTER: reply 550 no", "on QUIT: reply 221 bye; close")
	result, err := Run(t.Context(), s, Options{Results: t.TempDir(), TCP: scenario.GVisorTCP})
	if err != nil {
		t.Fatal(err)
	}
	if typo := "on RTER: the server never got this, so the rule was not used; it got USER, PASS, PASV, RETR; did you mean RETR?"; !strings.Contains(result.Report, typo) || strings.Contains(result.Report, "on QUIT") {
		t.Errorf("got %s\nwant %s", result.Report, typo)
	}
}
