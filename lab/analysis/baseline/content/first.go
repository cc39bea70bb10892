// The first bytes of files: programs, stolen passwords, keys, the accounts of a system.

package content

import (
	"bytes"
	"encoding/binary"
	"slices"

	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

// programs are the first bytes of executable files.
var programs = []struct{ begins, what string }{
	{"MZ\x90", "a Windows program"}, {"MZ", "a Windows program"}, {"\x7fELF", "a Linux program"},
	{"\xcf\xfa\xed\xfe", "a macOS program"}, {"\xce\xfa\xed\xfe", "a macOS program"},
}

// program says what kind of program data begins with, "" for none. A text may begin with the letters of a Windows
// program.
func program(data []byte) string {
	for _, p := range programs {
		if bytes.HasPrefix(data, []byte(p.begins)) && (len(p.begins) > len("MZ") || !isScript(data)) {
			return p.what
		}
	}
	if masked(data) {
		return "a Windows program, of which each byte was changed in the same way"
	}
	return ""
}

var (
	// stolen matches the beginning of files that password stealers write.
	stolen = pattern.New(`(?i)OSFullName:|<b>(microsoft )?outlook( \d+ bit)?</b>\s*(<br>)?\s*(<b>)?(e-?mail|user|server|password|smtp|pop3|imap)( \w+)?(</b>)?\s*:|recovered passwords( list)?\s*[:<]|` +
		`\burl\s*: ?https?://\S+\s*user(name)?\s*: ?\S*\s*pass(word)?\s*: ?\S*\s*(application|software|browser|soft)\b|(url|host)\s*: ?\S+?\s*<br>\s*user(name)?\s*: ?\S*?\s*<br>\s*pass(word)?\s*:|` +
		`^PK\x03\x04[\s\S]{0,999}(passwords?\.txt[\s\S]{0,999}(cookies|autofills?|wallets|creditcards)[/\\]|(cookies|autofills?|wallets|creditcards)[/\\][\s\S]{0,999}passwords?\.txt)|` +
		`\[ [^\]\r\n]{1,200} \](</b>)? ?\(\d\d/\d\d/\d{4} \d\d:\d\d:\d\d\)[\s\S]{0,400}\w\{(enter|tab|back)\}|` + // a window, with a time, and keys
		`\bwindow( title)?:[\s\S]{0,400}\w\[(enter|tab|back(space)?)\][\s\S]{0,200}\w\[(enter|tab|back(space)?)\]`)
	// passwordList matches files that may be such files, or somebody's own notes.
	passwordList = pattern.New(`(URL|Url|HOST|Host)\s*: ?\S+\s*(?i:user(name)?\s*: ?\S*\s*pass(word)?)\s*:|^PK\x03\x04[\s\S]{0,999}(?i:passwords?\.txt|(autofills?|wallets|creditcards)[/\\])`)
	// accounts matches the beginning of /etc/passwd.
	accounts = pattern.New(`^root:[^:\n]*:\d+:\d*:`)
	// stolenHashes matches lists of password hashes: /etc/shadow, and dumps of Windows accounts.
	stolenHashes = pattern.New(`(?mi)^[\w.-]+:(\$\w{1,6}\$[^:\s]{8,}):\d*:\d*:|^root:[./0-9a-z]{13}:\d*:|^[^:\r\n]{1,64}:\d{1,10}:[0-9a-f]{32}:[0-9a-f]{32}:::|\* NTLM +: [0-9a-f]{32}`)
	// proofs matches tickets of Kerberos and answers of NTLM, as programs that guess passwords read them.
	proofs = pattern.New(`(?mi)^([\w.-]+:)?\$krb5(tgs|asrep|pa)\$\d+\$\S{40}|^[^:\s]{1,64}::[^:\s]{0,64}:[0-9a-f]{16}:[0-9a-f]{32}:0101000000`)
	// secretKey matches the first line of a private key (RFC 7468).
	secretKey = pattern.New(`-----BEGIN ([A-Z]+ )*PRIVATE KEY-----`)
	// webShell matches pages of ASP and JSP that run what a visitor sends.
	webShell = pattern.New(`(?i)<(%|jsp:)[\s\S]{0,400}(Runtime\.getRuntime\(\)\.exec\([^;]{0,80}request|getParameter[\s\S]{0,300}Runtime\.getRuntime\(\)\.exec|new ProcessBuilder\([^;]{0,80}getParameter|WScript\.Shell[\s\S]{0,200}\brequest\b|(eval|execute(global)?)\s*\(?\s*request)`)
	// runsProgram matches pages of ASP and JSP that run some program.
	runsProgram = pattern.New(`(?i)<(%|jsp:)[\s\S]{0,400}(Runtime\.getRuntime\(\)\.exec|WScript\.Shell)`)
	// runsText matches pages of PHP that run programs or text. Web shells do, and a few other pages.
	runsText = pattern.New(`(?i)<\?php\b[\s\S]{0,400}(\b(eval|system|shell_exec|passthru|popen|proc_open|assert)\s*\(|\b(include|require)(_once)?[\s(]*@?\$_(GET|POST|REQUEST|COOKIE)\b|[^\w>:]\$\w+\(\s*` + `\$_(GET|POST|REQUEST|COOKIE)\b)`)
	// ofShell matches files with the first commands of an intruder at a shell, or with their output.
	ofShell = pattern.New(`uid=\d+\([^)]*\) gid=|Microsoft Windows \[Version|^id\r?\n?$|(^|\n)(whoami( /\w+)?|uname -a|net user[^\n]*|cat /etc/(passwd|shadow))\r?(\n|$)`)
	// cloudKeys matches keys with which a program uses an account: of Amazon, Azure, GitHub, Slack and Stripe.
	cloudKeys = pattern.New(`(?i:secret_?access_?key)["']?\s*[=:]\s*["']?[A-Za-z0-9/+]{40}\b|\bA[KS]IA[A-Z0-9]{16}\b[\s\S]{1,80}[^\w/+][A-Za-z0-9/+]{40}\b|\bAccountKey=[A-Za-z0-9/+]{86}==|\bgh[posu]_[A-Za-z0-9]{36}\b|\bxox[abpr]-\d+-[\w-]{20,}|\b[rs]k_live_[A-Za-z0-9]{24,}`)
	// keys matches what programs that record the keyboard write for keys without a letter.
	keys = pattern.New(`(?i)([\[{](tab|enter|return|back( ?space)?|bksp|del(ete)?|esc(ape)?|shift|ctrl|caps ?lock)[\]}][\s\S]{0,200}){3}`)
	// windowKeys matches the title of a window, and behind it such keys, in other languages and brackets.
	windowKeys = pattern.New(`(?i)(\b(window( title)?|fenster(titel)?|ventana|fen[eê]tre|finestra|janela|okno)|окно)\s*:[\s\S]{0,400}[\pL\w][\[{<](enter|tab|back( ?space)?|r[uü]ck|intro|entr[eé]e)[\]}>][\s\S]{0,200}[\[{<](enter|tab|back( ?space)?|r[uü]ck|intro|entr[eé]e)[\]}>]`)
	// titles matches the titles of windows of two programs, each with a line that somebody typed there.
	titles = pattern.New(`(?im)^\[` + withWindows + `\] \S[^\r\n]*\r?\n[^\[\s][^\r\n]*\r?\n\s*\[` + withWindows + `\] \S[^\r\n]*\r?\n[^\[\s]`)
	// iconElsewhere matches settings of Windows with an icon at an address. Windows logs in there to show it.
	iconElsewhere = pattern.New(`(?im)^ *(IconFile|IconResource|URL|WorkingDirectory) *= *(file:/*)?[\\/]{2}(\d+\.){3}\d+[\\/@]`)
	// printerFiles matches orders to a printer for files outside of its folders.
	printerFiles = pattern.New(`@PJL FS\w+ [^\r\n]*\.\.[\\/]|\([^)\r\n]{0,80}\.\./[^)\r\n]{0,200}\) *\([rw]\+?\) *file\b`)
)

// withWindows are programs in which people type.
const withWindows = `(chrome|firefox|(ms)?edge|iexplore|opera|outlook|thunderbird|(win)?word|excel|notepad|explorer|teams|whatsapp|telegram|skype|discord)(\.exe)?`

// RunsText says of what is Suspicious that it is a page which runs something. Programs for web sites have some of them.
const RunsText = "a page that runs programs or text"

// begins looks at the first bytes of a file or a listing. It looks for short marks first, which is cheaper than the
// patterns, and most data has none of them.
func (r *Reader) begins(t *ftp.Transfer) {
	if t != nil && !t.Lists() && (len(r.data) <= len("id\r\n") || r.has("uid=", "microsoft windows [", "uname -a", "whoami", "net user", "cat /etc/")) {
		r.match(ShellFile, "a shell", ofShell)
	}
	if r.has("osfullname:", "outlook", "pass", "window", "autofill", "wallets", "creditcards", "{enter}", "{tab}", "{back}") {
		r.match(PasswordList, "a list of passwords", passwordList)
		r.match(Malicious, "the text of a program that steals passwords", stolen)
	}
	if r.has("<?php") {
		r.match(Suspicious, RunsText, runsText)
	}
	if r.has("<%", "<jsp:") {
		r.match(Suspicious, "a page that runs a program", runsProgram)
		r.match(Malicious, "a page that runs what it is sent", webShell)
	}
	if r.has("root:") {
		r.match(Accounts, "the accounts of a system", accounts)
	}
	if r.has("root:", ":::", "* ntlm") || r.has(":$") && r.has(":$1$", ":$2", ":$3$", ":$5$", ":$6$", ":$7$", ":$y$", ":$gy$", ":$sha1$", ":$md5") { // the methods of crypt(5)
		r.match(Secret, "the passwords of accounts", stolenHashes)
	}
	if r.has("$krb5", ":0101000000") {
		r.match(Secret, "the passwords of accounts", proofs)
	}
	if r.has("private key-----") {
		r.match(PrivateKey, "a private key", secretKey)
	}
	if r.has("accesskey", "access_key", "akia", "asia", "accountkey=", "ghp_", "gho_", "ghs_", "ghu_", "xox", "k_live_") {
		r.match(CloudKeys, "the keys of an account at a provider of services", cloudKeys)
		if n := len(r.found); n > 0 && r.found[n-1].Kind == CloudKeys { // a manual has keys that say what they are
			r.found[n-1].Quoted = !slices.ContainsFunc(cloudKeys.FindAll(r.data, -1), func(keys []byte) bool { return !bytes.Contains(keys, []byte("EXAMPLE")) })
		}
	}
	r.ransomNote()
	switch listed, stripes := cardsIn(r.data); {
	case stripes:
		r.note(Secret, "what only the stripes or the backs of payment cards have")
	case listed:
		r.note(CardNumbers, "numbers of payment cards")
	}
	if t != nil && (!t.Lists() || t.Mode == "") && isRandom(r.data) {
		r.note(Random, "random bytes")
	}
	if t != nil && t.Lists() {
		r.listed()
	}
	if t != nil && t.Sender() == ftp.Client {
		r.uploaded()
	}
	if t != nil && t.Command == "LIST" && t.Mode == "" && isScript(r.data) && longestLine(r.data) > longestListed {
		r.note(LongListing, "a line that is longer than any name")
	}
}

// has reports whether one of some marks is in the text.
func (r *Reader) has(marks ...string) bool { return slices.ContainsFunc(marks, r.text.has) }

// uploaded looks for what counts only in a file that a client stores.
func (r *Reader) uploaded() {
	if r.has("tab", "enter", "return", "back") && !r.has("send", "click", "<html", "function") { // else it is a script, or about keys
		r.match(Keystrokes, "the keys that somebody pressed", keys)
		r.match(Malicious, "the text of a program that steals passwords", windowKeys)
	}
	if r.has("] ") && r.has("[chrome", "[firefox", "edge", "[iexplore", "[opera", "[outlook", "[thunderbird", "word", "[excel", "[notepad", "[explorer", "[teams", "[whatsapp", "[telegram", "[skype", "[discord") {
		r.match(Suspicious, "what somebody typed in the windows of several programs", titles)
	}
	if r.has(`\\`, "//") && r.has("iconfile", "iconresource", "url", "workingdirectory") {
		r.match(Lure, "a file that makes Windows log in at another host", iconElsewhere)
	}
	if r.has("@pjl fs", " file") && r.has("..") {
		r.match(Malicious, "orders to a printer for files outside of its folders", printerFiles)
	}
}

// manyAlike is how many equal bytes in a row compressed data has if it stands for hundreds of times as
// many.
const manyAlike = 900

// swells reports whether data of zlib, as mode Z has it, stands for the same few bytes again and again.
func swells(data []byte) bool {
	if len(data) < manyAlike || data[0] != 'x' || binary.BigEndian.Uint16(data)%31 != 0 { // RFC 1950, 2.2
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
