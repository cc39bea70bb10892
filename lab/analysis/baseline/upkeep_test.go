// Servers that somebody empties or keeps busy, and hosts that he reaches through them, each beside the upkeep and the waiting
// that look like it.

package baseline

import (
	"crypto/sha512"
	"encoding/base32"
	"fmt"
	"strings"
	"time"

	"ftplab/lab/internal/forge"
)

var upkeep = []lookalike{
	{"a bounce to a database beside the server, which refuses", "own-address", "", fromOutside("> PORT 10,20,0,9,12,234\n< 200 ok\n> NLST\n< 425 no")},
	{"a bounce to services beside the server, one in each session", "own-address", "", func(f *forge.Capture) {
		for _, port := range []int{3306, 3389, 5432, 6379} {
			fromOutside(fmt.Sprintf("> PORT 10,20,0,9,%d,%d\n< 200 ok\n> NLST\n< 425 no", port/256, port%256))(f)
		}
	}},
	{"a bounce to a proxy in a private network", "own-address", IsUnusual, fromOutside("> PORT 192,168,7,1,31,144\n< 200 ok\n> NLST\n< 425 no")},
	{"a client behind NAT with the addresses of the server's network", "own-address", IsNormal, fromOutside("> PORT 10,20,0,9,200,1\n< 200 ok\n> NLST\n< 425 no")},
	{"a client behind NAT that counts its ports past those of services", "own-address", IsNormal, fromOutside("> PORT 10,20,0,9,12,233\n< 200 ok\n> NLST\n< 425 no\n> PORT 10,20,0,9,12,234\n< 200 ok\n> NLST\n< 425 no")},
	{"a server inside that sends its client to a public host", "own-address", IsUnusual, insideTo("198.18.0.66", true)},
	{"a server inside that announces its public address, which does not answer", "own-address", IsNormal, insideTo("198.18.0.66", false)},

	{"documents in a listing of names that are replaced by nothing", "files-are-kept", "", replacedByNames(30, "plan %d.doc", "")},
	{"a few documents in a listing of names that are replaced by nothing", "files-are-kept", IsUnusual, replacedByNames(12, "plan %d.doc", "")},
	{"flags in a listing of names that are stored again", "files-are-kept", IsNormal, replacedByNames(30, "plan %d.done", "")},
	{"states in a listing of names, of one letter", "files-are-kept", IsNormal, replacedByNames(30, "state %d.txt", "0")},
	{"documents in a listing of names that are replaced by others", "files-are-kept", IsNormal, replacedByNames(30, "plan %d.doc", "a plan")},
	{"documents that are deleted one by one, in several sessions", "files-are-kept", IsUnusual, deleted(48, "invoice %02d.pdf", "")},
	{"pictures that somebody sorts out", "files-are-kept", IsNormal, deleted(48, "dscf%02d.jpg", "")},
	{"all pictures that are deleted one by one", "files-are-kept", IsUnusual, deleted(96, "dscf%02d.jpg", "")},
	{"old reports that are deleted one by one", "files-are-kept", IsNormal, deleted(48, "report-202601%02d.pdf", "")},
	{"documents that are fetched, and deleted in the next session", "files-are-kept", IsNormal, deleted(48, "invoice %02d.pdf", "> RETR new %02d.pdf\n< 150 here\n< 226 done\n")},
	{"documents that make room for as many", "files-are-kept", IsNormal, deleted(48, "invoice %02d.pdf", "> STOR new %02d.pdf\n< 150 go on\n< 226 done\n")},
	{"the root that is removed", "files-are-kept", "", session1("> SITE RMDIR -r /\n< 250 ok")},
	{"the root that may not be removed", "files-are-kept", IsUnusual, session1("> RMDA /\n< 550 no")},
	{"folders that are removed with all that is in them", "files-are-kept", IsNormal, session1(numberedLines(5, "> RMDA /old/%d\n< 250 ok\n") + "> SITE RMDIR /old\n< 250 ok")},

	{"downloads that a client holds up at the end of the capture", "calls-are-meant", "", holdsUp(40)},
	{"downloads that a client pauses at the end of the capture", "calls-are-meant", IsNormal, holdsUp(4)},
	{"very many connections with a login, and nothing else", "calls-are-meant", "", logsIn(120, "")},
	{"a pool of idle clients of an office", "calls-are-meant", IsNormal, logsIn(40, "")},
	{"very many idle clients that have looked at their files", "calls-are-meant", IsNormal, logsIn(120, "> SIZE a\n< 213 9")},
	{"connections that are reset before the answer to their command", "calls-are-meant", "", hasty(60, "> USER a", 30*time.Millisecond)},
	{"a monitor that resets its connections before the answer to their command", "calls-are-meant", IsNormal, hasty(60, "> USER a", time.Minute)},
	{"one file in very many sessions at once", "files-are-fetched-once", IsUnusual, fetchesAtOnce(60, 5*time.Millisecond)},
	{"one file in very many sessions of a day", "files-are-fetched-once", IsNormal, fetchesAtOnce(60, 10*time.Minute)},

	{"servers inside that somebody outside greets, and leaves", "no-scans", "", looksAt("203.0.113.66", "10.20.0.%d", 12, "", "", false)},
	{"servers inside at which somebody outside lists a folder", "no-scans", "", looksAt("203.0.113.66", "10.20.0.%d", 12, "anonymous", "> LIST\n< 150 here\n< 226 done\n", false)},
	{"a monitor inside that greets the servers of its network", "no-scans", IsNormal, looksAt("10.20.0.200", "10.20.0.%d", 40, "", "", false)},
	{"a monitor that leaves after the greeting, six times", "no-scans", IsNormal, greetedOnly(6, 20, 20)},
	{"a monitor that says QUIT, of whose packets the ends are cut off", "no-scans", CannotJudge, func(f *forge.Capture) {
		f.Snap = 60
		looksAt("10.20.0.200", "10.20.0.%d", 40, "", "", false)(f)
	}},
	{"a sweep that leaves after the greeting, twice", "no-scans", "", greetedOnly(2, 20, 20)},
	{"a sweep that finds some servers, six times", "no-scans", "", greetedOnly(6, 20, 12)},
	{"a monitor outside that comes again", "no-scans", IsNormal, looksAt("203.0.113.66", "10.20.0.%d", 12, "nagios", "", true)},
	{"a user outside who fetches files from many servers", "no-scans", IsNormal, looksAt("203.0.113.66", "10.20.0.%d", 12, "ada", "> RETR a\n< 150 here\n< 226 done\n", false)},
	{"many servers, each with another account", "no-scans", IsUnusual, looksAt("203.0.113.66", "198.51.100.%d", 12, "site%d", "> LIST\n< 150 here\n< 226 done\n", false)},
	{"servers of a hoster at which the users behind one address have a look, each with an account", "no-scans", IsNormal, looksAt("203.0.113.66", "198.51.100.%d", 10, "site%d", "> LIST\n< 150 here\n< 226 done\n", false)},
	{"servers of a hoster at which the users of a large office have a look, with several programs", "no-scans", IsNormal, func(f *forge.Capture) {
		for _, part := range [][2]string{{"", ""}, {"1", "> SYST\n< 215 UNIX\n"}, {"2", "> FEAT\n< 211 no\n> PWD\n< 257 \"/\"\n"}} {
			looksAt("203.0.113.66", "198.51.100."+part[0]+"%d", 10, "site"+part[0]+"x%d", part[1]+"> LIST\n< 150 here\n< 226 done\n", false)(f)
		}
	}},
	{"servers of a hoster, recorded behind the device that translates their addresses", "no-scans", IsNormal, looksAt("203.0.113.66", "10.20.0.%d", 10, "site%d", "> LIST\n< 150 here\n< 226 done\n", false)},
	{"servers inside at which somebody outside lists a folder, with one account", "no-scans", "", looksAt("203.0.113.66", "10.20.0.%d", 12, "admin", "> LIST\n< 150 here\n< 226 done\n", false)},
	{"many servers with one account", "no-scans", IsNormal, looksAt("203.0.113.66", "198.51.100.%d", 20, "check", "> LIST\n< 150 here\n< 226 done\n", false)},

	{"an anonymous user who goes up step by step, and then to the system", "no-climbing", "", anonymous(strings.Repeat("> CDUP\n< 250 ok\n", 8) + "> CWD /etc\n< 250 ok")},
	{"an anonymous user who comes back from a deep folder", "no-climbing", IsNormal, anonymous("> CWD /a/b/c/d/e/f\n< 250 ok\n" + strings.Repeat("> CDUP\n< 250 ok\n", 6) + "> CWD /pub\n< 250 ok")},
	{"a file in a folder that hides, for strangers", "names-can-be-seen", IsUnusual, anonymous("> CWD /incoming/. . \n< 250 ok\n> RETR a.rar\n< 150 here\n< 226 done")},
	{"a file in a folder without a name", "names-can-be-seen", IsUnusual, anonymous("> RETR /incoming/ /a.rar\n< 150 here\n< 226 done")},
	{"files in ordinary folders, for strangers", "names-can-be-seen", IsNormal, anonymous("> RETR ./a b/c.rar\n< 150 here\n< 226 done\n> RETR ../aux/d.rar\n< 150 here\n< 226 done\n> RETR .hidden/e.rar\n< 150 here\n< 226 done")},
	{"a file of a user in a folder without a name", "names-can-be-seen", IsNormal, session1("> RETR /a/ /b.doc\n< 150 here\n< 226 done")},
	{"a path of Windows for devices", "no-climbing", "", anonymous(`> CWD \\?\C:\Users\Administrator` + "\n< 250 ok")},
	{"a path of Windows", "no-climbing", IsNormal, session1(`> CWD \pub\C\.?\` + "\n< 250 ok")},
	{"steps up in the numbers of HTML", "no-climbing", "", anonymous("> RETR &#46;&#46;&#47;&#46;&#46;&#47;etc/passwd\n< 550 no")},
	{"a name from a web page", "no-climbing", IsNormal, session1("> STOR Tom &#38; Jerry &#8211; 1.pdf\n< 150 go on\n< 226 done")},
	{"an anonymous user in the home of root", "no-climbing", "", anonymous("> CWD ~root\n< 250 ok\n> RETR mbox\n< 550 no")},
	{"a user in his own home", "no-climbing", IsNormal, session1("> CWD ~\n< 250 ok\n> RETR mbox\n< 150 here\n< 226 done\n> CWD ~ada\n< 250 ok\n> RETR mbox\n< 150 here\n< 226 done")},
	{"a listing of names in a line of a million letters", "no-known-exploits", "", session1("> NLST -w 1000000 -C *\n< 150 here\n< 226 done")},
	{"a listing in wide lines", "no-known-exploits", IsNormal, session1("> NLST -w 200 -C *\n< 150 here\n< 226 done")},
	{"a buffer whose size does not fit", "no-known-exploits", "", session1("> PBSZ 4294967297000000\n< 200 ok")},
	{"the largest buffer", "no-known-exploits", IsNormal, session1("> PBSZ 4294967295\n< 200 ok")},
	{"security data of one letter", "arguments-of-normal-length", "", session1("> ADAT " + strings.Repeat("A", 500) + "\n< 500 no")},
	{"an anonymous user who makes an account", "no-known-exploits", "", anonymous("> SITE ADDUSER joe s3cret *@*\n< 200 Added user joe.\n> SITE CHANGE joe flags +1\n< 200 ok")},
	{"an administrator who makes an account, as the help of the server says", "no-known-exploits", IsNormal, session1("> SITE HELP\n< 214-commands:\n+  ADDUSER CHANGE CHPASS\n+ 214 end\n> SITE ADDUSER joe s3cret *@*\n< 200 Added user joe.\n> SITE CHANGE joe flags +1\n< 200 ok")},
	{"the users of a camera, with its first password", "no-signs-agree", "", loggedIn("root", "xmhdipc", "> RETR /mnt/mtd/Config/Account1\n< 150 here\n< 226 done")},
	{"the users of a camera, with a password of its owner", "no-signs-agree", IsNormal, loggedIn("ada", "x", "> RETR /mnt/mtd/Config/Account1\n< 150 here\n< 226 done")},
	{"the settings of a router that somebody outside changes, with its name as the password", "no-sensitive-names", "", loggedIn("admin", "admin", "> RETR startup-config\n< 150 here\n< 226 done\n> STOR startup-config\n< 150 go on\n< 226 done")},

	{"reserved bits of TCP with a text", "no-hidden-channels", "", acknowledges(24, func(t *forge.End, i int) { t.Reserved = secret[i] << 1 })},
	{"a reserved bit that a device sets", "no-hidden-channels", IsNormal, acknowledges(20, func(t *forge.End, _ int) { t.Reserved = 2 })},
	{"accurate ECN", "no-hidden-channels", IsNormal, acknowledges(20, func(t *forge.End, i int) { t.Reserved = byte(i % 2) })},
	{"a text in base32 in the names of refused folders", "names-are-words", "", refusedFolders(35)},
	{"folders named by digests in base32, all refused", "names-are-words", IsUnusual, refusedFolders(32)},
	{"a host that claims both addresses, and to which both send", "no-detours", "", ledTo(0x66)},
	{"a host that claims both addresses, and to which nobody sends", "no-detours", IsUnusual, ledTo(0)},
}

// fromOutside is a session of a public client with a server in a private network.
func fromOutside(lines string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		dial(f, "203.0.113.66", "10.20.0.5:21").Say(hello).Say(lines).Say(bye).Peer.Close()
	}
}

// greetedOnly are rounds of connections to n servers, of which some accept them, and greet. The client then leaves.
func greetedOnly(rounds, n, accept int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for range rounds {
			for i := range n {
				server := fmt.Sprintf("10.20.0.%d:21", i+10)
				if i >= accept {
					refuse(f, "10.20.0.250", server)
					continue
				}
				dial(f, "10.20.0.250", server).Say("< 220 hi").Close()
			}
			f.Pass(5 * time.Minute)
		}
	}
}

// looksAt are sessions of a client with n servers. The formats have the number of the server.
func looksAt(client, servers string, n int, user, lines string, twice bool) func(*forge.Capture) {
	return func(f *forge.Capture) {
		rounds := 1
		if twice {
			rounds = 2
		}
		for range rounds {
			for i := range n {
				t := dial(f, client, fmt.Sprintf(servers, i+10)+":21").Say("< 220 hi")
				if user != "" {
					name := strings.ReplaceAll(user, "%d", fmt.Sprint(i))
					t.Say("> USER " + name + "\n< 331 and?\n> PASS x@y\n< 230 in")
				}
				if lines != "" {
					t.Say(strings.TrimSpace(lines))
				}
				t.Say(bye).Peer.Close()
				f.Pass(2 * time.Minute)
			}
		}
	}
}

// refusedFolders are refused folders whose names encode n bytes each.
func refusedFolders(n int) func(*forge.Capture) {
	var lines strings.Builder
	for i := range 40 {
		sum := sha512.Sum512([]byte{byte(i)})
		fmt.Fprintf(&lines, "> MKD %s\n< 550 no\n", base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:n]))
	}
	return session1(lines.String())
}

// ledTo is a session in front of which a card claims the addresses of both hosts. The two send to the given card, 0 for
// each other's.
func ledTo(card byte) func(*forge.Capture) {
	return func(f *forge.Capture) {
		claim(f, 0x66, aClient)
		claim(f, 0x66, aServer)
		begun := len(f.Frames)
		session1("")(f)
		for i := begun; i < len(f.Frames) && card != 0; i++ {
			f.Frames[i].Data[5] = card
		}
	}
}

// insideTo is an upload of a client in a private network whose server, in the same, announces another address for it. The
// client goes there, or gets no answer and gives up.
func insideTo(addr string, reached bool) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := dial(f, "10.20.1.15", "10.20.0.5:21").Say(hello).Say("> PASV\n< 227 (" + inCommas(addr) + ",200,3)\n> STOR a.doc")
		if !reached {
			t.Say("< 425 no").Say(bye).Peer.Close()
			return
		}
		t.Say("< 150 go on")
		download(f, "10.20.1.15", addr+":51203", opener, 55)
		t.Say("< 226 done").Say(bye).Peer.Close()
	}
}

// replacedByNames is a session that lists the names of n files, and stores each again.
func replacedByNames(n int, name, content string) func(*forge.Capture) {
	files := [][2]string{{"NLST", numberedLines(n, name+"\r\n")}}
	for i := range n {
		files = append(files, [2]string{fmt.Sprintf("STOR "+name, i), content})
	}
	return moves(files...)
}

// deleted are sessions that delete n files, one in two seconds, each after other lines.
func deleted(n int, name, before string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		const each = 8
		for first := 0; first < n; first += each {
			t := f.Control().Say(hello)
			for i := first; i < first+each; i++ {
				if before != "" {
					t.Say(fmt.Sprintf(strings.TrimSuffix(before, "\n"), i))
				}
				f.Pass(2 * time.Second)
				t.Say(fmt.Sprintf("> DELE "+name+"\n< 250 ok", i))
			}
			t.Say(bye).Peer.Close()
			f.Pass(time.Minute)
		}
	}
}

// holdsUp begins n downloads, of which the client lets the server send nothing more.
func holdsUp(n int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i := range n {
			port := 40000 + i
			t := f.Control().Say(hello).Say(fmt.Sprintf("> PASV\n< 227 (192,0,2,21,%d,%d)\n> RETR big%d.iso\n< 150 here", port/256, port%256, i))
			d := dial(f, aClient, addrPort(aServer, port))
			d.Peer.Segment("P.", strings.Repeat("x", 1400))
			d.Window = 0
			d.Segment(".", "")
			t.Segment(".", "")
		}
	}
}

// logsIn is a host with n clients that each log in, perhaps say something, and wait up to the end of the capture.
func logsIn(n int, say string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for range n {
			t := f.Control().Say(hello)
			if say != "" {
				t.Say(say)
			}
			f.Pass(100 * time.Millisecond)
		}
		f.Pass(time.Minute)
		session1("")(f)
	}
}

// hasty are n connections, one after the other, that a client resets after its first command.
func hasty(n int, say string, pause time.Duration) func(*forge.Capture) {
	return func(f *forge.Capture) {
		session1("")(f)
		for range n {
			t := f.Control().Say("< 220 hi\n" + say)
			t.Segment("R.", "")
			f.Pass(pause)
		}
	}
}

// fetchesAtOnce are n sessions with a download of the same file, which begin one after the other.
func fetchesAtOnce(n int, pause time.Duration) func(*forge.Capture) {
	return func(f *forge.Capture) {
		var open []*forge.End
		for range n {
			open = append(open, f.Control().Say("< 220 hi\n> USER a\n< 331 and?\n> PASS b\n< 230 in"))
		}
		for _, t := range open {
			t.Say("> RETR big.iso\n< 150 here\n< 226 done")
			f.Pass(pause)
		}
		for _, t := range open {
			t.Say(bye).Peer.Close()
		}
	}
}
