// The first bytes of connections: programs, stolen passwords, shells.

package baseline

import (
	"bytes"
	"net/netip"
	"slices"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

// A content is something that the first bytes of a connection show.
type content struct {
	kind    contentKind
	what    string // in words
	packet  int
	fetched bool     // it counts in a download, too
	in      *archive // that has it, nil for none
	// damaged is the sender of the packet if its checksum is wrong.
	damaged netip.Addr
}

type contentKind int

const (
	program     contentKind = iota // an executable file
	loot                           // the output of a password stealer, a web shell, or a note of ransomware
	defaced                        // a web page that an intruder changed
	userList                       // the accounts of a system
	secret                         // passwords of accounts, or stripes of payment cards
	privateKey                     // a private key
	shell                          // a conversation with a shell
	service                        // a protocol that is known
	badList                        // a listing with names that harm the client
	oddList                        // a listing with names that some clients run, or that order a terminal
	longList                       // a listing with a line that overflows a buffer
	suspect                        // what an intruder may have written, and others may, too
	doubtful                       // what an intruder has probably written
	cardList                       // numbers of payment cards
	form                           // what a program sends to a web server
	noise                          // random bytes
	keystrokes                     // what programs that record the keyboard write
	lure                           // a file that makes Windows call a host
	bomb                           // data that grows when it is decompressed
	remoteShell                    // a file with commands for a shell, or with their output
)

const (
	maxContents = 1 << 14 // connections
	maxShell    = 8 << 10 // bytes of one side that are looked at
	maxPage     = 1 << 20 // bytes of an upload that may be a web page
)

// programs are the first bytes of executable files.
var programs = []struct{ begins, what string }{
	{"MZ", "a Windows program"}, {"\x7fELF", "a Linux program"},
	{"\xcf\xfa\xed\xfe", "a macOS program"}, {"\xce\xfa\xed\xfe", "a macOS program"},
}

// sentByVisitor matches the variables of PHP with what a visitor sent.
const sentByVisitor = `(\$_(GET|POST|REQUEST|COOKIE)\b|\$_SERVER\s*\[\s*["']?HTTP_|file_get_contents\s*\(\s*["']php://input)`

// decodes matches functions of PHP that decode a text.
const decodes = `\b(base64_decode|gzinflate|gzuncompress|gzdecode|str_rot13|strrev|hex2bin|pack|urldecode|rawurldecode|stripslashes|trim|convert_uudecode)\s*\(`

var (
	// stolen matches the beginning of files that password stealers write.
	stolen = pattern.New(`(?i)OSFullName:|<b>(microsoft )?outlook( \d+ bit)?</b>\s*(<br>)?\s*(e-?mail|user|server|password|smtp|pop3|imap)( \w+)?\s*:|recovered passwords( list)?\s*[:<]|` +
		`\burl\s*: ?https?://\S+\s*user(name)?\s*: ?\S*\s*pass(word)?\s*: ?\S*\s*(application|software|browser|soft)\b|(url|host)\s*: ?\S+?\s*<br>\s*user(name)?\s*: ?\S*?\s*<br>\s*pass(word)?\s*:|` +
		`^PK\x03\x04[\s\S]{0,999}(passwords?\.txt[\s\S]{0,999}(cookies|autofills?|wallets|creditcards)[/\\]|(cookies|autofills?|wallets|creditcards)[/\\][\s\S]{0,999}passwords?\.txt)|` +
		`\bwindow( title)?:[\s\S]{0,400}\w\[(enter|tab|back(space)?)\][\s\S]{0,200}\w\[(enter|tab|back(space)?)\]`)
	// passwordList matches files that may be such files, or somebody's own notes.
	passwordList = pattern.New(`(URL|Url|HOST|Host)\s*: ?\S+\s*(?i:user(name)?\s*: ?\S*\s*pass(word)?)\s*:|^PK\x03\x04[\s\S]{0,999}(?i:passwords?\.txt|(autofills?|wallets|creditcards)[/\\])`)
	// accounts matches the beginning of /etc/passwd.
	accounts = pattern.New(`^root:[^:\n]*:\d+:\d*:`)
	// stolenHashes matches lists of password hashes: /etc/shadow, and dumps of Windows accounts.
	stolenHashes = pattern.New(`(?mi)^[\w.-]+:(\$\w{1,6}\$[^:\s]{8,}):\d*:\d*:|^root:[./0-9a-z]{13}:\d*:|^[^:\r\n]{1,64}:\d{1,10}:[0-9a-f]{32}:[0-9a-f]{32}:::|\* NTLM +: [0-9a-f]{32}`)
	// track matches track 1 of a payment card (ISO/IEC 7813).
	track = pattern.New(`%B\d{15,19}\^[^^\r\n]{2,26}\^\d{7}`)
	// ransomNote matches notes of ransomware: files are encrypted, and how to pay. Texts about
	// ransomware say the same, but use its name, and give no address to pay or write to.
	ransomNote  = pattern.New(`(?is)\byour\b.{0,40}\b(files?|network|data|documents?|systems?|servers?)\b.{0,60}\b(encrypted|locked|stolen)\b.{0,999}(\bbtc\b|bitcoin|monero|\btor (browser|(web)?site)\b|\.onion\b|onionmail|decrypt\w*.{0,60}\$\s?\d{2,})`)
	aboutRansom = pattern.New(`(?i)\b(ransomware|malware|phishing)\b`)
	payHere     = pattern.New(`\.onion\b|onionmail|@(proton|tuta|cock)|\b(bc1[a-z0-9]{20,}|[13][a-km-zA-HJ-NP-Z1-9]{25,34})\b`)
	// secretKey matches the first line of a private key (RFC 7468).
	secretKey = pattern.New(`-----BEGIN ([A-Z]+ )*PRIVATE KEY-----`)
	// climbingName matches a name in a listing that leads up two levels. The target of a link,
	// after "->", may lead up.
	climbingName = pattern.New(`(?m)^([^>\n]*[\s;])?(/[^\s>]*)?\.\.[/\\]\.\.[/\\]`)
	// webShell matches pages of ASP and JSP that run what a visitor sends.
	webShell = pattern.New(`(?i)<(%|jsp:)[\s\S]{0,400}(Runtime\.getRuntime\(\)\.exec\([^;]{0,80}request|getParameter[\s\S]{0,300}Runtime\.getRuntime\(\)\.exec|new ProcessBuilder\([^;]{0,80}getParameter|WScript\.Shell[\s\S]{0,200}\brequest\b|(eval|execute(global)?)\s*\(?\s*request)`)
	// runsProgram matches pages of ASP and JSP that run some program.
	runsProgram = pattern.New(`(?i)<(%|jsp:)[\s\S]{0,400}(Runtime\.getRuntime\(\)\.exec|WScript\.Shell)`)
	// runsText matches pages of PHP that run programs or text. Web shells do, and a few other pages.
	runsText = pattern.New(`(?i)<\?php\b[\s\S]{0,400}(\b(eval|system|shell_exec|passthru|popen|proc_open|assert)\s*\(|\b(include|require)(_once)?[\s(]*@?\$_(GET|POST|REQUEST|COOKIE)\b|[^\w>:]\$\w+\(\s*` + `\$_(GET|POST|REQUEST|COOKIE)\b)`)
	// orders matches pages of PHP that run what a visitor sends. A page that encloses it with
	// escapeshellarg runs a program of its own.
	orders = pattern.New(`(?i)\b(eval|system|shell_exec|passthru|exec|popen|proc_open|create_function)\s*\(\s*[^;]{0,80}` + sentByVisitor + `|\bassert\s*\(\s*([@(\s]|` + decodes + `)*` + sentByVisitor)
	// encodedText matches pages of PHP that run an encoded text, as intruders do, and sellers of
	// programs who hide their source.
	encodedText = pattern.New(`(?i)\b(eval|assert|create_function)\s*\(\s*[^;]{0,80}\b(base64_decode|gzinflate|gzuncompress|str_rot13)\s*\(`)
	// rareOrders matches pages of PHP that run it between backquotes, by the modifier e of
	// preg_replace, or as the name of a function.
	rareOrders = pattern.New(`(?i)(echo|print|return|=|<\?php)\s*` + "`[^`\n]{0,80}" + sentByVisitor + `|` + sentByVisitor + `\s*\[[^\]]{0,40}\]\s*\(|\bpreg_replace\s*\(\s*["'][^"']{0,40}/\w*e\w*["'][^;]{0,80}` + sentByVisitor)
	// localShell matches scripts that start a shell with a terminal, and network scripts that open a
	// connection. A script that does both opens a shell for somebody far away. farShell matches a
	// single line that does.
	localShell = pattern.New(`(proc_open|popen|exec)\s*\(\s*["']/bin/(ba)?sh["']|/bin/(ba)?sh["']?[\s,]*["']?-i\b|pty\.spawn\(`)
	network    = pattern.New(`(?i)\bfsockopen\s*\(|\bsocket\b|/dev/tcp/`)
	farShell   = pattern.New(`/dev/tcp/\S+\s+0>&1|\bnc(at)? [^\n]{0,40}-e /bin/|\bmkfifo (\S+)[\s\S]{0,80}\| *(nc|ncat|telnet|openssl|socat) |\bsocat\b[^\n]{0,120}(?i:exec|system):["']?/bin/(ba)?sh\b`)
	// hiddenOrders matches pages of PHP that hide the name of the function which runs the text, let
	// the visitor choose the function, or write what he sends to a file that he names.
	hiddenOrders = pattern.New(`(?i)\b(base64_decode|str_rot13|strrev|hex2bin|chr)\s*\([\s\S]{0,200}\$\w+\s*\(\s*@?` + sentByVisitor +
		`|\b(array_map|array_filter|array_walk|usort)\s*\(\s*["']\w+["']\s*\.\s*["']\w+["'][^;]{0,80}` + sentByVisitor +
		`|\bcall_user_func(_array)?\s*\(\s*` + sentByVisitor + `|\bfile_put_contents\s*\(\s*` + sentByVisitor +
		`|\bextract\s*\(\s*` + sentByVisitor + `[^;]{0,20};[\s\S]{0,60}\$\w+\s*\(\s*\$\w+\s*\)` +
		`|\$\w+(\[[^\]]*\])?\s*=\s*(["']\w{1,8}["']\s*\.\s*["']\w|["'](\\x[0-9a-f]{2}){3})[\s\S]{0,200}\$\w+(\[[^\]]*\])?\s*\(\s*@?` + sentByVisitor +
		`|\$_+\s*\(\s*\$\{?_+\}?\s*[\[{]|\b(include|require)(_once)?[\s(]*["'](php://input|data:)|php://input[\s\S]{0,200}\b(eval|assert|create_function)\s*\(`)
	// fetchedOrders matches pages of ASP.NET that run what a visitor sends, and those of PHP that run
	// what they fetch.
	fetchedOrders = pattern.New(`(?i)Process\.Start\([^;]{0,80}Request\b|\beval\s*\([^;]{0,40}file_get_contents\s*\(\s*["']https?:`)
	// kept matches a variable that a visitor's text is assigned to, and variableRun a variable that
	// is run.
	kept        = pattern.New(`(?i)(\$\w+)\s*=\s*[(@\s]*` + sentByVisitor)
	variableRun = pattern.New(`(?i)\b(?:eval|system|shell_exec|passthru|exec|popen|assert)\s*\((?:[@(\s]|` + decodes + `)*(\$\w+)\s*[,)\[]`)
	// frame matches a frame of another site. It is hidden if it matches hidden, and a service for
	// the owner of the page if it matches counted.
	frame   = pattern.New(`(?i)<iframe\b[^>]{0,400}\bsrc=["']?https?://[^>]{0,400}>`)
	hidden  = pattern.New(`(?i)visibility:\s*hidden|display:\s*none|\b(width|height)=["']?[01]\b`)
	counted = pattern.New(`(?i)//[\w.-]*\b(googletagmanager|doubleclick|facebook)\.(com|net)/`)
	// boast matches a title or heading of an intruder.
	boast = pattern.New(`(?i)<(title|h[1-6]|font|center|b|strong|big|marquee)\b[^>]*>[^<]{0,40}\b(hacked|defaced|pwned) by\b`)
	// ofShell matches files with the first commands of an intruder at a shell, or with their output.
	ofShell = pattern.New(`uid=\d+\([^)]*\) gid=|Microsoft Windows \[Version|^id\r?\n?$|(^|\n)(whoami( /\w+)?|uname -a|net user[^\n]*|cat /etc/(passwd|shadow))\r?(\n|$)`)
	// keys matches what programs that record the keyboard write for keys without a letter.
	keys = pattern.New(`(?i)([\[{](tab|enter|return|back ?space|bksp|shift|ctrl|caps ?lock)[\]}][\s\S]{0,200}){3}`)
	// callsHost matches settings of Windows with an icon at an address. Windows logs in there to show it.
	callsHost = pattern.New(`(?im)^ *(IconFile|IconResource|URL|WorkingDirectory) *= *(file:/*)?[\\/]{2}(\d+\.){3}\d+[\\/@]`)
	// printerFiles matches orders to a printer for files outside of its folders.
	printerFiles = pattern.New(`@PJL FS\w+ [^\r\n]*\.\.[\\/]|\([^)\r\n]{0,80}\.\./[^)\r\n]{0,200}\) *\([rw]\+?\) *file\b`)
	// runByClient matches names that some clients run: after a bar, or in backquotes.
	runByClient = pattern.New("(?m)(^|\\d )[|] ?[a-zA-Z/]|[^\\w]`[^`\r\n]{2,}`|\\$\\([a-z]{2,}[ ;|>][^)\r\n]*\\)")
	// ordersTerminal matches escape sequences that name a window, report to the server, or load keys.
	ordersTerminal = pattern.New(`\x1b[\]P^_]|\x1b\[[0-9;?]*[nt]`)
	// escapes matches escape sequences of names, unless they change colours.
	escapes = pattern.New(`\x1b[\]PX^_]|\x1b\[[0-9;?]*[@-ln-~]`)
	// linkLine and folderLine match a link and a folder in a listing.
	linkLine   = pattern.New(`(?m)^l[rwxst-]{9}[^\r\n]* (\S+) -> /`)
	folderLine = pattern.New(`(?m)^d[rwxst-]{9}[^\r\n]* (\S+)\r?$`)
	// atShell matches what a shell prints, and common commands.
	atShell = pattern.New(`uid=\d+\([^)]*\) gid=|Microsoft Windows \[Version|no job control in this shell|(^|\n)[\w-]+@[\w.-]+:[^\n]*[#$] ?$|(^|\n)[A-Z]:\\[^\n]*>$|(^|\n)(id|whoami|uname -a|ifconfig|ipconfig( /all)?|cat /etc/\w+|ls( -\w+)?)\r?\n`)
)

// content looks at the first data of a data connection, or of a connection that is not FTP.
func (w *watch) content(p *capture.Packet) {
	c, data := p.Connection, p.TCP.Payload
	if x, known := w.contents[c.ID]; known && x.kind != service && x.kind != suspect && x.kind != noise || len(w.contents) >= maxContents {
		return
	}
	switch seq := p.Segment.DataSeq(); {
	case c.Role == ftp.Data && seq == 1:
		for _, x := range programs {
			if bytes.HasPrefix(data, []byte(x.begins)) {
				w.note(p, program, x.what)
				return
			}
		}
		w.begins(p)
		fallthrough
	case c.Role == ftp.Data && seq < maxPage && c.Transfer != nil && c.Transfer.Sender() == ftp.Client:
		w.page(p)
	case c.Role == ftp.Other && wellKnown(c):
		if seq == 1 && bytes.HasPrefix(data, []byte("POST ")) && !bytes.Contains(data, []byte("ocsp")) {
			w.note(p, form, "a form")
		}
	case c.Role == ftp.Other && seq < maxShell:
		if name := protocolOf(data); seq == 1 && name != "" {
			w.note(p, service, name)
		}
		w.match(p, shell, "a shell", atShell)
	}
}

// begins looks at the first bytes of a data connection. It looks for short marks first, which is
// cheaper than the patterns, and most data has none of them.
func (w *watch) begins(p *capture.Packet) {
	w.first.read(p.TCP.Payload)
	marked := func(marks ...string) bool { return slices.ContainsFunc(marks, w.first.has) }
	if t := p.Connection.Transfer; t != nil && !isListing(t.Command) && (len(p.TCP.Payload) <= len("id\r\n") || marked("uid=", "microsoft windows [", "uname -a", "whoami", "net user", "cat /etc/")) {
		w.match(p, remoteShell, "a shell", ofShell)
	}
	if marked("osfullname:", "outlook", "pass", "window", "autofill", "wallets", "creditcards") {
		w.match(p, suspect, "a list of passwords", passwordList)
		w.match(p, loot, "the text of a program that steals passwords", stolen)
	}
	if marked("<?php") {
		w.match(p, suspect, "a page that runs programs or text", runsText)
	}
	if marked("<%", "<jsp:") {
		w.match(p, suspect, "a page that runs a program", runsProgram)
		w.match(p, loot, "a page that runs what it is sent", webShell)
	}
	if marked("root:") {
		w.match(p, userList, "the accounts of a system", accounts)
	}
	if marked(":$", "root:", ":::", "* ntlm") {
		w.match(p, secret, "the passwords of accounts", stolenHashes)
	}
	if marked("private key-----") {
		w.match(p, privateKey, "a private key", secretKey)
	}
	wanted := []string{"pay", "decrypt", "restor", "recover", "ransom", "contact", "negotiat", "publish", "leak"}
	if marked("encrypted", "locked", "stolen") && marked(wanted...) { // a note also says what to do
		kind, what := loot, "the note of ransomware"
		if aboutRansom.Match(p.TCP.Payload) && !payHere.Match(p.TCP.Payload) {
			kind, what = suspect, "a text about ransomware"
		}
		w.match(p, kind, what, ransomNote)
	}
	if marked("%b") {
		w.match(p, secret, "what the stripes of payment cards have", track)
	}
	if listsCards(p.TCP.Payload) {
		w.note(p, cardList, "numbers of payment cards")
	}
	if t := p.Connection.Transfer; t != nil && !isListing(t.Command) && isRandom(p.TCP.Payload) {
		w.note(p, noise, "random bytes")
	}
	if t := p.Connection.Transfer; t != nil && isListing(t.Command) {
		w.listed(p, marked)
	}
	if t := p.Connection.Transfer; t != nil && t.Sender() == ftp.Client {
		if marked("tab", "enter", "return", "back") && !marked("send", "click", "<html", "function") { // else it is a script, or about keys
			w.match(p, keystrokes, "the keys that somebody pressed", keys)
		}
		if marked(`\\`, "//") && marked("iconfile", "iconresource", "url", "workingdirectory") {
			w.match(p, lure, "a file that makes Windows log in at another host", callsHost)
		}
		if marked("@pjl fs", " file") && marked("..") {
			w.match(p, loot, "orders to a printer for files outside of its folders", printerFiles)
		}
	}
	if swells(p.TCP.Payload) {
		w.note(p, bomb, "data that grows to more than five hundred times its size")
	}
	if t := p.Connection.Transfer; t != nil && t.Command == "LIST" && len(firstLine(p.TCP.Payload)) > longestListed {
		w.note(p, longList, "a line that is longer than any name")
	}
}

// listed looks at the first bytes of a listing.
func (w *watch) listed(p *capture.Packet, marked func(...string) bool) {
	if marked("../..", `..\..`) {
		w.match(p, badList, "names that lead out of the client's folder", climbingName)
	}
	if marked("|", "`", "$(") {
		w.match(p, oddList, "names that some clients run as commands (CVE-2017-17405)", runByClient)
	}
	if marked("\x1b") {
		w.match(p, oddList, "names that order a terminal to do something", escapes)
	}
	if marked(" -> /") && linkIsFolder(p.TCP.Payload) {
		w.note(p, badList, "a link and a folder of the same name, so that a client stores files where the link leads (CVE-2014-4877)")
	}
}

// listedIn counts the files and folders in a piece of a listing. The folder itself, and the one above it,
// do not count.
func listedIn(data []byte) (n int) {
	for line := range bytes.Lines(data) {
		line = bytes.TrimRight(line, "\r\n")
		if len(line) > 0 && !bytes.HasPrefix(line, []byte("total ")) && !bytes.HasSuffix(line, []byte(" .")) && !bytes.HasSuffix(line, []byte(" ..")) {
			n++
		}
	}
	return n
}

// linkIsFolder reports whether a listing has a link and a folder of the same name. The folders of a
// recursive listing are separated by empty lines.
func linkIsFolder(data []byte) bool {
	for part := range bytes.SplitSeq(bytes.ReplaceAll(data, []byte("\r\n"), []byte("\n")), []byte("\n\n")) {
		for _, link := range linkLine.FindAllSubmatch(part, -1) {
			for _, folder := range folderLine.FindAllSubmatch(part, -1) {
				if bytes.Equal(link[1], folder[1]) {
					return true
				}
			}
		}
	}
	return false
}

// manyAlike is how many equal bytes in a row compressed data has if it stands for hundreds of times as
// many.
const manyAlike = 900

// swells reports whether data of zlib, as mode Z has it, stands for the same few bytes again and again.
func swells(data []byte) bool {
	if len(data) < manyAlike || data[0] != 'x' {
		return false
	}
	alike := 0
	for i := 1; i < len(data) && alike < manyAlike; i++ {
		if alike++; data[i] != data[i-1] {
			alike = 0
		}
	}
	return alike >= manyAlike
}

func firstLine(data []byte) []byte {
	line, _, _ := bytes.Cut(data, []byte("\n"))
	return line
}

// longestListed is how long a line of LIST may be, in bytes: room for a name of 255 letters of three
// bytes each, the target of a link, and the columns before the name.
const longestListed = 1200

// appendLower appends data in lower case. Only the letters of ASCII change.
func appendLower(to, data []byte) []byte {
	for _, c := range data {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		to = append(to, c)
	}
	return to
}

// isListing reports whether a command asks for the names in a folder.
func isListing(command string) bool {
	return command == "LIST" || command == "NLST" || command == "MLSD"
}

// page looks at a segment of an upload, which may belong to a web page or a script. It looks for
// short marks first, which is cheaper than the patterns.
func (w *watch) page(p *capture.Packet) {
	data := p.TCP.Payload
	if bytes.Contains(data, []byte("<?")) || bytes.Contains(data, []byte("<%")) || bytes.Contains(data, []byte("<script language")) {
		w.match(p, suspect, "a page that runs an encoded text", encodedText)
		w.match(p, loot, "a page that runs what it is sent", fetchedOrders)
		if (bytes.Contains(data, []byte("$_")) || bytes.Contains(data, []byte("php://input"))) && (rareOrders.Match(data) || hiddenOrders.Match(data) || takesOrders(data) || runsKept(data)) {
			w.note(p, loot, "a page that runs what it is sent")
		}
	}
	if bytes.Contains(data, []byte("/bin/")) || bytes.Contains(data, []byte("/dev/tcp/")) || bytes.Contains(data, []byte("pty.spawn(")) || bytes.Contains(data, []byte("mkfifo ")) {
		if farShell.Match(data) || localShell.Match(data) && network.Match(data) {
			w.note(p, loot, "a script that opens a shell for somebody far away")
		}
	}
	if (bytes.Contains(data, []byte("<iframe")) || bytes.Contains(data, []byte("<IFRAME"))) && hidesFrame(data) {
		w.note(p, suspect, "a frame that a visitor does not see")
	}
	if bytes.Contains(data, []byte("<")) && (bytes.Contains(data, []byte(" by ")) || bytes.Contains(data, []byte(" BY ")) || bytes.Contains(data, []byte(" By "))) {
		w.match(p, defaced, "what intruders leave on a page", boast)
	}
}

// takesOrders reports whether a page runs what a visitor sends, as it is.
func takesOrders(data []byte) bool {
	return slices.ContainsFunc(orders.FindAll(data, -1), func(order []byte) bool { return !bytes.Contains(order, []byte("escapeshell")) })
}

// hidesFrame reports whether a page has a hidden frame of another site.
func hidesFrame(data []byte) bool {
	return slices.ContainsFunc(frame.FindAll(data, -1), func(f []byte) bool { return hidden.Match(f) && !counted.Match(f) })
}

// runsKept reports whether a page of PHP assigns what a visitor sends to a variable, and runs that.
func runsKept(data []byte) bool {
	for _, k := range kept.FindAllSubmatch(data, -1) {
		for _, r := range variableRun.FindAllSubmatch(data, -1) {
			if bytes.Equal(k[1], r[len(r)-1]) {
				return true
			}
		}
	}
	return false
}

func (w *watch) match(p *capture.Packet, kind contentKind, what string, text *pattern.Pattern) {
	if text.Match(p.TCP.Payload) {
		w.note(p, kind, what)
	}
}

// note remembers what a packet shows. What is only suspect takes the place of nothing worse.
func (w *watch) note(p *capture.Packet, kind contentKind, what string) {
	if before, known := w.contents[p.Connection.ID]; known && kind == suspect && before.kind != noise {
		return
	}
	c := content{kind: kind, what: what, packet: p.Number}
	if p.ChecksumWrong() {
		c.damaged = p.IP.Src
	}
	w.contents[p.Connection.ID] = c
}

// shown is what the first bytes of a connection show. A packet with a wrong checksum shows
// nothing: its receiver dropped it.
func (w *watch) shown(connection int) (c content, ok bool) {
	c, ok = w.contents[connection]
	if w.isDamaged(c) {
		return content{}, false
	}
	return c, ok
}

func (w *watch) isDamaged(c content) bool { return c.damaged.IsValid() && w.damage.shows(c.damaged) }

// shows is what the data of a connection shows: its first bytes, and what somebody planted, unless
// the first bytes say so, too.
func (w *watch) shows(connection int) (list []content) {
	first, known := w.shown(connection)
	if known {
		list = append(list, first)
	}
	if c, ok := w.planted.found[connection]; ok && first.kind != loot && !w.isDamaged(c) {
		list = append(list, c)
	}
	return list
}
