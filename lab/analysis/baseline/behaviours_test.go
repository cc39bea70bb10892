// What programs of intruders do over several sessions, each beside what looks like it.

package baseline

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/baseline/rules"
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
	{"somebody who forgot which password is right", "no-guessing", IsUnusual, forgets("10.20.1.15", 50*time.Second, "Rose1", "rose1", "Rose!1", "Rose12", "Tulip7", "Tulip77", "tulip77", "Tulip-77", "Tulip-777")},
	{"passwords that a program changes a little", "no-guessing", "", forgets("10.20.1.15", 5*time.Second, "Rose1", "rose1", "Rose!1", "Rose12", "Tulip7", "Tulip77", "tulip77", "Tulip-77", "Tulip-777")},
	{"passwords of different words", "no-guessing", "", forgets("10.20.1.15", 50*time.Second, "Rose1", "Tulip7", "Lilac2", "Fern9", "Moss12", "Ivy7", "Reed1")},
	{"passwords that somebody outside tries", "no-guessing", "", forgets("203.0.113.66", 50*time.Second, "Rose1", "rose1", "Rose!1", "Rose12", "Tulip7", "Tulip77", "tulip77", "Tulip-77", "Tulip-777")},
	{"stolen names with their passwords, one of which is right", "no-guessing", "", collects(8, 1)},
	{"students who mistype the passwords that they were given", "no-guessing", IsNormal, func(f *forge.Capture) {
		for i := range 3 {
			guessed(fmt.Sprint("st0", i), fmt.Sprintf("St%d!9672%d", i, i), fmt.Sprintf("St%d!9627%d", i, i))(f)
		}
	}},
	{"people with their names in their passwords, who mistype the year", "no-guessing", IsNormal, func(f *forge.Capture) {
		for _, user := range []string{"anna", "ben", "carl", "dora", "emil", "finn", "gus", "hans"} {
			guessed(user, user+"2032!", user+"2023!")(f)
		}
	}},
	{"passwords like the name, of which the fifth is the first one with other digits", "no-guessing", "", guessed("hr", "hr2012", "hr123", "Hr2025!", "Password1", "hr2021")},
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

	{"screen savers in many folders", "no-programs", "", session1(linesOf("> CWD /%s\n< 250 ok\n> STOR Photo.scr\n< 150 go on\n< 226 done\n> STOR AV.scr\n< 150 go on\n< 226 done\n", "docs", "music", "www"))},
	{"a program of an anonymous user in many folders", "no-programs", "", anonymous(linesOf("> STOR %s/setup.exe\n< 150 go on\n< 226 done\n", "docs", "music", "www"))},
	{"a program of a user in many folders", "no-programs", IsUnusual, session1(linesOf("> STOR %s/setup.exe\n< 150 go on\n< 226 done\n", "docs", "music", "www"))},
	{"a program of an anonymous user in two folders", "no-programs", IsNormal, anonymous(linesOf("> STOR %s/setup.exe\n< 150 go on\n< 226 done\n", "v1", "v2"))},
	{"an anonymous copy of a tree", "no-programs", IsUnusual, anonymous(numberedLines(20, "> STOR src/a%d.c\n< 150 go on\n< 226 done\n") + linesOf("> STOR %s/7za.exe\n< 150 go on\n< 226 done\n", "v1", "v2", "v3"))},
	{"a bot for many processors, of an anonymous user", "no-programs", "", anonymousMoves([2]string{"RETR mirai.arm", "\x7fELF"}, [2]string{"RETR mirai.mips", "\x7fELF"}, [2]string{"RETR mirai.sh4", "\x7fELF"}, [2]string{"RETR mirai.x86", "\x7fELF"})},
	{"a bot for many processors, in other words", "no-programs", "", anonymousMoves([2]string{"RETR a-armv7l", "\x7fELF"}, [2]string{"RETR a-mipsel", "\x7fELF"}, [2]string{"RETR a_powerpc", "\x7fELF"}, [2]string{"RETR a_i486", "\x7fELF"})},
	{"a release for the usual processors", "no-programs", IsNormal, anonymousMoves([2]string{"RETR a-arm64", "\x7fELF"}, [2]string{"RETR a-amd64", "\x7fELF"}, [2]string{"RETR a-386", "\x7fELF"}, [2]string{"RETR a-riscv64", "\x7fELF"})},
	{"a bot for many processors, which a listing shows", "no-programs", IsUnusual, anonymousMoves([2]string{"NLST", "mirai.arm\r\n"}, [2]string{"RETR mirai.arm", "\x7fELF"}, [2]string{"RETR mirai.mips", "\x7fELF"}, [2]string{"RETR mirai.sh4", "\x7fELF"}, [2]string{"RETR mirai.x86", "\x7fELF"})},
	{"attack tools, of a session whose login was not recorded", "no-programs", IsUnusual, func(f *forge.Capture) {
		overhear(f, aClient, aServer+":21").Say("< 230 in").Say(linesOf("> RETR %s\n< 150 here\n< 226 done\n", "pspy64", "linpeas.sh", "dirtycow.c", "chisel")).Say(bye)
	}},

	{"a server that goes on with the account of its user, and with a program", "no-signs-agree", "", goesOn("ada", time.Minute, "STOR psexesvc.exe")},
	{"a server that goes on with the account of its user", "accounts-keep-their-folders", IsUnusual, goesOn("ada", time.Minute, "STOR backup.tar")},
	{"a server that goes on with an account of its own", "accounts-keep-their-folders", IsNormal, goesOn("mirror", time.Minute, "STOR backup.tar")},
	{"a proxy", "accounts-keep-their-folders", IsNormal, goesOn("ada", 0, "STOR backup.tar")},
	{"a proxy whose user logs in a second time", "accounts-keep-their-folders", IsNormal, func(f *forge.Capture) {
		first := dial(f, "10.20.1.7", "10.20.1.8:21").Say("< 220 hi\n> USER ada\n< 331 and?\n> PASS Lens-42\n< 230 in")
		dial(f, "10.20.1.7", "10.20.1.8:21").Say("< 220 hi\n> USER ada\n< 331 and?\n> PASS Lens-42\n< 230 in").Say(bye).Peer.Close()
		f.Pass(time.Minute)
		dial(f, "10.20.1.8", "10.20.1.9:21").Say("< 220 hi\n> USER ada\n< 331 and?\n> PASS Lens-42\n< 230 in").Say(bye).Peer.Close()
		first.Say(bye).Peer.Close()
	}},
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
	{"the name of the system, twice", "reply-answers-command", IsUnusual, session1("> SYST\n< 215 UNIX\n< 215 UNIX\n> PWD\n< 257 \"/\"")},
	{"the answer to REST, twice", "reply-answers-command", IsUnusual, session1("> REST 0\n< 350 ok\n< 350 ok\n> PWD\n< 257 \"/\"")},
	{"two ports in answer to PASV", "reply-answers-command", "", session1("> PASV\n< 227 (192,0,2,21,100,0)\n< 227 (192,0,2,21,100,1)\n> PWD\n< 257 \"/\"")},
	{"binary bytes behind a greeting", "control-carries-dialogue", "", func(f *forge.Capture) {
		t := f.Control().Say("< 220 (vsFTPd 3.0.5)")
		for range 12 {
			t.Send(strings.Repeat("\x99\x01\xe2 \x8f", 9))
			t.Peer.Send(strings.Repeat("\x8c\xf1\x07Z", 20))
		}
		t.Close()
	}},
	{"a name that overflows a buffer, of which the recorder kept the beginning", "arguments-of-normal-length", "", cutCommands("USER "+strings.Repeat("A", 540), "")},
	{"many commands at once, of which the recorder kept the beginning", "arguments-of-normal-length", IsNormal, cutCommands(strings.Repeat("SIZE a.txt\r\n", 120)+"SIZE a.txt", strings.Repeat("213 9\r\n", 121))},
	{"a name of which the recorder kept the beginning", "names-can-be-seen", IsNormal, cutCommands("STOR aux.txt", "550 no\r\n")},
	{"a page about ransomware", "no-programs", IsNormal, moves([2]string{"STOR ransomware.html", "<html><h1>How to recognise ransomware</h1>"})},
	{"answers to NOOP that are data", "control-carries-dialogue", "", session1(digests(14, "> NOOP\n< 200 %s\n"))},
	{"connections whose client lets the server send nothing", "calls-are-meant", "", closesWindow(6, "")},
	{"a connection whose client lets the server send nothing", "calls-are-meant", IsUnusual, closesWindow(1, "")},
	{"a client that hangs for a while", "calls-are-meant", IsNormal, closesWindow(1, "< 220 hi")},
	{"data connections that the client keeps, and lets the server send nothing", "calls-are-meant", "", keepsData(20, false)},
	{"data connections on which the client pauses", "calls-are-meant", IsNormal, keepsData(20, true)},
	{"data connections without a command", "one-connection-a-transfer", "", withoutCommands(3, "")},
	{"a data connection without a command", "one-connection-a-transfer", IsUnusual, withoutCommands(1, "")},
	{"data that is sent before its command", "one-connection-a-transfer", IsNormal, withoutCommands(3, "\n> STOR a\n< 150 go on\n< 226 done")},
	{"a program where a listing belongs", "no-programs", "", moves([2]string{"LIST", "MZ\x90\x00\x03\x00\x00\x00\x04\x00"})},
	{"a listing that begins like a program", "no-programs", IsNormal, moves([2]string{"NLST", "MZ\x90ger.txt\r\nb.txt\r\n"})},
	{"two hosts that answer one SYN", "packets-come-one-way", "", answeredTwice(20*time.Millisecond, 1, 128)},
	{"one host that answers one SYN twice", "packets-come-one-way", IsUnusual, answeredTwice(20*time.Millisecond, 1, 64)},
	{"a balancer of load that leads a second SYN to another server", "packets-come-one-way", IsNormal, answeredTwice(time.Second, 2, 58)},
	{"a second SYN that was lost, and another server", "packets-come-one-way", IsNormal, answeredTwice(time.Second, 1, 58)},
	{"the packets of a client that somebody sends again", "packets-come-one-way", "", sentLater(false)},
	{"the packets of a client that come late, after a NAT device has used its port again", "packets-come-one-way", IsNormal, sentLater(true)},

	{"urgent pointers that mean nothing, with another number each", "no-hidden-channels", "", acknowledges(20, func(t *forge.End, i int) { t.Urgent = uint16(7919 * i) })},
	{"an urgent pointer that a system leaves behind", "no-hidden-channels", IsNormal, acknowledges(20, func(t *forge.End, i int) { t.Urgent = 7919 })},
	{"options for experiments, with other bytes in each repeated acknowledgment", "no-hidden-channels", "", acknowledges(20, func(t *forge.End, i int) {
		t.Options = []byte{253, 8, 0x45, 0x58, byte(i), byte(97 * i), byte(31 * i), 7}
	})},
	{"options for experiments that count what came", "no-hidden-channels", IsNormal, acknowledges(10, func(t *forge.End, i int) {
		t.Say("> NOOP\n< 200 ok")
		t.Options = []byte{254, 8, 0xac, 0xce, 0, 0, 0, byte(i)}
	})},
	{"an option of a device on the way", "no-hidden-channels", IsNormal, acknowledges(20, func(t *forge.End, i int) { t.Options = []byte{76, 4, 1, 1} })},
	{"digests of segments that are sent again", "no-hidden-channels", IsNormal, acknowledges(20, func(t *forge.End, i int) {
		t.Options = append([]byte{1, 1, 19, 18}, strings.Repeat(string(rune('a'+i)), 16)...)
	})},
	{"PRET in front of each PASV", "control-carries-dialogue", IsNormal, paused(10*time.Second, strings.Repeat("> PRET RETR pub/a\n< 200 ok\n", 40))},
	{"a command of its own that the server lists", "control-carries-dialogue", IsNormal, paused(10*time.Second, "> FEAT\n< 211-Features:\n+  XFOO word;\n+ 211 End\n"+strings.Repeat("> XFOO pub/abcdef\n< 200 ok\n", 40))},
	{"a command of its own that the server does not list", "control-carries-dialogue", "", paused(10*time.Second, "> FEAT\n< 211-Features:\n+  XBAR word;\n+ 211 End\n"+strings.Repeat("> XFOO pub/abcdef\n< 200 ok\n", 40))},
	{"bits in the letters of NOOP", "control-carries-dialogue", "", session1(linesOf("> %s\n< 200 ok\n", "NOOP", "noop", "NOop", "noOP", "nOOp", "NooP", "nOoP", "NoOp"))},
	{"bits in the letters of several commands", "control-carries-dialogue", "", session1(linesOf("> %s\n< 200 ok\n", "NOOP", "noop", "NOop", "noOP", "SYST", "syst", "sySt", "SyST", "TYPE I", "type I", "tYpE I", "TYpe I"))},
	{"a person who tries how commands may be written", "control-carries-dialogue", IsUnusual, session1(linesOf("> %s\n< 200 ok\n", "NOOP", "noop", "Noop", "nOOP", "SYST", "syst", "Syst"))},
	{"bits in the blanks behind NOOP", "control-carries-dialogue", "", session1(linesOf("> NOOP%s\n< 200 ok\n", "\t", "\t\t", " \t", "\t ", "\t\t ", " \t ", " \t\t", "\t \t"))},
	{"bits in the blanks behind names", "control-carries-dialogue", "", session1(linesOf("> SIZE a%s\n< 213 9\n", "\t", "\t\t", " \t", "\t ", "\t\t ", " \t ", " \t\t", "\t \t"))},
	{"names with blanks up to the same length", "control-carries-dialogue", IsNormal, session1(linesOf("> SIZE %-12s\n< 213 9\n", "A", "AB", "ABC", "ABCD", "ABCDE", "ABCDEF", "ABCDEFG", "ABCDEFGH", "ABCDEFGHI"))},
	{"answers to STAT with digests", "control-carries-dialogue", IsUnusual, session1(digests(14, "> STAT\n< 211 %s\n"))},

	{"ways out of the tree of an anonymous user", "no-climbing", "", anonymous("> NLST -al /../../\n< 550 no\n> CWD ~root\n< 550 no\n> CWD /etc/\n< 250 ok")},
	{"ways out of the tree of a user", "no-climbing", "", session1("> CWD ../../../../\n< 250 ok\n> CWD ~root\n< 550 no\n> CWD ..../\n< 550 no")},
	{"a user who has a look at the system", "no-climbing", IsUnusual, session1("> CWD ../../../../\n< 250 ok\n> CWD ~root\n< 550 no\n> CWD /etc\n< 250 ok\n> CWD /root\n< 550 no")},
	{"an anonymous user in the folders of the server", "no-climbing", IsNormal, anonymous("> LIST -la /etc\n< 550 no\n> CWD /pub\n< 250 ok\n> CWD ..\n< 250 ok\n> CWD ~root\n< 550 no")},
	{"the programs of a site, in a folder for them", "no-sensitive-names", IsNormal, session1("> MKD /bin\n< 257 ok\n> CWD /bin\n< 250 ok\n> STOR console\n< 150 go on\n< 226 done")},
	{"the programs of the system", "no-sensitive-names", IsUnusual, session1("> MKD /new\n< 257 ok\n> CWD /bin\n< 250 ok\n> STOR console\n< 150 go on\n< 226 done")},

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
	{"a secret in the names of folders, which are counted", "names-are-words", "", session1(linesOf("> MKD %[1]s\n< 257 ok\n> RMD %[1]s\n< 250 ok\n", strings.Fields(strings.ReplaceAll(strings.Join(inBase32(aLeak, 48), " "), "-", ""))...))},
	{"folders whose names are long data", "names-are-words", "", session1(digests(25, "> MKD 00%s\n< 257 ok\n"))},
	{"folders whose names are identifiers", "names-are-words", IsUnusual, session1(digests(25, "> MKD %.24s\n< 257 ok\n"))},
	{"data in front of the domain of anonymous users", "names-are-words", "", anonymousUsers(8, func(i int) string { return fmt.Sprintf("%x@x", sha256.Sum256([]byte{byte(i)})) })},
	{"addresses of anonymous users", "names-are-words", IsNormal, anonymousUsers(8, func(i int) string { return fmt.Sprintf("katharina.sommer.%d@example.org", i+2001) })},
	{"a secret in names of users that are refused", "names-are-words", "", refusedUsers(inBase32(aLeak, 42))},
	{"names of users that are refused", "names-are-words", IsNormal, refusedUsers([]string{"katharina.sommer", "katharina_sommer", "katharinasommer"})},
	{"a secret in NOOPs", "control-carries-dialogue", "", asArguments("NOOP", cut(hex.EncodeToString([]byte(aLeak)), 22))},
	{"NOOPs with a number that changes", "control-carries-dialogue", IsNormal, asArguments("NOOP", []string{"51f0a9c200000001", "51f0a9c200000002", "51f0a9c200000003"})},
	{"data in names with an ending, which count up", "names-are-words", "", session1(countedData(30, "> SIZE %s.bin\n< 550 no\n"))},
	{"data in names with an ending, which count up in two bytes", "names-are-words", "", session1(countedData(30, "> MDTM 00%s.bin\n< 550 no\n"))},
	{"digests with an ending that do not exist", "names-are-words", IsUnusual, session1(digests(25, "> SIZE %s.jpg\n< 550 no\n"))},
	{"digests with an ending, of which half exist", "names-are-words", IsNormal, session1(digests(12, "> SIZE %s.jpg\n< 550 no\n") + countedData(12, "> SIZE %[1]s.jpg\n< 213 9\n> RETR %[1]s.jpg\n< 150 here\n< 226 done\n"))},
	{"data in names that look like those of a site", "names-are-words", "", session1(countedData(30, "> SIZE %s.t1.cdn\n< 550 no\n"))},
	{"data in names that do not count up", "names-are-words", "", session1(base32Missing("> MDTM %s\n< 550 no\n"))},
	{"data in names of listings", "names-are-words", "", session1(base32Missing("> NLST %s\n< 550 no\n"))},
	{"data in names of files whose times are set", "names-are-words", "", session1(base32Missing("> MFMT 20260131120000 %s\n< 550 no\n"))},
	{"data in names of files whose digests are asked for", "names-are-words", "", session1(base32Missing("> XSHA256 %s\n< 550 no\n"))},
	{"data in names of files that are asked for before one is stored", "names-are-words", IsUnusual, session1(base32Missing("> SIZE %s\n< 550 no\n") + "> STOR index\n< 150 go on\n< 226 done\n")},
	{"sizes that are answers, of files with names that are data", "names-are-words", IsUnusual, session1(base32Sizes(12, ""))},
	{"sizes of files with such names that are fetched", "names-are-words", IsNormal, session1(base32Sizes(12, "> RETR %s.dat\n< 150 here\n< 226 done\n"))},

	{"a shell that gets its owner's rights", "no-known-exploits", "", session1("> SITE CHMOD 4777 /bin/sh\n< 200 ok")},
	{"a shell that gets its owner's rights, by letters", "no-known-exploits", "", session1("> SITE CHMOD u+s /bin/bash\n< 200 ok")},
	{"a shell whose rights the server keeps", "no-known-exploits", IsUnusual, session1("> SITE CHMOD 4777 /bin/sh\n< 550 no")},
	{"a script that is named as a shell", "no-known-exploits", IsNormal, session1("> SITE CHMOD 0755 bin/sh\n< 200 ok")},
	{"the keys that somebody pressed, in several sessions", "no-loot", "", func(f *forge.Capture) {
		for i := range 3 {
			moves([2]string{fmt.Sprintf("STOR PC3_%02d.txt", i), "[Bank]\r\nada[TAB]Secr3t[ENTER]\r\ndear[BACKSPACE]hello\r\n"})(f)
			f.Pass(10 * time.Minute)
		}
	}},
	{"a text about keys that is changed several times", "no-loot", IsUnusual, func(f *forge.Capture) {
		for range 3 {
			moves([2]string{"STOR help.txt", "[CTRL] and [TAB] and [ENTER] and [ESC]\r\n"})(f)
			f.Pass(10 * time.Minute)
		}
	}},

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

	{"commands that are carried out, in hexadecimal digits", "files-are-no-orders", "", obeys(3, hex.EncodeToString([]byte("systeminfo")), "an answer")},
	{"commands that are carried out", "files-are-no-orders", "", obeys(3, "cmd /c ipconfig /all", "an answer")},
	{"two commands that are carried out, and removed", "files-are-no-orders", "", obeys(2, "whoami /all", "ada")},
	{"two encoded commands that are carried out", "files-are-no-orders", "", moves([2]string{"RETR in", "d2hvYW1pIC9hbGw="}, [2]string{"STOR a", "\x01\x02"}, [2]string{"RETR in", "d2hvYW1pIC9hbGw="}, [2]string{"STOR b", "\x03\x04"})},
	{"two commands, and what they print", "files-are-no-orders", "", moves([2]string{"RETR in", "ipconfig /all"}, [2]string{"STOR a", "Windows IP Configuration\r\n"}, [2]string{"RETR in", "ipconfig"}, [2]string{"STOR b", "Windows IP Configuration\r\n"})},
	{"two scripts, and files that have nothing to do with them", "files-are-no-orders", IsNormal, moves([2]string{"RETR a.bat", "cd C:\\data"}, [2]string{"STOR a.txt", "a"}, [2]string{"RETR b.bat", "dir"}, [2]string{"STOR b.txt", "b"})},
	{"two orders in words of their own, removed, and answered by listings", "files-are-no-orders", IsUnusual, obeys(2, "browse C:\\Users", " Directory of C:\\Users\r\n\r\n11/02/2025  10:11 AM    <DIR>          ada\r\n")},
	{"three such orders, answered by listings of Unix", "files-are-no-orders", "", obeys(3, "7 /home", "total 8\ndrwxr-xr-x 2 ada ada 4096 Nov  2 10:11 docs\n-rw-r--r-- 1 ada ada 12 Nov  2 10:11 plan.txt\n")},
	{"one order that is answered by a listing", "files-are-no-orders", IsNormal, obeys(1, "7 /home", "total 4\ndrwxr-xr-x 2 ada ada 4096 Nov  2 10:11 docs\n-rw-r--r-- 1 ada ada 12 Nov  2 10:11 plan.txt\n")},
	{"jobs that are removed, and answered by tables with dates", "files-are-no-orders", IsNormal, obeys(3, "report 7", "11/02/2025  10:11 AM    PAID          ada\r\n")},
	{"two scripts that are removed, and stored as others", "files-are-no-orders", IsNormal, obeys(2, "cd /srv && make", "#!/bin/sh\ncd /srv && make all\n")},
	{"two scripts that are removed, and stored under other names", "files-are-no-orders", IsNormal, obeys(2, "cd C:\\data", "cd D:\\data")},
	{"encoded words that are answered by others", "files-are-no-orders", "", obeys(6, "d2FpdA==", "b2s=")},
	{"encoded words that are answered in plain", "files-are-no-orders", IsNormal, obeys(9, "d2FpdA==", "waits")},
	{"numbers that are answered by others", "files-are-no-orders", IsNormal, obeys(9, "525354", "414243")},
	{"a folder of orders that a program lists", "files-are-fetched-once", IsUnusual, lists(20, time.Minute, "bots/pc7", "NLST", "exec calc.exe")},
	{"a folder of orders that is empty", "files-are-fetched-once", IsNormal, lists(20, time.Minute, "bots/pc7", "NLST", "")},
	{"a folder that a program lists", "files-are-fetched-once", IsNormal, lists(20, time.Minute, "invoices", "NLST", "a.pdf")},
	{"a folder of orders from which a program fetches one", "files-are-fetched-once", IsNormal, lists(20, time.Minute, "bots/pc7", "NLST", "a.job", "> RETR a.job\n< 150 here\n< 226 done")},
	{"a whole tree that is listed again and again", "files-are-fetched-once", IsUnusual, lists(40, 200*time.Millisecond, "pub", "LIST -R /", "a.txt")},
	{"a whole tree that is listed now and then", "files-are-fetched-once", IsNormal, lists(40, time.Minute, "pub", "LIST -R /", "a.txt")},
	{"jobs of a queue", "files-are-no-orders", IsNormal, obeys(9, "convert picture7.tif to pdf", "an answer")},
	{"scripts that somebody edits", "files-are-no-orders", IsNormal, moves([2]string{"RETR a.bat", "cd C:\\data"}, [2]string{"STOR a.bat", "cd D:\\data"}, [2]string{"RETR b.bat", "dir"}, [2]string{"STOR b.bat", "dir /s"}, [2]string{"RETR c.bat", "dir"}, [2]string{"STOR c.bat", "dir /b"})},

	{"names of copies that somebody guesses", "names-are-known", "", session1(guessedNames("> SIZE %s\n< 550 no\n"))},
	{"names of copies that somebody guesses, of which one exists", "names-are-known", "", session1(guessedNames("> RETR %s\n< 550 no\n") + "> RETR shop.sql\n< 150 here\n< 226 done\n")},
	{"folders that somebody guesses", "names-are-known", "", session1(guessedNames("> CWD %s\n< 550 no\n"))},
	{"a few names that somebody guesses", "names-are-known", IsUnusual, session1(linesOf("> CWD %s\n< 550 no\n", strings.Fields(guessedWords)...) + linesOf("> CWD old-%s\n< 550 no\n", strings.Fields(guessedWords)...))},
	{"a site that is stored file by file", "names-are-known", IsNormal, session1(guessedNames("> SIZE %[1]s\n< 550 no\n> STOR %[1]s\n< 150 go on\n< 226 done\n"))},
	{"a site that is compared before it is stored", "names-are-known", IsNormal, session1(guessedNames("> MDTM %s\n< 550 no\n") + "> STOR backup.zip\n< 150 go on\n< 226 done\n")},
	{"a tree of folders that is made", "names-are-known", IsNormal, session1(guessedNames("> CWD /%[1]s\n< 550 no\n> MKD /%[1]s\n< 257 ok\n"))},
	{"files that a user may not read", "names-are-known", IsNormal, session1(guessedNames("> RETR %s\n< 550 Permission denied.\n"))},
	{"sizes that a server does not count in lines", "names-are-known", IsNormal, session1(guessedNames("> SIZE %s\n< 550 SIZE not allowed in ASCII mode.\n"))},
	{"files that a listing shows and that are gone", "names-are-known", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		move(t, 40000, "NLST", strings.ReplaceAll(guessedNames("%s\n"), "\n", "\r\n"))
		t.Say(guessedNames("> RETR %s\n< 550 no\n")).Say(bye).Peer.Close()
	}},
	{"names that somebody guesses after a listing", "names-are-known", "", func(f *forge.Capture) {
		t := f.Control().Say(hello)
		move(t, 40000, "NLST", "a.txt\r\nb.txt\r\n")
		t.Say(guessedNames("> RETR %s\n< 550 no\n")).Say(bye).Peer.Close()
	}},
	{"observations of a day that are not there yet", "names-are-known", IsNormal, session1(linesOf("> RETR 061/%s0610.26d.Z\n< 550 no\n", stationNames(60)...))},
	{"weather of stations that a server does not have any more", "names-are-known", IsUnusual, session1(linesOf("> RETR %s.TXT\n< 550 no\n", stationNames(60)...))},
	{"documents that are replaced by zeros", "files-are-kept", "", replacedBy("LIST", "-rw-r--r-- 1 ada users 9000 Jan 1 2020 plan %d.doc\r\n", strings.Repeat("\x00", 9000))},
	{"documents that are replaced by nothing", "files-are-kept", "", replacedBy("MLSD", "type=file;size=9000; plan %d.doc\r\n", "")},
	{"documents of Windows that are replaced by the same byte", "files-are-kept", "", replacedBy("LIST", "01-31-26 12:00PM 9000 plan %d.doc\r\n", strings.Repeat("\xff", 100))},
	{"documents whose sizes are asked for, and that are replaced by nothing", "files-are-kept", "", func(f *forge.Capture) {
		t := f.Control().Say(hello).Say(numberedLines(6, "> SIZE plan %d.doc\n< 213 9000\n"))
		for i := range 6 {
			move(t, 40000+i, fmt.Sprintf("STOR plan %d.doc", i), "")
		}
		t.Say(bye).Peer.Close()
	}},
	{"documents that are replaced by texts", "files-are-kept", IsNormal, replacedBy("LIST", "-rw-r--r-- 1 ada users 9000 Jan 1 2020 plan %d.doc\r\n", "a plan")},
	{"marks that are replaced by nothing", "files-are-kept", IsNormal, replacedBy("LIST", "-rw-r--r-- 1 ada users 9 Jan 1 2020 plan %d.doc\r\n", "")},
	{"images of disks that are new", "files-are-kept", IsNormal, replacedBy("LIST", "-rw-r--r-- 1 ada users 9000 Jan 1 2020 other %d.img\r\n", strings.Repeat("\x00", 9000))},
	{"reports that are fetched, and then replaced by nothing", "files-are-kept", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		move(t, 40000, "LIST", numberedLines(6, "-rw-r--r-- 1 ada users 900 Jan 1 2020 r%d.txt\r\n"))
		for i := range 6 {
			move(t, 40001+2*i, fmt.Sprintf("RETR r%d.txt", i), strings.Repeat("a report", 113))
			move(t, 40002+2*i, fmt.Sprintf("STOR r%d.txt", i), "")
		}
		t.Say(bye).Peer.Close()
	}},
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
	{"the settings of a router that somebody outside changes, with its first password", "no-sensitive-names", "", loggedIn("cisco", "cisco", "> RETR nvram:startup-config\n< 150 here\n< 226 done\n> STOR nvram:startup-config\n< 150 go on\n< 226 done")},
	{"the settings of a router that its owner changes, with its first password", "no-signs-agree", IsUnusual, func(f *forge.Capture) {
		dial(f, "10.20.1.7", "10.20.1.1:21").Say("< 220 hi\n> USER cisco\n< 331 and?\n> PASS cisco\n< 230 in\n> RETR running-config\n< 150 here\n< 226 done\n> STOR running-config\n< 150 go on\n< 226 done").Say(bye).Peer.Close()
	}},
	{"an icon at another host, in several folders", "no-loot", "", lures("hr", "it", "sales")},
	{"an icon at another host, in two folders", "no-loot", IsUnusual, lures("hr", "it")},
	{"a hidden command in a reply", "files-are-no-orders", "", session1("> SITE TASK 7\n< 200 exec powershell -enc SQBFAFgAIAAoAE4AZQB3AC0A")},
	{"a reply with the name of a script", "files-are-no-orders", IsNormal, session1("> SITE HELP\n< 214 powershell -File deploy.ps1 -Encoding UTF8 runs after an upload")},
	{"packets that name a host on their way", "no-detours", "", withOption(131)},
	{"packets that list the hosts on their way", "no-detours", IsNormal, withOption(7)},
	{"packets of IPv6 that name a host on their way", "no-detours", "", withRouting(0)},
	{"packets of IPv6 for a host that moves", "no-detours", IsNormal, withRouting(2)},
	{"a router that a student tries", "no-known-exploits", IsNormal, loggedIn("cisco", "cisco", "> RETR ios.bin\n< 150 here\n< 226 done")},
	{"the system of a router, with its first password", "no-signs-agree", IsNormal, movesOf("< 220 hi\n> USER cisco\n< 331 and?\n> PASS cisco\n< 230 in", [2]string{"RETR c2900-universalk9.bin", "\x7fELF"})},
	{"a program for a router, with its first password", "no-signs-agree", IsUnusual, movesOf("< 220 hi\n> USER cisco\n< 331 and?\n> PASS cisco\n< 230 in", [2]string{"STOR bot.bin", "\x7fELF"})},
	{"the users of a device, with its first password", "no-signs-agree", "", loggedIn("USER", "USER", "> STOR /FLASH0/wwwroot/conf/users.ini\n< 150 go on\n< 226 done")},
	{"the users of a controller", "no-signs-agree", "", loggedIn("sysdiag", "x", "> STOR users.ini\n< 150 go on\n< 226 done")},
	{"new software for a controller, from outside", "no-signs-agree", "", updates("203.0.113.66")},
	{"new software for a controller, from inside", "no-known-exploits", IsUnusual, updates("10.20.1.15")},
	{"new software for a controller", "no-known-exploits", IsUnusual, loggedIn("sysdiag", "x", "> STOR NOE77101.bin\n< 150 go on\n< 226 done\n> SITE REBOOT\n< 200 ok")},
	{"new software for a device, after its settings were fetched", "no-sensitive-names", IsUnusual, loggedIn("admin", "12345", "> RETR Config/Account1\n< 150 here\n< 226 done\n> STOR upgrade.img\n< 150 go on\n< 226 done")},
	{"a picture of a disk, after settings were fetched", "no-sensitive-names", IsNormal, loggedIn("admin", "Lens-42", "> RETR etc/config.cfg\n< 150 here\n< 226 done\n> STOR upgrade.img\n< 150 go on\n< 226 done")},
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

// cutCommands has a client that logs in and sends commands in one segment, of which the recorder keeps eight bytes.
func cutCommands(commands, replies string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		t.Segment("P.", commands+"\r\n")
		f.Last(0).Cut(14 + 40 + len("STOR aux"))
		if replies != "" {
			t.Peer.Segment("P.", replies)
		}
		t.Say(bye).Peer.Close()
	}
}

// TestFirstAccepted judges stolen names of which several are right. The finding always has the first one.
func TestFirstAccepted(t *testing.T) {
	for range 20 {
		got := forged(t, collects(12, 4))
		if !slices.ContainsFunc(got.Findings, func(f rules.Finding) bool { return strings.Contains(f.Observed, `accepted another one, "partner0"`) }) {
			t.Fatalf("got %v\nwant a finding with partner0", got)
		}
	}
}
