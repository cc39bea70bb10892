// What hosts with a session do beside it, and what is hidden in a session, each with its innocent twin.

package baseline

import (
	"time"

	"ftplab/lab/internal/forge"
)

// nearby are attacks by hosts of a session, and what looks like them.
var nearby = []lookalike{
	{"a few probes with all flags, and then a session", "no-scans", "", func(f *forge.Capture) {
		strange(f, "FPU", 21, 22, 80)
		session1("")(f)
	}},
	{"probes without flags, and no session", "no-scans", "", func(f *forge.Capture) { strange(f, "", 21, 22, 80, 443) }},
	{"one packet without flags", "no-scans", IsUnusual, func(f *forge.Capture) {
		strange(f, "", 21)
		session1("")(f)
	}},
	{"a program that ends a connection without ACK", "no-scans", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello).Say(bye)
		t.Segment("F", "")
		t.Peer.Close()
	}},

	{"a shell for a host without a session", "no-third-ports", "", elsewhereAt("203.0.113.66:4445", func(t *forge.End) {
		t.Segment("P.", "Microsoft Windows [Version 10.0.19045.3803]\r\n\r\nC:\\ftp>")
		t.Peer.Segment("P.", "net user hax P4ss /add\r\n")
	})},
	{"a shell at a port of another host", "no-third-ports", IsUnusual, elsewhereAt("203.0.113.66:2323", func(t *forge.End) {
		t.Peer.Segment("P.", "ada@devices:~$ ")
		t.Segment("P.", "uptime\r\n")
	})},
	{"a command for a shell, at a port of another host", "no-third-ports", IsNormal, elsewhereAt("203.0.113.66:2323", func(t *forge.End) {
		t.Segment("P.", "id\r\n")
		t.Peer.Segment("P.", "17\r\n")
	})},
	{"a conversation with another host", "no-third-ports", IsNormal, elsewhereAt("203.0.113.66:4445", func(t *forge.End) {
		t.Segment("P.", "state?\r\n")
		t.Peer.Segment("P.", "fine\r\n")
	})},

	{"a client that greets, and a server that logs in", "ftp-at-the-ftp-port", "", func(f *forge.Capture) {
		t := dial(f, aClient, aServer+":21")
		for _, line := range []string{"220 ready", "USER x", "331 and?", "PASS y", "230 in", "LIST C:\\", "226 done"} {
			t.Segment("P.", line+"\r\n")
			t = t.Peer
		}
		t.Close()
	}},
	{"a server that is down all the time", "calls-are-answered", IsUnusual, func(f *forge.Capture) {
		for range 12 {
			refusedConnection(f)
			f.Pass(30 * time.Second)
		}
	}},
	{"a server that starts late", "calls-are-answered", IsNormal, func(f *forge.Capture) {
		for range 12 {
			refusedConnection(f)
			f.Pass(30 * time.Second)
		}
		session1("")(f)
	}},

	{"a key that is stored under another name", "no-sensitive-names", "", session1("> STOR a.txt\n< 150 go on\n< 226 done\n> RNFR a.txt\n< 350 and?\n> RNTO /root/.ssh/authorized_keys\n< 250 ok")},
	{"a list of keys that is put aside", "no-sensitive-names", IsUnusual, session1("> RNFR .ssh/authorized_keys\n< 350 and?\n> RNTO .ssh/authorized_keys.old\n< 250 ok")},

	{"the output of commands in NOOPs", "control-carries-dialogue", "", paused(20*time.Second, "> NOOP Y29ycFxqc21pdGg=\n< 200 ok\n> NOOP V2luZG93cyBJUCBDb25maWd1cmF0aW9u\n< 200 ok\n> NOOP U3lzdGVtIHNtc3MuZXhlIGNzcnNzLmV4ZSBsc2Fzcy5leGU=\n< 200 ok\n> NOOP QWRtaW5pc3RyYXRvciBHdWVzdCBrcmJ0Z3QganNtaXRoIHN2Y19zcWw=\n< 200 ok\n> NOOP Y29ycFxqc21pdGgyMDI2LTExLTMw\n< 200 ok\n")},

	{"a stranger that fetches the file, and a client that comes too late", "data-with-the-partner", "", func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
		download(f, "203.0.113.66", aServer+":25600", answerer, 100)
		t.Say("< 226 done")
		refuse(f, aClient, aServer+":25600")
		t.Say(bye).Peer.Close()
	}},
	{"a stranger that fetches the file, and a client that is refused elsewhere", "data-with-the-partner", IsUnusual, func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
		download(f, "203.0.113.66", aServer+":25600", answerer, 100)
		t.Say("< 226 done")
		refuse(f, aClient, aServer+":8080")
		t.Say(bye).Peer.Close()
	}},

	{"a host that claims the addresses of both, and sends their packets again", "no-detours", "", sentAgain(func(f *forge.Capture) {
		claim(f, 0x66, aServer)
		claim(f, 0x66, aClient)
	})},
	{"a wireless bridge that answers for hosts behind it", "no-detours", IsUnusual, sentAgain(func(f *forge.Capture) {
		wantsCard(f, aClient, aServer)
		claim(f, 0x66, aServer)
		wantsCard(f, aServer, aClient)
		claim(f, 0x66, aClient)
	})},
}

// strange sends a packet with the given flags to each port of the server, which are closed.
func strange(f *forge.Capture, flags string, ports ...int) {
	for _, port := range ports {
		t := overhear(f, aClient, addrPort(aServer, port))
		t.Segment(flags, "")
		t.Peer.Segment("R.", "")
	}
}

// elsewhereAt is a session, during which the server opens a connection to another host.
func elsewhereAt(to string, talk func(*forge.End)) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		other := dial(f, aServer, to)
		talk(other)
		other.Close()
		t.Say(bye).Peer.Close()
	}
}

// sentAgain is a session after some claims by ARP. Card 0x66 sends each of its packets again, to the same card.
func sentAgain(claims func(*forge.Capture)) func(*forge.Capture) {
	return func(f *forge.Capture) {
		claims(f)
		begin := len(f.Frames)
		session1("")(f)
		frames := f.Frames[begin:]
		f.Frames = f.Frames[:begin:begin]
		for _, frame := range frames {
			again := frame
			again.Data = append([]byte(nil), frame.Data...)
			again.Data[11] = 0x66
			f.Frames = append(f.Frames, frame, again)
		}
	}
}
