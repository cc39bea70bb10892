package capture_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"ftplab/lab/internal/forge"
)

// quick sends a command and its reply, each of which acknowledges what was sent before it.
func quick(x forge.Session, command, reply string) {
	x.Client.Send(command + "\r\n")
	x.Capture.Drop(0)
	x.Server.Send(reply + "\r\n")
	x.Capture.Drop(0)
}

// Who spoke first does not depend on the order in which a recorder has it.
func TestSwapped(t *testing.T) { checkRules(t, swapped) }

var swapped = []rule{
	{"a command that was captured after its reply", in + "NOOP 200; CWD a 250; PWD 257", func(f *forge.Capture) {
		x := entered(f)
		quick(x, "NOOP", "200 ok")
		f.Late(1)
		quick(x, "CWD a", "250 in")
		quick(x, "PWD", "257 /")
	}},
	{"many such commands", in + strings.Repeat("NOOP 200; ", 50) + "PWD 257", func(f *forge.Capture) {
		x := entered(f)
		for range 50 {
			quick(x, "NOOP", "200 ok")
			f.Late(1)
		}
		quick(x, "PWD", "257 /")
	}},
	{"such a command in two segments", in + "NOOP 200; PWD 257", func(f *forge.Capture) {
		x := entered(f)
		x.Client.Send("NO")
		f.Drop(0)
		quick(x, "OP", "200 ok")
		f.Late(1)
		f.Late(2)
		quick(x, "PWD", "257 /")
	}},
	{"a command that was captured after the next one, and both after their replies", in + "NOOP 200; CWD a 250; PWD 257", func(f *forge.Capture) {
		x := entered(f)
		quick(x, "NOOP", "200 ok")
		quick(x, "CWD a", "250 in")
		f.Late(1)
		f.Late(3)
		quick(x, "PWD", "257 /")
	}},
	{"a first command that was captured after the next one", "user a; - 220; USER a 331; PASS b 230; PWD 257", func(f *forge.Capture) {
		x := greeted(f)
		quick(x, "USER a", "331 password?")
		quick(x, "PASS b", "230 in")
		f.Late(3)
		quick(x, "PWD", "257 /")
	}},
	{"a command that was captured after the FIN", in + "PWD 257; QUIT 221", func(f *forge.Capture) {
		x := entered(f)
		quick(x, "PWD", "257 /")
		quick(x, "QUIT", "221 bye")
		x.Client.FIN()
		f.Late(2)
	}},
	{"a command with the FIN, after its reply", in + "PWD 257; QUIT 221", func(f *forge.Capture) {
		x := entered(f)
		quick(x, "PWD", "257 /")
		x.Client.SegmentAt(0, "F.", "QUIT\r\n")
		x.Client.Seq += 7
		x.Server.Send("221 bye\r\n")
		f.Swap(1)
	}},
	{"a command that the recorder cut short, after its reply", in + "CWD a- 250; PWD 257", func(f *forge.Capture) {
		x := entered(f)
		quick(x, "CWD a-long-name", "250 in")
		f.Late(1)
		f.Last(0).Cut(60)
		quick(x, "PWD", "257 /")
	}},
	{"the same at the end of the capture", in + "CWD a- 250", func(f *forge.Capture) {
		x := entered(f)
		quick(x, "CWD a-long-name", "250 in")
		f.Late(1)
		f.Last(0).Cut(60)
	}},
	{"a command that was lost, and its reply after the next one", "user a; - 220; - 200; USER a 230; PWD 257", func(f *forge.Capture) {
		x := entered(f)
		x.Client.Seq += 6
		x.Server.Send("200 ok\r\n")
		f.Drop(0)
		quick(x, "PWD", "257 /")
		f.Swap(1)
	}},
	{"replies to commands that were lost", "user a; - 220; - 213; - 229; USER a 230; SIZE a; PWD 257", func(f *forge.Capture) {
		x := entered(f)
		x.Client.Send("SIZE a\r\n")
		x.Server.Seq += uint32(len("213 5\r\n"))
		x.Client.Seq += uint32(len("MDTM a\r\n"))
		x.Server.Send("213 20260101000000\r\n")
		x.Client.Seq += uint32(len("EPSV\r\n"))
		x.Server.Send("229 (|||99|)\r\n")
		quick(x, "PWD", "257 /")
	}},
	{"a capture that begins with the second command", "user ; NOOP 200; CWD a 250", func(f *forge.Capture) {
		c, s := f.Pair(forge.Client+":3171", forge.Server+":21")
		x := forge.Session{Capture: f, Client: c, Server: s}
		quick(x, "NOOP", "200 ok")
		quick(x, "CWD a", "250 in")
		f.Frames[0].Data, f.Frames[2].Data = f.Frames[2].Data, f.Frames[0].Data
	}},
	{"a hole that stays, and a swap long after it", in + strings.Repeat("NOOP 200; ", 20) + "CWD a 250; PWD 257", func(f *forge.Capture) {
		x := entered(f)
		x.Client.Seq += 6
		for range 20 {
			quick(x, "NOOP", "200 ok")
		}
		quick(x, "CWD a", "250 in")
		f.Late(1)
		quick(x, "PWD", "257 /")
	}},
	{"a capture that begins with a reply", "user a; USER a 331; PASS b 230; PWD 257", func(f *forge.Capture) {
		c, s := f.Pair(forge.Client+":3171", forge.Server+":21")
		x := forge.Session{Capture: f, Client: c, Server: s}
		quick(x, "USER a", "331 password?")
		f.Late(1)
		quick(x, "PASS b", "230 in")
		f.Late(1)
		quick(x, "PWD", "257 /")
	}},
	{"a command that was captured after its replies, and these in the wrong order", in + "LIST 150 226; PWD 257", func(f *forge.Capture) {
		x := entered(f)
		quick(x, "LIST", "150 here")
		x.Server.Send("226 done\r\n")
		f.Drop(0)
		f.Swap(0)
		f.Late(2)
		quick(x, "PWD", "257 /")
	}},
	{"two commands after their replies, and these in the wrong order", in + "NOOP 200; CWD a 250; PWD 257", func(f *forge.Capture) {
		x := entered(f)
		quick(x, "NOOP", "200 ok")
		quick(x, "CWD a", "250 in")
		f.Late(3)
		f.Late(2)
		f.Swap(2)
		quick(x, "PWD", "257 /")
	}},
	{"all that the client sent, after all that it was answered", in + "NOOP 200; CWD a 250; PWD 257; QUIT 221", func(f *forge.Capture) {
		x := entered(f)
		quick(x, "NOOP", "200 ok")
		quick(x, "CWD a", "250 in")
		quick(x, "PWD", "257 /")
		quick(x, "QUIT", "221 bye")
		for _, n := range []int{7, 6, 5, 4} {
			f.Late(n)
		}
	}},
	{"it says nothing of another session", in + "NOOP 200; user b; - 220; USER b 230; NOOP; PWD 257", func(f *forge.Capture) {
		x := entered(f)
		quick(x, "NOOP", "200 ok")
		f.Late(1)
		c, s := f.Dial(forge.Client+":3172", forge.Server+":21")
		s.Send("220 ready, as far as I can say\r\n")
		y := forge.Session{Capture: f, Client: c, Server: s}
		y.Ask("USER b", "230 in")
		c.Send("NOOP\r\n")
		s.Seq += 20
		y.Ask("PWD", "257 /")
	}},
	{"who sends a command that was captured before the last reply has waited for it", in + "CWD a 250; NOOP 200; PWD; CWD b 250", func(f *forge.Capture) {
		x := entered(f)
		quick(x, "CWD a", "250 in")
		quick(x, "NOOP", "200 ok")
		f.Swap(1)
		x.Client.Send("PWD\r\n")
		x.Server.Seq += 20
		x.Ask("CWD b", "250 in")
	}},
	{"the same if both were captured after their replies", in + "PASV 227; LIST 150; NOOP; PWD 257", func(f *forge.Capture) {
		x := entered(f)
		quick(x, "PASV", "227 (192,0,2,21,0,99)")
		quick(x, "LIST", "150 here")
		f.Late(2)
		f.Late(2)
		x.Client.Send("NOOP\r\n")
		x.Server.Seq += 20
		x.Ask("PWD", "257 /")
	}},
	{"a reply with a wrong number", "user a; USER a 230; CWD b 250; PWD; QUIT 221", func(f *forge.Capture) {
		c, s := f.Pair(forge.Client+":3171", forge.Server+":21")
		x := forge.Session{Capture: f, Client: c, Server: s}
		x.Ask("USER a", "230 in")
		x.Ask("CWD b", "250 in, as you wish")
		x.Client.Send("PWD\r\n")
		s.SegmentAt(-12, "P.", "257 /\r\n")
		s.Seq += 7
		x.Ask("QUIT", "221 bye")
	}},
	{"commands that acknowledge what answers them", in + "NOOP 200; CWD a 250", func(f *forge.Capture) {
		x := entered(f)
		ask := func(command, reply string) {
			x.Server.Seq += uint32(len(reply))
			x.Client.Send(command)
			x.Server.Seq -= uint32(len(reply))
			f.Drop(0)
			x.Server.Send(reply)
		}
		ask("NOOP\r\n", "200 ok\r\n")
		ask("CWD a\r\n", "250 in\r\n")
	}},
	{"replies that acknowledge too much", "user a; - 220; - 421; USER a 331; PASS b 230; NOOP", func(f *forge.Capture) {
		x := greeted(f)
		ask := func(command, reply string) {
			x.Client.Send(command + "\r\n")
			x.Client.Seq += 30
			x.Server.Send(reply + "\r\n")
			x.Client.Seq -= 30
		}
		ask("USER a", "331 password?")
		ask("PASS b", "230 in")
		x.Client.Seq += 30
		x.Server.Send("421 too late\r\n")
		x.Client.Seq -= 30
		x.Client.Send("NOOP\r\n")
	}},
	{"421 after an answer that is lost", "user a; - 220; - 421; USER a 331; PASS b", func(f *forge.Capture) {
		x := greeted(f)
		x.Ask("USER a", "331 password?")
		x.Client.Send("PASS b\r\n")
		x.Server.Seq += 20
		x.Client.FIN()
		x.Server.Send("421 too late\r\n")
	}},
	{"421 to a command after an answer that is lost", "user a; - 220; USER a; PASS b 421", func(f *forge.Capture) {
		x := greeted(f)
		x.Client.Send("USER a\r\n")
		x.Server.Seq += 20
		x.Ask("PASS b", "421 too late")
	}},
	{"a PORT that was captured after the call", in + "PORT 198,51,100,100,0,99 200; LIST 150 226; 1 for LIST", func(f *forge.Capture) {
		x := entered(f)
		quick(x, "PORT 198,51,100,100,0,99", "200 ok")
		x.Client.Send("LIST\r\n")
		f.Drop(0)
		_, client := f.Dial(forge.Server+":20", forge.Client+":99")
		f.Late(5)
		x.Server.Send("150 here\r\n")
		client.Peer.Close()
		x.Server.Send("226 done\r\n")
	}},
	{"a call that was captured before the address", in + "PASV 227; LIST 150 226; 1 for LIST", func(f *forge.Capture) {
		x := entered(f)
		x.Client.Send("PASV\r\n")
		_, s := f.Dial(forge.Client+":40099", forge.Server+":99")
		x.Server.Send("227 (192,0,2,21,0,99)\r\n")
		x.Ask("LIST", "150 here", "226 done")
		s.Close()
	}},
	{"a call that was captured before the command that asked for the address", in + "PASV 227; LIST 150 226; 1 for LIST", func(f *forge.Capture) {
		x := entered(f)
		quick(x, "PASV", "227 (192,0,2,21,0,99)")
		f.Dial(forge.Client+":40099", forge.Server+":99")
		f.Swap(2)
		f.Swap(3) // SYN, PASV, 227, SYN and ACK, ACK
		x.Ask("LIST", "150 here", "226 done")
	}},
	{"a call that came before anybody asked for an address", in + "PASV 227; LIST 150 226; 2 for LIST", func(f *forge.Capture) {
		x := entered(f)
		f.Dial(forge.Client+":40098", forge.Server+":99")
		passive(x, 99)
		x.Ask("LIST", "150 here", "226 done")
	}},
	{"a call that was captured before the PORT", in + "PORT 198,51,100,100,0,99 200; LIST 150 226; 1 for LIST", func(f *forge.Capture) {
		x := entered(f)
		_, client := f.Dial(forge.Server+":20", forge.Client+":99")
		quick(x, "PORT 198,51,100,100,0,99", "200 ok")
		x.Ask("LIST", "150 here", "226 done")
		client.Peer.Close()
	}},
	{"a whole data connection that was captured before the command that asked for the address", in + "PASV 227; LIST 150 226; 1 for LIST", func(f *forge.Capture) {
		x := entered(f)
		dialAndClose(f)
		x.Ask("PASV", "227 (192,0,2,21,0,99)")
		x.Ask("LIST", "150 here", "226 done")
	}},
	{"a connection much earlier than the address", in + "PASV 227; LIST 150 226", func(f *forge.Capture) {
		x := entered(f)
		dialAndClose(f)
		f.Pass(time.Second)
		x.Ask("PASV", "227 (192,0,2,21,0,99)")
		x.Ask("LIST", "150 here", "226 done")
	}},
	{"a connection much later than the address, as its stamps say", in + "PASV 227; LIST 150 226", func(f *forge.Capture) {
		x := entered(f)
		f.Pass(2 * time.Second)
		dialAndClose(f)
		f.Pass(-2 * time.Second)
		x.Ask("PASV", "227 (192,0,2,21,0,99)")
		x.Ask("LIST", "150 here", "226 done")
	}},
	{"a connection before the session", strings.ReplaceAll(in, "0 ", "1 ") + "PASV 227; LIST 150 226", func(f *forge.Capture) {
		dialAndClose(f)
		x := entered(f)
		x.Ask("PASV", "227 (192,0,2,21,0,99)")
		x.Ask("LIST", "150 here", "226 done")
	}},
	{"a connection before the address that nobody accepted", in + "PASV 227; LIST 150 226", func(f *forge.Capture) {
		x := entered(f)
		c, s := f.Pair(forge.Client+":40098", forge.Server+":99")
		c.SegmentAt(-1, "S", "")
		s.RST()
		x.Ask("PASV", "227 (192,0,2,21,0,99)")
		x.Ask("LIST", "150 here", "226 done")
	}},
}

