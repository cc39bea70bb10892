package baseline

import (
	"fmt"
	"strings"
	"time"

	"ftplab/lab/internal/forge"
)

// packetRules are the tests of the rules of TCP, of what is beside the session, and of what only looks wrong.
var packetRules = map[string]ruleTest{
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
		near:   func(f *forge.Capture) { scan(f, time.Millisecond, 5) },
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
			ping(f, "192.0.2.1", "192.0.2.30", 5)
			session1("")(f)
		},
	},
	"no-hidden-channels": {
		breaks: func(f *forge.Capture) {
			asksCoded(f, 70, 2)
			session1("")(f)
		},
		near: func(f *forge.Capture) { // names of a network for deliveries, and a host without a session
			asksCoded(f, 12, 2)
			session1("")(f)
			for i := range 9 {
				echoes(f, "203.0.113.1", "203.0.113.2", fmt.Sprint("ask ", i), fmt.Sprint("tell ", i))
			}
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
		breaks: refusedConnection,
		near:   session1(""),
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
	"fin-is-final": {
		breaks: func(f *forge.Capture) {
			t := f.Control().Say(hello)
			t.SegmentAt(0, "F.", "")
			t.Say("> DELE plan.doc\n< 250 gone").Say(bye).Peer.Close()
		},
		near: func(f *forge.Capture) { // the last reply comes after the FIN and once more, then the FIN and keep-alives
			t := f.Control().Say(hello).Say(bye)
			t.Peer.FIN()
			f.Swap(0)
			t.Peer.SegmentAt(-14, "P.", "221 Goodbye\r\n")
			t.ACK()
			t.Peer.SegmentAt(-1, "F.", "")
			for range 3 {
				t.Peer.SegmentAt(-1, ".", "\x00")
				t.ACK()
			}
			t.FIN()
			t.Peer.ACK()
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
	"packets-are-what-they-seem": {
		breaks: inPlaceOf(func(line string) string { return strings.Repeat("#", len(line)-2) + "\r\n" }),
		near:   inPlaceOf(func(line string) string { return "P" + line[1:] }), // damaged on the way
	},
	"no-signs-agree": {
		breaks: session1("> CWD ../../etc\n< 250 ok\n> RETR hosts\n< 550 no\n> RETR passwords.txt\n< 550 no"),
		near:   session1("> RETR setup.exe\n< 550 no\n> RETR passwords.txt\n< 550 no"),
	},
}
