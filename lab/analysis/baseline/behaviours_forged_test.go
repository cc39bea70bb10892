// The captures that the table of behaviours judges.

package baseline

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"time"

	"ftplab/lab/internal/forge"
)

// obeys fetches and removes n files with an order, and stores an answer after each.
func obeys(n int, order, answer string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range n {
			move(t, 40000+2*i, fmt.Sprintf("RETR in/j%03d.dat", i), order)
			t.Say(fmt.Sprintf("> DELE in/j%03d.dat\n< 250 ok", i))
			move(t, 40001+2*i, fmt.Sprintf("STOR out/r%03d.dat", i), answer)
		}
		t.Say(bye).Peer.Close()
	}
}

// lists has a folder listed in n sessions with a pause between them, each of which goes on with some lines.
func lists(n int, pause time.Duration, folder, command, listing string, lines ...string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i := range n {
			t := f.Control().Say(hello).Say("> CWD " + folder + "\n< 250 ok")
			move(t, 40000+i, command, listing)
			t.Say(strings.Join(lines, "\n")).Say(bye).Peer.Close()
			f.Pass(pause)
		}
	}
}

// roaming is a user who stores files in the folder sales from a private address, and then fetches files of
// other folders from another address.
func roaming(client string, folders ...string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i := range 3 {
			dial(f, "10.20.4.17", aServer+":21").Say(hello).Say(fmt.Sprintf("> CWD /sales\n< 250 ok\n> STOR week%d.csv\n< 150 go on\n< 226 done", i)).Say(bye).Peer.Close()
			f.Pass(time.Hour)
		}
		t := dial(f, client, aServer+":21").Say(hello)
		for _, folder := range folders {
			t.Say("> CWD /" + folder + "\n< 250 ok\n> LIST\n< 150 here\n< 226 done\n" + strings.TrimSpace(numberedLines(3, "> RETR "+folder+"%d.pdf\n< 150 here\n< 226 done\n")))
		}
		t.Say(bye).Peer.Close()
	}
}

// loggedIn is a session of a user, with his password.
func loggedIn(user, password, lines string) func(*forge.Capture) {
	return dialogue("< 220 ready\n> USER " + user + "\n< 331 and?\n> PASS " + password + "\n< 230 in\n" + lines + "\n> QUIT\n< 221 bye")
}

// updates stores new software for a controller.
func updates(client string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		dial(f, client, "10.20.0.5:21").Say("< 220 hi\n> USER sysdiag\n< 331 and?\n> PASS x\n< 230 in\n> STOR /FLASH0/fw/kernel.bin\n< 150 go on\n< 226 done" + bye).Peer.Close()
	}
}

// closesWindow is n connections, on which the server says something, and the client keeps its window at 0 for a while.
func closesWindow(n int, says string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for range n {
			client := dial(f, aClient, aServer+":21")
			if says != "" {
				client.Say(says)
			}
			client.Window = 0
			client.ACK()
			for range 4 {
				f.Pass(8 * time.Second)
				client.Peer.SegmentAt(-1, ".", "")
				client.ACK()
			}
			client.Window = 502
			client.ACK()
			if says != "" {
				client.Say(bye)
			}
			client.Peer.Close()
		}
	}
}

// answeredTwice is a session that begins with two answers to the SYNs of the client. The second one has another number.
func answeredTwice(pause time.Duration, syns int, ttl byte) func(*forge.Capture) {
	return func(f *forge.Capture) {
		client, server := f.Pair(aClient+":40001", aServer+":21")
		client.Seq--
		client.Segment("S", "")
		server.SegmentAt(7_000_000, "S.", "")
		hops(f, 0, ttl)
		f.Pass(pause)
		if syns > 1 {
			client.SegmentAt(-1, "S", "")
		}
		server.SegmentAt(-1, "S.", "")
		client.ACK()
		client.Say(hello).Say(bye).Peer.Close()
	}
}

