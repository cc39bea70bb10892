// For each rule about what is beside the dialogue a capture that breaks it, and one that
// comes close and does not.

package baseline

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"ftplab/lab/internal/forge"
)

var besideTests = map[string]ruleTest{
	"no-scans": {
		breaks: func(f *forge.Capture) { scan(f, 40*time.Minute, 12) },
		near:   func(f *forge.Capture) { scan(f, time.Millisecond, 7) },
	},
	"no-detours": {
		breaks: func(f *forge.Capture) {
			for range 2 {
				claim(f, 21, aServer)
				claim(f, 66, aServer)
			}
			session1("")(f)
		},
		near: func(f *forge.Capture) { // the usual claims, and a host without a session that moves
			claim(f, 100, aClient)
			claim(f, 21, aServer)
			claim(f, 21, aServer)
			claim(f, 7, "192.0.2.30")
			claim(f, 8, "192.0.2.30")
			ping(f, "192.0.2.1", "192.0.2.30", redirect)
			session1("")(f)
		},
	},
	"no-third-ports": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say(hello)
			dial(f, aClient, aServer+":31337").Say("> open\n< sesame").Close()
			t.Say(bye).Peer.Close()
		},
		near: func(f *forge.Capture) { // a web server on the same host, and a conversation long after
			t := f.Control().Say(hello)
			dial(f, aClient, aServer+":80").Say("> GET / HTTP/1.0\n< HTTP/1.0 200 OK").Peer.Close()
			t.Say(bye).Peer.Close()
			f.Pass(time.Hour)
			dial(f, aClient, aServer+":31337").Say("> open\n< sesame").Close()
		},
	},
	"calls-are-answered": {
		breaks: refusedCall,
		near:   session1(""),
	},
	"server-answers": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say(hello).Say("> RETR a")
			t.Peer.Segment("R.", "")
		},
		near: func(f *forge.Capture) { // the client did not wait
			t := f.Control().Say(hello).Say("> RETR a")
			t.Segment("R.", "")
		},
	},
	"usual-ports": {
		breaks: func(f *forge.Capture) { dial(f, aClient, aServer+":4444").Say(hello + bye).Peer.Close() },
		near:   func(f *forge.Capture) { dial(f, aClient, aServer+":2121").Say(hello + bye).Peer.Close() },
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
	"files-come-whole": {
		breaks: randomUploads(25, func(int) int { return 512 }),
		near:   randomUploads(25, func(i int) int { return 512 + i }),
	},
	"uploads-are-not-shared": {
		breaks: func(f *forge.Capture) { exchanged(f, "anonymous", 2) },
		near: func(f *forge.Capture) { // somebody looks at what was sent in, and a group has accounts
			exchanged(f, "anonymous", 1)
			exchanged(f, "ada", 5)
		},
	},
	"no-search-for-room": {
		breaks: anonymous("> MKD pub/x\n< 550 no\n> MKD incoming/x\n< 550 no\n> MKD upload/x\n< 550 no\n> MKD home/x\n< 550 no\n> STOR wwwroot/x\n< 553 no"),
		near:   anonymous("> STOR a\n< 553 no\n> STOR b\n< 553 no\n> MKD c\n< 550 no\n> MKD d\n< 550 no\n> MKD e\n< 550 no\n> STOR incoming/a\n< 553 no"),
	},
	"files-are-kept": {
		breaks: session1(numberedLines(60, "> DELE file%d.txt\n< 250 ok\n")),
		near: func(f *forge.Capture) { // old records, a folder that goes, and a mailbox that is emptied
			session1(numberedLines(30, "> DELE record%d.txt\n< 250 ok\n"))(f)
			session1("> CWD old\n< 250 ok\n" + numberedLines(60, "> DELE file%d.txt\n< 250 ok\n") + "> CDUP\n< 250 ok\n> RMD old\n< 250 ok")(f)
			session1(numberedLines(60, "> RETR mail%[1]d\n< 150 here\n< 226 done\n> DELE mail%[1]d\n< 250 ok\n"))(f)
		},
	},
	"no-sensitive-names": {
		breaks: session1("> CWD /users/ada/keys\n< 250 ok\n> RETR id_rsa\n< 550 no"),
		near:   session1("> CWD passwordmanager\n< 250 ok\n> RETR etc_passwd.html\n< 550 no"),
	},
	"names-can-be-seen": {
		breaks: session1("> MKD   \n< 257 ok"),
		near:   session1("> MKD .well-known\n< 257 ok\n> MKD My Documents\n< 257 ok\n> RETR aux.txt\n< 550 no"),
	},
	"names-are-words": {
		breaks: func(f *forge.Capture) { // a host with no other names
			t := dial(f, "198.51.100.77", aServer+":21").Say(hello)
			t.Say("> MKD cm9vdDp4OjA6MDpyb290\n< 257 ok\n> MKD OmJpbi9iYXNoCmRhZW1v\n< 257 ok\n> MKD bjp4OjE6MTpkYWVtb246\n< 257 ok").Say(bye).Peer.Close()
		},
		near: session1("> MKD HolidayPicturesItaly\n< 257 ok\n> MKD 6f1ed002ab5595859014ebf0951522d9\n< 257 ok\n> MKD MyDocumentsBackup2023\n< 257 ok\n> MKD 20231114221320\n< 257 ok"),
	},
	"files-are-fetched-once": {
		breaks: session1(strings.Repeat("> RETR report.txt\n< 150 here\n< 226 done\n", 12)),
		near:   session1(strings.Repeat("> RETR report.txt\n< 150 here\n< 226 done\n", 8)),
	},
	"programs-do-not-report": {
		breaks: func(f *forge.Capture) {
			moved("RETR a", answerer, "\x7fELF")(f)
			dial(f, aClient, "203.0.113.66:4444").Say("> here I am\n< good").Close()
		},
		near: func(f *forge.Capture) { // a host that was called before, a web page, and a call much later
			dial(f, aClient, "203.0.113.66:4444").Say("> here I am\n< good").Close()
			moved("RETR a", answerer, "\x7fELF")(f)
			dial(f, aClient, "203.0.113.66:4444").Say("> here I am\n< good").Close()
			dial(f, aClient, "203.0.113.67:80").Say("> GET / HTTP/1.0\n< HTTP/1.0 200 OK").Close()
			f.Pass(2 * time.Minute)
			dial(f, aClient, "203.0.113.68:4444").Say("> here I am\n< good").Close()
		},
	},
	"packets-come-one-way": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say(hello).Say("> PWD\n< 257 \"/\"\n> DELE plan.txt")
			hops(f, 0, 113)
			t.Say("< 250 gone").Say(bye).Peer.Close()
		},
		near: func(f *forge.Capture) { // a way that is two routers longer, and another one from then on
			t := f.Control().Say(hello).Say("> PWD")
			hops(f, 0, 62)
			t.Say("< 257 \"/\"")
			for range 4 {
				t.Say("> NOOP")
				hops(f, 0, 48)
				t.Say("< 200 ok")
			}
		},
	},
	"resets-are-final": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say(hello)
			t.Peer.RST()
			t.Say("> PWD\n< 257 \"/\"").Say(bye).Peer.Close()
		},
		near: func(f *forge.Capture) { // a reply that is stored behind the RST, and a RST for each packet that is late
			t := f.Control().Say(hello).Say("> PWD\n< 257 \"/\"")
			t.Peer.RST()
			f.Swap(0)
			for range 3 {
				t.Segment("P.", "NOOP\r\n")
				t.Peer.RST()
			}
		},
	},
	"sender-is-not-receiver": {
		breaks: func(f *forge.Capture) {
			session1("")(f)
			overhear(f, aServer+":21", aServer+":21").Segment("S", "")
		},
		near: func(f *forge.Capture) { // a host that uses its own server, and a program that found itself
			dial(f, aServer, aServer+":21").Say(hello + bye).Peer.Close()
			overhear(f, "127.0.0.1:40000", "127.0.0.1:40000").Segment("S", "")
		},
	},
	"no-signs-agree": {
		breaks: session1("> CWD ../../etc\n< 250 ok\n> RETR hosts\n< 550 no\n> RETR passwords.txt\n< 550 no"),
		near:   session1("> RETR setup.exe\n< 550 no\n> RETR passwords.txt\n< 550 no"),
	},
	"tls-is-agreed": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say("< 220 ready")
			t.Segment("P.", clientHello)
			t.Say("< 500 what?\n< 500 what?").Close()
		},
		near: func(f *forge.Capture) { inTLS(f.Control().Say("< 220 ready\n> AUTH TLS\n< 234 go ahead")).Close() },
	},
	"tls-follows-auth": {
		breaks: func(f *forge.Capture) {
			inTLS(f.Control().Say("< 220 ready\n> AUTH TLS\n+ USER eve\n+ PASS x\n< 234 go ahead")).Close()
		},
		near: func(f *forge.Capture) {
			inTLS(f.Control().Say("< 220 ready\n> AUTH TLS\n< 504 no\n> USER ada\n< 331 the password?\n> AUTH TLS\n< 234 go ahead")).Close()
		},
	},
	"credentials-in-tls": {
		breaks: func(f *forge.Capture) { inTLS(f.Control().Say(hello).Say("> AUTH TLS\n< 234 go ahead")).Close() },
		near: func(f *forge.Capture) {
			inTLS(f.Control().Say("< 220 ready\n> USER ada\n< 530 TLS first\n> AUTH TLS\n< 234 go ahead")).Close()
		},
	},
}

