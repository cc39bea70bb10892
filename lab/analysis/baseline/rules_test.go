// For each rule a capture that breaks it, and one that comes close and does not.

package baseline

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ftplab/lab/internal/forge"
)

// A ruleTest breaks a rule, and almost breaks it.
type ruleTest struct{ breaks, near func(*forge.Capture) }

// ruleTests are the tests of the rules, but those of what only TLS shows; see TestTLSRules.
var ruleTests = map[string]ruleTest{
	"server-greets-first": {
		breaks: dialogue("> USER ada\n> PASS secret\n< 220 ready\n< 331 go on\n< 230 in"),
		near: func(f *forge.Capture) { // the two crossed: the server had not heard it
			t := f.Control()
			t.Say("> USER ada")
			t.Seq -= 10
			t.Peer.Segment("P.", "220 ready\r\n")
			t.Seq += 10
			t.Say("< 331 go on\n> PASS secret\n< 230 in").Close()
		},
	},
	"one-command-at-a-time": {
		breaks: session1("> TYPE I\n+ PWD\n+ SYST\n+ FEAT\n< 200 ok\n< 257 \"/\"\n< 215 UNIX\n< 502 no"),
		near:   session1("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here\n> ABOR\n< 426 broken off\n< 226 aborted"),
	},
	"reply-answers-command": {
		breaks: session1("< 227 (192,0,2,21,100,0)\n> PASV"),
		near:   session1("> PWD\n< 257 \"/\"\n< 421 it is late"),
	},
	"reply-fits-command": {
		breaks: session1("> PWD\n< 226 done"),
		near:   session1("> PWD\n< 250 \"/\"\n> FEAT\n< 502 never heard of it"),
	},
	"reply-well-formed": {
		breaks: session1("> SYST\n< UNIX of some kind"),
		near:   session1("> SYST\n< 215-UNIX\n+ of some kind\n+ 215\n> NOOP\n< 200"),
	},
	"reply-of-normal-length": {
		breaks: session1("> PWD\n< 257 " + strings.Repeat("Ab", 2050)),
		near:   session1("> PWD\n< 257 " + strings.Repeat("Ab", 2040)),
	},
	"sides-keep-their-roles": {
		breaks: session1("< QUIT\n< 221 bye"),
		near:   session1("> HELP\n< 214-these are known:\n+ QUIT\n+ 214 no more"),
	},
	"commands-are-ftp": {
		breaks: session1("> GET / HTTP/1.0\n< 500 what?"),
		near:   session1("> XYZZY\n< 500 what?"),
	},
	"control-carries-dialogue": {
		breaks: session1(strings.Repeat("> "+strings.Repeat("ZGF0YQ", 20)+"\n< 500 what?\n", 8)),
		near:   session1("> HELP\n< 214-\n" + strings.Repeat("+   a long help, line by line, that goes on and on\n", 30) + "+ 214 that was it"),
	},
	"pbsz-before-prot": {
		breaks: session1("> PROT P\n< 200 ok"),
		near:   session1("> PROT P\n< 503 PBSZ first\n> PBSZ 0\n< 200 ok\n> PROT P\n< 200 ok"),
	},
	"login-before-transfer": {
		breaks: dialogue("< 220 ready\n> PASV\n< 227 (192,0,2,21,100,0)\n> RETR secret\n< 150 here\n< 226 done\n> QUIT\n< 221 bye"),
		near:   dialogue("< 220 ready\n> PASV\n< 530 who are you?\n> RETR secret\n< 530 who are you?\n> USER ftp\n< 230 in\n> LIST\n< 150 here\n< 226 done"),
	},
	"no-guessing": {
		breaks: func(f *forge.Capture) {
			for i := range 8 {
				f.Control().Say(fmt.Sprintf("< 220 hi\n> USER root\n< 331 and?\n> PASS pass%d\n< 530 no", i)).Close()
			}
		},
		near: func(f *forge.Capture) { // three users of one machine mistype, and get in
			for i := range 3 {
				user := fmt.Sprintf("> USER user%d\n< 331 and?\n", i)
				f.Control().Say("< 220 hi\n" + user + "> PASS oops\n< 530 no\n" + user + "> PASS ooops\n< 530 no\n" + user + "> PASS right\n< 230 in").Close()
			}
		},
	},
	"own-address": {
		breaks: session1("> PORT 203,0,113,7,31,64\n< 200 ok\n> LIST\n< 150 here\n< 226 done"),
		near: func(f *forge.Capture) { // behind an address translator
			f.Control().Say(hello).Say("> PORT 192,168,1,7,31,64\n< 200 ok\n> LIST\n< 150 here\n< 226 done").Say(bye).Peer.Close()
		},
	},
	"unprivileged-port": {
		breaks: session1("> PORT 198,51,100,100,0,25\n< 200 ok\n> LIST\n< 425 no"),
		near:   session1("> PORT 198,51,100,100,4,0\n< 200 ok\n> LIST\n< 150 here\n< 226 done"),
	},
	"announcement-well-formed": {
		breaks: session1("> PORT 198,51,100,100,12\n< 501 what?"),
		near:   session1("> EPRT |1|198.51.100.100|3172|\n< 200 ok\n> LIST\n< 150 here\n< 226 done"),
	},
	"announcement-used": {
		breaks: session1(strings.Repeat("> PASV\n< 227 (192,0,2,21,100,0)\n", 12)),
		near:   session1(strings.Repeat("> PASV\n< 227 (192,0,2,21,100,0)\n> LIST\n< 550 no\n", 12)),
	},
	"data-is-announced": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say(hello)
			download(f, aServer+":20", aClient+":6000", opener, 100)
			t.Say(bye).Peer.Close()
		},
		near: func(f *forge.Capture) { // RFC 959's default: the port of the control connection
			t := f.Control().Say(hello).Say("> LIST\n< 150 here")
			download(f, aServer+":20", t.Addr.String(), opener, 100)
			t.Say("< 226 done").Say(bye).Peer.Close()
		},
	},
	"data-with-the-partner": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)")
			d := download(f, "203.0.113.66", aServer+":25600", answerer, 100)
			refuse(f, aClient, d.Peer.Addr.String()) // the client comes too late
			t.Say("> RETR a\n< 150 here\n< 226 done").Say(bye).Peer.Close()
		},
		near: func(f *forge.Capture) { // a translator with many numbers
			t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)")
			download(f, "198.51.100.101", aServer+":25600", answerer, 100)
			t.Say("> RETR a\n< 150 here\n< 226 done").Say(bye).Peer.Close()
		},
	},
	"data-in-time": {
		breaks: transfer(70*time.Second, "RETR a", answerer, 100),
		near:   transfer(50*time.Second, "RETR a", answerer, 100),
	},
	"active-from-port-20": {
		breaks: active(":2020"),
		near:   active(":20"),
	},
	"passive-high-ports": {
		breaks: func(f *forge.Capture) { passiveFrom(f, ":1023") },
		near:   func(f *forge.Capture) { passiveFrom(f, ":1024") },
	},
	"one-connection-a-transfer": {
		breaks: twoConnections(100),
		near:   twoConnections(0), // the first attempt failed
	},
	"data-flows-one-way": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)")
			d := dial(f, aClient, aServer+":25600")
			t.Say("> RETR a\n< 150 here")
			d.Say("< uid=0(root)\n> cat /etc/shadow\n< root:x").Peer.Close()
			t.Say("< 226 done").Say(bye).Peer.Close()
		},
		near: func(f *forge.Capture) { // a keep-alive probe of one byte
			t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)")
			d := dial(f, aClient, aServer+":25600")
			t.Say("> RETR a\n< 150 here")
			d.Peer.Segment("P.", "all of it")
			d.SegmentAt(-1, "P.", "\x00")
			d.Peer.Close()
			t.Say("< 226 done").Say(bye).Peer.Close()
		},
	},
	"sender-closes": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)")
			d := dial(f, aClient, aServer+":25600")
			t.Say("> RETR a\n< 150 here")
			d.FIN()
			d.Peer.Segment("P.", "the rest")
			d.Segment("R.", "")
			t.Say("< 226 done").Say(bye).Peer.Close()
		},
		near: transfer(0, "STOR a", opener, 100),
	},
	"data-ends-with-fin": {
		breaks: cutByReset(""),
		near:   cutByReset("> ABOR\n"),
	},
	"bytes-agree": {
		breaks: func(f *forge.Capture) { sized(f, 1000, 999) },
		near:   func(f *forge.Capture) { sized(f, 1000, 1000) },
	},
	"arguments-of-normal-length": {
		breaks: session1("> RETR " + strings.Repeat("Ab", 128) + "\n< 550 no"),
		near:   session1("> RETR " + strings.Repeat("dir/", 60) + strings.Repeat("é", 255) + "\n< 550 no"),
	},
	"arguments-are-text": {
		breaks: session1("> RETR " + strings.Repeat("\x90", 16) + "\xeb\x1f\x5e\n< 550 no"),
		near:   session1("> RETR caf\xe9 \x90\x91\x92 men\xfc\n< 550 no"), // an old character set
	},
	"no-format-strings": {
		breaks: session1("> CWD %08x%08x%n\n< 550 no"),
		near:   session1("> CWD 100%natural%20food%20%28new%29 %Y-%m-%d\n< 550 no"),
	},
	"no-climbing": {
		breaks: session1("> RETR ../../../../etc/hosts\n< 550 no"),
		near:   session1("> CWD ../..\n< 250 ok\n> CWD ../../..\n< 250 ok\n> RETR ../readme...txt\n< 550 no"),
	},
	"no-known-exploits": {
		breaks: dialogue("< 220 ready\n> USER ada:)\n< 331 go on\n> PASS x"),
		near:   dialogue("< 220 ready\n> USER ada\n< 331 go on\n> PASS :)\n< 230 in\n> SITE CHMOD 644 smile:).txt\n< 200 ok"),
	},
	"no-floods": {
		breaks: session1(strings.Repeat("> CWD /pub\n< 250 ok\n", 9)),
		near:   session1(strings.Repeat("> CWD /pub\n< 250 ok\n> CWD /\n< 250 ok\n", 20)),
	},
	"retransmission-repeats": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say(hello)
			t.Say("> DELE a.txt\n< 250 gone")
			t.SegmentAt(-12, "P.", "DELE z.txt\r\n")
			t.Say(bye).Peer.Close()
		},
		near: func(f *forge.Capture) { // the same bytes, cut otherwise
			t := f.Control().Say(hello)
			t.Say("> TYPE I\n< 200 ok\n> PWD\n< 257 \"/\"")
			t.SegmentAt(-13, "P.", "TYPE I\r\nPWD\r\n")
			t.Say(bye).Peer.Close()
		},
	},
	"ftp-at-the-ftp-port": {
		breaks: func(f *forge.Capture) {
			f.Control().Say("< SSH-2.0-some_server\n> SSH-2.0-some_client").Close()
		},
		near: func(f *forge.Capture) {
			t := f.Control()
			t.Segment("P.", "\x16\x03\x01\x00\x05hello")
			t.Peer.Segment("P.", "\x16\x03\x03\x00\x05hello")
			t.Close()
		},
	},
	"calls-are-meant": {
		breaks: func(f *forge.Capture) { knocks(f, 60, func(int) string { return aServer + ":21" }) },
		near:   func(f *forge.Capture) { knocks(f, 40, func(int) string { return aServer + ":21" }) },
	},
	"clock-runs-forward": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say(hello)
			f.Pass(-time.Hour)
			t.Say(bye).Peer.Close()
		},
		near: func(f *forge.Capture) {
			t := f.Control().Say(hello)
			f.Pass(-time.Millisecond * 900)
			t.Say("> NOOP\n< 200 ok")
			f.Pass(20 * 24 * time.Hour)
			t.Say(bye).Peer.Close()
		},
	},
	"looks-like-a-scan": {
		breaks: manyListings(6, 1),
		near:   manyListings(6, 10),
	},
	"fin-before-its-data": {
		breaks: func(f *forge.Capture) { lateData(f, true) },
		near:   func(f *forge.Capture) { lateData(f, false) },
	},
	"226-before-the-end": {
		breaks: func(f *forge.Capture) { listingWith226(f, true) },
		near:   func(f *forge.Capture) { listingWith226(f, false) },
	},
	"reset-after-quit": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say(hello).Say("> QUIT")
			t.FIN()
			t.Say("< 221 bye")
			t.Segment("R.", "")
		},
		near: session1(""),
	},
	"server-hung-up": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say(hello)
			f.Pass(5 * time.Minute)
			t.Say("< 421 good night").Peer.Close()
		},
		near: session1(""),
	},
	"session-without-quit": {
		breaks: func(f *forge.Capture) { f.Control().Say(hello).Close() },
		near:   func(f *forge.Capture) { f.Control().Say(hello) }, // the capture ends before the session
	},
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
	"preparations-are-used": {
		breaks: session1(numberedLines(14, "> REST 18689839%02d\n< 350 ok\n")),
		near: session1(numberedLines(14, "> REST 18689839%02d\n< 350 ok\n> RETR a\n< 150 here\n< 426 broken off\n") +
			strings.Repeat("> REST 0\n< 350 ok\n", 14) + numberedLines(14, "> ALLO %d\n< 202 ok\n> STOR a\n< 150 go on\n< 226 done\n> MFMT 202603%02[1]d120000 a%[1]d\n< 213 ok\n")),
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
		near: func(f *forge.Capture) { // a reply that is stored after the RST, and a RST for each packet that is late
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

// TestRules breaks every rule, and almost breaks it.
func TestRules(t *testing.T) {
	for _, r := range Rules() {
		t.Run(r.Name, func(t *testing.T) {
			test, ok := ruleTests[r.Name]
			if !ok && tlsTests[r.Name].breaks != nil {
				return
			}
			if !ok {
				t.Fatal("no test breaks this rule")
			}
			broken := forged(t, test.breaks)
			if n := count(broken, r.Name, r.Severity); n == 0 {
				t.Errorf("broken: got %v\nwant a %s", broken, r.Severity)
			}
			for _, f := range broken.Findings {
				if f.Rule == r.Name && (f.Expected == "" || f.Observed == "" || f.Why == "" || f.Filter == "") {
					t.Errorf("got %+v, want no field empty", f)
				}
			}
			near := forged(t, test.near)
			if count(near, r.Name, r.Severity) > 0 || near.Verdict == NotNormal {
				t.Errorf("almost broken: got %v\nwant no %s", near, r.Severity)
			}
		})
	}
}

// TestRulesAreDescribed asks of each rule the words that a finding needs.
func TestRulesAreDescribed(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		if seen[r.Name] {
			t.Errorf("%s: twice", r.Name)
		}
		seen[r.Name] = true
		for what, text := range map[string]string{
			"theme": r.Theme, "sentence": r.Says, "source": r.Source, "example": r.Example, "meaning": r.Matters, "innocent reason": r.Innocent,
		} {
			if text == "" {
				t.Errorf("%s: it has no %s", r.Name, what)
			}
		}
	}
	for name := range ruleTests {
		if !seen[name] {
			t.Errorf("a test is for %s, which is no rule", name)
		}
	}
}

func count(a *Assessment, rule string, s Severity) int {
	n := 0
	for _, f := range a.Findings {
		if f.Rule == rule && f.Severity == s {
			n++
		}
	}
	return n
}