// sentLater is a session whose packets with commands come again later, after the server or both sides have opened
// a new connection.
func sentLater(opens bool) func(*forge.Capture) {
	return func(f *forge.Capture) {
		dial(f, aClient+":40001", aServer+":21").Say(hello).Say(bye).Peer.Close()
		frames := slices.Clone(f.Frames)
		f.Pass(40 * time.Second)
		client, server := f.Pair(aClient+":40001", aServer+":21")
		server.Seq = 77_000_000
		if opens {
			client.Seq = 1_900_000_000
			client.Handshake()
			client.Say(hello)
		} else {
			client.SegmentAt(-1, "S", "")
			server.SegmentAt(-1, "S.", "")
		}
		for _, frame := range frames {
			if fromClient(frame) && len(frame.Data) > 54 {
				f.Frame(frame.Data)
			}
		}
		if opens {
			client.Say(bye).Peer.Close()
		}
	}
}

// acknowledges is a session in which the client sends n acknowledgments, each of which is prepared.
func acknowledges(n int, prepare func(t *forge.End, i int)) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range n {
			prepare(t, i)
			t.ACK()
		}
		t.Say(bye).Peer.Close()
	}
}

// mailboxes stores files from a private address.
func mailboxes(server string, names ...string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := dial(f, "10.20.4.17", server+":21").Say(hello)
		for _, name := range names {
			t.Say("> STOR " + name + "\n< 150 go on\n< 226 done")
		}
		t.Say(bye).Peer.Close()
	}
}

// collector is a server that answers n clients from a port of UDP, and then their logins.
func collector(port, n int, reply string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i := range n {
			client := fmt.Sprintf("192.0.2.%d", 50+i)
			f.UDP(addrPort(aServer, port), client+":50001", []byte("an answer about a name"))
			dial(f, client, aServer+":21").Say(fmt.Sprintf("< 220 hi\n> USER user%d\n< 331 and?\n> PASS x\n< %s", i, reply)).Peer.Close()
			f.Pass(time.Minute)
		}
	}
}

// displaced is a user who logs in three times. The second server answers from another distance.
func displaced(reply, greeting string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i, hears := range []string{"230 in", reply, "230 in"} {
			before := len(f.Frames)
			say := "< 220 hi"
			if i == 1 {
				say = "< 220 " + greeting
			}
			f.Control().Say(say + "\n> USER bob\n< 331 and?\n> PASS right\n< " + hears + "\n> QUIT\n< 221 bye").Peer.Close()
			for n := before; i == 1 && n < len(f.Frames); n++ {
				if !fromClient(f.Frames[n]) {
					hops(f, len(f.Frames)-1-n, 128)
				}
			}
			f.Pass(time.Minute)
		}
	}
}

// takenAway fetches and removes files whose paths begin in the given ways.
func takenAway(paths ...string) func(*forge.Capture) {
	var b strings.Builder
	for _, p := range paths {
		b.WriteString(numberedLines(12, "> RETR "+p+"_%[1]d.xls\n< 150 here\n< 226 done\n> DELE "+p+"_%[1]d.xls\n< 250 ok\n"))
	}
	return session1(strings.TrimSpace(b.String()))
}

// holds are n connections that say something and then nothing, while another client connects and gets the
// given reply.
func holds(n int, say, other string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		var open []*forge.End
		for range n {
			t := f.Control().Say("< 220 hi")
			if say != "" {
				t.Say(say)
			}
			open = append(open, t)
			f.Pass(200 * time.Millisecond)
		}
		dial(f, "198.51.100.77", aServer+":21").Say("< " + other).Peer.Close()
		f.Pass(5 * time.Minute)
		for _, t := range open {
			t.Say("< 421 Timeout").Peer.Close()
		}
	}
}

// cut cuts a text into pieces of n characters.
func cut(text string, n int) (pieces []string) {
	for len(text) > n {
		pieces, text = append(pieces, text[:n]), text[n:]
	}
	return append(pieces, text)
}

// inBase32 encodes a text, and cuts it into pieces with numbers in front of them.
func inBase32(text string, n int) []string {
	pieces := cut(strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString([]byte(text))), n)
	for i, p := range pieces {
		pieces[i] = fmt.Sprintf("%02d-%s", i, p)
	}
	return pieces
}

