// Sessions, and pieces of sessions, that rules are held against.

package baseline

import (
	"fmt"
	"strings"
	"time"

	"ftplab/lab/analysis/packet"
)

// transfer is a session with one passive transfer, whose data connection is opened
// so much later than announced.
func transfer(late time.Duration, command string, sender, size int) func(*forge) {
	return func(f *forge) {
		t := f.control().say(hello).say("> PASV\n< 227 (192,0,2,21,100,0)")
		f.pass(late)
		t.say("> " + command + "\n< 150 here")
		f.download(aClient, aServer+":25600", sender, size)
		t.say("< 226 done").say(bye).close(answerer)
	}
}

func passiveFrom(f *forge, port string) {
	t := f.control().say(hello).say("> PASV\n< 227 (192,0,2,21,100,0)\n> LIST\n< 150 here")
	f.download(aClient+port, aServer+":25600", answerer, 55)
	t.say("< 226 done").say(bye).close(answerer)
}

// active is a session with an active listing from the given port of the server.
func active(port string) func(*forge) {
	return func(f *forge) {
		t := f.control().say(hello).say("> PORT 198,51,100,100,12,100\n< 200 ok\n> LIST\n< 150 here")
		f.download(aServer+port, aClient+":3172", opener, 55)
		t.say("< 226 done").say(bye).close(answerer)
	}
}

// twoConnections is a transfer with two data connections, of which the first
// carries so many bytes.
func twoConnections(bytes int) func(*forge) {
	return func(f *forge) {
		t := f.control().say(hello).say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
		for _, size := range []int{bytes, 100} {
			d := f.dial(aClient, aServer+":25600")
			if size > 0 {
				d.send(answerer, strings.Repeat("x", size))
			}
			d.close(answerer)
		}
		t.say("< 226 done").say(bye).close(answerer)
	}
}

// cutByReset is a download that the server resets before its end and calls
// complete, after what else is said.
func cutByReset(said string) func(*forge) {
	return func(f *forge) {
		t := f.control().say(hello).say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
		d := f.dial(aClient, aServer+":25600")
		d.send(answerer, "the beginning")
		d.reset(answerer)
		t.say(said + "< 226 done").say(bye).close(answerer)
	}
}

// sized is a download of so many bytes, of which the server announced others.
func sized(f *forge, announced, sent int) {
	t := f.control().say(hello).say(fmt.Sprintf(
		"> TYPE I\n< 200 ok\n> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 opening a (%d bytes)", announced))
	f.download(aClient, aServer+":25600", answerer, sent)
	t.say("< 226 done").say(bye).close(answerer)
}

// manyListings are active listings to client ports that rise by step.
func manyListings(n, step int) func(*forge) {
	return func(f *forge) {
		t := f.control().say(hello)
		for i := range n {
			port := 3000 + i*step
			t.say(fmt.Sprintf("> PORT 198,51,100,100,%d,%d\n< 200 ok\n> LIST\n< 150 here", port/256, port%256))
			f.download(aServer+":20", fmt.Sprintf("%s:%d", aClient, port), opener, 55)
			t.say("< 226 done")
		}
		t.say(bye).close(answerer)
	}
}

// knocks are calls to so many ends, which nobody answers.
func knocks(f *forge, n int, to func(int) string) {
	for i := range n {
		t := f.overhear(aClient, to(i))
		t.packet(t.ends[0], t.ends[1], 1000, 0, packet.SYN, "")
	}
}

// lateData is a listing whose FIN overtakes its data, or does not.
func lateData(f *forge, overtakes bool) {
	t := f.control().say(hello).say("> PASV\n< 227 (192,0,2,21,100,0)\n> LIST\n< 150 here")
	d := f.dial(aClient, aServer+":25600")
	const text = "a listing\r\n"
	data := func() { d.again(answerer, 2001, text) }
	if !overtakes {
		data()
	}
	d.seq[answerer] += uint32(len(text))
	d.fin(answerer)
	if overtakes {
		data()
	}
	d.fin(opener)
	t.say("< 226 done").say(bye).close(answerer)
}

// listingWith226 is a listing whose 226 comes before its FIN, or after.
func listingWith226(f *forge, before bool) {
	t := f.control().say(hello).say("> PASV\n< 227 (192,0,2,21,100,0)\n> LIST\n< 150 here")
	d := f.dial(aClient, aServer+":25600")
	d.send(answerer, "a listing\r\n")
	if before {
		t.say("< 226 done")
	}
	d.close(answerer)
	if !before {
		t.say("< 226 done")
	}
	t.say(bye).close(answerer)
}

// addrPort is an address with a port.
func addrPort(addr string, port int) string { return fmt.Sprintf("%s:%d", addr, port) }
