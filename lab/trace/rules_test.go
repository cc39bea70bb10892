package trace

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/gopacket/layers"
)

// gist is who logged in, which replies answer nothing, what the commands were answered,
// and what each data connection was for.
func gist(t *Trace) string {
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
		if c.Role != Data {
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
func connect(f *forge, port int) {
	_, s := f.dial(clientIP+":"+itoa(40000+port), serverIP+":"+itoa(port))
	s.close()
}

// passive asks for an address and connects to it.
func (x session) passive(port int) {
	x.ask("PASV", "227 (192,0,2,21,0,"+itoa(port)+")")
	connect(x.f, port)
}

// quick sends a command and its reply, each of which acknowledges what was sent before it.
func (x session) quick(command, reply string) {
	x.client.send(command + "\r\n")
	x.f.drop(0)
	x.server.send(reply + "\r\n")
	x.f.drop(0)
}

// greeted opens a session whose client has been greeted; entered one whose client is in.
func (f *forge) greeted() session {
	c, s := f.dial(clientIP+":3171", serverIP+":21")
	s.send("220 ready\r\n")
	return session{f, c, s}
}

func (f *forge) entered() session {
	x := f.greeted()
	x.ask("USER a", "230 in")
	return x
}

// in is the gist of entered.
const in = "user a; - 220; USER a 230; "

// The rules by which replies find their commands, and data connections theirs.
func TestRules(t *testing.T) {
	for _, c := range []struct {
		name, want string
		make       func(f *forge)
	}{
		{"a greeting in two replies, and a client that waits for one", "user a; - 120; - 220; USER a 331", func(f *forge) {
			c, s := f.dial(clientIP+":3171", serverIP+":21")
			s.send("120 Ready in 2 minutes\r\n")
			c.send("USER a\r\n")
			s.send("220 ready\r\n")
			s.send("331 password?\r\n")
		}},
		{"a client that does not wait for the greeting", "user a; - 220; USER a 331", func(f *forge) {
			c, s := f.dial(clientIP+":3171", serverIP+":21")
			c.send("USER a\r\n")
			s.send("220 ready\r\n")
			s.send("331 password?\r\n")
		}},
		{"220 is not a greeting behind an answer", "user ; NOOP 200; CLNT me 220", func(f *forge) {
			c, s := f.pair(clientIP+":3171", serverIP+":21")
			session{f, c, s}.ask("NOOP", "200 ok")
			session{f, c, s}.ask("CLNT me", "220 noted")
		}},
		{"a wrong answer", "user a; - 220; - 0; USER a 331; PASS b; NOOP 200", func(f *forge) {
			x := f.greeted()
			x.ask("USER a", "331 password?")
			x.ask("PASS b", "what?")
			x.ask("NOOP", "200 ok")
		}},
		{"behind a gap a line that is no reply may be part of one", "user a; - 220; - 0; USER a 331; NOOP 211; PASS b 200; NOOP", func(f *forge) {
			x := f.greeted()
			x.ask("USER a", "331 password?")
			x.client.send("NOOP\r\n")
			x.server.seq += 20
			x.server.send("211-status\r\n211 end\r\n")
			x.ask("PASS b", "what?")
			x.ask("NOOP", "200 ok")
		}},
		{"a lost reply is nobody's, and the next one not its command's",
			"user a; - 220; - 0; USER a 230; NOOP; CWD b; PASV 227; RETR f 150; PWD 257; 1 for RETR f", func(f *forge) {
				x := f.entered()
				x.client.send("NOOP\r\n")
				x.server.seq += 20
				x.client.send("CWD b\r\n")
				x.server.seq += 20
				x.passive(99)
				x.ask("RETR f", "150 here")
				x.server.seq += 10 // all but the end of its 226
				x.ask("PWD", "plete\r\n257 /")
			}},
		{"the rest of a line that is cut is no reply", in + "CWD a 250; CWD b 250", func(f *forge) {
			x := f.greeted()
			x.ask("USER a", "230 Logged in.")
			f.packets[len(f.packets)-2].snap = 60
			x.client.send("CWD a\r\nCWD b\r\n")
			x.server.send("250 a\r\n250 b\r\n")
		}},
		{"a lost reply behind a line that is cut", in + "NOOP 200; NOOP; PWD 257", func(f *forge) {
			x := f.greeted()
			x.ask("USER a", "230 Logged in.")
			f.packets[len(f.packets)-2].snap = 60
			x.ask("NOOP", "200 ok")
			x.client.send("NOOP\r\n")
			x.server.seq += 20
			x.ask("PWD", "257 /")
		}},
		{"who does not wait for replies may have lost any", in + "CWD a 250; CWD b 250; NOOP 200; PWD", func(f *forge) {
			x := f.entered()
			x.client.send("CWD a\r\nCWD b\r\nNOOP\r\nPWD\r\n")
			x.server.send("250 a\r\n")
			x.server.seq += 20
			x.server.send("250 b\r\n200 ok\r\n")
		}},
		{"the last login that succeeded", "user b; - 220; USER a 230; USER b 230; USER c 530", func(f *forge) {
			x := f.entered()
			x.ask("USER b", "230 in")
			x.ask("USER c", "530 no")
		}},
		{"logins that all succeeded", "user b; - 220; USER a 230; USER b 230", func(f *forge) {
			x := f.entered()
			x.ask("USER b", "230 in")
		}},
		{"commands that nobody answers", "user a; - 220; USER a; PASS b; LIST", func(f *forge) {
			x := f.greeted()
			x.client.send("USER a\r\nPASS b\r\nLIST\r\n")
		}},
		{"passive: the first command that was not refused",
			in + "PASV 227; RETR a 550; RETR b 150 226; RETR c 150; 1 for RETR b; 2 for RETR c", func(f *forge) {
				x := f.entered()
				x.passive(99)
				x.ask("RETR a", "550 no")
				x.ask("RETR b", "150 here", "226 done")
				x.ask("RETR c", "150 here")
				f.dial(clientIP+":40100", serverIP+":99")
			}},
		{"active: the last command before it",
			in + "PORT 198,51,100,100,0,99 200; LIST 425; RETR a 150 425; RETR b; 1 for RETR a", func(f *forge) {
				x := f.entered()
				x.ask("PORT 198,51,100,100,0,99", "200 ok")
				x.ask("LIST", "425 no")
				x.ask("RETR a", "150 here")
				_, client := f.dial(serverIP+":20", clientIP+":99")
				client.to.close()
				x.ask("RETR b", "425 no")
			}},
		{"a second connection to the same address", in + "PASV 227; LIST 150 226; NLST 150 226; 1 for LIST; 2 for NLST", func(f *forge) {
			x := f.entered()
			x.passive(99)
			x.ask("LIST", "150 here", "226 done")
			f.dial(clientIP+":40100", serverIP+":99")
			x.ask("NLST", "150 here", "226 done")
		}},
		{"more connections than commands", in + "PASV 227; LIST 150 226; 1 for LIST; 2 for LIST", func(f *forge) {
			x := f.entered()
			x.passive(99)
			f.dial(clientIP+":40100", serverIP+":99")
			x.ask("LIST", "150 here", "226 done")
		}},
		{"a reply whose end is missing", "user ; - 220; FEAT 211; NOOP", func(f *forge) {
			x := f.greeted()
			x.client.send("FEAT\r\n")
			x.server.send("211-Features:\r\n")
			x.client.send("NOOP\r\n")
		}},
		{"an address in a reply of many lines whose command is missing", "user ; - 220; - 227; NOOP 200; 1 for nothing", func(f *forge) {
			x := f.greeted()
			x.ask("NOOP", "200 ok")
			x.client.seq += 6
			x.server.send("227-call me at\r\n (192,0,2,21,0,99)\r\n or not at all\r\n227 please\r\n")
			connect(f, 99)
		}},
		{"an address whose command is missing",
			"user a; - 220; - 227; USER a 230; PASV 227; LIST 150 226; RETR b 150 226; 1 for LIST; 2 for RETR b", func(f *forge) {
				x := f.entered()
				x.passive(98)
				x.ask("LIST", "150 here", "226 done")
				x.client.seq += 6
				x.server.send("227 (192,0,2,21,0,99)\r\n")
				connect(f, 99)
				x.ask("RETR b", "150 here", "226 done")
			}},
		{"such an address is not for the command before it",
			"user a; - 220; - 227; USER a 230; LIST 150 226; RETR b 150 226; 1 for RETR b", func(f *forge) {
				x := f.entered()
				x.ask("LIST", "150 here", "226 done")
				x.client.seq += 6
				x.server.send("227 (192,0,2,21,0,99)\r\n")
				connect(f, 99)
				x.ask("RETR b", "150 here", "226 done")
			}},
		{"a transfer that is answered with an address", in + "PASV 227; LIST 227; 1 for LIST", func(f *forge) {
			x := f.entered()
			x.passive(98)
			x.ask("LIST", "227 (192,0,2,21,0,97)")
		}},
		{"a PORT that is answered with an address",
			in + "PORT 198,51,100,100,0,99 227; LIST 150; 1 for LIST; 2 for nothing", func(f *forge) {
				x := f.entered()
				x.ask("PORT 198,51,100,100,0,99", "227 (192,0,2,21,0,98)")
				connect(f, 98)
				f.dial(serverIP+":20", clientIP+":99")
				x.ask("LIST", "150 here")
			}},
		{"a command that was captured behind its reply", in + "NOOP 200; CWD a 250; PWD 257", func(f *forge) {
			x := f.entered()
			x.quick("NOOP", "200 ok")
			f.late(1)
			x.quick("CWD a", "250 in")
			x.quick("PWD", "257 /")
		}},
		{"many such commands", in + strings.Repeat("NOOP 200; ", 50) + "PWD 257", func(f *forge) {
			x := f.entered()
			for range 50 {
				x.quick("NOOP", "200 ok")
				f.late(1)
			}
			x.quick("PWD", "257 /")
		}},
		{"such a command in two segments", in + "NOOP 200; PWD 257", func(f *forge) {
			x := f.entered()
			x.client.send("NO")
			f.drop(0)
			x.quick("OP", "200 ok")
			f.late(1)
			f.late(2)
			x.quick("PWD", "257 /")
		}},
		{"a command that was captured behind the next one, and both behind their replies", in + "NOOP 200; CWD a 250; PWD 257", func(f *forge) {
			x := f.entered()
			x.quick("NOOP", "200 ok")
			x.quick("CWD a", "250 in")
			f.late(1)
			f.late(3)
			x.quick("PWD", "257 /")
		}},
		{"a first command that was captured behind the next one", "user a; - 220; USER a 331; PASS b 230; PWD 257", func(f *forge) {
			x := f.greeted()
			x.quick("USER a", "331 password?")
			x.quick("PASS b", "230 in")
			f.late(3)
			x.quick("PWD", "257 /")
		}},
		{"a command that was captured behind the FIN", in + "PWD 257; QUIT 221", func(f *forge) {
			x := f.entered()
			x.quick("PWD", "257 /")
			x.quick("QUIT", "221 bye")
			x.client.fin()
			f.late(2)
		}},
		{"a command with the FIN, behind its reply", in + "PWD 257; QUIT 221", func(f *forge) {
			x := f.entered()
			x.quick("PWD", "257 /")
			x.client.segment(&layers.TCP{ACK: true, FIN: true}, "QUIT\r\n")
			x.client.seq += 7
			x.server.send("221 bye\r\n")
			f.swap(1)
		}},
		{"a command that the recorder cut short, behind its reply", in + "CWD a- 250; PWD 257", func(f *forge) {
			x := f.entered()
			x.quick("CWD a-long-name", "250 in")
			f.late(1)
			f.packets[len(f.packets)-1].snap = 60
			x.quick("PWD", "257 /")
		}},
		{"the same at the end of the capture", in + "CWD a- 250", func(f *forge) {
			x := f.entered()
			x.quick("CWD a-long-name", "250 in")
			f.late(1)
			f.packets[len(f.packets)-1].snap = 60
		}},
		{"a command that was lost, and its reply behind the next one", "user a; - 220; - 200; USER a 230; PWD 257", func(f *forge) {
			x := f.entered()
			x.client.seq += 6
			x.server.send("200 ok\r\n")
			f.drop(0)
			x.quick("PWD", "257 /")
			f.swap(1)
		}},
		{"a capture that begins with the second command", "user ; NOOP 200; CWD a 250", func(f *forge) {
			c, s := f.pair(clientIP+":3171", serverIP+":21")
			x := session{f, c, s}
			x.quick("NOOP", "200 ok")
			x.quick("CWD a", "250 in")
			f.packets[0].data, f.packets[2].data = f.packets[2].data, f.packets[0].data
		}},
		{"a hole that stays, and a swap long after it", in + strings.Repeat("NOOP 200; ", 20) + "CWD a 250; PWD 257", func(f *forge) {
			x := f.entered()
			x.client.seq += 6
			for range 20 {
				x.quick("NOOP", "200 ok")
			}
			x.quick("CWD a", "250 in")
			f.late(1)
			x.quick("PWD", "257 /")
		}},
		{"a capture that begins with a reply", "user a; USER a 331; PASS b 230; PWD 257", func(f *forge) {
			c, s := f.pair(clientIP+":3171", serverIP+":21")
			x := session{f, c, s}
			x.quick("USER a", "331 password?")
			f.late(1)
			x.quick("PASS b", "230 in")
			f.late(1)
			x.quick("PWD", "257 /")
		}},
		{"a command that was captured behind its replies, and these in the wrong order", in + "LIST 150 226; PWD 257", func(f *forge) {
			x := f.entered()
			x.quick("LIST", "150 here")
			x.server.send("226 done\r\n")
			f.drop(0)
			f.swap(0)
			f.late(2)
			x.quick("PWD", "257 /")
		}},
		{"two commands behind their replies, and these in the wrong order", in + "NOOP 200; CWD a 250; PWD 257", func(f *forge) {
			x := f.entered()
			x.quick("NOOP", "200 ok")
			x.quick("CWD a", "250 in")
			f.late(3)
			f.late(2)
			f.swap(2)
			x.quick("PWD", "257 /")
		}},
		{"all that the client sent, behind all that it was answered", in + "NOOP 200; CWD a 250; PWD 257; QUIT 221", func(f *forge) {
			x := f.entered()
			x.quick("NOOP", "200 ok")
			x.quick("CWD a", "250 in")
			x.quick("PWD", "257 /")
			x.quick("QUIT", "221 bye")
			for _, n := range []int{7, 6, 5, 4} {
				f.late(n)
			}
		}},
		{"it says nothing of another session", in + "NOOP 200; user b; - 220; USER b 230; NOOP; PWD 257", func(f *forge) {
			x := f.entered()
			x.quick("NOOP", "200 ok")
			f.late(1)
			c, s := f.dial(clientIP+":3172", serverIP+":21")
			s.send("220 ready, as far as I can say\r\n")
			y := session{f, c, s}
			y.ask("USER b", "230 in")
			c.send("NOOP\r\n")
			s.seq += 20
			y.ask("PWD", "257 /")
		}},
		{"who sends a command that was captured before the last reply has waited for it", in + "CWD a 250; NOOP 200; PWD; CWD b 250", func(f *forge) {
			x := f.entered()
			x.quick("CWD a", "250 in")
			x.quick("NOOP", "200 ok")
			f.swap(1)
			x.client.send("PWD\r\n")
			x.server.seq += 20
			x.ask("CWD b", "250 in")
		}},
		{"the same if both were captured behind their replies", in + "PASV 227; LIST 150; NOOP; PWD 257", func(f *forge) {
			x := f.entered()
			x.quick("PASV", "227 (192,0,2,21,0,99)")
			x.quick("LIST", "150 here")
			f.late(2)
			f.late(2)
			x.client.send("NOOP\r\n")
			x.server.seq += 20
			x.ask("PWD", "257 /")
		}},
		{"a reply with a wrong number", "user a; USER a 230; CWD b 250; PWD; QUIT 221", func(f *forge) {
			c, s := f.pair(clientIP+":3171", serverIP+":21")
			x := session{f, c, s}
			x.ask("USER a", "230 in")
			x.ask("CWD b", "250 in, as you wish")
			x.client.send("PWD\r\n")
			s.at(-12, "257 /\r\n")
			s.seq += 7
			x.ask("QUIT", "221 bye")
		}},
		{"commands that acknowledge what answers them", in + "NOOP 200; CWD a 250", func(f *forge) {
			x := f.entered()
			ask := func(command, reply string) {
				x.server.seq += uint32(len(reply))
				x.client.send(command)
				x.server.seq -= uint32(len(reply))
				f.drop(0)
				x.server.send(reply)
			}
			ask("NOOP\r\n", "200 ok\r\n")
			ask("CWD a\r\n", "250 in\r\n")
		}},
		{"replies that acknowledge too much", "user a; - 220; - 421; USER a 331; PASS b 230; NOOP", func(f *forge) {
			x := f.greeted()
			ask := func(command, reply string) {
				x.client.send(command + "\r\n")
				x.client.seq += 30
				x.server.send(reply + "\r\n")
				x.client.seq -= 30
			}
			ask("USER a", "331 password?")
			ask("PASS b", "230 in")
			x.client.seq += 30
			x.server.send("421 too late\r\n")
			x.client.seq -= 30
			x.client.send("NOOP\r\n")
		}},
		{"a PORT that was captured behind the call", in + "PORT 198,51,100,100,0,99 200; LIST 150 226; 1 for LIST", func(f *forge) {
			x := f.entered()
			x.quick("PORT 198,51,100,100,0,99", "200 ok")
			x.client.send("LIST\r\n")
			f.drop(0)
			_, client := f.dial(serverIP+":20", clientIP+":99")
			f.late(5)
			x.server.send("150 here\r\n")
			client.to.close()
			x.server.send("226 done\r\n")
		}},
		{"a call that was captured before the address", in + "PASV 227; LIST 150 226; 1 for LIST", func(f *forge) {
			x := f.entered()
			x.client.send("PASV\r\n")
			_, s := f.dial(clientIP+":40099", serverIP+":99")
			x.server.send("227 (192,0,2,21,0,99)\r\n")
			x.ask("LIST", "150 here", "226 done")
			s.close()
		}},
		{"a call that was captured before the command that asked for the address", in + "PASV 227; LIST 150 226; 1 for LIST", func(f *forge) {
			x := f.entered()
			x.quick("PASV", "227 (192,0,2,21,0,99)")
			f.dial(clientIP+":40099", serverIP+":99")
			f.swap(2)
			f.swap(3) // SYN, PASV, 227, SYN and ACK, ACK
			x.ask("LIST", "150 here", "226 done")
		}},
		{"a call that came before anybody asked for an address", in + "PASV 227; LIST 150 226; 2 for LIST", func(f *forge) {
			x := f.entered()
			f.dial(clientIP+":40098", serverIP+":99")
			x.passive(99)
			x.ask("LIST", "150 here", "226 done")
		}},
	} {
		f := newForge(t)
		c.make(f)
		tr := read(t, f.pcap())
		if got := gist(tr); got != c.want {
			t.Errorf("%s: got\n%s\nwant\n%s", c.name, got, c.want)
		}
		wantHeard(t, c.name, tr)
	}
}

// An address is announced by one line, whatever else is said in the same packet.
func TestSaidIn(t *testing.T) {
	f := newForge(t)
	x := f.login()
	x.client.send("PORT 198,51,100,100,0,99\r\nport 198,51,100,100, 0,98\r\nEPRT |1|198.51.100.100|97|\r\nPASV\r\nEPSV\r\nLIST\r\nSITE 192,0,2,21,0,96\r\n")
	x.server.send("200 198,51,100,100,0,99\r\n200 ok\r\n200 ok\r\n227-as you wish\r\n227 (192,0,2,21,0,96)\r\n229 (|||95|)\r\n150 ok\r\n")
	s := read(t, f.pcap()).Session(0)
	var got []string
	for _, l := range s.Lines {
		for _, a := range s.Announcements {
			if a.SaidIn(l) {
				got = append(got, fmt.Sprintf("%s %d in %s", a.Command, a.Addr.Port(), l.Text))
			}
		}
	}
	want := []string{
		"PORT 99 in PORT 198,51,100,100,0,99", "PORT 98 in port 198,51,100,100, 0,98", "EPRT 97 in EPRT |1|198.51.100.100|97|",
		"PASV 96 in 227 (192,0,2,21,0,96)", "EPSV 95 in 229 (|||95|)",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// Lines are heard in the order in which they were said.
func TestLinesAreInOrder(t *testing.T) {
	f := newForge(t)
	x := f.entered()
	x.quick("NOOP", "200-ok\r\n200 indeed")
	f.late(1)
	x.quick("PWD", "257 /")
	var got []string
	for _, l := range read(t, f.pcap()).Session(0).Lines {
		got = append(got, fmt.Sprint(l.Packet, " ", l.Text))
	}
	want := []string{"4 220 ready", "6 USER a", "8 230 in", "11 NOOP", "10 200-ok", "10 200 indeed", "12 PWD", "13 257 /"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// For the sake of a hole that stays only so many acknowledgments are noted.
func TestNotable(t *testing.T) {
	h := half{Flow: &Flow{}, synSeen: true, reach: 30}
	noted := func() (n int) {
		for range 100 {
			if h.notable(30) {
				n++
			}
		}
		return n
	}
	h.have.add(1, 10)
	h.have.add(20, 30)
	if n := noted(); n != maxAcks {
		t.Errorf("%d acknowledgments were noted for one hole, want %d", n, maxAcks)
	}
	h.have.add(10, 15)
	if n := noted(); n != maxAcks {
		t.Errorf("%d acknowledgments were noted for the next hole, want %d", n, maxAcks)
	}
	h.have.add(15, 20)
	if n := noted(); n != 0 {
		t.Errorf("%d acknowledgments were noted of what has been seen, want none", n)
	}
}

// An EPRT whose address cannot be read has a port all the same.
func TestNoAddress(t *testing.T) {
	f := newForge(t)
	x := f.login()
	x.ask("EPRT |1|the client|97|", "200 ok")
	x.client.send("LIST\r\n")
	f.dial(serverIP+":20", clientIP+":97")
	x.ask("NOOP", "150 here")
	a := read(t, f.pcap()).Session(0).Announcements[0]
	got := fmt.Sprintln(a.Where(), a.Foreign, a.Connections)
	if want := "port 97 of an address that cannot be read false [1]\n"; got != want {
		t.Errorf("got %swant %s", got, want)
	}
}

// wantHeard fails unless what is heard of a dialogue is what its session has.
func wantHeard(t *testing.T, name string, tr *Trace) {
	t.Helper()
	i := 0
	for d := range tr.Dialogues() {
		s := tr.Session(d.Control)
		var lines []Line
		var commands []string
		d.Hear(func(l *Line) { lines = append(lines, *l) }, func(e *Exchange) { commands = append(commands, heard(e)) })
		for i, l := range s.Lines {
			if i >= len(lines) || lines[i] != *l {
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
func heard(e *Exchange) string {
	text := fmt.Sprint(*e.Line, e.Command, e.Argument)
	for _, r := range e.Replies {
		text += fmt.Sprint(" ", r.Code, r.Text, r.FirstPacket, r.Packet, r.Time, len(r.Lines))
	}
	return text
}
