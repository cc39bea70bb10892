// Servers that somebody empties or keeps busy, and hosts that he reaches through them, each beside the upkeep and the waiting
// that look like it.

package baseline

import (
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
}

// fromOutside is a session of a public client with a server in a private network.
func fromOutside(lines string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		dial(f, "203.0.113.66", "10.20.0.5:21").Say(hello).Say(lines).Say(bye).Peer.Close()
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
