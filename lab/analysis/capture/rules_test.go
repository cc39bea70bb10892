package capture_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/internal/forge"
)

// gist is who logged in, which replies answer nothing, what the commands were answered,
// and what each data connection was for.
func gist(t *capture.Capture) string {
	var parts []string
	for s := range t.Sessions() {
		parts = append(parts, "user "+s.User)
		for _, r := range s.Unsolicited {
			parts = append(parts, fmt.Sprint("- ", r.Code))
		}
		for _, e := range s.Exchanges {
			text := strings.TrimSpace(e.Command + " " + e.Argument)
			for _, r := range e.Replies {
				text += fmt.Sprint(" ", r.Code)
			}
			parts = append(parts, text)
		}
	}
	for c := range t.Connections() {
		if c.Role != ftp.Data {
			continue
		}
		used := "nothing"
		if c.Transfer != nil {
			used = strings.TrimSpace(c.Transfer.Command + " " + c.Transfer.Argument)
		}
		parts = append(parts, fmt.Sprintf("%d for %s", c.ID, used))
	}
	return strings.Join(parts, "; ")
}

// connect opens a passive data connection to a port of the server.
func connect(f *forge.Capture, port int) {
	_, s := f.Dial(forge.Client+":"+itoa(40000+port), forge.Server+":"+itoa(port))
	s.Close()
}

// lost sends a line that the recorder missed.
func lost(e *forge.End, line string) {
	e.Send(line + "\r\n")
	e.Capture.Drop(1)
}

// passive asks for an address and connects to it.
func passive(x forge.Session, port int) {
	x.Ask("PASV", "227 (192,0,2,21,0,"+itoa(port)+")")
	connect(x.Capture, port)
}

// greeted opens a session whose client has been greeted; entered one whose client is in.
func greeted(f *forge.Capture) forge.Session {
	c, s := f.Dial(forge.Client+":3171", forge.Server+":21")
	s.Send("220 ready\r\n")
	return forge.Session{Capture: f, Client: c, Server: s}
}

func entered(f *forge.Capture) forge.Session {
	x := greeted(f)
	x.Ask("USER a", "230 in")
	return x
}

// in is the gist of entered.
const in = "user a; - 220; USER a 230; "

// A rule is what the gist of a session is to be.
type rule struct {
	name, want string
	make       func(f *forge.Capture)
}

func checkRules(t *testing.T, rules []rule) {
	t.Helper()
	for _, c := range rules {
		f := forge.New()
		c.make(f)
		tr := read(t, f.PCAP())
		if got := gist(tr); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
		wantHeard(t, c.name, tr)
	}
}

// The rules by which replies find their commands, and data connections theirs.
func TestRules(t *testing.T) { checkRules(t, rules) }

