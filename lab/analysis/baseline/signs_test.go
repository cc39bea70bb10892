// For each rule about what is beside the dialogue a capture that breaks it, and one that
// comes close and does not.

package baseline

import (
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/packet"
)

var besideTests = map[string]ruleTest{
	"no-scans": {
		breaks: func(f *forge) { scan(f, 40*time.Minute, 12) },
		near:   func(f *forge) { scan(f, time.Millisecond, 7) },
	},
	"no-third-ports": {
		breaks: func(f *forge) {
			t := f.control().say(hello)
			f.dial(aClient, aServer+":31337").say("> open\n< sesame").close(opener)
			t.say(bye).close(answerer)
		},
		near: func(f *forge) { // a web server on the same host, and a conversation long after
			t := f.control().say(hello)
			f.dial(aClient, aServer+":80").say("> GET / HTTP/1.0\n< HTTP/1.0 200 OK").close(answerer)
			t.say(bye).close(answerer)
			f.pass(time.Hour)
			f.dial(aClient, aServer+":31337").say("> open\n< sesame").close(opener)
		},
	},
	"calls-are-answered": {
		breaks: refusedCall,
		near:   session1(""),
	},
	"server-answers": {
		breaks: func(f *forge) {
			t := f.control().say(hello).say("> RETR a")
			t.reset(answerer)
		},
		near: func(f *forge) { // the client did not wait
			t := f.control().say(hello).say("> RETR a")
			t.reset(opener)
		},
	},
	"usual-ports": {
		breaks: func(f *forge) { f.dial(aClient, aServer+":4444").say(hello + bye).close(answerer) },
		near:   func(f *forge) { f.dial(aClient, aServer+":2121").say(hello + bye).close(answerer) },
	},
	"no-programs": {
		breaks: moved("RETR setup", answerer, "MZ\x90\x00 and so on"),
		near:   moved("RETR music.txt", answerer, "Mozart, Zauberflöte"),
	},
	"no-loot": {
		breaks: moved("STOR 1_logs.html", opener, "<html><b>Microsoft Outlook 32 bit</b> Password: secret"),
		near:   moved("STOR mail.html", opener, "<html>How to set up Outlook: enter your password."),
	},
	"uploads-differ": {
		breaks: session1(strings.Repeat("> STOR log.txt\n< 150 go on\n< 226 done\n", 5)),
		near:   session1(strings.Repeat("> STOR log.txt\n< 550 no\n", 5)),
	},
	"no-sensitive-names": {
		breaks: session1("> CWD /home/ada/keys\n< 250 ok\n> RETR id_rsa\n< 550 no"),
		near:   session1("> CWD passwordmanager\n< 250 ok\n> RETR etc_passwd.html\n< 550 no"),
	},
	"no-signs-agree": {
		breaks: session1("> CWD ../../etc\n< 250 ok\n> RETR hosts\n< 550 no\n> RETR passwords.txt\n< 550 no"),
		near:   session1("> RETR setup.exe\n< 550 no\n> RETR passwords.txt\n< 550 no"),
	},
	"tls-is-agreed": {
		breaks: func(f *forge) {
			t := f.control().say("< 220 ready")
			t.send(opener, clientHello)
			t.say("< 500 what?\n< 500 what?").close(opener)
		},
		near: func(f *forge) { inTLS(f.control().say("< 220 ready\n> AUTH TLS\n< 234 go ahead")).close(opener) },
	},
	"credentials-in-tls": {
		breaks: func(f *forge) { inTLS(f.control().say(hello).say("> AUTH TLS\n< 234 go ahead")).close(opener) },
		near: func(f *forge) {
			inTLS(f.control().say("< 220 ready\n> USER ada\n< 530 TLS first\n> AUTH TLS\n< 234 go ahead")).close(opener)
		},
	},
}

// clientHello begins like a ClientHello and has a whole record.
var clientHello = "\x16\x03\x01\x00\x30\x01\x00\x00\x2c\x03\x03" + strings.Repeat("r", 42)

// helloTo begins TLS with a server of the given name.
func helloTo(t *talk, name string) {
	n := len(name)
	extension := "\x00\x00\x00" + string(rune(n+5)) + "\x00" + string(rune(n+3)) + "\x00\x00" + string(rune(n)) + name
	body := "\x03\x03" + strings.Repeat("r", 32) + "\x00\x00\x02\x13\x01\x01\x00\x00" + string(rune(len(extension))) + extension
	t.send(opener, "\x16\x03\x01\x00"+string(rune(len(body)+4))+"\x01\x00\x00"+string(rune(len(body)))+body)
	t.send(answerer, "\x16\x03\x03\x00\x02\x02\x00")
	t.send(answerer, "\x17\x03\x03\x00\x01\xc3")
}

// inTLS lets a session go on in TLS that nobody can read.
func inTLS(t *talk) *talk {
	t.send(opener, clientHello)
	t.send(answerer, "\x16\x03\x03\x00\x30\x02\x00\x00\x2c\x03\x03"+strings.Repeat("s", 42))
	for range 3 {
		t.send(opener, "\x17\x03\x03\x00\x20"+strings.Repeat("\xc3", 32))
		t.send(answerer, "\x17\x03\x03\x00\x20"+strings.Repeat("\x9e", 32))
	}
	return t
}

// refusedCall is a call to a closed port 21.
func refusedCall(f *forge) { f.refuse(aClient, aServer+":21") }

// refuse is a call that is answered with a RST.
func (f *forge) refuse(from, to string) {
	t := f.overhear(from, to)
	t.packet(t.ends[0], t.ends[1], 1000, 0, packet.SYN, "")
	t.packet(t.ends[1], t.ends[0], 0, 1001, packet.RST|packet.ACK, "")
}

// scan calls so many closed ports, and says how long it waits between two.
func scan(f *forge, pause time.Duration, n int) {
	for i := range n {
		f.refuse(aClient, addrPort(aServer, 15+i))
		f.pass(pause)
	}
}

// moved is a session with one transfer of the given bytes.
func moved(command string, sender int, content string) func(*forge) {
	return func(f *forge) {
		t := f.control().say(hello).say("> PASV\n< 227 (192,0,2,21,100,0)\n> " + command + "\n< 150 here")
		d := f.dial(aClient, aServer+":25600")
		d.send(sender, content)
		d.close(sender)
		t.say("< 226 done").say(bye).close(answerer)
	}
}

// TestGreetings waits for a greeting that does not come.
func TestGreetings(t *testing.T) {
	for wait, want := range map[time.Duration]int{time.Second: 0, 20 * time.Second: 1} {
		got := forged(t, func(f *forge) {
			c := f.control()
			f.pass(wait)
			c.fin(opener)
		})
		if n := count(got, "server-answers", Odd); n != want {
			t.Errorf("%v without a greeting: got %v\nwant %d of server-answers", wait, got, want)
		}
	}
}

// TestSilence sends a command that is not answered, and waits.
func TestSilence(t *testing.T) {
	for wait, want := range map[time.Duration]int{time.Second: 0, 20 * time.Second: 1} {
		got := forged(t, func(f *forge) {
			c := f.control().say(hello).say("> SYST")
			f.pass(wait)
			c.fin(opener)
		})
		if n := count(got, "server-answers", Odd); n != want {
			t.Errorf("%v without an answer: got %v\nwant %d of server-answers", wait, got, want)
		}
	}
}
