// Sessions, and pieces of sessions, that rules are held against.

package baseline

import (
	"fmt"
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

// knocks are calls to so many ends, which nobody answers.
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