var rules = []rule{
	{"a greeting in two replies, and a client that waits for one", "user a; - 120; - 220; USER a 331", func(f *forge.Capture) {
		c, s := f.Dial(forge.Client+":3171", forge.Server+":21")
		s.Send("120 Ready in 2 minutes\r\n")
		c.Send("USER a\r\n")
		s.Send("220 ready\r\n")
		s.Send("331 password?\r\n")
	}},
	{"a client that does not wait for the greeting", "user a; - 220; USER a 331", func(f *forge.Capture) {
		c, s := f.Dial(forge.Client+":3171", forge.Server+":21")
		c.Send("USER a\r\n")
		s.Send("220 ready\r\n")
		s.Send("331 password?\r\n")
	}},
	{"220 is not a greeting after an answer", "user ; NOOP 200; CLNT me 220", func(f *forge.Capture) {
		c, s := f.Pair(forge.Client+":3171", forge.Server+":21")
		forge.Session{Capture: f, Client: c, Server: s}.Ask("NOOP", "200 ok")
		forge.Session{Capture: f, Client: c, Server: s}.Ask("CLNT me", "220 noted")
	}},
	{"a wrong answer", "user a; - 220; - 0; USER a 331; PASS b; NOOP 200", func(f *forge.Capture) {
		x := greeted(f)
		x.Ask("USER a", "331 password?")
		x.Ask("PASS b", "what?")
		x.Ask("NOOP", "200 ok")
	}},
	{"after a gap a line that is not a reply may be part of one", "user a; - 220; - 0; USER a 331; NOOP 200; PASS b 200; NOOP", func(f *forge.Capture) {
		x := greeted(f)
		x.Ask("USER a", "331 password?")
		x.Client.Send("NOOP\r\n")
		x.Server.Seq += 20
		x.Server.Send("200-status\r\n200 end\r\n")
		x.Ask("PASS b", "what?")
		x.Ask("NOOP", "200 ok")
	}},
	{"a lost reply is nobody's, and the next one not its command's",
		"user a; - 220; - 0; USER a 230; NOOP; CWD b; PASV 227; RETR f 150; PWD 257; 1 for RETR f", func(f *forge.Capture) {
			x := entered(f)
			x.Client.Send("NOOP\r\n")
			x.Server.Seq += 20
			x.Client.Send("CWD b\r\n")
			x.Server.Seq += 20
			passive(x, 99)
			x.Ask("RETR f", "150 here")
			x.Server.Seq += 10 // all but the end of its 226
			x.Ask("PWD", "plete\r\n257 /")
		}},
	{"the rest of a line that is cut is not a reply", in + "CWD a 250; CWD b 250", func(f *forge.Capture) {
		x := greeted(f)
		x.Ask("USER a", "230 Logged in.")
		f.Last(1).Cut(60)
		x.Client.Send("CWD a\r\nCWD b\r\n")
		x.Server.Send("250 a\r\n250 b\r\n")
	}},
	{"a lost reply after a line that is cut", in + "NOOP 200; NOOP; PWD 257", func(f *forge.Capture) {
		x := greeted(f)
		x.Ask("USER a", "230 Logged in.")
		f.Last(1).Cut(60)
		x.Ask("NOOP", "200 ok")
		x.Client.Send("NOOP\r\n")
		x.Server.Seq += 20
		x.Ask("PWD", "257 /")
	}},
	{"a lost reply between two CWDs, of which the second is lost, too", "user a; - 220; - 250; USER a 230; CWD a; PWD 257", func(f *forge.Capture) {
		x := entered(f)
		x.Client.Send("CWD a\r\n")
		x.Server.Send("250 a\r\n")
		f.Drop(1)
		x.Client.Send("CWD b\r\n")
		f.Drop(1)
		x.Server.Send("250 b\r\n")
		x.Ask("PWD", "257 /")
	}},
	{"a lost 150", in + "PASV 227; RETR a 226; NOOP 200; 1 for RETR a", func(f *forge.Capture) {
		x := entered(f)
		passive(x, 99)
		x.Ask("RETR a")
		lost(x.Server, "150 here")
		x.Server.Send("226 done\r\n")
		x.Ask("NOOP", "200 ok")
	}},
	{"a lost 213 during a transfer", in + "RETR a 150 226; STAT; NOOP 200", func(f *forge.Capture) {
		x := entered(f)
		x.Ask("RETR a", "150 here")
		x.Ask("STAT")
		lost(x.Server, "213 half")
		x.Server.Send("226 done\r\n")
		x.Ask("NOOP", "200 ok")
	}},
	{"a lost 226, 227 and 150 in front of the next 226", in + "LIST 150; PASV; STOR a 226", func(f *forge.Capture) {
		x := entered(f)
		x.Ask("LIST", "150 here")
		lost(x.Server, "226 done")
		x.Ask("PASV")
		lost(x.Server, "227 (192,0,2,21,0,99)")
		x.Ask("STOR a")
		lost(x.Server, "150 here")
		x.Server.Send("226 done\r\n")
	}},
	{"a lost 226 in front of a refusal", in + "LIST 150; CWD a 550", func(f *forge.Capture) {
		x := entered(f)
		x.Ask("LIST", "150 here")
		lost(x.Server, "226 done")
		x.Ask("CWD a", "550 no")
	}},
	{"a lost 227, and all of the next transfer", "user a; - 220; - 150; - 226; - 227; - 150; USER a 230; PASV; STOR b 150 226", func(f *forge.Capture) {
		x := entered(f)
		x.Ask("PASV")
		lost(x.Server, "227 (192,0,2,21,0,99)")
		lost(x.Client, "STOR a")
		x.Server.Send("150 here\r\n")
		x.Server.Send("226 done\r\n")
		lost(x.Client, "PASV")
		x.Server.Send("227 (192,0,2,21,0,98)\r\n")
		x.Ask("STOR b", "150 here", "226 done")
		lost(x.Client, "RETR c")
		x.Server.Send("150 here\r\n")
	}},
	{"a transfer whose replies are lost with the next command", "user a; - 220; - 150; - 226; USER a 230; RETR a; NOOP 200", func(f *forge.Capture) {
		x := entered(f)
		x.Ask("RETR a")
		lost(x.Server, "150 here")
		lost(x.Server, "226 done")
		lost(x.Client, "RETR b")
		x.Server.Send("150 here\r\n")
		x.Server.Send("226 done\r\n")
		x.Ask("NOOP", "200 ok")
	}},
	{"a lost line of a reply", in + "FEAT 211; PWD 257", func(f *forge.Capture) {
		x := entered(f)
		x.Ask("FEAT", "211-Features:")
		lost(x.Server, " SIZE")
		x.Server.Send(" MDTM\r\n211 End\r\n")
		x.Ask("PWD", "257 /")
	}},
	{"the lost end of a reply", in + "STAT a 213; RETR a 150 226", func(f *forge.Capture) {
		x := entered(f)
		x.Ask("STAT a", "213-Status:", " a")
		lost(x.Server, "213 End")
		x.Ask("RETR a", "150-A file")
		lost(x.Server, "150 here")
		x.Server.Send("226 done\r\n")
	}},
	{"who does not wait for replies may have lost any", in + "CWD a 250; CWD b 250; NOOP 200; PWD", func(f *forge.Capture) {
		x := entered(f)
		x.Client.Send("CWD a\r\nCWD b\r\nNOOP\r\nPWD\r\n")
		x.Server.Send("250 a\r\n")
		x.Server.Seq += 20
		x.Server.Send("250 b\r\n200 ok\r\n")
	}},
	{"replies after the client's FIN", in + "LIST 226; RETR a 226", func(f *forge.Capture) {
		x := entered(f)
		x.Ask("LIST", "226 done")
		x.Client.Send("RETR a\r\n")
		x.Client.FIN()
		x.Server.Send("226 done\r\n")
	}},
	{"a reply after the client's FIN that fits no command", in + "MDTM a 200", func(f *forge.Capture) {
		x := entered(f)
		x.Client.Send("MDTM a\r\n")
		x.Client.FIN()
		x.Server.Send("200 yes\r\n")
	}},
	{"a reply to a command that is lost with the client's FIN", "user a; - 220; - 200; USER a 230; MDTM a", func(f *forge.Capture) {
		x := entered(f)
		x.Client.Send("MDTM a\r\n")
		x.Client.Segment("FP.", "NOOP\r\n")
		x.Capture.Drop(0)
		x.Server.Send("200 yes\r\n")
	}},
	{"the last login that succeeded", "user b; - 220; USER a 230; USER b 230; USER c 530", func(f *forge.Capture) {
		x := entered(f)
		x.Ask("USER b", "230 in")
		x.Ask("USER c", "530 no")
	}},
	{"logins that all succeeded", "user b; - 220; USER a 230; USER b 230", func(f *forge.Capture) {
		x := entered(f)
		x.Ask("USER b", "230 in")
	}},
	{"a name of which the end was lost", "user ; - 220; USER an 331", func(f *forge.Capture) {
		x := greeted(f)
		x.Client.Send("USER an")
		lost(x.Client, "na")
		x.Server.Send("331 password\r\n")
	}},
	{"commands that nobody answers", "user a; - 220; USER a; PASS b; LIST", func(f *forge.Capture) {
		x := greeted(f)
		x.Client.Send("USER a\r\nPASS b\r\nLIST\r\n")
	}},
	{"passive: the first command that was not refused",
		in + "PASV 227; RETR a 550; RETR b 150 226; RETR c 150; 1 for RETR b; 2 for RETR c", func(f *forge.Capture) {
			x := entered(f)
			passive(x, 99)
			x.Ask("RETR a", "550 no")
			x.Ask("RETR b", "150 here", "226 done")
			x.Ask("RETR c", "150 here")
			f.Dial(forge.Client+":40100", forge.Server+":99")
		}},
	{"active: the last command before it",
		in + "PORT 198,51,100,100,0,99 200; LIST 425; RETR a 150 425; RETR b; 1 for RETR a", func(f *forge.Capture) {
			x := entered(f)
			x.Ask("PORT 198,51,100,100,0,99", "200 ok")
			x.Ask("LIST", "425 no")
			x.Ask("RETR a", "150 here")
			_, client := f.Dial(forge.Server+":20", forge.Client+":99")
			client.Peer.Close()
			x.Ask("RETR b", "425 no")
		}},
	{"a second connection to the same address", in + "PASV 227; LIST 150 226; NLST 150 226; 1 for LIST; 2 for NLST", func(f *forge.Capture) {
		x := entered(f)
		passive(x, 99)
		x.Ask("LIST", "150 here", "226 done")
		f.Dial(forge.Client+":40100", forge.Server+":99")
		x.Ask("NLST", "150 here", "226 done")
	}},
	{"more connections than commands", in + "PASV 227; LIST 150 226; 1 for LIST; 2 for LIST", func(f *forge.Capture) {
		x := entered(f)
		passive(x, 99)
		f.Dial(forge.Client+":40100", forge.Server+":99")
		x.Ask("LIST", "150 here", "226 done")
	}},
	{"a connection beside the one with the data", in + "PASV 227; LIST 150 226; 1 for LIST; 2 for nothing", func(f *forge.Capture) {
		x := entered(f)
		x.Ask("PASV", "227 (192,0,2,21,0,99)")
		_, data := f.Dial(forge.Client+":40099", forge.Server+":99")
		f.Dial(forge.Client+":40100", forge.Server+":99")
		x.Client.Send("LIST\r\n")
		x.Server.Send("150 here\r\n")
		data.Send("README\r\n")
		data.Close()
		x.Server.Send("226 done\r\n")
	}},
	{"data that ended before the first command in the capture",
		"user a; - 220; - 150; - 226; USER a 230; PASV 227; STOR b 150 226; 1 for nothing", func(f *forge.Capture) {
			x := entered(f)
			x.Ask("PASV", "227 (192,0,2,21,0,99)")
			c, _ := f.Dial(forge.Client+":40099", forge.Server+":99")
			lost(x.Client, "STOR a")
			x.Server.Send("150 here\r\n")
			lost(c, "data")
			c.Close()
			x.Server.Send("226 done\r\n")
			lost(x.Client, "PASV")
			lost(x.Server, "227 (192,0,2,21,0,98)")
			x.Ask("STOR b", "150 here", "226 done")
		}},
	{"data of two commands, of which the first is lost",
		"user a; - 220; - 150; - 226; USER a 230; PASV 227; RETR b 150 226; 1 for nothing; 2 for RETR b", func(f *forge.Capture) {
			x := entered(f)
			x.Ask("PASV", "227 (192,0,2,21,0,99)")
			lost(x.Client, "RETR a")
			for i, retr := range []string{"", "RETR b"} {
				_, s := f.Dial(forge.Client+":"+itoa(40099+i), forge.Server+":99")
				if retr != "" {
					x.Ask(retr)
				}
				x.Server.Send("150 here\r\n")
				s.Send("data")
				s.Close()
				x.Server.Send("226 done\r\n")
			}
		}},
	{"a command whose replies are lost with the next address", in + "PASV 227; STOR a; STOR b 150 226; 1 for STOR a", func(f *forge.Capture) {
		x := entered(f)
		passive(x, 99)
		x.Ask("STOR a")
		lost(x.Server, "150 here")
		lost(x.Server, "226 done")
		lost(x.Client, "PASV")
		lost(x.Server, "227 (192,0,2,21,0,98)")
		x.Ask("STOR b", "150 here", "226 done")
	}},
	{"a connection whose command is lost with the next address",
		in + "PORT 198,51,100,100,0,99 200; PASV; STOR b 150 226; 1 for nothing", func(f *forge.Capture) {
			x := entered(f)
			x.Ask("PORT 198,51,100,100,0,99", "200 ok")
			lost(x.Client, "RETR a")
			_, client := f.Dial(forge.Server+":20", forge.Client+":99")
			lost(x.Server, "150 here")
			x.Ask("PASV")
			lost(x.Server, "227 (192,0,2,21,0,98)")
			x.Ask("STOR b", "150 here", "226 done")
			client.Peer.Close()
		}},
	{"a reply whose end is missing", "user ; - 220; FEAT 211; NOOP", func(f *forge.Capture) {
		x := greeted(f)
		x.Client.Send("FEAT\r\n")
		x.Server.Send("211-Features:\r\n")
		x.Client.Send("NOOP\r\n")
	}},
	{"a reply that never ends, and one with its code", in + "CWD a 250; CWD b 250; PWD 257", func(f *forge.Capture) {
		x := entered(f)
		x.Ask("CWD a", "250-one\r\n250-two")
		x.Ask("CWD b", "250 ok")
		x.Ask("PWD", "257 /")
	}},
	{"replies that never end, with the same code", in + "CWD a 250; CWD b 250; CWD c 250", func(f *forge.Capture) {
		x := entered(f)
		x.Ask("CWD a", "250-one\r\n250-two")
		x.Ask("CWD b", "250-three")
		x.Ask("CWD c", "250 ok")
	}},
	{"the end of a download is said in two lines, and QUIT comes between", in + "RETR f 150 226; QUIT 221", func(f *forge.Capture) {
		x := entered(f)
		x.Ask("RETR f", "150 here", "226-done")
		x.Ask("QUIT", "226 all", "221 bye")
	}},
	{"who does not wait for replies sends a command before the end of one", in + "PWD 257; PWD 257; CWD a 250; CWD b 250", func(f *forge.Capture) {
		x := entered(f)
		x.Client.Send("PWD\r\nPWD\r\n")
		x.Server.Send("257 /\r\n257 /\r\n")
		x.Ask("CWD a", "250-one")
		x.Ask("CWD b", "250 two", "250 ok")
	}},
	{"an address in a reply of many lines whose command is missing", "user ; - 220; - 227; NOOP 200; 1 for nothing", func(f *forge.Capture) {
		x := greeted(f)
		x.Ask("NOOP", "200 ok")
		x.Client.Seq += 6
		x.Server.Send("227-call me at\r\n (192,0,2,21,0,99)\r\n or not at all\r\n227 please\r\n")
		connect(f, 99)
	}},
	{"an address whose command is missing",
		"user a; - 220; - 227; USER a 230; PASV 227; LIST 150 226; RETR b 150 226; 1 for LIST; 2 for RETR b", func(f *forge.Capture) {
			x := entered(f)
			passive(x, 98)
			x.Ask("LIST", "150 here", "226 done")
			x.Client.Seq += 6
			x.Server.Send("227 (192,0,2,21,0,99)\r\n")
			connect(f, 99)
			x.Ask("RETR b", "150 here", "226 done")
		}},
	{"such an address is not for the command before it",
		"user a; - 220; - 227; USER a 230; LIST 150 226; RETR b 150 226; 1 for RETR b", func(f *forge.Capture) {
			x := entered(f)
			x.Ask("LIST", "150 here", "226 done")
			x.Client.Seq += 6
			x.Server.Send("227 (192,0,2,21,0,99)\r\n")
			connect(f, 99)
			x.Ask("RETR b", "150 here", "226 done")
		}},
	{"a transfer that is answered with an address", in + "PASV 227; LIST 227; 1 for LIST", func(f *forge.Capture) {
		x := entered(f)
		passive(x, 98)
		x.Ask("LIST", "227 (192,0,2,21,0,97)")
	}},
	{"a PORT that is answered with an address",
		in + "PORT 198,51,100,100,0,99 227; LIST 150; 1 for LIST; 2 for nothing", func(f *forge.Capture) {
			x := entered(f)
			x.Ask("PORT 198,51,100,100,0,99", "227 (192,0,2,21,0,98)")
			connect(f, 98)
			f.Dial(forge.Server+":20", forge.Client+":99")
			x.Ask("LIST", "150 here")
		}},
}

