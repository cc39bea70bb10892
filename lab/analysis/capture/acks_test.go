package capture_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/gopacket/layers"
)

// quick sends a command and its reply, each of which acknowledges what was sent before it.
func (x session) quick(command, reply string) {
	x.client.send(command + "\r\n")
	x.f.drop(0)
	x.server.send(reply + "\r\n")
	x.f.drop(0)
}

// Who spoke first does not depend on the order in which a recorder has it.
func TestSwapped(t *testing.T) {
	checkRules(t, []rule{
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
	})
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