// dialAndClose opens a connection to the server's port 99 and closes it.
func dialAndClose(f *forge.Capture) {
	_, s := f.Dial(forge.Client+":40099", forge.Server+":99")
	s.Close()
}

// Lines are heard in the order in which they were said.
func TestLinesAreInOrder(t *testing.T) {
	f := forge.New()
	x := entered(f)
	quick(x, "NOOP", "200-ok\r\n200 indeed")
	f.Late(1)
	quick(x, "PWD", "257 /")
	var got []string
	for _, l := range read(t, f.PCAP()).Session(0).Lines {
		got = append(got, fmt.Sprint(l.Packet, " ", l.Text))
	}
	want := []string{"4 220 ready", "6 USER a", "8 230 in", "11 NOOP", "10 200-ok", "10 200 indeed", "12 PWD", "13 257 /"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// The sequence number of a SYN was damaged. Its answer and the next segment agree on another one,
// so the whole dialogue can be read.
func TestDamagedSYN(t *testing.T) {
	f := forge.New()
	f.Login().Quit()
	f.Frames[0].Data[39] ^= 0x20 // of the sequence number
	want := []string{"USER 331", "PASS 230", "QUIT 221"}
	var got []string
	for s := range read(t, f.PCAP()).Sessions() {
		for _, x := range s.Exchanges {
			got = append(got, fmt.Sprint(x.Command, " ", x.Final()))
		}
		if missing := s.Control.Missing(); missing != 0 {
			t.Errorf("%d bytes are missing, want none", missing)
		}
	}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
