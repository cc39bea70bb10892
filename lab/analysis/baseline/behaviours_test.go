// What programs of intruders do over several sessions, each beside what looks like it.

package baseline

import (
	"crypto/sha256"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ftplab/lab/internal/forge"
)

// aLeak is a text that leaves a network in pieces.
const aLeak = "root:$6$abXk9:19000:0:99999:7:::\nVPN key 88-12-AA-FE of the office in the north, and the code of the gate\n"

var behaviours = []lookalike{
	{"first passwords that are refused, one that is accepted, and a program", "no-signs-agree", "", firstPasswords("> STOR a.exe\n< 150 go on\n< 226 done")},
	{"first passwords that are refused, and one that is accepted", "no-guessing", IsUnusual, firstPasswords("> NOOP\n< 200 ok")},
	{"passwords like the name, of which the fifth is right", "no-guessing", "", guessed("hr", "hr", "hr123", "Hr2025!", "Password1", "Lens-42")},
	{"passwords like the name, and passwords that were found", "no-signs-agree", "", guessed("ada", "ada33", "ada", "Igel33", "Lens-42\n< 230 in\n> RETR passwords.kdbx\n< 150 here\n< 226 done\n> NOOP")},
	{"a password that was mistyped three times", "no-guessing", IsNormal, guessed("ada", "Grun3wald!", "Grunewald!", "grun3Wald!", "Grun3Wald!")},
	{"stolen names with their passwords, one of which is right", "no-guessing", "", collects(8, 1)},
	{"students who mistype the passwords that they were given", "no-guessing", IsNormal, func(f *forge.Capture) {
		for i := range 3 {
			guessed(fmt.Sprint("st0", i), fmt.Sprintf("St%d!9672%d", i, i), fmt.Sprintf("St%d!9627%d", i, i))(f)
		}
	}},
	{"accounts of which some have ended", "no-guessing", IsUnusual, collects(8, 5)},
	{"first passwords at a few devices", "no-guessing", "", eachServer(6, "admin", "1234", 0)},
	{"a password that was changed at a few devices", "no-guessing", IsNormal, eachServer(6, "ada", "Lens-42", 0)},
	{"a search for anonymous servers that finds one", "no-guessing", "", eachServer(9, "anonymous", "a@b.test", 1)},
	{"a few servers that let no anonymous user in", "no-guessing", IsNormal, eachServer(4, "anonymous", "a@b.test", 1)},
	{"a stolen password that few servers accept", "no-guessing", "", eachServer(14, "svc_scan", "Lens-42", 2)},
	{"a password that some servers do not know yet", "no-guessing", IsUnusual, eachServer(24, "nightly", "Lens-42", 12)},
	{"a program that spreads with first passwords", "no-programs", "", func(f *forge.Capture) {
		for i := range 4 {
			dial(f, aClient, fmt.Sprintf("192.0.2.%d:21", i+30)).Say("< 220 hi\n> USER admin\n< 331 and?\n> PASS admin\n< 230 in\n> STOR IMG001.exe\n< 150 go on\n< 226 done").Say(bye).Peer.Close()
		}
	}},

	{"a server that goes on with the account of its user, and with a program", "no-signs-agree", "", goesOn("ada", time.Minute, "STOR psexesvc.exe")},
	{"a server that goes on with the account of its user", "accounts-keep-their-folders", IsUnusual, goesOn("ada", time.Minute, "STOR backup.tar")},
	{"a server that goes on with an account of its own", "accounts-keep-their-folders", IsNormal, goesOn("mirror", time.Minute, "STOR backup.tar")},
	{"a proxy", "accounts-keep-their-folders", IsNormal, goesOn("ada", 0, "STOR backup.tar")},
	{"a server whose own user logs in at it, and elsewhere", "accounts-keep-their-folders", IsNormal, func(f *forge.Capture) {
		goesOn("mirror", time.Minute, "STOR backup.tar")(f)
		for _, to := range []string{"10.20.1.8:21", "10.20.1.8:21", "10.20.1.9:21"} {
			dial(f, "10.20.1.8", to).Say("< 220 hi\n> USER ben\n< 331 and?\n> PASS Igel-33\n< 230 in").Say(bye).Peer.Close()
			f.Pass(time.Minute)
		}
	}},

	{"a program that reports at an unusual port far away", "no-signs-agree", "", reportsAt("203.0.113.66:4444", "> here I am\n< good")},
	{"a server that calls at a port for TLS, without TLS", "programs-do-not-report", IsUnusual, calls("STOR a.sh", "", "203.0.113.66:443", 0, "> \x01\x02 here I am\n< good")},
	{"a server that calls at a port for TLS", "programs-do-not-report", IsNormal, calls("STOR a.sh", "", "203.0.113.66:443", 0, "> \x16\x03\x01 a hello\n< \x16\x03\x03 a hello")},

	{"folders that are data, and are removed again", "names-are-words", "", session1(digests(10, "> MKD %[1]s\n< 257 ok\n> RMD %[1]s\n< 250 ok\n"))},
	{"a folder that tries whether one can write", "names-are-words", IsNormal, session1(digests(2, "> MKD %[1]s\n< 257 ok\n> RMD %[1]s\n< 250 ok\n"))},
	{"many empty files whose names are data", "names-are-words", "", func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range 24 {
			move(t, 40000+i, fmt.Sprintf("STOR %x", sha256.Sum256([]byte{byte(i)}))[:29], "")
		}
		t.Say(bye).Peer.Close()
	}},
	{"letters that are folders", "names-are-words", IsUnusual, session1(linesOf("> CWD %s\n< 550 no\n", strings.Split("thesecretisinthem", "")...))},
	{"drives that are looked for", "names-are-words", IsNormal, session1(linesOf("> CWD %s\n< 550 no\n", "c", "d", "e", "f"))},
	{"offsets that nothing uses", "preparations-are-used", "", session1(numberedLines(25, "> REST 18689839%02d\n< 350 ok\n"))},
	{"offsets before a transfer", "preparations-are-used", IsUnusual, session1(numberedLines(25, "> REST 18689839%02d\n< 350 ok\n") + "> RETR a\n< 150 here\n< 226 done")},
	{"offsets that change all the time", "preparations-are-used", "", session1(numberedLines(32, "> REST 18689839%02d\n< 350 ok\n") + "> RETR a\n< 150 here\n< 226 done")},
	{"folders named by digests that do not exist", "names-are-words", "", session1(digests(25, "> CWD %s\n< 550 no\n"))},
	{"a list of users, whose homes a client asks for", "no-sensitive-names", "", session1(numberedLines(14, "> CWD ~user%d\n< 550 no\n"))},
	{"two answers to each command, which contradict each other", "reply-answers-command", "", session1("> CWD docs\n< 250 ok\n< 550 no\n> DELE a.txt\n< 250 ok\n< 550 no")},
	{"an answer to an empty line", "reply-answers-command", IsNormal, session1("> CWD docs\n< 250 ok\n< 500 what?\n> CWD docs\n< 250 ok\n< 500 what?")},
	{"answers to NOOP that are data", "control-carries-dialogue", "", session1(digests(14, "> NOOP\n< 200 %s\n"))},
	{"answers to STAT with digests", "control-carries-dialogue", IsUnusual, session1(digests(14, "> STAT\n< 211 %s\n"))},

	{"a server that is none for FTP", "server-greets-first", "", func(f *forge.Capture) {
		t := dial(f, aClient, aServer+":21")
		t.Peer.Segment("P.", "\x00\x01\x02\xfe\x10hello?")
		t.Segment("P.", "USER a\r\n")
		t.Peer.Segment("P.", "\x9b\x00\x7f\x03")
		t.Close()
	}},
	{"a server in clear at a port for TLS, with a program", "no-signs-agree", "", fetchesAt(":443", "")},
	{"a program of a server at an odd port, whose name is known", "no-signs-agree", "", fetchesAt(":1981", "")},
	{"a program of a server at an odd port, beside others", "no-signs-agree", IsUnusual, fetchesAt(":1981", "> RETR readme.txt\n< 150 here\n< 226 done")},
	{"a server in clear at a port for TLS", "usual-ports", IsNormal, func(f *forge.Capture) {
		dial(f, aClient, aServer+":443").Say(hello).Say(bye).Peer.Close()
	}},
	{"commands that are not answered any more", "server-answers", IsUnusual, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for _, command := range []string{"PWD", "TYPE I", "SYST", "NOOP"} {
			t.Say("> " + command)
			f.Pass(5 * time.Second)
		}
		t.Close()
	}},

	{"files that are replaced by encrypted ones", "no-signs-agree", "", encrypts(20, ".enc")},
	{"a few files that their owner encrypts", "no-known-exploits", IsUnusual, encrypts(4, ".enc")},
	{"files that are compressed", "no-known-exploits", IsNormal, encrypts(4, ".gz")},
	{"many files that get an unknown ending", "no-known-exploits", IsUnusual, session1(numberedLines(25, "> RNFR a%[1]d.doc\n< 350 ok\n> RNTO a%[1]d.doc.k7q\n< 250 ok\n"))},
	{"documents of several departments that leave a network", "no-sensitive-names", IsUnusual, mailboxes("203.0.113.66", numberedNames(20, "hr/salary_%d.xlsx")...)},
	{"the parts of an archive that leave a network", "no-sensitive-names", IsUnusual, mailboxes("203.0.113.66", numberedNames(6, "hr.part0%d.rar")...)},
	{"documents of a department in a network", "no-sensitive-names", IsNormal, mailboxes("10.20.1.5", numberedNames(20, "hr/salary_%d.xlsx")...)},
	{"a client that reports, and looks for tasks", "files-are-fetched-once", IsUnusual, session1(numberedLines(12, "> STOR beat%d.txt\n< 150 go on\n< 226 done\n> SIZE task.bin\n< 550 no\n"))},
	{"a client that looks whether it may store", "files-are-fetched-once", IsNormal, session1(numberedLines(12, "> STOR wx%d.txt\n< 150 go on\n< 226 done\n> SIZE lock\n< 550 no\n"))},

	{"a secret in the names of empty files", "names-are-words", "", namedFiles(inBase32(aLeak, 28), "")},
	{"a secret in the names of empty files, beside another file", "names-are-words", "", namedFiles(append([]string{"a", "readme"}, inBase32(aLeak, 28)...), "")},
	{"files whose names are base32 of numbers", "names-are-words", IsNormal, namedFiles(inBase32("\x00\x91\xfe\x17\x88\xa0\x03\xc4\xd9\x11\x6b\xe2\xf0\x5a\x00\x91\xfe\x18\x88\xa0\x03\xc4\xd9\x12\x6b\xe2\xf0\x5b", 15), "a log")},
	{"empty files that are marks", "names-are-words", IsNormal, namedFiles([]string{"complete_monday", "complete_tuesday", "complete_wednesday"}, "")},
	{"a secret in names of users that are refused", "names-are-words", "", refusedUsers(inBase32(aLeak, 42))},
	{"names of users that are refused", "names-are-words", IsNormal, refusedUsers([]string{"katharina.sommer", "katharina_sommer", "katharinasommer"})},
	{"a secret in NOOPs", "control-carries-dialogue", "", asArguments("NOOP", cut(hex.EncodeToString([]byte(aLeak)), 22))},
	{"NOOPs with a number that changes", "control-carries-dialogue", IsNormal, asArguments("NOOP", []string{"51f0a9c200000001", "51f0a9c200000002", "51f0a9c200000003"})},
	{"sizes that are answers, of files with names that are data", "names-are-words", IsUnusual, session1(base32Sizes(12, ""))},
	{"sizes of files with such names that are fetched", "names-are-words", IsNormal, session1(base32Sizes(12, "> RETR %s.dat\n< 150 here\n< 226 done\n"))},

	{"orders in greetings", "control-carries-dialogue", "", greeted(5, func(i int) string {
		return base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "task=%d;exec=net user /domain;key=\x9f\xe1\x07", i))
	}, "")},
	{"orders in greetings, between words", "control-carries-dialogue", "", greeted(5, func(i int) string {
		return "files.example.test ready (" + base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "%d whoami /all; sleep 60", i)) + ")"
	}, "")},
	{"a monitor that leaves after the greeting", "control-carries-dialogue", IsNormal, greeted(5, func(i int) string { return fmt.Sprintf("files.example.test ready, session 5f3a9c2e71b04d6a8e%02x", i) }, "")},
	{"greetings with the number of the session", "control-carries-dialogue", IsNormal, greeted(5, func(i int) string { return fmt.Sprintf("ready (aZ3kQ9xW7LmT2vRb8YcD%d)", i) }, "> QUIT\n< 221 bye")},

	{"a template that reads the accounts", "no-known-exploits", "", session1("> SITE ZIP <INCLUDE>/etc/hostname</INCLUDE>\n< 550 no")},
	{"a template of CrushFTP", "no-known-exploits", IsUnusual, session1("> CWD {working_dir}\n< 550 /opt: no")},
	{"a name in braces", "no-known-exploits", IsNormal, session1("> CWD {3F2504E0-4F89-11D3-9A0C-0305E82C3301}\n< 250 ok\n> STOR report {final}.doc\n< 150 go on\n< 226 done")},
	{"the accounts of the system in a reply", "control-carries-dialogue", "", session1("> SITE ZIP x\n< 550 root:x:0:0:root:/root:/bin/bash not found")},
	{"a reply about the user root", "control-carries-dialogue", IsNormal, session1("> SITE CHOWN root:root a\n< 550 root:root: you are not root")},

	{"people behind one address who fetch the same file", "files-are-fetched-once", IsNormal, workers(12, func(i int) string { return fmt.Sprint("user", i) })},
	{"one user who fetches the same file, and answers", "files-are-fetched-once", IsUnusual, workers(12, func(int) string { return "user" })},

	{"commands that are carried out, in hexadecimal digits", "files-are-no-orders", "", obeys(3, hex.EncodeToString([]byte("systeminfo")))},
	{"commands that are carried out", "files-are-no-orders", "", obeys(3, "cmd /c ipconfig /all")},
	{"jobs of a queue", "files-are-no-orders", IsNormal, obeys(9, "convert picture7.tif to pdf")},
	{"scripts that somebody edits", "files-are-no-orders", IsNormal, moves([2]string{"RETR a.bat", "cd C:\\data"}, [2]string{"STOR a.bat", "cd D:\\data"}, [2]string{"RETR b.bat", "dir"}, [2]string{"STOR b.bat", "dir /s"}, [2]string{"RETR c.bat", "dir"}, [2]string{"STOR c.bat", "dir /b"})},

	{"the settings of one phone after the other", "names-are-known", IsUnusual, session1(numberedLines(25, "> RETR spa%012x.xml\n< 550 no\n"))},
	{"pictures with numbers", "names-are-known", IsNormal, session1(numberedLines(40, "> RETR DSC_0%03d.JPG\n< 150 here\n< 226 done\n"))},
	{"phones that each fetch their settings", "names-are-known", IsNormal, func(f *forge.Capture) {
		for i := range 25 {
			dial(f, fmt.Sprintf("198.51.100.%d", i+30), aServer+":21").Say(hello).Say(fmt.Sprintf("> RETR SEP0004F2A1B2%02d.cnf.xml\n< 550 no", i)).Say(bye).Peer.Close()
		}
	}},
	{"a user who works at home in the same folder", "accounts-keep-their-folders", IsNormal, roaming("203.0.113.66", "sales", "sales", "sales")},
	{"a user who fetches much at work", "accounts-keep-their-folders", IsNormal, roaming("10.20.4.99", "hr", "finance", "design")},

	{"the settings of a router, with its first password", "no-signs-agree", IsUnusual, loggedIn("cisco", "cisco", "> RETR running-config\n< 150 here\n< 226 done")},
	{"the settings of a router", "no-known-exploits", IsNormal, loggedIn("rancid", "x", "> RETR running-config\n< 150 here\n< 226 done")},
	{"a router that a student tries", "no-known-exploits", IsNormal, loggedIn("cisco", "cisco", "> RETR ios.bin\n< 150 here\n< 226 done")},
	{"the users of a device, with its first password", "no-signs-agree", "", loggedIn("USER", "USER", "> STOR /FLASH0/wwwroot/conf/users.ini\n< 150 go on\n< 226 done")},
	{"the users of a controller", "no-signs-agree", "", loggedIn("sysdiag", "x", "> STOR users.ini\n< 150 go on\n< 226 done")},
	{"new software for a controller", "no-known-exploits", IsUnusual, loggedIn("sysdiag", "x", "> STOR NOE77101.bin\n< 150 go on\n< 226 done\n> SITE REBOOT\n< 200 ok")},
	{"the users of a game", "no-sensitive-names", IsNormal, loggedIn("ada", "x", "> STOR users.ini\n< 150 go on\n< 226 done")},

	{"the accounts of a domain", "no-sensitive-names", IsUnusual, session1("> STOR ntds.part1.rar\n< 150 go on\n< 226 done")},
	{"mailboxes that leave a network", "no-sensitive-names", IsUnusual, mailboxes("203.0.113.66", "ceo.pst", "cfo.pst")},
	{"mailboxes that are copied in a network", "no-sensitive-names", IsNormal, mailboxes("10.20.1.5", "ceo.pst", "cfo.pst")},
	{"a mailbox", "no-sensitive-names", IsNormal, mailboxes("203.0.113.66", "archive.pst")},

	{"a host that answers for a name and collects passwords", "no-detours", "", collector(5355, 2, "530 no")},
	{"a host that answers for a name of NetBIOS and collects passwords", "no-detours", "", collector(137, 2, "530 no")},
	{"a server that is found by its name", "no-detours", IsNormal, collector(5355, 2, "230 in")},
	{"a server that is found by its name, and a mistake", "no-detours", IsNormal, collector(5355, 1, "530 no")},
	{"a server that refuses two users and hangs up", "no-detours", IsNormal, collector(53, 2, "530 no")},
	{"a server that takes the place of another", "no-detours", IsUnusual, displaced("530 no", "FTP Service")},
	{"a second server that knows the same users", "no-detours", IsNormal, displaced("230 in", "FTP Service")},
	{"a server that forgets a user for a while", "no-detours", IsNormal, displaced("530 no", "hi")},

	{"files of two departments that are taken away", "files-are-kept", IsUnusual, takenAway("/hr/salary", "/finance/ledger")},
	{"files of a department that are handed over", "files-are-kept", IsNormal, takenAway("/hr/salary", "/hr/bonus")},
	{"orders and offers that are handed over", "files-are-kept", IsNormal, takenAway("/orders/a", "/offers/b")},

	{"connections that type ahead and keep a customer out", "calls-are-meant", "", holds(20, "> USER a", "421 Too many connections")},
	{"silent connections that keep a customer out", "calls-are-meant", "", holds(20, "", "421 Too many connections")},
	{"connections that stop after USER and keep a customer out", "calls-are-meant", "", holds(20, "> USER a\n< 331 and?", "421 Too many connections")},
	{"silent connections", "calls-are-meant", IsUnusual, holds(20, "", "220 hi")},
	{"a few silent connections, and a server that is full", "calls-are-meant", IsNormal, holds(8, "", "421 Too many connections")},
	{"connections that are kept after the login", "calls-are-meant", IsNormal, holds(20, "> USER a\n< 331 and?\n> PASS x\n< 230 in", "220 hi")},
}

// obeys fetches and removes n files with an order, and stores a file after each.
func obeys(n int, order string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range n {
			move(t, 40000+2*i, fmt.Sprintf("RETR in/j%03d.dat", i), order)
			t.Say(fmt.Sprintf("> DELE in/j%03d.dat\n< 250 ok", i))
			move(t, 40001+2*i, fmt.Sprintf("STOR out/r%03d.dat", i), "an answer")
		}
		t.Say(bye).Peer.Close()
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

// TestFirstAccepted judges stolen names of which several are right. The finding always has the first one.
func TestFirstAccepted(t *testing.T) {
	for range 20 {
		got := forged(t, collects(12, 4))
		if !slices.ContainsFunc(got.Findings, func(f Finding) bool { return strings.Contains(f.Observed, `accepted another one, "partner0"`) }) {
			t.Fatalf("got %v\nwant a finding with partner0", got)
		}
	}
}
