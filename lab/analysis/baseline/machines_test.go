// Sessions of devices and of programs that have habits of their own.

package baseline

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"ftplab/lab/internal/forge"
)

// machines have habits that look strange. The verdict that each gets is given.
var machines = []struct {
	name string
	want Verdict
	play func(*forge.Capture)
}{
	{"a camera that stores a picture a minute", IsNormal, func(f *forge.Capture) {
		for i := range 30 {
			t := f.Control().Say(hello).Say("> CWD /cam/20260103\n< 550 no\n> MKD /cam/20260103\n< 257 ok\n> CWD /cam/20260103\n< 250 ok")
			move(t, 40000+i, fmt.Sprintf("STOR alarm_20260103-1012%02d.jpg", i), "\xff\xd8\xff\xe0JFIF")
			t.Say(bye).Peer.Close()
			f.Pass(time.Minute)
		}
	}},
	{"a camera that replaces its picture", IsNormal, func(f *forge.Capture) {
		for i := range 20 {
			t := f.Control().Say(hello)
			move(t, 40000+i, "STOR live.jpg.tmp", "\xff\xd8\xff\xe0JFIF")
			t.Say("> DELE live.jpg\n< 250 ok\n> RNFR live.jpg.tmp\n< 350 ok\n> RNTO live.jpg\n< 250 ok").Say(bye).Peer.Close()
			f.Pass(5 * time.Second)
		}
	}},
	{"a printer that is sent a document", IsNormal, moves([2]string{"STOR job.ps", "\x1b%-12345X@PJL JOB\r\n"})},
	{"a controller that is asked for its state", IsNormal, func(f *forge.Capture) {
		for i := range 12 {
			t := f.Control().Say(hello)
			move(t, 40000+i, "RETR status.csv", "a;b;c\r\n")
			t.Say(bye).Peer.Close()
			f.Pass(time.Minute)
		}
	}},
	{"a mainframe", IsNormal, session1("> SYST\n< 215 MVS is the operating system of this server. FTP Server is running on z/OS.\n> SITE RECFM=FB LRECL=80 BLKSIZE=27920\n< 200 ok\n> TYPE E\n< 200 Ebcdic\n> MODE B\n< 200 ok\n> CWD 'SYS1.PARMLIB'\n< 250 \"SYS1.PARMLIB.\" is the working directory name prefix.\n> PORT 198,51,100,100,100,0\n< 200 ok\n> RETR 'USER.JCL(TEST)'\n< 125 here\n< 250 done")},
	{"an AS/400", IsNormal, session1("> SYST\n< 215  OS/400 is the remote operating system.\n> SITE NAMEFMT 1\n< 250  ok\n> RCMD CRTSAVF FILE(QGPL/X)\n< 250  Command successful.\n> TYPE B 1\n< 200 ok\n> CWD /QSYS.LIB/QGPL.LIB\n< 250 ok")},
	{"VMS", IsNormal, session1("> CWD [.SUB.DIR]\n< 250 ok\n> CWD DISK$USER:[ADA]\n< 250 ok\n> RETR LOGIN.COM;1\n< 150 here\n< 226 done")},
	{"ten sessions at once that end in 421", IsNormal, func(f *forge.Capture) {
		var all []*forge.End
		for i := range 10 {
			t := f.Control().Say("< 220 hi\n> AUTH TLS\n< 502 no\n> AUTH SSL\n< 502 no").Say(strings.Replace(hello, "< 220 ready", "", 1))
			move(t, 40000+i, fmt.Sprintf("STOR f%d.txt", i), "a text")
			all = append(all, t)
		}
		f.Pass(2 * time.Minute)
		for _, t := range all {
			t.Say("< 421 Timeout.").Peer.Close()
		}
	}},
	{"a script whose password is out of date, every night", IsNormal, func(f *forge.Capture) {
		for range 9 {
			wrongPassword(f, aClient, "backup", "Summer2025")
			f.Pass(24 * time.Hour)
		}
	}},
	{"many hosts whose password is out of date", IsNormal, func(f *forge.Capture) {
		for i := range 12 {
			wrongPassword(f, fmt.Sprintf("198.51.100.%d", 10+i), "deploy", "Summer2025")
			f.Pass(time.Hour)
		}
	}},
	{"twelve people behind one address, a mistake each", IsNormal, func(f *forge.Capture) {
		for i := range 12 {
			wrongPassword(f, aClient, fmt.Sprint("user", i), "oops")
			f.Pass(20 * time.Second)
			f.Control().Say(fmt.Sprintf("< 220 hi\n> USER user%d\n< 331 and?\n> PASS right\n< 230 in", i) + bye).Close()
			f.Pass(10 * time.Minute)
		}
	}},
	{"four passwords of somebody who forgot his", IsNormal, func(f *forge.Capture) {
		for i := range 4 {
			wrongPassword(f, aClient, "ada", fmt.Sprint("Garden", i))
			f.Pass(15 * time.Second)
		}
	}},
	{"a monitor that connects and quits", IsNormal, func(f *forge.Capture) {
		for range 60 {
			f.Control().Say("< 220 hi\n> QUIT\n< 221 bye").Close()
			f.Pass(time.Minute)
		}
	}},
	{"a monitor without a word", IsNormal, func(f *forge.Capture) {
		for range 60 {
			f.Control().Say("< 220 hi").Close()
			f.Pass(5 * time.Second)
		}
		session1("")(f)
	}},
	{"hours of Telnet's keep-alive", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for range 300 {
			f.Pass(30 * time.Second)
			t.Segment("P.", "\xff\xf1")
		}
		t.Peer.ACK()
		t.Say(bye).Peer.Close()
	}},
	{"ABOR as urgent data", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
		t.Segment("P.", "\xff\xf4\xff")
		t.Urgent = 1
		t.Segment("PU.", "\xf2ABOR\r\n")
		t.Say("< 426 broken off\n< 226 aborted").Say(bye).Peer.Close()
	}},
	{"a banner that forbids what intruders do", IsNormal, dialogue("< 220-Welcome to the archive\n" + strings.Repeat("+ 220-  No warez here. Whoever attacks this server will be reported.\n", 30) + "+ 220 ready\n> USER anonymous\n< 331 and?\n> PASS a@b\n< 230 in\n> QUIT\n< 221 bye")},
	{"replies without texts", IsNormal, dialogue("< 220\n> user ada\n< 331\n> pass x\n< 230\n> syst\n< 215\n> type i\n< 200\n> stat\n< 211-\n+ 211\n> rein\n< 220\n> USER b\n< 232\n> ALLO 100\n< 202\n> QUIT\n< 221")},
	{"updates", IsNormal, moves([2]string{"RETR updates/setup_4.2.1.exe", "MZ\x90"}, [2]string{"RETR updates/patch.dll", "MZ\x90"}, [2]string{"RETR updates/driver.sys", "MZ\x90"})},
	{"a program for several processors, as its makers offer it", IsNormal, moves([2]string{"RETR tool-linux-386", "\x7fELF"}, [2]string{"RETR tool-linux-amd64", "\x7fELF"}, [2]string{"RETR tool-linux-arm64", "\x7fELF"}, [2]string{"RETR tool-linux-mips", "\x7fELF"})},
	{"a web site with its settings", IsNormal, moves([2]string{"STOR .htaccess", "RewriteEngine On"}, [2]string{"STOR wp-config.php", "<?php define('DB_PASSWORD','x');"}, [2]string{"STOR index.php", "<?php require 'wp-load.php'; ?>"})},
	{"backups with names that are digests", IsNormal, session1(numberedLines(20, "> STOR data/4f/4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b9%02d\n< 150 ok\n< 226 ok\n"))},
	{"files that are compressed at their place", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range 5 {
			move(t, 40000+2*i, fmt.Sprintf("RETR day%d.log", i), "a line")
			move(t, 40001+2*i, fmt.Sprintf("STOR day%d.log.gz", i), "\x1f\x8b")
			t.Say(fmt.Sprintf("> DELE day%d.log\n< 250 ok", i))
		}
		t.Say(bye).Peer.Close()
	}},
	{"files that are edited, and whose names say so", IsNormal, session1(numberedLines(6, "> RETR a%[1]d.xml\n< 150 here\n< 226 done\n> STOR a%[1]d.xml\n< 150 go on\n< 226 done\n> RNFR a%[1]d.xml\n< 350 and?\n> RNTO a%[1]d.xml.done\n< 250 ok\n> RNFR b%[1]d\n< 350 and?\n> RNTO b%[1]d.processed\n< 250 ok\n"))},
	{"a mirror that deletes what is gone", IsNormal, session1(numberedLines(80, "> DELE old/file%d.txt\n< 250 ok\n") + "> RMD old\n< 250 ok")},
	{"orders of a partner, and confirmations", IsNormal, func(f *forge.Capture) {
		for i := range 12 {
			t := f.Control().Say(hello).Say("> CWD out\n< 250 ok")
			move(t, 40000+2*i, fmt.Sprintf("RETR ORDERS_%d.edi", i), "UNA:+.? '")
			t.Say(fmt.Sprintf("> DELE ORDERS_%d.edi\n< 250 ok\n> CWD ../in\n< 250 ok", i))
			move(t, 40001+2*i, fmt.Sprintf("STOR CONTRL_%d.edi", i), "UNA:+.? '")
			t.Say(bye).Peer.Close()
			f.Pass(10 * time.Minute)
		}
	}},
	{"a folder for a group, whose files belong to it", IsNormal, session1("> SITE CHMOD 2775 shared\n< 200 ok\n> SITE CHMOD 0755 cgi-bin\n< 200 ok")},
	{"a home that is saved, with its keys", IsUnusual, session1("> CWD backup\n< 250 ok\n> STOR .ssh/authorized_keys\n< 150 go on\n< 226 done\n" + numberedLines(12, "> STOR file%d\n< 150 go on\n< 226 done\n"))},
	{"a system that is saved, with its passwords", IsUnusual, session1("> CWD /backup/host1\n< 250 ok\n> STOR etc/shadow\n< 150 go on\n< 226 done")},
	{"a system that is saved, with what its files have", IsUnusual, moves([2]string{"STOR host1/etc/shadow", "root:$6$Xa9kQ2$" + strings.Repeat("h/B", 28) + ":19000:0:99999:7:::\n"}, [2]string{"STOR host1/etc/passwd", "root:x:0:0:root:/root:/bin/bash\n"}, [2]string{"STOR host1/etc/hosts", "127.0.0.1 localhost\n"})},
	{"the logs of two serial ports", IsUnusual, session1("> MKD com1\n< 257 ok\n> MKD com2\n< 257 ok")},
	{"signs in names", IsNormal, session1("> STOR Rock'n'Roll & Blues; (live).mp3\n< 150 go on\n< 226 done\n> MKD R&D $100 (50%)\n< 257 ok\n> STOR O'Reilly and Sons.pdf\n< 150 go on\n< 226 done\n> STOR id card; idea.txt\n< 150 go on\n< 226 done")},
	{"a server that turns sixty clients away", IsNormal, func(f *forge.Capture) {
		for range 60 {
			f.Control().Say("< 421 too many users").Peer.Close()
		}
	}},
	{"a library of PHP", IsUnusual, moves([2]string{"STOR lib.php", "<?php function f($a) { return eval('return ' . $a . ';'); }"})},
	{"a large file that is taken up again", IsNormal, session1("> TYPE I\n< 200 ok\n> REST 5368709120\n< 350 ok\n> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a.iso\n< 150 here\n< 226 done")},
	{"eight people behind one address who do not come back", IsUnusual, func(f *forge.Capture) {
		for i := range 8 {
			wrongPassword(f, aClient, fmt.Sprint("user", i), "oops")
			f.Pass(time.Hour)
		}
	}},
	{"a password that another program has covered", IsNormal, dialogue("< 220 ready\n> USER ada\n< 331 and?\n> PASS ********\n< 230 in\n> QUIT\n< 221 bye")},
	{"a folder whose name has an and", IsNormal, session1("> MKD R&LS\n< 257 ok\n> CWD R&LS\n< 250 ok")},
	{"a text about CGI", IsNormal, moves([2]string{"STOR cgi.md", "The variable `QUERY_STRING` has what stands after ? in the URL. A shell has it as `$QUERY_STRING`.\n"})},
	{"a table of a web site's visitors", IsNormal, moves([2]string{"STOR site.sql", "CREATE TABLE `visits` (`REQUEST_URI` text, `QUERY_STRING` text);\n"})},
	{"settings of a server that shows programs as text", IsNormal, moves([2]string{"STOR .htaccess", "AddType text/plain .c .php .txt\n"})},
	{"a text about a purse of bitcoins", IsNormal, moves([2]string{"STOR readme.txt", "Your wallet's data is encrypted. Bitcoin Core needs its passphrase at each start.\n"})},
	{"orders of goods as text, for which a program looks again and again", IsUnusual, session1(strings.Repeat("> RETR ORDERS.TXT\n< 550 no\n", 8) + strings.Repeat("> RETR ORDERS.TXT\n< 150 here\n< 226 done\n> STOR ACK.TXT\n< 150 go on\n< 226 done\n", 4))},
	{"pages of a web site about forgotten passwords", IsNormal, moves([2]string{"RETR reset_password.php", "<?php"}, [2]string{"RETR lang/de/passwords.php", "<?php"}, [2]string{"RETR lang/en/passwords.php", "<?php"}, [2]string{"RETR password.html", "<html>"})},
	{"files with passwords that are deleted", IsUnusual, session1(numberedLines(6, "> DELE old/%d.pfx\n< 250 ok\n"))},
	{"an engineering station at a controller", IsNormal, speaks(map[int][2]string{
		502:  {"\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x0a", "\x00\x01\x00\x00\x00\x05\x01\x03\x02\x00\x05"}, // Modbus
		104:  {"\x01\x00\x00\x00\x00\x04\x00\x01", "\x02\x00\x00\x00\x00\x04\x00\x01"},                             // DICOM
		4840: {"HELF\x20\x00\x00\x00", "ACKF\x1c\x00\x00\x00"},                                                     // OPC UA
		9600: {"FINS\x00\x00\x00\x0c", "FINS\x00\x00\x00\x10"},
		5007: {"\x50\x00\x00\xff\xff\x03\x00\x0c\x00", "\xd0\x00\x00\xff\xff\x03\x00\x04\x00"}, // of MELSEC
		2404: {"\x68\x04\x07\x00\x00\x00", "\x68\x04\x0b\x00\x00\x00"},                         // IEC 60870-5-104
		2575: {"\x0bMSH|^~\\&|", "\x0bMSH|^~\\&|"},                                             // HL7
	})},
	{"an engineering station at a controller, at other ports", IsNormal, speaks(map[int][2]string{
		1502:  {"\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x0a", "\x00\x01\x00\x00\x00\x05\x01\x03\x02\x00\x05"}, // Modbus
		11112: {"\x01\x00\x00\x00\x00\x4a\x00\x01\x00\x00ANY-SCP         ECHOSCU", "\x02\x00\x00\x00\x00\x4a\x00\x01\x00\x00ANY-SCP"},
		20000: {"\x05\x64\x05\xc0\x01\x00\x00\x04\xe9\x21", "\x05\x64\x05\x00\x00\x04\x01\x00\x19\xa6"},         // DNP3
		10102: {"\x03\x00\x00\x16\x11\xe0\x00\x00\x00\x01\x00\xc0\x01\x0a", "\x03\x00\x00\x16\x11\xd0\x00\x01"}, // S7
		9103:  {"\x1b%-12345X@PJL INFO STATUS\r\n", "@PJL INFO STATUS\r\nCODE=10001\r\n"},
		5672:  {"AMQP\x00\x00\x09\x01", "\x01\x00\x00\x00"},
		10051: {"ZBXD\x01\x0d\x00\x00\x00", "ZBXD\x01\x0d\x00\x00\x00"}, // Zabbix
	})},
	{"a protocol that nobody knows, after a login with the password that the maker gave", NotNormal, speaks(map[int][2]string{20000: {"\x05\x65\x05\xc0", "\x05\x66\x05\x00"}})},
	{"files of one size in TLS", IsNormal, oneSize("\x16\x03\x01\x02\x50")},
	{"files of one size in mode Z", IsNormal, oneSize("x\x9c")},
	{"a text that seems compressed, in mode S", IsNormal, inMode("> MODE Z\n< 504 no\n> MODE S\n< 200 ok", "x\xda"+strings.Repeat("\x00", 1200))},
	{"a text of one letter in mode Z", IsNormal, inMode("> MODE Z\n< 200 ok", strings.Repeat("x", 1200))},
	{"encrypted files that are replaced, of which the beginnings were lost", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		random := rand.NewChaCha8([32]byte{})
		for i := range 4 {
			content := make([]byte, 1200)
			random.Read(content)
			t.Say(fmt.Sprintf("> PASV\n< 227 (192,0,2,21,100,%d)\n> RETR safe%d\n< 150 here", i, i))
			d := dial(f, aClient, addrPort(aServer, 100*256+i))
			d.Peer.Segment("P.", string(content[:600]))
			f.Drop(0)
			d.Peer.Segment("P.", string(content[600:]))
			d.Peer.Close()
			t.Say("< 226 done")
			random.Read(content)
			move(t, 40000+i, fmt.Sprintf("STOR safe%d", i), string(content))
		}
		t.Say(bye).Peer.Close()
	}},
	{"a path whose folders exist", IsNormal, anonymous("> MKD /incoming\n< 550 exists\n> MKD /incoming/a\n< 550 exists\n> MKD /incoming/a/b\n< 550 exists\n> MKD /incoming/a/b/c\n< 550 exists\n> MKD /incoming/a/b/c/d\n< 550 exists\n> STOR /incoming/a/b/c/d/x\n< 150 go on\n< 226 done")},
	{"a datagram with the number of an earlier one, of which fragments were lost", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		t.Segment("P.", "RETR what-was-there-before.txt\r\n")
		before := f.Last(0).Data
		f.Drop(0)
		fragment(f, before, 32, 48, true)
		t.Say("< 550 no")
		f.Pass(2 * time.Minute)
		t.Segment("P.", "RETR later-file.txt\r\n")
		later := f.Last(0).Data
		f.Drop(0)
		copy(later[18:], before[18:20])
		fragment(f, later, 0, 32, true)
		fragment(f, later, 32, len(later)-34, false)
		t.Say("< 550 no").Say(bye).Peer.Close()
	}},
	{"programs that start a script", IsNormal, moves([2]string{"STOR cron.php", "<?php\nexec('/bin/sh /opt/backup.sh', $out);\n"}, [2]string{"STOR job.pl", "system(\"/bin/sh backup.sh\");\nexec(\"/bin/bash run.sh\");\n"}, [2]string{"STOR deploy.py", "os.popen('/bin/sh deploy.sh').read()\n"})},
	{"links that lead up", IsNormal, moves([2]string{"LIST", "lrwxrwxrwx 1 0 0 9 Jan 1 2020 logs -> ../../var/log\r\n"})},
}