// wantHeard fails unless what is heard of a dialogue is what its session has.
func wantHeard(t *testing.T, name string, tr *capture.Capture) {
	t.Helper()
	i := 0
	for d := range tr.Dialogues(false) {
		s := tr.Session(d.Control.ID)
		var lines []ftp.Line
		var commands []string
		d.Read(ftp.Handler{
			Line:     func(l *ftp.Line) { lines = append(lines, *l) },
			Exchange: func(e *ftp.Exchange) { commands = append(commands, heard(e)) },
		})
		for i, l := range s.Lines {
			if i >= len(lines) || !reflect.DeepEqual(lines[i], *l) {
				t.Errorf("%s: line %d of %d heard is not %v", name, i, len(lines), *l)
			}
		}
		var want []string
		for _, e := range s.Exchanges {
			want = append(want, heard(e))
		}
		if !reflect.DeepEqual(commands, want) || len(lines) != len(s.Lines) || d.User != s.User || d.TLS != s.TLS {
			t.Errorf("%s: got %d lines, %q of %q (TLS %v); want %d, %q of %q (TLS %v)",
				name, len(lines), commands, d.User, d.TLS, len(s.Lines), want, s.User, s.TLS)
		}
		i++
	}
	if i != tr.NumSessions() {
		t.Errorf("%s: got %d dialogues, want %d", name, i, tr.NumSessions())
	}
}

// heard is a command with all that was heard of it.
func heard(e *ftp.Exchange) string {
	text := fmt.Sprint(*e.Line, e.Command, e.Argument)
	for _, r := range e.Replies {
		text += fmt.Sprint(" ", r.Code, r.Text, r.FirstPacket, r.Packet, r.Time, len(r.Lines))
	}
	return text
}