// namedFiles stores files of the given names, which all have the same content.
func namedFiles(names []string, content string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i, name := range names {
			move(t, 40000+i, "STOR "+name+".tmp", content)
		}
		t.Say(bye).Peer.Close()
	}
}

// refusedUsers tries to log in with each of the names.
func refusedUsers(names []string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for _, name := range names {
			wrongPassword(f, aClient, name, "x")
			f.Pass(30 * time.Second)
		}
	}
}

// asArguments gives a command each of the arguments.
func asArguments(command string, arguments []string) func(*forge.Capture) {
	var b strings.Builder
	for _, a := range arguments {
		fmt.Fprintf(&b, "> %s %s\n< 200 ok\n", command, a)
	}
	return session1(strings.TrimSpace(b.String()))
}

// base32Sizes asks for the sizes of files with names in base32, and then says the same for each of them.
func base32Sizes(n int, then string) string {
	var b strings.Builder
	for i, line := range strings.Split(strings.TrimSpace(digests(n, "%s\n")), "\n") {
		raw, _ := hex.DecodeString(line)
		name := strings.ToLower(base32.StdEncoding.EncodeToString(raw[:30]))
		fmt.Fprintf(&b, "> SIZE %s.dat\n< 213 %d\n", name, 7919*i)
		if then != "" {
			fmt.Fprintf(&b, then, name)
		}
	}
	return strings.TrimSpace(b.String())
}

// base32Missing fills data in base32 into a line.
func base32Missing(line string) string {
	var b strings.Builder
	for i := range 30 {
		sum := sha256.Sum256([]byte{byte(i)})
		fmt.Fprintf(&b, line, base32.StdEncoding.EncodeToString(sum[:30]))
	}
	return b.String()
}

// countedData fills bytes that are no text into a line, as hexadecimal digits, with a number in front of them.
func countedData(n int, line string) string {
	var b strings.Builder
	for i := range n {
		sum := sha256.Sum256([]byte{byte(i)})
		fmt.Fprintf(&b, line, hex.EncodeToString(append([]byte{byte(i)}, sum[:29]...)))
	}
	return b.String()
}

// greeted are n connections, one a minute, each with another greeting. The client resets them, or says
// something first.
func greeted(n int, greeting func(i int) string, then string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i := range n {
			t := f.Control().Say("< 220 " + greeting(i))
			if then == "" {
				t.RST()
			} else {
				t.Say(then).Peer.Close()
			}
			f.Pass(time.Minute)
		}
	}
}

// workers are n sessions of one address, of the given users, who fetch a file and store another.
func workers(n int, user func(i int) string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i := range n {
			f.Control().Say("< 220 hi\n> USER " + user(i) + "\n< 331 and?\n> PASS x\n< 230 in").
				Say(fmt.Sprintf("> RETR /tasks.pdf\n< 150 here\n< 226 done\n> STOR hours%d.xlsx\n< 150 go on\n< 226 done", i)).Say(bye).Peer.Close()
			f.Pass(time.Minute)
		}
	}
}

// firstPasswords tries three passwords that everybody tries first, and then logs in with another one.
func firstPasswords(then string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for _, user := range []string{"root", "admin", "ftp"} {
			wrongPassword(f, aClient, user, user)
			f.Pass(10 * time.Second)
		}
		f.Control().Say("< 220 hi\n> USER admin\n< 331 and?\n> PASS admin123\n< 230 in\n" + then).Say(bye).Peer.Close()
	}
}

// forgets is guessed at a server inside, with a pause after each password.
func forgets(client string, pause time.Duration, passwords ...string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i, password := range passwords {
			t := dial(f, client, "10.20.0.5:21").Say("< 220 hi\n> USER karin\n< 331 and?\n> PASS " + password)
			if i < len(passwords)-1 {
				t.Say("< 530 no")
			} else {
				t.Say("< 230 in")
			}
			t.Say(bye).Peer.Close()
			f.Pass(pause)
		}
	}
}

