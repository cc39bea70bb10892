// Sessions of which one fact decides whether they are normal.

package baseline

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"time"

	"ftplab/lab/internal/forge"
)

// doubts are sessions of which the recorder lost what tells them from an attack, and others beside the attacks that they
// look like.
var doubts = []lookalike{
	{"a lost PASS without a password, and a lost 230", "login-before-transfer", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say("< 220 ready\n> USER ada\n< 331 and?\n> PASS\n< 230 in")
		f.Drop(1)
		f.Drop(0)
		t.Say("> LIST\n< 150 here\n< 226 done").Say(bye).Peer.Close()
	}},
	{"a lost PASS that ends with LF alone", "login-before-transfer", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say("< 220 ready\n> USER ada\n< 331 and?")
		t.Segment("P.", "PASS\n")
		f.Drop(0)
		t.Say("< 230 in\n> LIST\n< 150 here\n< 226 done").Say(bye).Peer.Close()
	}},
	{"both sides of a NAT, with a lost 227", "data-with-the-partner", IsNormal, bothSides("4001")},
	{"two clients at one data port, with a lost 227", "data-with-the-partner", "", bothSides("4002")},
	{"passwords and names that the recorder cut off", "no-guessing", IsNormal, func(f *forge.Capture) {
		for i := range 12 {
			wrongPassword(f, fmt.Sprintf("198.51.100.%d", 10+i), fmt.Sprint("scan", i%3), "Summer2025")
		}
		cutFrames(f, 60)
	}},
	{"passwords of different lengths that the recorder cut off", "no-guessing", "", func(f *forge.Capture) {
		for i := range 12 {
			wrongPassword(f, fmt.Sprintf("198.51.100.%d", 10+i), "ada", strings.Repeat("x", 3+i))
		}
		cutFrames(f, 64)
	}},
	{"a request to a proxy whose end was cut off", "commands-are-ftp", noVerdict, askProxy(54 + 62)},
	{"a request to a proxy, to a server of FTP", "commands-are-ftp", "", session1("> CONNECT 203.0.113.66:25 HTTP/1.0\n< 500 what?")},
	{"uploads of which some commands were lost", "control-carries-dialogue", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range 32 {
			name := fmt.Sprintf("STOR f%d", i)
			t.Say(fmt.Sprintf("> PASV\n< 227 (192,0,2,21,100,%d)\n> %s\n< 150 Opening BINARY mode data connection for f%d.", i, name, i))
			d := dial(f, aClient, addrPort(aServer, 25600+i))
			d.Segment("P.", fmt.Sprint("the content of ", i))
			d.Close()
			t.Say("< 226 done")
			if 0x9e3779b9>>i&1 == 0 {
				f.Frames = slices.DeleteFunc(f.Frames, func(x forge.Frame) bool { return bytes.Contains(x.Data, []byte(name+"\r")) })
			}
		}
		t.Say(bye).Peer.Close()
	}},
	{"a data port that is announced again, with a lost PASV", "data-in-time", noVerdict, twoUses(true)},
	{"a data port that is used again after minutes", "data-in-time", IsUnusual, twoUses(false)},

	{"a file that a third host sends in the place of the client's", "data-with-the-partner", "", func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PORT 198,51,100,100,100,0\n< 200 ok\n> STOR a\n< 150 go on")
		d := dial(f, "203.0.113.66", aClient+":25600")
		d.Segment("P.", "other bytes")
		d.Close()
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"a server that greets as intruders do, and did not before", "no-known-exploits", "", func(f *forge.Capture) {
		session1("")(f)
		session1(strings.Replace(hello, "ready", "0wn3d by us", 1))(f)
		f.Control().Say("< 220 0wn3d by us\n> QUIT\n< 221 bye").Close()
	}},
	{"the passwords of a browser and a purse that leave a network", "no-sensitive-names", "",
		mailboxes("203.0.113.66", "ada/Login Data", "ada/Local State", "ada/wallet.dat")},
	{"slips of the fingers", "no-guessing", IsUnusual, slips(11*time.Second, "gEHEIMNIS", "Geheimnsi", "Geheimnis", "Geheimniss", "Gehemnis", "geheimnis1", "Geheimnis1")},
	{"slips of fast fingers", "no-guessing", "", slips(time.Second, "gEHEIMNIS", "Geheimnsi", "Geheimnis", "Geheimniss", "Gehemnis", "geheimnis1", "Geheimnis1")},
	{"words that are unlike the right one", "no-guessing", "", slips(11*time.Second, "Rosengarten", "Tulpenfeld", "Geheimnis", "Veilchen", "Lilienweg", "Nelkenbeet", "Geheimnis1")},
	{"a session that is piped into netcat", "server-greets-first", IsUnusual, func(f *forge.Capture) {
		t := f.Control()
		t.Send("USER ada\r\nPASS x\r\nPWD\r\nQUIT\r\n")
		t.Say("< 220 ready\n< 331 and?\n< 230 in\n< 257 \"/\"\n< 221 bye").Peer.Close()
	}},
}

