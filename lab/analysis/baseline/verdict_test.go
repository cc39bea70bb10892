// Sessions as they occur, with the verdict that a specialist would give.

package baseline

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ftplab/lab/internal/forge"
)

// ordinary sessions of ordinary clients and servers, however badly recorded, are
// never called abnormal. The verdict that each gets is given.
var ordinary = []struct {
	name string
	want Verdict
	play func(*forge.Capture)
}{
	{"a listing and a download", IsNormal, func(f *forge.Capture) {
		transfer(0, "LIST", answerer, 55)(f)
		transfer(0, "RETR a", answerer, 5000)(f)
	}},
	{"one packet of a session", CannotJudge, func(f *forge.Capture) { overhear(f, aClient, aServer+":21").Say("< 230 in") }},
	{"the middle of a session", IsNormal, func(f *forge.Capture) {
		overhear(f, aClient, aServer+":21").Say("< 250 ok\n> PORT 198,51,100,100,12,100\n< 200 ok\n> RETR a\n< 150 here\n< 226 done\n> CWD /")
	}},
	{"the server's half of a session", IsNormal, func(f *forge.Capture) {
		overhear(f, aClient, aServer+":21").Say("< 220 ready\n< 331 go on\n< 230 in\n< 215 UNIX\n< 227 (192,0,2,21,100,0)\n< 150 here\n< 226 done\n< 221 bye")
	}},
	{"the client's half of a session", IsNormal, func(f *forge.Capture) {
		overhear(f, aClient, aServer+":21").Say("> USER ada\n> PASS x\n> SYST\n> PASV\n> LIST\n> QUIT")
	}},
	{"a session with a hole", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		t.Peer.Seq += 300
		t.Seq += 100
		t.Say("< 226 done\n> PWD\n< 257 \"/\"").Say(bye).Peer.Close()
	}},
	{"every packet twice", IsNormal, func(f *forge.Capture) {
		t := f.Control()
		for _, line := range strings.Split(strings.TrimSpace(hello+bye), "\n") {
			line = strings.TrimSpace(line)
			t.Say(line)
			text := line[2:] + "\r\n"
			end(t, strings.IndexByte("><", line[0])).SegmentAt(-len(text), "P.", text)
		}
	}},
	{"a reply stored before its command", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		t.Seq += 5 // the reply acknowledges the command
		t.Peer.Segment("P.", "257 \"/\"\r\n")
		t.Peer.Seq -= 9
		t.SegmentAt(-5, "P.", "PWD\r\n")
		t.Peer.Seq += 9
		t.Say("> NOOP\n< 200 ok").Say(bye).Peer.Close()
	}},
	{"a client behind a translator", IsNormal, session1("> PORT 10,0,0,7,31,64\n< 200 ok\n> LIST\n< 425 cannot reach you")},
	{"a client whose PORT is refused", IsNormal, session1("> PORT 10,0,0,7,31,64\n< 500 illegal PORT")},
	{"a server behind a translator", IsNormal, session1("> PASV\n< 227 (10,0,0,21,100,0)\n> LIST\n< 150 here\n< 226 done")},
	{"a translator that rewrites PORT", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PORT 203,0,113,9,12,100\n< 200 ok\n> LIST\n< 150 here")
		download(f, aServer+":20", aClient+":3172", opener, 55)
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"a site with many data servers", IsUnusual, session1("> PASV\n< 227 (192,0,2,33,100,0)\n> LIST\n< 150 here\n< 226 done")},
	{"a client in a container", IsUnusual, func(f *forge.Capture) {
		dial(f, "172.17.0.1", "172.17.0.2:21").Say(hello).Say("> PORT 192,168,0,5,200,1\n< 200 ok\n> LIST\n< 150 here\n< 226 done").Say(bye).Peer.Close()
	}},
	{"a load generator", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range 70 {
			t.Say(fmt.Sprintf("> PORT 198,51,100,100,%d,99\n< 200 ok\n> RETR /default.txt\n< 125 here (5 bytes)\n< 226 done", 20+i))
		}
	}},
	{"a client that keeps its session alive", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for range 100 {
			f.Pass(30 * time.Second)
			t.Say("> NOOP\n< 200 ok")
		}
	}},
	{"Explorer, which asks again and again", IsNormal, session1(strings.Repeat("> noop\n< 200 ok\n> CWD /pub/\n< 250 ok\n> CWD /pub/\n< 250 ok\n> PWD\n< 257 \"/pub\"\n> TYPE A\n< 200 A\n", 10))},
	{"deleting many files", IsNormal, session1(strings.Repeat("> DELE a\n< 250 ok\n> DELE b\n< 550 no\n", 60))},
	{"a deep walk of a script", IsNormal, session1(strings.Repeat("> CWD sub\n< 250 ok\n", 12) + strings.Repeat("> CDUP\n< 250 ok\n", 12))},
	{"a client that saves round trips", IsUnusual, session1("> TYPE I\n+ SIZE a\n+ MDTM a\n+ PASV\n< 200 ok\n+ 213 100\n+ 213 20200101000000\n+ 227 (192,0,2,21,100,0)")},
	{"AUTH refused", IsNormal, dialogue("< 220 ready\n> AUTH TLS\n< 530 log in first\n> AUTH SSL\n< 530 log in first\n> USER ada\n< 331 and?\n> PASS x\n< 230 in")},
	{"AUTH offered without a certificate", IsNormal, dialogue("< 220 ready\n> FEAT\n< 211-Features:\n+  AUTH TLS\n+ 211 End\n> AUTH TLS\n< 500 This security scheme is not implemented\n> USER ada\n< 331 and?\n> PASS x\n< 230 in")},
	{"AUTH offered, and refused by a policy", IsNormal, dialogue("< 220 ready\n> FEAT\n< 211-Features:\n+  AUTH TLS;TLS-C;SSL;TLS-P;\n+ 211 End\n> AUTH TLS\n< 534 Local policy on server does not allow TLS secure connections.\n> USER ada\n< 331 and?\n> PASS x\n< 230 in")},
	{"AUTH accepted", CannotJudge, func(f *forge.Capture) {
		t := f.Control().Say("< 220 ready\n> AUTH TLS\n< 234 go ahead")
		t.Segment("P.", "\x16\x03\x01\x00\x20client hello, random bytes 1234")
		t.Peer.Segment("P.", "\x16\x03\x03\x00\x20server hello, random bytes 5678")
		t.Segment("P.", "\x17\x03\x03\x00\x10QUIT or the like")
		t.Close()
	}},
	{"protected by Kerberos", CannotJudge, dialogue("< 220 ready\n> AUTH GSSAPI\n< 334 go ahead\n> ADAT " + strings.Repeat("YII", 600) + "\n< 235 ADAT=" + strings.Repeat("YII", 60) + "\n> MIC " + strings.Repeat("VVNF", 200) + "\n< 631 " + strings.Repeat("MjMw", 30) + "\n> ENC " + strings.Repeat("UVVJ", 200) + "\n< 632 MjIx")},
	{"protected by Kerberos after a login in clear", IsNormal, session1("> AUTH KERBEROS_V4\n< 334 go ahead\n> ADAT YII=\n< 235 ADAT=YII=\n> ENC UVVJ\n< 632 MjIx")},
	{"protected until the client wants it in clear", IsNormal, session1("> AUTH GSSAPI\n< 334 go ahead\n> ADAT YII=\n< 235 done\n> CONF Q0ND\n< 633 MjAw\n> PWD\n< 257 \"/\"")},
	{"a protection that the server does not know", IsNormal, session1("> ENC UVVJ\n< 500 what?")},
	{"a file of a grid, announced where nobody can read it", CannotJudge, func(f *forge.Capture) {
		t := dial(f, aClient, aServer+":2811").Say("< 220 ready\n> AUTH GSSAPI\n< 334 go ahead\n> ADAT YII=\n< 235 done\n> ENC UEFT\n< 632 MjI3\n> ENC UkVU\n< 632 MTUw")
		helloTo(dial(f, aClient, aServer+":55968"), "grid.example.test")
		t.Say("< 632 MjI2\n> ENC UVVJ\n< 632 MjIx").Close()
	}},
	{"no password asked", IsNormal, dialogue("< 220 ready\n> USER ftp\n< 230-NOTICE\n+ 230-more of it\n+ 230\n> SYST\n< 215 UNIX\n> QUIT\n< 221")},
	{"two greetings and two welcomes", IsNormal, dialogue("< 220 proxy ready\n+ 220 server ready\n> USER ada\n< 331 go on\n> PASS x\n< 230 in\n+ 230 restrictions apply\n> QUIT\n< 221 bytes\n+ 221 bye")},
	{"ready in a minute", IsNormal, dialogue("< 120 soon\n< 220 ready\n> USER ada\n< 331 go on\n> PASS x\n< 230 in")},
	{"no room", IsNormal, dialogue("< 421 too many users")},
	{"closed without a greeting", IsUnusual, func(f *forge.Capture) { f.Control().Peer.Close() }},
	{"left without a greeting", CannotJudge, func(f *forge.Capture) { f.Control().Close() }},
	{"two captures without FTP in one file", CannotJudge, func(f *forge.Capture) {
		dial(f, aClient, aServer+":80").Say("> GET / HTTP/1.0").Close()
		f.Pass(300 * 24 * time.Hour)
		dial(f, aClient, aServer+":80").Say("> GET / HTTP/1.0").Close()
	}},
	{"a server of an unusual make", IsUnusual, session1("> RNFR a\n< 350 ok\n> RNTO b\n< 257 ok\n> NOOP\n< 213 0\n> FEAT\n< 250 none")},
	{"a mistyped password", IsNormal, dialogue("< 220 hi\n> USER ada\n< 331 and?\n> PASS oops\n< 530 no\n> USER ada\n< 331 and?\n> PASS secret\n< 230 in")},
	{"a browser that asks with the same password", IsNormal, func(f *forge.Capture) {
		for range 5 {
			f.Control().Say("< 220 hi\n> USER anonymous\n< 331 and?\n> PASS chrome@example.com\n< 530 no\n> QUIT\n< 221 bye").Close()
		}
	}},
	{"an aborted download", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
		d := dial(f, aClient, aServer+":25600")
		d.Peer.Segment("P.", "the beginning")
		t.Segment("P.", "\xff\xf4\xff\xf2ABOR\r\n")
		d.FIN()
		d.Peer.Segment("R.", "")
		t.Say("< 426 broken off\n< 226 aborted").Say(bye).Peer.Close()
	}},
	{"a download taken up again", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> TYPE I\n< 200 ok\n> SIZE a\n< 213 1000\n> PASV\n< 227 (192,0,2,21,100,0)\n> REST 900\n< 350 ok\n> RETR a\n< 150 opening (1000 bytes)")
		download(f, aClient, aServer+":25600", answerer, 100)
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"a command that nobody knows", IsNormal, session1("> CLNT some client 1.0\n< 500 what?\n> site help\n< 550 no\n> opts utf8 on\n< 200 ok\n> LPRT 6,16,1\n< 500 no")},
	{"another port", IsNormal, func(f *forge.Capture) {
		dial(f, aClient, aServer+":2121").Say(hello).Say("> EPSV\n< 229 (|||40000|)\n> LIST -a\n< 150 here\n< 226 done").Say(bye).Peer.Close()
	}},
	{"IPv6", IsNormal, func(f *forge.Capture) {
		t := dial(f, "2001:db8::7", "[2001:db8:1::21]:21").Say(hello).Say("> EPRT |2|2001:db8::7|5000|\n< 200 ok\n> LIST\n< 150 here")
		download(f, "[2001:db8:1::21]:20", "[2001:db8::7]:5000", opener, 55)
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"blank lines that the server ignores", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		t.Segment("P.", "\r\n")
		t.Say("> PWD\n< 257 \"/\"\n> PASV\n< 227 (192,0,2,21,100,0)\n> LIST\n< 150 here\n< 226 done").Say(bye).Peer.Close()
	}},
	{"a NOOP that is never answered", IsNormal, session1("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here\n> NOOP\n< 226 done\n> PWD\n< 257 \"/\"\n> PASV\n< 227 (192,0,2,21,100,0)\n> LIST\n< 150 here\n< 226 done")},
	{"a transfer broken off without ABOR", IsNormal, session1("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here\n< 426 broken off\n< 226 aborted")},
	{"226 twice, the second one late", IsNormal, session1("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here\n< 226 done\n> PWD\n< 226 done indeed\n< 257 \"/\"")},
	{"typed by hand, with slips of the finger", IsNormal, session1("> PWX\b\b\b\b\bPWD\n< 500 what?\n> PWD\n< 257 \"/\"\n> TPYE\n< 500 what?")},
	{"names in Russian, as Windows wrote them", IsNormal, session1("> CWD \xcc\xee\xff \xcd\xee\xe2\xe0\xff \xd1\xf2\xe0\xf2\xfc\xff \xff\xff\n< 250 ok\n> RETR \xff\xe1\xeb\xee\xea\xee \xff.txt\n< 550 no")},
	{"a passive port below 1024 that works", IsUnusual, session1("> PASV\n< 227 (192,0,2,21,0,20)\n> LIST\n< 150 here\n< 226 done")},
	{"features without a hyphen", IsUnusual, session1("> FEAT\n< 211 Features:\n+  EPSV\n+ PASV\n+ 211 End")},
	{"secrets that do not look like TLS", CannotJudge, func(f *forge.Capture) {
		t := f.Control().Say("< 220 ready\n> AUTH TLS\n< 234 go ahead")
		for range 40 {
			t.Segment("P.", "\x80\x01\x02\x03\x04\x05 secret \n secrets of forty bytes and more \x90\x90\x90\x90\x90\x90\x90\x90\r\n")
			t.Peer.Segment("P.", "QUIT\r\n \x05\x06 other secrets\r\n")
		}
	}},
	{"a knock at a closed port", CannotJudge, refusedConnection},
	{"no FTP at all", CannotJudge, func(f *forge.Capture) {
		dial(f, aClient, aServer+":80").Say("> GET / HTTP/1.0\n< HTTP/1.0 200 OK").Peer.Close()
	}},
	{"TLS from the first byte", CannotJudge, func(f *forge.Capture) { inTLS(dial(f, aClient, aServer+":990")).Close() }},
	{"a session in TLS", CannotJudge, func(f *forge.Capture) { inTLS(f.Control().Say("< 220 ready\n> AUTH TLS\n< 234 go ahead")).Close() }},
	{"a session whose TLS ends before the capture does", IsNormal, func(f *forge.Capture) {
		t := inTLS(f.Control().Say("< 220 ready\n> AUTH TLS\n< 234 go ahead"))
		t.Segment("P.", "\x15\x03\x03\x00\x20"+strings.Repeat("\xc3", 32)) // an alert, after CCC
		t.Peer.Segment("P.", "\x15\x03\x03\x00\x20"+strings.Repeat("\x9e", 32))
		t.Say("> EPSV\n< 229 (|||40000|)\n> LIST\n< 150 here\n< 226 done").Say(bye).Peer.Close()
	}},
	{"a client that gives up TLS", IsUnusual, dialogue("< 220 ready\n> AUTH TLS\n< 234 go ahead\n> USER ada\n< 331 and?\n> PASS x\n< 230 in\n> QUIT\n< 221 bye")},
	{"a session in TLS beside one in clear", IsNormal, func(f *forge.Capture) {
		inTLS(f.Control().Say("< 220 ready\n> AUTH TLS\n< 234 go ahead")).Close()
		session1("")(f)
	}},
	{"ClientHello at a server of explicit FTPS", IsUnusual, ruleTests["tls-is-agreed"].breaks},
	{"ClientHello at a server of explicit FTPS, in front of the greeting", IsUnusual, func(f *forge.Capture) {
		t := f.Control()
		t.Segment("P.", clientHello)
		t.Say("< 220 ready\n< 500 what?").Close()
	}},
	{"220 to QUIT, 227 to EPSV, 200 to MLSD", IsUnusual, session1("> EPSV\n< 227 (192,0,2,21,100,0)\n> MLSD\n< 200 ok\n> QUIT\n< 220 bye")},
	{"a stray reply in front of the 227", IsUnusual, session1("> CWD a\n< 250 ok\n> PASV\n< 250 ok\n< 227 (192,0,2,21,100,0)\n> LIST\n< 150 here\n< 226 done")},
	{"a login with an account", IsNormal, dialogue("< 220 ready\n> USER ada\n< 331 and?\n> PASS x\n< 332 which account?\n> ACCT y\n< 230 in\n> PASV\n< 227 (192,0,2,21,100,0)\n> LIST\n< 150 here\n< 226 done")},
	{"compressed transfers", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> TYPE I\n< 200 ok\n> MODE Z\n< 200 ok\n> SIZE a\n< 213 100000\n> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
		download(f, aClient, aServer+":25600", answerer, 237)
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"only the server was recorded", IsNormal, func(f *forge.Capture) {
		active(":20")(f)
		f.Frames = slices.DeleteFunc(f.Frames, fromClient)
	}},
	{"a banner that is no FTP, recorded twice", CannotJudge, func(f *forge.Capture) {
		t := f.Control()
		t.Peer.Segment("P.", "vsFTPd 2.3.4\r\n")
		t.Peer.SegmentAt(-14, "P.", "vsFTPd 2.3.4\r\n")
		t.Close()
	}},
	{"a PORT cut short by the recorder", IsNormal, func(f *forge.Capture) {
		f.Snap = 84
		active(":20")(f)
	}},
	{"a damaged command and its retransmission", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		t.SegmentAt(0, "P.", "QXD\r\n")
		spoil(f.Last(0))
		t.Segment("P.", "PWD\r\n")
		t.Say("< 257 \"/\"").Say(bye).Peer.Close()
	}},
	{"a damaged address and its retransmission", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		t.SegmentAt(0, "P.", "PORT 198,51,100,110,12,100\r\n")
		spoil(f.Last(0))
		t.Segment("P.", "PORT 198,51,100,100,12,100\r\n")
		t.Say("< 200 ok\n> LIST\n< 150 here\n< 226 done").Say(bye).Peer.Close()
	}},
	{"a damaged line end, and its retransmission", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		t.Urgent = 3
		t.SegmentAt(0, "PU.", "TYQE I\rJ")
		spoil(f.Last(0))
		t.Segment("P.", "TYPE I\r\n")
		t.Say("< 200 ok\n> NOOP\n< 200 ok").Say(bye).Peer.Close()
	}},
	{"a receiver whose header was damaged", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
		d := dial(f, aClient, aServer+":25600")
		d.Peer.Segment("P.", "the file")
		d.SegmentAt(0, "P.", "\x01\x01\x08\x0a")
		spoil(f.Last(0))
		d.Peer.Close()
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"a session of few packets, most of them damaged", CannotJudge, func(f *forge.Capture) {
		t := overhear(f, aClient, aServer+":21").Say("< 220 ready")
		for range 2 {
			t.SegmentAt(0, "P.", "USXR ada\r\n")
			spoil(f.Last(0))
		}
		t.Say("> USER ada\n< 331 and?")
	}},
	{"a damaged code and its retransmission", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> NOOP")
		t.Peer.SegmentAt(0, "P.", "720 ok\r\n")
		spoil(f.Last(0))
		t.Say("< 200 ok").Say(bye).Peer.Close()
	}},
	{"data that was sent again, in larger segments", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
		d := dial(f, aClient, aServer+":25600")
		d.Peer.SegmentAt(0, "P.", "one")
		d.Peer.SegmentAt(0, "P.", "One, damaged")
		spoil(f.Last(0))
		d.Peer.Segment("P.", "one and two")
		d.Peer.SegmentAt(-1, "P.", "\x00") // a keep-alive
		d.Peer.Close()
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"a listing whose lines became one, and its retransmission", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> LIST\n< 150 here")
		d := dial(f, aClient, aServer+":25600")
		d.Peer.SegmentAt(0, "P.", strings.Repeat("a-name\r-", 160)+"\r\n")
		spoil(f.Last(0))
		d.Peer.Segment("P.", strings.Repeat("a-name\r\n", 160)+"\r\n")
		d.Peer.Close()
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"the end of a transfer is lost, and another session uses the port again", IsUnusual, func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> LIST\n< 150 here")
		download(f, aClient, aServer+":25600", answerer, 100)
		t.Peer.Seq += 20
		t.Say(bye)
		dial(f, aClient, aServer+":25600").Say("> a hello of TLS\n< another one").Close()
	}},
	{"other programs on the same host, and remote procedure calls", IsNormal, func(f *forge.Capture) {
		t := dial(f, "127.0.0.1", "127.0.0.1:2121").Say(hello)
		dial(f, "127.0.0.1", "127.0.0.1:9229").Say("> debug\n< ok").Close()
		t.Say(bye).Peer.Close()
		t = f.Control().Say(hello)
		dial(f, aClient, aServer+":49668").Say("> bind\n< ack").Close()
		t.Say(bye).Peer.Close()
	}},
	{"checksums that a network card makes", IsNormal, func(f *forge.Capture) {
		f.Control().Say(hello).Say("> PWD\n< 257 \"/\"").Say(bye).Peer.Close()
		for i := range f.Frames {
			if fromClient(f.Frames[i]) {
				spoil(&f.Frames[i])
			}
		}
	}},
	{"three users of one host, one mistake each", IsNormal, func(f *forge.Capture) {
		for i := range 3 {
			f.Control().Say(fmt.Sprintf("< 220 hi\n> USER user%d\n< 331 and?\n> PASS oops%d\n< 530 no", i, i) + bye).Close()
			f.Pass(time.Hour)
		}
	}},
	{"a store whose names are digests", IsNormal, session1(numberedLines(25, "> SIZE 9f3a%[1]d0c77e1b20\n< 550 no\n> PASV\n< 227 (192,0,2,21,100,%[1]d)\n> STOR 9f3a%[1]d0c77e1b20\n< 150 go on\n< 226 done\n> MKD mfrggzdfmztwq2lk%[1]dg23tpob\n< 257 ok\n> CWD mfrggzdfmztwq2lk%[1]dg23tpob\n< 250 ok\n"))},
	{"orders for goods", IsUnusual, session1(numberedLines(12, "> RETR orders.csv\n< 150 here\n< 226 done\n> STOR sent%d.csv\n< 150 go on\n< 226 done\n"))},
	{"a name in the answer to CSID", IsUnusual, session1("> CSID Name=a;\n< 215 Name=b;")},
	{"a client with a second network", IsUnusual, func(f *forge.Capture) {
		dial(f, "10.20.30.40", aServer+":21").Say(hello).Say("> PORT 10,20,30,40,31,64\n< 200 ok\n> LIST\n< 150 here\n< 226 done\n> PORT 192,168,1,7,31,65\n< 500 illegal").Say(bye).Close()
	}},
	{"a web site with its settings and tools", IsNormal, session1(
		numberedLines(4, "> STOR site%[1]d/index.html\n< 150 go on\n< 226 done\n> STOR site%[1]d/a.css\n< 150 go on\n< 226 done\n> STOR site%[1]d/b.png\n< 150 go on\n< 226 done\n> STOR site%[1]d/wp-config.php\n< 150 go on\n< 226 done\n") +
			"> STOR setup.exe\n< 150 go on\n< 226 done\n> STOR start.bat\n< 150 go on\n< 226 done\n> STOR install.vbs\n< 150 go on\n< 226 done")},
	{"a copy of a home", IsUnusual, session1(
		numberedLines(30, "> STOR home/letter%d.odt\n< 150 go on\n< 226 done\n") + numberedLines(4, "> STOR home/setup%d.exe\n< 150 go on\n< 226 done\n") +
			"> STOR home/.ssh/id_rsa\n< 150 go on\n< 226 done\n> STOR home/.netrc\n< 150 go on\n< 226 done\n> STOR home/.bash_history\n< 150 go on\n< 226 done")},
	{"a web site whose mailer starts a program", IsUnusual, moves(append(sitePages(12), [2]string{"STOR mailer.php", "<?php $m = popen($this->program, 'w');"}, [2]string{"STOR wp-config.php", "<?php $a = 1;"})...)},
	{"a program that looks for updates, and fetches some", IsNormal, session1(strings.Repeat("> RETR versions.dat\n< 150 here\n< 226 done\n", 14) + numberedLines(3, "> RETR engine%d.exe\n< 150 here\n< 226 done\n"))},
	{"documents about passwords and attacks", IsNormal, session1("> STOR password_reset.html\n< 150 go on\n< 226 done\n> STOR ransomware-lecture.pptx\n< 150 go on\n< 226 done")},
	{"names that are near to attacks", IsNormal, session1("> RNFR me.jpg\n< 350 and?\n> RNTO you.jpg\n< 250 ok\n> RNFR index.txt\n< 350 and?\n> RNTO index.php\n< 250 ok\n> STOR {{name}}.html\n< 150 go on\n< 226 done\n> STOR O'Brien -- draft.doc\n< 150 go on\n< 226 done\n> CWD tools;lsof\n< 250 ok\n> NLST *.?*\n< 150 here\n< 226 done\n> STOR a <b> on=1.txt\n< 150 go on\n< 226 done")},
	{"two private servers for data", IsNormal, session1(numberedLines(2, "> PASV\n< 227 (10,0,0,%d,100,0)\n> LIST\n< 150 here\n< 226 done\n"))},
	{"a text about encryption, and edited pictures", IsNormal, moves(
		[2]string{"STOR policy.txt", "Your files are encrypted at rest. Ask for the decryption key, or report a stolen laptop."},
		[2]string{"RETR a.jpg", "\xff\xd8\xff" + strings.Repeat("one", 200)}, [2]string{"STOR a.jpg", "\xff\xd8\xff" + strings.Repeat("two", 200)},
		[2]string{"RETR b.jpg", "\xff\xd8\xff" + strings.Repeat("one", 200)}, [2]string{"STOR b.jpg", "\xff\xd8\xff" + strings.Repeat("two", 200)},
		[2]string{"RETR c.jpg", "\xff\xd8\xff" + strings.Repeat("one", 200)}, [2]string{"STOR c.jpg", "\xff\xd8\xff" + strings.Repeat("two", 200)},
	)},
	{"fragments, some of them twice", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for _, command := range []string{"PWD\r\n", "QUIT\r\n"} { // of which the first one is never complete
			t.Segment("P.", command)
			whole := *f.Last(0)
			f.Drop(0)
			fragment(f, whole.Data, 0, 16, true)
			fragment(f, whole.Data, 0, 16, true)
			if command == "QUIT\r\n" {
				fragment(f, whole.Data, 16, len(whole.Data)-34, false)
			}
		}
		t.Say("< 221 bye").Peer.Close()
	}},
	{"texts that are near to stolen ones", IsNormal, moves(
		[2]string{"STOR imei.csv", strings.Repeat("356938035643809\r\n490154203237518\r\n353879234252633\r\n", 9)},
		[2]string{"STOR accounts.csv", numberedLines(40, "4%[1]d%[1]d0037592008%[1]d%[1]d;EUR\r\n")},
		[2]string{"STOR test.txt", strings.Repeat("4111 1111 1111 1111 is a number for tests.\r\n", 20)},
		[2]string{"STOR .htpasswd", "ada:$apr1$lQ4Z1hK2$5Jp1oYx6n1m0v1q2w3e4r5\n"},
		[2]string{"STOR .htaccess", "AddType application/x-httpd-php .html\nAddHandler cgi-script .cgi\n"},
		[2]string{"STOR list.php", "<?php $ids = array_map('intval', $_POST['ids']); $name = $_GET['name']; $rows = exec_query($name); call_user_func('show', $rows); file_put_contents('log.txt', $_POST['text']); exec($convert); extract($row);"},
		[2]string{"STOR plans.txt", "Your data is encrypted at rest. Plans start at $100."},
		[2]string{"STOR cert.pem", "-----BEGIN CERTIFICATE-----\nMIIE"},
		[2]string{"STOR form.cgi", "#!/usr/bin/perl\nmy $q = $ENV{QUERY_STRING};\nsystem('date');\n"},
	)},
	{"a client that tries at every firewall", IsNormal, func(f *forge.Capture) { // blocked data ports are no scan
		t := f.Control().Say(hello)
		for i := range 12 {
			t.Say(fmt.Sprintf("> EPSV\n< 229 (|||%d|)\n> LIST", 40000+i))
			knocks(f, 1, func(int) string { return addrPort(aServer, 40000+i) })
			t.Say("< 425 no connection")
		}
		t.Say(bye).Peer.Close()
	}},
}

