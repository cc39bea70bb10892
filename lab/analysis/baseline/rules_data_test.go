package baseline

import (
	"encoding/base64"
	"strings"
	"time"

	"ftplab/lab/internal/forge"
)

// dataRules are the tests of the rules of announcements, data connections and transfers.
var dataRules = map[string]ruleTest{
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
	"files-are-no-orders": {
		breaks: obeys(3, base64.StdEncoding.EncodeToString([]byte("net user /domain")), "an answer"),
		near:   obeys(3, base64.StdEncoding.EncodeToString([]byte("<order><number>17</number></order>")), "an answer"),
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
		near: func(f *forge.Capture) {
			active(":20")(f)
			t := dial(f, aClient, aServer+":2121").Say(hello).Say("> PORT 198,51,100,100,12,101\n< 200 ok\n> LIST\n< 150 here")
			download(f, aServer+":2120", aClient+":3173", opener, 55)
			t.Say("< 226 done").Say(bye).Peer.Close()
		},
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
	"files-are-fetched-once": {
		breaks: session1(strings.Repeat("> RETR report.txt\n< 150 here\n< 226 done\n", 12)),
		near:   session1(strings.Repeat("> RETR report.txt\n< 150 here\n< 226 done\n", 8)),
	},
	"programs-do-not-report": {
		breaks: func(f *forge.Capture) {
			moved("RETR a", answerer, "\x7fELF")(f)
			dial(f, aClient, "203.0.113.66:4444").Say("> here I am\n< good").Close()
		},
		near: func(f *forge.Capture) { // a host that the client connected to before, a web page, and a connection much later
			dial(f, aClient, "203.0.113.66:4444").Say("> here I am\n< good").Close()
			moved("RETR a", answerer, "\x7fELF")(f)
			dial(f, aClient, "203.0.113.66:4444").Say("> here I am\n< good").Close()
			dial(f, aClient, "203.0.113.67:80").Say("> GET / HTTP/1.0\n< HTTP/1.0 200 OK").Close()
			f.Pass(2 * time.Minute)
			dial(f, aClient, "203.0.113.68:4444").Say("> here I am\n< good").Close()
		},
	},
}