// guessed logs in with the last of some passwords, after the others were refused.
func guessed(user string, passwords ...string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		last := len(passwords) - 1
		for _, password := range passwords[:last] {
			wrongPassword(f, aClient, user, password)
			f.Pass(5 * time.Second)
		}
		f.Control().Say("< 220 hi\n> USER " + user + "\n< 331 and?\n> PASS " + passwords[last] + "\n< 230 in").Say(bye).Peer.Close()
	}
}

// collects logs in with the names of refused users, each with its own password, and then with those of accepted ones.
func collects(refused, accepted int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i := range refused {
			wrongPassword(f, aClient, fmt.Sprint("customer", i), fmt.Sprint("Lens-", i*7))
			f.Pass(5 * time.Second)
		}
		for i := range accepted {
			guessed(fmt.Sprint("partner", i), "Igel-42")(f)
		}
	}
}

// eachServer logs in at n servers with the same name and password, of which the last ones accept it.
func eachServer(n int, user, password string, accept int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i := range n {
			answer := "530 no"
			if i >= n-accept {
				answer = "230 in"
			}
			dial(f, "10.20.1.7", fmt.Sprintf("10.20.1.%d:21", i+30)).Say("< 220 hi\n> USER " + user + "\n< 331 and?\n> PASS " + password + "\n< " + answer).Say(bye).Peer.Close()
			f.Pass(20 * time.Second)
		}
	}
}

// goesOn is a session of ada with a server, which then is the client of another one. If the time is 0, it is the client
// while the session lasts.
func goesOn(user string, after time.Duration, command string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		login := "< 220 hi\n> USER %s\n< 331 and?\n> PASS Lens-42\n< 230 in\n> " + command + "\n< 150 go on\n< 226 done"
		first := dial(f, "10.20.1.7", "10.20.1.8:21").Say(fmt.Sprintf(login, "ada"))
		if after > 0 {
			first.Say(bye).Peer.Close()
			f.Pass(after)
		}
		dial(f, "10.20.1.8", "10.20.1.9:21").Say(fmt.Sprintf(login, user)).Say(bye).Peer.Close()
		if after == 0 {
			first.Say(bye).Peer.Close()
		}
	}
}

// reportsAt fetches a program and then connects to another host.
func reportsAt(to, lines string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		moved("RETR u.exe", answerer, "MZ\x90")(f)
		dial(f, aClient, to).Say(lines).Close()
	}
}

// fetchesAt fetches a program from a server at a port.
func fetchesAt(port, then string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := dial(f, aClient, aServer+port).Say(hello)
		move(t, 40000, "RETR svc32.exe", "MZ\x90")
		if then != "" {
			t.Say(then)
		}
		t.Say(bye).Peer.Close()
	}
}

// encrypts stores n files with random bytes and an ending, and removes those without it.
func encrypts(n int, ending string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range n {
			move(t, 40000+i, fmt.Sprintf("STOR p%d.jpg%s", i, ending), noiseOf(1000))
			t.Say(fmt.Sprintf("> DELE p%d.jpg\n< 250 ok", i))
		}
		t.Say(bye).Peer.Close()
	}
}

// numberedNames are n names with numbers.
func numberedNames(n int, name string) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf(name, i))
	}
	return names
}

// guessedWords are words of which those make names who look for copies of sites and databases.
const guessedWords = "backup db dump www site old admin private data users config secret"

// guessedNames fills 48 such names into a line.
func guessedNames(line string) string {
	var b strings.Builder
	for _, word := range strings.Fields(guessedWords) {
		for _, ending := range []string{".zip", ".sql", ".bak", ""} {
			fmt.Fprintf(&b, line, word+ending)
		}
	}
	return b.String()
}

// stationNames are names of four letters.
func stationNames(n int) (names []string) {
	for i := range n {
		names = append(names, string([]rune{'E', 'D' + rune(i/26), 'A' + rune(i%26), 'F' + rune(i%7)}))
	}
	return names
}

// replacedBy is a session that lists files, and then stores six plans with the same content.
func replacedBy(list, line, content string) func(*forge.Capture) {
	files := [][2]string{{list, numberedLines(6, line)}}
	for i := range 6 {
		files = append(files, [2]string{fmt.Sprintf("STOR plan %d.doc", i), content})
	}
	return moves(files...)
}
