// Pages of web sites and scripts that run what a visitor sends, or that an intruder changed.

package content

import (
	"bytes"
	"slices"

	"ftplab/lab/analysis/internal/pattern"
)

// sentByVisitor matches the variables of PHP with what a visitor sent.
const sentByVisitor = `(\$_(GET|POST|REQUEST|COOKIE)\b|\bfilter_input\s*\(\s*INPUT_|\bgetenv\s*\(\s*["']HTTP_|\b(getallheaders|apache_request_headers)\s*\(|\$_SERVER\s*\[\s*["']?HTTP_|file_get_contents\s*\(\s*["']php://input)`

// decodes matches functions of PHP that decode a text.
const decodes = `\b(base64_decode|gzinflate|gzuncompress|gzdecode|str_rot13|strrev|hex2bin|pack|urldecode|rawurldecode|stripslashes|trim|convert_uudecode)\s*\(`

var (
	// runsInput matches pages of PHP that run what a visitor sends. A page that encloses it with
	// escapeshellarg runs a program of its own.
	runsInput = pattern.New(`(?i)\b(eval|system|shell_exec|passthru|exec|popen|proc_open|create_function)\s*\(\s*[^;]{0,80}` + sentByVisitor + `|\bassert\s*\(\s*([@(\s]|` + decodes + `)*` + sentByVisitor)
	// encodedText matches pages of PHP that run an encoded text, as intruders do, and sellers of
	// programs who hide their source.
	encodedText = pattern.New(`(?i)\b(eval|assert|create_function)\s*\(\s*[^;]{0,80}\b(base64_decode|gzinflate|gzuncompress|str_rot13)\s*\(`)
	// runsInputOddly matches pages of PHP that run it between backquotes, by the modifier e of
	// preg_replace, or as the name of a function.
	runsInputOddly = pattern.New(`(?i)(echo|print|return|=|<\?php)\s*` + "`[^`\n]{0,80}" + sentByVisitor + `|` + sentByVisitor + `\s*\[[^\]]{0,40}\]\s*\(|\bpreg_replace\s*\(\s*["'][^"']{0,40}/\w*e\w*["'][^;]{0,80}` + sentByVisitor)
	// localShell matches scripts that start a shell with a terminal, and network scripts that open a
	// connection. A script that does both opens a shell for somebody far away. farShell matches a
	// single line that does.
	localShell = pattern.New(`(proc_open|popen|exec)\s*\(\s*["']/bin/(ba)?sh["']|/bin/(ba)?sh["']?[\s,]*["']?-i\b|pty\.spawn\(`)
	network    = pattern.New(`(?i)\bfsockopen\s*\(|\bsocket\b|/dev/tcp/`)
	farShell   = pattern.New(`/dev/tcp/\S+\s+0>&1|\bexec \d+<>\s*/dev/tcp/[^\n;&|]+[\s\S]{0,120}(<&\d+ *\| *(ba|da|z|k)?sh\b|\b(ba|da|z|k)?sh\b[^\n;|]{0,40}<&\d)|\bnc(at)? [^\n]{0,40}-e /bin/|\bmkfifo (\S+)[\s\S]{0,80}\| *(nc|ncat|telnet|openssl|socat) |\bsocat\b[^\n]{0,120}(?i:exec|system):["']?/bin/(ba)?sh\b`)
	// hidesCall matches pages of PHP that hide the name of the function which runs the text, let
	// the visitor choose the function, or write what he sends to a file that he names.
	hidesCall = pattern.New(`(?i)\b(base64_decode|str_rot13|strrev|hex2bin|chr)\s*\([\s\S]{0,200}\$\w+\s*\(\s*@?` + sentByVisitor +
		`|\b(array_map|array_filter|array_walk|usort)\s*\(\s*["']\w+["']\s*\.\s*["']\w+["'][^;]{0,80}` + sentByVisitor +
		`|\bcall_user_func(_array)?\s*\(\s*` + sentByVisitor + `|\bfile_put_contents\s*\(\s*` + sentByVisitor +
		`|\bextract\s*\(\s*` + sentByVisitor + `[^;]{0,20};[\s\S]{0,60}\$\w+\s*\(\s*\$\w+\s*\)` +
		`|\$\w+(\[[^\]]*\])?\s*=\s*(["']\w{1,8}["']\s*\.\s*["']\w|["'](\\x[0-9a-f]{2}){3})[\s\S]{0,200}\$\w+(\[[^\]]*\])?\s*\(\s*@?` + sentByVisitor +
		`|\$_+\s*\(\s*\$\{?_+\}?\s*[\[{]|\b(include|require)(_once)?[\s(]*["'](php://input|data:)|php://input[\s\S]{0,200}\b(eval|assert|create_function)\s*\(`)
	// runsFetched matches pages of ASP.NET that run what a visitor sends, and those of PHP that run
	// what they fetch.
	runsFetched = pattern.New(`(?i)Process\.Start\([^;]{0,80}Request\b|\beval\s*\([^;]{0,40}file_get_contents\s*\(\s*["']https?:`)
	// keptInput matches a variable that a visitor's text is assigned to, and runVariable a variable that
	// is run.
	keptInput   = pattern.New(`(?i)(\$\w+)\s*=\s*[(@\s]*` + sentByVisitor)
	runVariable = pattern.New(`(?i)\b(?:eval|system|shell_exec|passthru|exec|popen|assert)\s*\((?:[@(\s]|` + decodes + `)*(\$\w+)\s*[,)\[]`)
	// frame matches a frame of another site. It is hidden if it matches hidden, and a service for
	// the owner of the page if it matches counted.
	frame   = pattern.New(`(?i)<iframe\b[^>]{0,400}\bsrc=["']?https?://[^>]{0,400}>`)
	hidden  = pattern.New(`(?i)visibility:\s*hidden|display:\s*none|\b(width|height)=["']?[01]\b`)
	counted = pattern.New(`(?i)//[\w.-]*\b(googletagmanager|doubleclick|facebook)\.(com|net)/`)
	// escapedFrame matches the beginning of a frame that a script writes.
	escapedFrame = pattern.New(`(?i)%3Ciframe`)
	percent      = pattern.New(`%[0-9a-fA-F]{2}`)
)