// clientHello begins like a ClientHello and has a whole record.
var clientHello = "\x16\x03\x01\x00\x30\x01\x00\x00\x2c\x03\x03" + strings.Repeat("r", 42)

// helloTo begins TLS with a server of the given name.
func helloTo(t *forge.End, name string) {
	n := len(name)
	extension := "\x00\x00\x00" + string(rune(n+5)) + "\x00" + string(rune(n+3)) + "\x00\x00" + string(rune(n)) + name
	body := "\x03\x03" + strings.Repeat("r", 32) + "\x00\x00\x02\x13\x01\x01\x00\x00" + string(rune(len(extension))) + extension
	t.Segment("P.", "\x16\x03\x01\x00"+string(rune(len(body)+4))+"\x01\x00\x00"+string(rune(len(body)))+body)
	t.Peer.Segment("P.", "\x16\x03\x03\x00\x02\x02\x00")
	t.Peer.Segment("P.", "\x17\x03\x03\x00\x01\xc3")
}

// inTLS lets a session go on in TLS that nobody can read.
func inTLS(t *forge.End) *forge.End {
	t.Segment("P.", clientHello)
	t.Peer.Segment("P.", "\x16\x03\x03\x00\x30\x02\x00\x00\x2c\x03\x03"+strings.Repeat("s", 42))
	for range 3 {
		t.Segment("P.", "\x17\x03\x03\x00\x20"+strings.Repeat("\xc3", 32))
		t.Peer.Segment("P.", "\x17\x03\x03\x00\x20"+strings.Repeat("\x9e", 32))
	}
	return t
}