// bothSides is one session, recorded on both sides of a NAT, with the loss of a copy of the reply with the data port. The
// copy of its data connection comes from the given port.
func bothSides(port string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		const inside = "10.0.0.5"
		in, out := dial(f, inside+":4000", aServer+":21").Say(hello), dial(f, aClient+":4000", aServer+":21").Say(hello)
		in.Say("> PASV\n< 227 (192,0,2,21,100,0)")
		f.Drop(0)
		out.Say("> PASV\n< 227 (192,0,2,21,100,0)")
		d, copied := dial(f, inside+":4001", aServer+":25600"), dial(f, aClient+":"+port, aServer+":25600")
		in.Say("> RETR a\n< 150 here")
		out.Say("> RETR a\n< 150 here")
		d.Peer.Segment("P.", "the file")
		d.Peer.Close()
		if port == "4001" {
			copied.Peer.Segment("P.", "the file")
		}
		copied.Peer.Close()
		in.Say("< 226 done").Say(bye).Peer.Close()
		out.Say("< 226 done").Say(bye).Peer.Close()
	}
}

// cutFrames has the recorder cut off what is behind so many bytes of each frame.
func cutFrames(f *forge.Capture, bytes int) {
	for i := range f.Frames {
		f.Frames[i].Cut(bytes)
	}
}

// askProxy is a session through a proxy for HTTP, of whose frames so many bytes were recorded.
func askProxy(bytes int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := dial(f, aClient, aServer+":8080")
		t.Segment("P.", "CONNECT ftp.example.org:21 HTTP/1.0\r\nUser-Agent: FileZilla\r\nProxy-Connection: keep\r\n\r\n")
		t.Peer.Segment("P.", "HTTP/1.0 200 Connection established\r\nProxy-Agent: Squid/5\r\n\r\n220 ready\r\n")
		t.Say("> USER anonymous\n< 331 Please specify the password.\n> PASS a@b\n< 230 Login successful.\n> FEAT\n< 211-x\n+  MDTM\n+ 211 e").Say(bye).Peer.Close()
		cutFrames(f, bytes)
	}
}

// twoUses is a session with two downloads from one data port, minutes apart. The second PASV and its reply were lost, or
// never sent.
func twoUses(lost bool) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		move(t, 25600, "RETR a", "the file")
		f.Pass(130 * time.Second)
		if lost {
			t.Say("> PASV\n< 227 (192,0,2,21,100,0)")
			f.Drop(1)
			f.Drop(0)
		}
		t.Say("> RETR b\n< 150 here")
		download(f, aClient+":6000", aServer+":25600", answerer, 700)
		t.Say("< 226 done").Say(bye).Peer.Close()
	}
}

// slips are passwords with a pause after each, of which the last is the right one.
func slips(pause time.Duration, passwords ...string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		right := len(passwords) - 1
		for _, p := range passwords[:right] {
			wrongPassword(f, aClient, "ada", p)
			f.Pass(pause)
		}
		f.Control().Say("< 220 hi\n> USER ada\n< 331 and?\n> PASS " + passwords[right] + "\n< 230 in").Say(bye).Peer.Close()
	}
}