// speaks is a session, during which the client connects to other ports of the server and says something at each, which
// is answered.
func speaks(ports map[int][2]string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say("< 220 VxWorks FTP server\n> USER USER\n< 331 and?\n> PASS USER\n< 230 in")
		for port, say := range ports {
			d := dial(f, aClient, addrPort(aServer, port))
			d.Segment("P.", say[0])
			d.Peer.Segment("P.", say[1])
			d.Close()
		}
		t.Say(bye).Peer.Close()
	}
}

// oneSize is a session that stores thirty files of one size, which have the given beginning and then
// random bytes.
func oneSize(begin string) func(*forge.Capture) {
	random := rand.NewChaCha8([32]byte{})
	files := make([][2]string, 30)
	for i := range files {
		content := make([]byte, 600)
		random.Read(content)
		files[i] = [2]string{fmt.Sprintf("STOR record%d", i), begin + string(content)}
	}
	return moves(files...)
}

// inMode is a session that stores a file after it has set a mode.
func inMode(mode, content string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello).Say(mode)
		move(t, 40000, "STOR a.txt", content)
		t.Say(bye).Peer.Close()
	}
}

func TestMachines(t *testing.T) {
	for _, test := range machines {
		t.Run(test.name, func(t *testing.T) {
			if got := forged(t, test.play); got.Verdict != test.want {
				t.Errorf("got %v\nwant %s", got, test.want)
			}
		})
	}
}
