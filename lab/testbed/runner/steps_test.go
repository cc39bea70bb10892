package runner

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/content"
	"ftplab/lab/testbed/network"
	"ftplab/lab/testbed/network/localhost"
)

// thisMachine is a network of one host.
type thisMachine struct{ host *localhost.Host }

func (m thisMachine) Host(string) network.Host  { return m.host }
func (m thisMachine) Clock() network.Clock      { return m.host.Clock() }
func (m thisMachine) Close(time.Duration) error { return nil }

func (m thisMachine) UnmetRules() []network.UnmetRule { return nil }

// A fake is a server that answers each command by heart. It says the lines that
// stand for the command, in which PORT is the number of a port at which it
// listens; "close" closes the connection and "reset" resets it. A line that ends in a
// backslash has no end, and the connection is closed after it.
type fake struct {
	listener net.Listener
	answers  map[string]string // by command; "" is the greeting
}

func newFake(t *testing.T, answers map[string]string) *fake {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	f := &fake{listener, answers}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			f.serve(conn.(*net.TCPConn))
		}
	}()
	t.Cleanup(func() {
		listener.Close()
		<-ended
	})
	return f
}

func (f *fake) serve(conn *net.TCPConn) {
	defer conn.Close()
	commands := bufio.NewScanner(conn)
	for command := ""; ; command = commands.Text() {
		verb, _, _ := strings.Cut(command, " ")
		for line := range strings.Lines(f.answers[verb]) {
			switch line = strings.TrimSuffix(line, "\n"); line {
			case "reset":
				conn.SetLinger(0)
				return
			case "close":
				return
			}
			if part, ok := strings.CutSuffix(line, `\`); ok {
				io.WriteString(conn, part)
				return
			}
			fmt.Fprintf(conn, "%s\r\n", strings.ReplaceAll(line, "PORT", fmt.Sprint(f.listener.Addr().(*net.TCPAddr).Port)))
		}
		if !commands.Scan() {
			return
		}
	}
}

func (f *fake) Addr() netip.AddrPort                                 { return f.listener.Addr().(*net.TCPAddr).AddrPort() }
func (f *fake) Open(string) (io.ReadSeeker, error)                   { return strings.NewReader("Welcome.\n"), nil }
func (f *fake) Received(string, int64) (d content.Digest, err error) { return d, io.EOF }
func (f *fake) Note() string                                         { return "" }
func (f *fake) printed() string                                      { return "" }
func (f *fake) faults(bool) []Failure                                { return nil }
func (f *fake) Wait(context.Context) error                           { return nil }
func (f *fake) Close(context.Context) error                          { return nil }

// friendly are the answers of a server that lets everybody in.
func friendly(more map[string]string) map[string]string {
	answers := map[string]string{"": "220 Hello.", "USER": "331 Password?", "PASS": "230 Welcome.", "TYPE": "200 Good.", "QUIT": "221 Goodbye.\nclose",
		"FEAT": "500 No.", "OPTS": "500 No.", "EPSV": "500 No."}
	for command, answer := range more {
		answers[command] = answer
	}
	return answers
}

// TestOtherServers has servers that do what the lab's never does, and says of
// each step whether it fails, and how.
func TestOtherServers(t *testing.T) {
	for _, test := range []struct {
		name    string
		steps   string
		answers map[string]string
		want    string // how the failure's message ends; "" is none
	}{
		{"120 before 220", "open\nlogin a b\nquit", map[string]string{"": "120 In a moment.\n220 Now."}, ""},
		{"120 and 421", "open", map[string]string{"": "120 In a moment.\n421 Never.\nclose"}, `open: the server refused: "421 Never."`},
		{"230 to USER", "open\nlogin a\nquit", map[string]string{"USER": "230 Welcome."}, ""},
		{"an account is asked for", "open\nlogin a b\nquit", map[string]string{"PASS": "332 Account?"},
			`the server said "332 Account?", and so it has not let the user in; the steps quote USER, quote PASS and quote ACCT send an account`},
		{"hangup, 421 and FIN", "open\nhangup", map[string]string{"": "220 Hello.\n421 Time is up.\nclose"}, ""},
		{"hangup, FIN alone", "open\nhangup", map[string]string{"": "220 Hello.\nclose"}, ""},
		{"hangup, reset", "open\nnoop\nhangup", map[string]string{"NOOP": "200 Yes.\nreset"}, ""},
		{"hangup, 421 and reset", "open\nnoop\nhangup", map[string]string{"NOOP": "200 Yes.\n421 Time is up.\nreset"}, ""},
		{"hangup, another reply", "open\nhangup", map[string]string{"": "220 Hello.\n200 What?"}, `hangup: the server said "200 What?", and the end of the session was expected`},
		{"hangup and its code", "open\nexpect 421: hangup", map[string]string{"": "220 Hello.\n421 Time is up.\nclose"}, ""},
		{"hangup refuses", "open\n! hangup", map[string]string{"": "220 Hello.\n421 Time is up.\nclose"}, ""},
		{"hangup without a reply", "open\nexpect 421: hangup", map[string]string{"": "220 Hello.\nclose"}, "expect 421: hangup: the server sent no reply, and 421 was expected"},
		{"350 to NOOP", "open\nnoop", map[string]string{"NOOP": "350 More?"}, `noop: the server said "350 More?", and so it waits for another command (RFC 959, 4.2)`},
		{"350 to a command of the scenario", "open\nquote RNFR a\nquit", map[string]string{"RNFR": "350 To?"}, ""},
		{"350 to PORT", "open\nlogin a\nactive\nls", map[string]string{"PORT": "350 More?"}, `ls: the server said "350 More?", and so it waits`},
		{"999", "open\nnoop", map[string]string{"NOOP": "999 What?"}, `noop: the server said "999 What?"; the first digit of a final reply is 2 to 5 (RFC 959, 4.2)`},
		{"999 is no refusal", "open\n! noop", map[string]string{"NOOP": "999 What?"}, `! noop: the server said "999 What?", and the ! says that it should refuse with 4xx or 5xx`},
		{"000 is no reply", "open\n! noop", map[string]string{"NOOP": "000 What?"}, `"000 What?" begins with a code whose first digit is 0, and 1 to 5 have a meaning (RFC 959, 4.2)`},
		{"a code without a space", "open\nnoop", map[string]string{"NOOP": "200"}, `unreadable: "200" has no space after the reply code (RFC 959, 4.2)`},
		{"no code", "open\nnoop", map[string]string{"NOOP": "Yes"}, `unreadable: "Yes" does not begin with a reply code of three digits (RFC 959, 4.2)`},
		{"a reply without an end", "open\nnoop", map[string]string{"NOOP": `200 OK\`}, "unreadable: the last line of the reply 200 has no end (RFC 959, 4.2)"},
		{"a reply of two lines without an end", "open\nnoop", map[string]string{"NOOP": "200-OK\n200 al\\"}, "unreadable: the last line of the reply 200 has no end (RFC 959, 4.2)"},
		{"229 with a port that does not exist", "open\nlogin a b\npassive epsv\nget README", map[string]string{"EPSV": "229 Yes (|||99999|)"},
			"want 229 and (|||port|): the port 99999 is more than 65535"},
		{"227 with a number that is no byte", "open\nlogin a b\nget README", map[string]string{"PASV": "227 Yes (127,0,0,1,300,1)"}, "each is a byte, and 300 is more than 255"},
		{"QUIT without a reply", "open\nquit", map[string]string{"QUIT": "close"}, "the server closed the connection"},
		{"any delimiter", "open\nlogin a b\npassive epsv\nget README\nquit", map[string]string{"EPSV": "229 Yes (!!!PORT!)", "RETR": "550 No."}, `get README: the server refused: "550 No."`},
		{"226 without 150", "open\nlogin a b\npassive epsv\nget README\nquit", map[string]string{"EPSV": "229 Yes (|||PORT|)", "RETR": "226 Done."},
			`get README: the server said "226 Done." without 125 or 150 before it (RFC 959, 5.4), so the client did not use the data connection`},
		{"226 without 150 to an upload", "local x 4\nopen\nlogin a b\npassive epsv\nput x\nquit", map[string]string{"EPSV": "229 Yes (|||PORT|)", "STOR": "226 Done."},
			`put x: the server said "226 Done." without 125 or 150 before it (RFC 959, 5.4), so the client did not use the data connection`},
		{"one reply too many", "open\nlogin a b\nnoop\nls", map[string]string{"NOOP": "200 Yes.\n200 Again."},
			"want 227 and h1,h2,h3,h4,p1,p2; 200 fits NOOP, the command before, so the server seems to have sent one reply too many (RFC 959, 4.2)"},
		{"one reply too many, and more commands", "open\nlogin a b\nnoop\npwd\nls", map[string]string{"NOOP": "200 Yes.\n200 Again.", "PWD": "257 \"/\""},
			"; 257 fits PWD, the command before, so the server seems to have sent one reply too many (RFC 959, 4.2)"},
		{"one reply too many to PASV", "open\nlogin a b\npassive epsv\nget README", map[string]string{"EPSV": "229 Yes (|||PORT|)\n229 Yes (|||PORT|)"},
			"so the client did not use the data connection; 229 fits EPSV, the command before, so the server seems to have sent one reply too many (RFC 959, 4.2)"},
		{"another reply to PASV", "open\nlogin a b\nnoop\nls", map[string]string{"NOOP": "200 Yes.", "PASV": "226 What?"}, "want 227 and h1,h2,h3,h4,p1,p2\n"},
		{"226 without 150, as expected", "open\nlogin a b\npassive epsv\nexpect short: get README\nexpect short: ls\nquit", map[string]string{"EPSV": "229 Yes (|||PORT|)", "RETR": "226 Done.", "LIST": "226 Done."}, ""},
		{"APPE that adds nothing", "local x 4\nopen\nlogin a b\npassive epsv\nappend x README", map[string]string{"EPSV": "229 Yes (|||PORT|)", "APPE": "150 Go.\n226 Done."},
			"append x README: after APPE, /README has 9 bytes; it had 9, and 4 were to be added: not the whole file"},
		{"a misspelt command", "open\nquote PSAV", map[string]string{"PSAV": "500 What?"}, `quote PSAV: the server refused: "500 What?"; did you mean PASV?`},
		{"a misspelt command, by hand", "open\nsend PSAV\nawait 227", map[string]string{"PSAV": "502 What?"}, `await 227: the server said "502 What?"; did you mean PASV?`},
		{"a command that it does not have", "open\nquote EPSV", map[string]string{"EPSV": "500 What?"}, "quote EPSV: the server refused: \"500 What?\"\n"},
		{"a code in the background", "open\nexpect 550: noop &\nwait\nquit", map[string]string{"NOOP": "550 No."}, ""},
		{"another code in the background", "open\nexpect 550: noop &\nwait\nquit", map[string]string{"NOOP": "200 Yes."}, `expect 550: noop &: the server said "200 Yes.", and 550 was expected`},
		{"an empty listing, 226 without 150", "open\nlogin a b\npassive epsv\nls\nquit", map[string]string{"EPSV": "229 Yes (|||PORT|)", "LIST": "226 It is empty."},
			`ls: the server said "226 It is empty." without 125 or 150 before it (RFC 959, 5.4), so the client did not use the data connection`},
	} {
		t.Run(test.name, func(t *testing.T) { fails(t, "", test.steps, test.answers, test.want) })
	}
}

// TestJlaffayeDoesNotTakeIt has servers at whose replies github.com/jlaffaye/ftp
// gives up, although they are not refusals.
func TestJlaffayeDoesNotTakeIt(t *testing.T) {
	for _, test := range []struct {
		name, steps string
		answers     map[string]string
		want        string
	}{
		{"120", "open", map[string]string{"": "120 In a moment.\n220 Now."}, `open: jlaffaye/ftp does not take the reply "120 In a moment."`},
		{"332", "open\nlogin a b\nls", map[string]string{"PASS": "332 Account?"}, `login a b: login: jlaffaye/ftp does not take the reply "332 Account?"`},
		{"229 to PASV", "open\nlogin a b\nls", map[string]string{"PASV": "229 Yes (|||PORT|)"}, `ls: LIST: jlaffaye/ftp does not take the reply "229 Yes`},
		{"QUIT without a reply", "open\nlogin a b\nquit", map[string]string{"QUIT": "close"}, "the server closed the connection"},
		{"a greeting without an end", "open", map[string]string{"": `220 Hello.\`}, "open: unreadable: the last line of the reply 220 has no end (RFC 959, 4.2)"},
		{"a reply without an end", "open\nlogin a b\nnoop", map[string]string{"NOOP": `200 OK\`}, "NOOP: unreadable: the last line of the reply 200 has no end (RFC 959, 4.2)"},
		{"a reply of two lines without an end", "open\nlogin a b\n! noop", map[string]string{"NOOP": "500-No\n500 way\\"}, "NOOP: unreadable: the last line of the reply 500 has no end (RFC 959, 4.2)"},
		{"QUIT and a reply without an end", "open\nlogin a b\nquit", map[string]string{"QUIT": `221 Bye\`}, "QUIT: unreadable: the last line of the reply 221 has no end (RFC 959, 4.2)"},
		{"226 without 150", "open\nlogin a b\nput x", map[string]string{"EPSV": "229 Yes (|||PORT|)", "STOR": "226 Done."},
			`put x: the server said "226 Done." without 125 or 150 before it (RFC 959, 5.4), so the client did not use the data connection`},
		{"no code", "open\nlogin a b\nnoop", map[string]string{"NOOP": "Yes"}, `noop: NOOP: the reply is unreadable: short response: "Yes"`},
		{"no reply to an upload", "open\nlogin a b\nput x", map[string]string{"EPSV": "229 Yes (|||PORT|)", "STOR": "close"}, " for 125 or 150: the server closed the connection\n"},
		{"a refusal is none of these", "open\nlogin a b\n! cd x\nquit", map[string]string{"CWD": "550 No."}, ""},
	} {
		t.Run(test.name, func(t *testing.T) { fails(t, "client jlaffaye\nlocal x 4\n", test.steps, test.answers, test.want) })
	}
}

// fails takes steps at a server with these answers, besides the usual ones. They
// must fail with a message that contains want, or not at all if that is "".
func fails(t *testing.T, settings, steps string, answers map[string]string, want string) {
	t.Helper()
	s, err := scenario.Parse("x.txtar", []byte(settings+"deadline 20s\n"+steps+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	e := &Environment{scenario: s, network: thisMachine{localhost.New("127.0.0.1")}, server: newFake(t, friendly(answers))}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	failures, err := Steps(nil)(ctx, e)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, f := range failures {
		got += f.Message + "\n"
	}
	if want == "" && got != "" || !strings.Contains(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
