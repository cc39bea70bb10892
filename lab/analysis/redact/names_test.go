package redact

import (
	"bytes"
	"regexp"
	"strings"
	"testing"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/internal/forge"
)

// serverLines are the lines of the servers in a redacted capture.
func serverLines(t *testing.T, file []byte) string {
	t.Helper()
	var lines []string
	for s := range open(t, redacted(t, file, "key")).Sessions() {
		for _, l := range s.Lines {
			if l.From == ftp.Server {
				lines = append(lines, l.Text)
			}
		}
	}
	return strings.Join(lines, "\n")
}

// TestUsersOfOtherSessions asks that the name of a user is replaced in all sessions, although it is a
// usual word, or the ending of a file's name.
func TestUsersOfOtherSessions(t *testing.T) {
	for _, user := range []string{"admin", "LOG", "backup", "500"} {
		f := forge.New()
		late, server := f.Pair(forge.Client+":3170", forge.Server+":21") // this session began before the capture
		late.Send("PASS secret\r\n")
		server.Send("530 Not for " + strings.ToLower(user) + ".\r\n")
		f.Control().Say("< 220 ready\n> USER x\n< 331 and?\n> user " + user + "\n< 331 and?")
		f.Control().Say("< 220 ready\n> NOOP\n< 200 Data for " + user + ", and for anonymous.")
		got := serverLines(t, f.PCAP())
		if strings.Contains(strings.ToLower(got), strings.ToLower(user)) || !strings.Contains(got, "530 Not for ") || !strings.Contains(got, "200 Data for ") ||
			!strings.Contains(got, "anonymous.") {
			t.Errorf("user %s: got\n%s", user, got)
		}
	}
}

// TestNamesOfOtherSessions asks that a folder which a command of one session names is the same other one in the replies
// of all sessions, before and after, although its name is a usual word.
func TestNamesOfOtherSessions(t *testing.T) {
	const asks = "< 220 ready\n> PWD\n< 257 \"/root/b/user\""
	f := forge.New()
	f.Control().Say(asks)
	f.Control().Say("< 220 ready\n> CWD /root/b/user\n< 250 ok\n> PWD\n< 257 \"/root/b/user\"")
	f.Control().Say(asks)
	paths := regexp.MustCompile("257 .*").FindAllString(serverLines(t, f.PCAP()), -1)
	if len(paths) != 3 || paths[0] != paths[1] || paths[1] != paths[2] || len(paths[0]) != len("257 \"/root/b/user\"") || strings.Contains(paths[0], "root") {
		t.Errorf("got %q, want the same other path three times", paths)
	}
}

// TestUsersInReplies asks that a reply which names the user is enough, although no USER was recorded.
func TestUsersInReplies(t *testing.T) {
	lines := func(reply string) []byte {
		f := forge.New()
		late, server := f.Pair(forge.Client+":3170", forge.Server+":21")
		late.Send("PASS secret\r\n")
		server.Send(reply + "\r\n")
		f.Control().Say("< 220 ready\n> NOOP\n< 200 admin, ADMIN")
		return f.PCAP()
	}
	for _, reply := range []string{
		"331 Password required for admin", "331 Password required for admin.", "331 Password required for user admin", "331 Enter password for \"admin\"",
		"230 User admin logged in", "230-User admin logged in.\r\n230 .", "230 User 'admin' logged in, access restrictions apply.", "331 User admin OK. Password required",
		"530 User admin cannot log in.", "530 User admin access denied..", "530 User admin unknown.", "230-User admin has group access to: wheel\r\n230 .",
		"331 Username ADMIN requires a Password", "230 ADMIN is logged on.", "230 Admin logged in.", "331 User admin, password please", "230-Welcome back admin!\r\n230 .",
		"230 Hello, admin", "230-Hi\r\n Logged in as admin\r\n230 .",
	} {
		if file := redacted(t, lines(reply), "key"); bytes.Contains(bytes.ToLower(file), []byte("admin")) {
			t.Errorf("%s: the name is in\n%s", reply, serverLines(t, lines(reply)))
		}
	}
	for _, reply := range []string{
		"331 User name okay, need password.", "230 User logged in, proceed.", "230 Login successful.", "331 Please specify the password.", "530 User is not logged in.",
		"530 User cannot log in.", "530 User not logged in", "331 User OK.", "230 User anonymous logged in.", "331 Password required for anonymous.", "230 Now logged in",
	} {
		if got := serverLines(t, lines(reply)); !strings.Contains(got, "\n"+reply+"\n") && !strings.HasPrefix(got, reply+"\n") || !strings.Contains(got, "200 admin, ADMIN") {
			t.Errorf("%s: got\n%s", reply, got)
		}
	}
}