// page looks at a part of an upload, which may belong to a web page or a script. It looks for short marks first,
// which is cheaper than the patterns.
func (r *Reader) page() {
	data := r.data
	if bytes.Contains(data, []byte("<?")) || bytes.Contains(data, []byte("<%")) || bytes.Contains(data, []byte("<script language")) {
		r.match(Obfuscated, "a page that runs an encoded text", encodedText)
		r.match(Malicious, "a page that runs what it is sent", runsFetched)
		r.php()
	}
	if bytes.Contains(data, []byte("/bin/")) || bytes.Contains(data, []byte("/dev/tcp/")) || bytes.Contains(data, []byte("pty.spawn(")) || bytes.Contains(data, []byte("mkfifo ")) {
		if farShell.Match(data) || localShell.Match(data) && network.Match(data) {
			r.note(Malicious, "a script that opens a shell for somebody far away")
		}
	}
	if bytes.Contains(data, []byte("%3")) && escapedFrame.Match(data) {
		data = []byte(replaced(percent, string(data), func(code string) string { return letter(code[1:], 16, code) }))
	}
	if (bytes.Contains(data, []byte("<iframe")) || bytes.Contains(data, []byte("<IFRAME"))) && hidesFrame(data) {
		r.note(Suspicious, "a frame that a visitor does not see")
	}
	r.boast()
}

// runsSent reports whether a page runs what a visitor sends, as it is.
func runsSent(data []byte) bool {
	return slices.ContainsFunc(runsInput.FindAll(data, -1), func(order []byte) bool { return !bytes.Contains(order, []byte("escapeshell")) })
}

// hidesFrame reports whether a page has a hidden frame of another site.
func hidesFrame(data []byte) bool {
	return slices.ContainsFunc(frame.FindAll(data, -1), func(f []byte) bool { return hidden.Match(f) && !counted.Match(f) })
}

// runsKeptInput reports whether a page of PHP assigns what a visitor sends to a variable, and runs that.
func runsKeptInput(data []byte) bool {
	kept := groupsOf(keptInput, data)
	return len(kept) > 0 && slices.ContainsFunc(runVariable.FindAllSubmatch(data, -1), func(run [][]byte) bool { return kept[string(run[len(run)-1])] })
}

// groupsOf are the texts of the first group in all matches of a pattern.
func groupsOf(p *pattern.Pattern, data []byte) map[string]bool {
	texts := map[string]bool{}
	for _, m := range p.FindAllSubmatch(data, -1) {
		texts[string(m[1])] = true
	}
	return texts
}