// refusedCall is a call to a closed port 21.
func refusedCall(f *forge.Capture) { refuse(f, aClient, aServer+":21") }

// refuse is a call that is answered with a RST.
func refuse(f *forge.Capture, from, to string) {
	t := overhear(f, from, to)
	t.Segment("S", "")
	t.Peer.Segment("R.", "")
}

// scan calls so many closed ports, and says how long it waits between two.
func scan(f *forge.Capture, pause time.Duration, n int) {
	for i := range n {
		refuse(f, aClient, addrPort(aServer, 15+i))
		f.Pass(pause)
	}
}

// moved is a session with one transfer of the given bytes.
func moved(command string, sender int, content string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> " + command + "\n< 150 here")
		d := dial(f, aClient, aServer+":25600")
		end(d, sender).Segment("P.", content)
		end(d, sender).Close()
		t.Say("< 226 done").Say(bye).Peer.Close()
	}
}

// anonymous is a session of an anonymous user.
func anonymous(dialogue string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		dial(f, "198.51.100.79", aServer+":21").Say("< 220 hi\n> USER anonymous\n< 331 and?\n> PASS a@b\n< 230 in").Say(dialogue).Say(bye).Peer.Close()
	}
}

// randomUploads is a client that stores files of random bytes, each of the size that it has by its
// number.
func randomUploads(n int, size func(i int) int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		random := rand.NewChaCha8([32]byte{})
		t := dial(f, "198.51.100.78", aServer+":21").Say(hello)
		for i := range n {
			content := make([]byte, size(i))
			random.Read(content)
			move(t, 40000+i, fmt.Sprint("STOR part", i), string(content))
		}
		t.Say(bye).Peer.Close()
	}
}

// TestGreetings waits for a greeting that does not come.
func TestGreetings(t *testing.T) {
	for wait, want := range map[time.Duration]int{time.Second: 0, 20 * time.Second: 1} {
		got := forged(t, func(f *forge.Capture) {
			c := f.Control()
			f.Pass(wait)
			c.FIN()
		})
		if n := count(got, "server-answers", Odd); n != want {
			t.Errorf("%v without a greeting: got %v\nwant %d of server-answers", wait, got, want)
		}
	}
}

// TestSilence sends a command that is not answered, and waits.
func TestSilence(t *testing.T) {
	for wait, want := range map[time.Duration]int{time.Second: 0, 20 * time.Second: 1} {
		got := forged(t, func(f *forge.Capture) {
			c := f.Control().Say(hello).Say("> SYST")
			f.Pass(wait)
			c.FIN()
		})
		if n := count(got, "server-answers", Odd); n != want {
			t.Errorf("%v without an answer: got %v\nwant %d of server-answers", wait, got, want)
		}
	}
}
