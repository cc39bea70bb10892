// What intruders collect, bring along and destroy, each beside what looks like it.

package baseline

import (
	"strings"
	"time"

	"ftplab/lab/internal/forge"
)

var collected = []lookalike{
	{"a miner under another name, with its settings", "no-signs-agree", "", moves([2]string{"STOR kworkerd", "\x7fELF"}, [2]string{"STOR config.json", `{"donate-level":1,"pools":[{"url":"pool.example:443","user":"ada","rig-id":null}]}`})},
	{"the settings of a miner without the name of its protocol", "no-loot", IsUnusual, moves([2]string{"STOR config.json", `{"donate-level":1,"pools":[{"url":"pool.example:443","user":"ada","rig-id":null}]}`})},
	{"the settings of a pool of connections", "no-loot", IsNormal, moves([2]string{"STOR app", "\x7fELF"}, [2]string{"STOR config.json", `{"pools":[{"url":"db.example:5432","user":"ada","max":9}]}`})},

	{"what programs say about a computer, in one file", "no-loot", IsUnusual, moves([2]string{"STOR PC7.txt", ofSystem + ofNetwork})},
	{"what programs say about a computer, in several files", "no-loot", IsUnusual, moves([2]string{"STOR a.txt", ofUsers}, [2]string{"STOR b.txt", ofNetwork})},
	{"what one program says about a computer", "no-loot", IsNormal, moves([2]string{"STOR PC7.txt", ofSystem})},
	{"what programs say about a computer, which is fetched", "no-loot", IsNormal, moves([2]string{"RETR PC7.txt", ofSystem + ofNetwork})},
	{"a text about such programs", "no-loot", IsNormal, moves([2]string{"STOR help.txt", "Run ipconfig and systeminfo. Say which host name and OS name they print.\r\n"})},

	{"a program that everybody may change, which the server refuses", "no-known-exploits", IsUnusual, session1("> SITE CHMOD 777 x.php\n< 550 no")},
	{"a page of a site that may be run, which the server refuses", "no-known-exploits", IsNormal, session1("> SITE CHMOD 755 x.cgi\n< 550 no")},
	{"a folder that everybody may write, which the server refuses", "no-known-exploits", IsNormal, session1("> SITE CHMOD 777 cache\n< 550 no\n> SITE CHMOD 777 a.txt\n< 550 no")},

	{"a SYN within a session that goes on", "packets-come-one-way", IsUnusual, opensAgain(true)},
	{"a client that has lost its connection", "packets-come-one-way", IsNormal, opensAgain(false)},

	{"a program with two endings, from a host to which the server leads", "no-signs-agree", "", ledAway("203.0.113.7", "RETR invoice.pdf.vbs")},
	{"a text from a host to which the server leads", "own-address", IsUnusual, ledAway("203.0.113.7", "RETR invoice.pdf")},
	{"a program with two endings, from a neighbour of the server", "no-programs", IsUnusual, ledAway("192.0.2.77", "RETR invoice.pdf.vbs")},
}

// What programs of Windows say about a computer, its network and its users.
const (
	ofSystem  = "\r\nHost Name:                 PC7\r\nOS Name:                   Microsoft Windows 11 Pro\r\n"
	ofNetwork = "\r\nWindows IP Configuration\r\n\r\n   IPv4 Address. . . : 10.0.0.7\r\n"
	ofUsers   = "\r\nUser accounts for \\\\PC7\r\n\r\nada                      Administrator\r\n"
)

// ledAway is a download from another host, to which the server leads its client.
func ledAway(host, command string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (" + inCommas(host) + ",100,0)\n> " + command + "\n< 150 here")
		download(f, aClient, host+":25600", answerer, 55)
		t.Say("< 226 done").Say(bye).Peer.Close()
	}
}

// inCommas is an address as PORT and 227 write it.
func inCommas(host string) string { return strings.ReplaceAll(host, ".", ",") }

// opensAgain is a session in which the client sends another SYN. It goes on with the session, or resets it, and opens
// another one.
func opensAgain(goesOn bool) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		again, peer := *t, *t.Peer
		again.Seq += 300_000_000
		peer.Seq += 900_000_000
		again.Peer, peer.Peer = &peer, &again
		again.SegmentAt(0, "S", "")
		t.Peer.ACK()
		if goesOn {
			t.Say("> NOOP\n< 200 ok").Say(bye).Peer.Close()
			return
		}
		t.Segment("R", "")
		f.Pass(time.Second)
		again.Seq++
		peer.Seq++
		again.Handshake()
		again.Say(hello).Say(bye).Peer.Close()
	}
}
