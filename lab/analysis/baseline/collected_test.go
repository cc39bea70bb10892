// What intruders collect, bring along and destroy, each beside what looks like it.

package baseline

import (
	"crypto/sha512"
	"fmt"
	"net"
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

	{"a file of an inner server that is stored outside", "no-loot", IsUnusual, movesOn("10.40.3.50", "10.40.3.9", "203.0.113.9", "STOR x7.dat", aPlan)},
	{"a file of an inner server that is stored on another one", "no-loot", IsNormal, movesOn("10.40.3.50", "10.40.3.9", "10.40.4.9", "STOR plan.txt", aPlan)},
	{"a file of an inner server that is stored outside, by IPv6", "no-loot", IsUnusual, movesOn("2001:db8:7:3::50", "2001:db8:7:4::9", "2001:db8:9::9", "STOR x7.dat", aPlan)},
	{"a file of an inner server that is stored on another one, by IPv6", "no-loot", IsNormal, movesOn("2001:db8:7:3::50", "2001:db8:7:4::9", "2001:db8:7:5::9", "STOR plan.txt", aPlan)},
	{"a file of a server outside that is stored on another one, by IPv6", "no-loot", IsNormal, movesOn("2001:db8:7:3::50", "2001:db8:8::9", "2001:db8:9::9", "STOR plan.txt", aPlan)},
	{"a file of a server outside that is stored on another one", "no-loot", IsNormal, movesOn("10.40.3.50", "198.51.100.9", "203.0.113.9", "STOR plan.txt", aPlan)},
	{"another file that is stored outside", "no-loot", IsNormal, movesOn("10.40.3.50", "10.40.3.9", "203.0.113.9", "STOR plan.txt", aPlan[1:])},

	{"implicit FTPS at a port of its own, beside a session", "usual-ports", IsUnusual, besideTLS(":2990", true)},
	{"implicit FTPS at its port, beside a session", "usual-ports", IsNormal, besideTLS(":990", true)},
	{"TLS at a port that nothing announced, beside a session", "no-third-ports", IsUnusual, besideTLS(":40990", false)},
	{"TLS at the port of a service, beside a session", "no-third-ports", IsNormal, besideTLS(":443", false)},

	{"short texts that are replaced by random bytes", "no-known-exploits", "", replacedFiles(4, "n%d.txt", "a short text about the bridge and the river", shortNoise())},
	{"short texts that are replaced by others", "no-known-exploits", IsNormal, replacedFiles(4, "n%d.txt", "a short text about the bridge and the river", "another text about the two bridges and rivers, a longer one")},
	{"pictures that are replaced by random bytes, without a look at them", "files-are-kept", IsUnusual, replacedFiles(4, "p%d.jpg", "", noiseOf(900))},
	{"pictures that are replaced by others", "files-are-kept", IsNormal, replacedFiles(4, "p%d.jpg", "", "\xff\xd8\xff\xe0"+noiseOf(900))},
	{"copies that are encrypted for their owner, and renewed", "files-are-kept", IsNormal, replacedFiles(6, "b%d.tar.gpg", "", noiseOf(900))},
	{"archives that are renewed", "files-are-kept", IsNormal, replacedFiles(6, "b%d.zip", "", "PK\x03\x04"+noiseOf(900))},
	{"encrypted copies that are fetched, and renewed", "no-known-exploits", IsNormal, replacedFiles(6, "b%d.gpg", noiseOf(900), noiseOf(900))},

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

// replacedFiles is a session that lists n files, fetches each if it is to have contents, and stores others in their place.
func replacedFiles(n int, name, before, after string) func(*forge.Capture) {
	files := [][2]string{{"LIST", numberedLines(n, "-rw-r--r-- 1 0 0 900 Jan 1 2020 "+name+"\r\n")}}
	for i := range n {
		if before != "" {
			files = append(files, [2]string{"RETR " + fmt.Sprintf(name, i), before})
		}
		files = append(files, [2]string{"STOR " + fmt.Sprintf(name, i), after})
	}
	return moves(files...)
}

// shortNoise is a few bytes that look random.
func shortNoise() string {
	sum := sha512.Sum512(nil)
	return string(sum[:])
}

// aPlan is a file without anything strange.
var aPlan = strings.Repeat("The plan of the bridge, in words. ", 60)

// movesOn is a host that fetches a file from one server and stores a file on another one.
func movesOn(client, from, to, command, content string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := dial(f, client, net.JoinHostPort(from, "21")).Say(hello).Say(passiveAt(from) + "> RETR plan.txt\n< 150 here")
		d := dial(f, client, net.JoinHostPort(from, "25600"))
		d.Peer.Segment("P.", aPlan[:700])
		d.Peer.Segment("P.", aPlan[700:])
		d.Peer.Close()
		t.Say("< 226 done").Say(bye).Peer.Close()
		storesBetween(client, to, command, content)(f)
	}
}

// passiveAt is a request for a passive connection and its answer with port 25600, of IPv4 or IPv6.
func passiveAt(server string) string {
	if strings.Contains(server, ":") {
		return "> EPSV\n< 229 (|||25600|)\n"
	}
	return "> PASV\n< 227 (" + inCommas(server) + ",100,0)\n"
}

// besideTLS is a session beside which the client has a connection in TLS, of implicit FTPS by the name in it or of anything.
func besideTLS(port string, ftps bool) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		d := dial(f, aClient, aServer+port)
		if ftps {
			helloTo(d, "ftp.example.test")
		} else {
			inTLS(d)
		}
		d.Peer.Close()
		t.Say(bye).Peer.Close()
	}
}