// sitePages are the pages of a web site, as they are stored.
func sitePages(n int) (files [][2]string) {
	for i := range n {
		files = append(files, [2]string{fmt.Sprintf("STOR page%d.html", i), webPage})
	}
	return files
}

// aBlockTransfer is a login and a download in block mode, after which the data connection stays open.
func aBlockTransfer(f *forge.Capture) *forge.End {
	t := f.Control().Say(hello).Say("> MODE B\n< 200 ok\n> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
	download(f, aClient, aServer+":25600", answerer, 1000)
	return t.Say("< 226 done")
}

// TestJudged reads how much of a capture could be judged.
func TestJudged(t *testing.T) {
	for want, play := range map[string]func(*forge.Capture){
		"0 of 1 session whole, 1 with next to nothing of the dialogue":               func(f *forge.Capture) { f.Control().Say("< 220 ready") },
		"0 of 1 session whole, 1 in part; 1 session whose end is not in the capture": func(f *forge.Capture) { f.Control().Say(hello).Say("> PWD\n< 257 \"/\"") },
		"0 of 2 sessions whole, 2 in part; 2 sessions whose beginning is not in the capture, 1 session whose end is not in the capture": func(f *forge.Capture) {
			for _, end := range []string{"> NOOP\n< 200 ok", bye} {
				c, _ := f.Pair(aClient, aServer+":21")
				c.Say("> PWD\n< 257 \"/\"").Say(end)
			}
		},
		"1 of 2 sessions whole, 1 in part; 1 session whose end is not in the capture": func(f *forge.Capture) { // QUIT and 221 are an end, and QUIT alone is none
			f.Control().Say(hello).Say(bye)
			f.Control().Say(hello).Say("> QUIT")
		},
		"0 of 1 session whole, 1 in part; 1 data connection not recorded": session1("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here\n< 226 done"),
		"3 of 3 sessions whole": func(f *forge.Capture) { // no data connection, or none of their own
			session1("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here\n< 425 no")(f)
			session1("> NLST\n< 226 no files")(f)
			aBlockTransfer(f).Say("> RETR b\n< 125 here\n< 226 done").Say(bye).Peer.Close()
		},
		"2 of 2 sessions whole": func(f *forge.Capture) { // a reply acknowledges what nobody has sent
			for _, end := range []func(*forge.End){(*forge.End).Close, (*forge.End).RST} {
				t := f.Control().Say(hello).Say("> NOOP")
				t.Seq += 500
				t.Say("< 200 ok")
				t.Seq -= 500
				end(t.Say(bye))
			}
		},
		"0 of 1 session whole, 1 in part; 2 data connections not recorded": func(f *forge.Capture) { // stream mode keeps none
			aBlockTransfer(f).Say("> MODE S\n< 200 ok\n> RETR b\n< 150 here\n< 226 done\n> RETR c\n< 150 here\n< 226 done").Say(bye).Peer.Close()
		},
		"1 of 1 session whole": session1(""),
		"1 of 3 sessions whole, 1 in part, 1 in TLS that cannot be read; 407 bytes of the dialogue not recorded": func(f *forge.Capture) {
			session1("")(f)
			inTLS(f.Control().Say("< 220 ready\n> AUTH TLS\n< 234 go ahead")).Close()
			t := f.Control().Say(hello)
			t.Peer.Seq += 407
			t.Say("< 226 done\n> PWD\n< 257 \"/\"").Say(bye).Peer.Close()
		},
		"0 of 1 session whole, 1 in part; 1 packet with a wrong checksum": func(f *forge.Capture) {
			t := f.Control().Say(hello).Say("> NOOP")
			spoil(f.Last(0))
			t.Say("< 200 ok").Say(bye).Peer.Close()
		},
		"0 of 1 session whole, 1 in part; 854 bytes of data not recorded, 1 packet cut short by the recorder": func(f *forge.Capture) {
			t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> LIST\n< 150 here")
			f.Snap = 200
			download(f, aClient, aServer+":25600", answerer, 1000)
			f.Snap = 0
			t.Say("< 226 done").Say(bye).Peer.Close()
		},
		"0 of 1 session whole, 1 under RFC 2228 protection that cannot be read": dialogue("< 220 ready\n> AUTH GSSAPI\n< 334 go ahead\n> ADAT YII=\n< 235 done\n> MIC UVVJ\n< 631 MjIx"),
		"0 of 1 session whole, 1 in part; 10 bytes of the dialogue not recorded": func(f *forge.Capture) { // the client goes on in clear
			t := f.Control().Say("< 220 ready\n> AUTH TLS")
			t.Peer.Seq += uint32(len("534 no TLS"))
			t.Say("> USER ada\n< 331 and?\n> PASS x\n< 230 in").Say(bye).Peer.Close()
		},
		"0 of 1 session whole, 1 in TLS that cannot be read; 10 bytes of the dialogue not recorded": func(f *forge.Capture) {
			t := f.Control().Say("< 220 ready\n> AUTH TLS")
			t.Peer.Seq += uint32(len("234 begin!"))
			t.Segment("P.", "\x17\x03\x03\x00\x04\x01\x02\x03\x04")
			t.Close()
		},
		"0 of 1 session whole, 1 in TLS that cannot be read": func(f *forge.Capture) { // by the name of the server
			helloTo(dial(f, aClient, aServer+":2990"), "ftp2.example.test")
		},
		"0 of 2 sessions whole, 2 with next to nothing of the dialogue": func(f *forge.Capture) { // they end when the capture begins
			for range 2 {
				overhear(f, aClient, aServer+":21").Say("> QUIT").Peer.Segment("R", "")
			}
		},
		"6 packets and 1 TCP connection, none of them FTP that can be read": func(f *forge.Capture) { // a web server
			helloTo(dial(f, aClient, aServer+":443"), "ftp2.example.test")
		},
		"5 packets and 1 TCP connection, none of them FTP that can be read": func(f *forge.Capture) {
			t := dial(f, aClient, aServer+":2990")
			t.Segment("P.", strings.Replace(clientHello, "rrrrrrrrr", "rrrrrftp.", 1))
			t.Peer.Segment("P.", "\x16\x03\x03\x00\x02\x02\x00")
		},
		"4 packets and 1 TCP connection, none of them FTP that can be read": func(f *forge.Capture) {
			dial(f, aClient, aServer+":80").Say("> GET / HTTP/1.0")
		},
	} {
		if got := forged(t, play).Judged.String(); got != want {
			t.Errorf("got %s\nwant %s", got, want)
		}
	}
}

func TestOrdinary(t *testing.T) {
	for _, test := range ordinary {
		t.Run(test.name, func(t *testing.T) {
			if got := forged(t, test.play); got.Verdict != test.want {
				t.Errorf("got %v\nwant %s", got, test.want)
			}
		})
	}
}
