// Pages of PHP that hide what they call.

package content

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/hex"
	"io"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"ftplab/lab/analysis/internal/pattern"
)

const (
	// runs is the name of a function of PHP that runs a text or a program.
	runs = `(eval|assert|system|shell_exec|passthru|exec|popen|proc_open|pcntl_exec)`
	// aValue is one value that a visitor sent, and firstCalls and secondCalls are functions that call the function which
	// their first or second argument names.
	aValue      = `\$_(GET|POST|REQUEST|COOKIE)\s*\[[^\]]{0,40}\]\s*[,)]`
	firstCalls  = `\b(array_map|call_user_func(_array)?|ob_start|register_shutdown_function|forward_static_call(_array)?|iterator_apply)\s*\(\s*@?`
	secondCalls = `\b(array_filter|array_walk(_recursive)?|array_reduce|usort|uasort|uksort)\s*\(([^;,()]|\([^;()]*\))*,\s*@?`
	// runsAnything is the name of a function that runs a text, where another function calls it.
	runsAnything = `(` + firstCalls + `|` + secondCalls + `)["']` + runs + `["']\s*[,)]`
)

var (
	// byVisitor matches pages that call a function which the visitor names, or a text as a function with what he sends.
	byVisitor = pattern.New(`(?i)(` + firstCalls + `|` + secondCalls + `|\bnew\s+\\?Reflection(Function|Method)\s*\(\s*)` + aValue +
		`|["']` + runs + `["']\s*\(\s*[^;]{0,80}` + sentByVisitor + `|` + runsAnything)
	// named matches a variable with the name of such a function, copied one with the value of another, and called
	// one that is called with something.
	named  = pattern.New(`(?i)(\$\w+)\s*=\s*["']` + runs + `["']`)
	copied = pattern.New(`(\$\w+)\s*=\s*[(@\s]*(\$\w+)\b`)
	called = pattern.New(`(?:^|[^\w>:$])(\$\w+)\s*(?:\[[^\]\n]{1,40}\]\s*)?\(([^;]{1,80})`)
	// runsMatches matches a variable with a pattern whose matches are run, and replacedBy the function that uses such a variable.
	runsMatches = pattern.New(`(\$\w+)\s*=\s*["'](?:/[^/"'\n]{0,40}/|#[^#"'\n]{0,40}#|~[^~"'\n]{0,40}~|@[^@"'\n]{0,40}@|\|[^|"'\n]{0,40}\|)[a-z]*e[a-z]*["']`)
	replacedBy  = pattern.New(`(?i)\bpreg_replace\s*\(\s*(\$\w+)\s*,[^;]{0,80}` + sentByVisitor)
	// hiddenFile matches the inclusion of a file whose name is not written in letters.
	hiddenFile = pattern.New(`(?i)\b(?:include|require)(?:_once)?[\s(]*["'][^"'\n]{0,80}\\(?:x[0-9a-f]{2}|[01][0-7]{2})`)
	// storesAnything matches pages that store a file under the name which a visitor gives it, and checked what else they ask.
	storesAnything = pattern.New(`(?i)\b(?:move_uploaded_file|copy)\s*\(\s*\$_FILES\s*\[[^\]]{0,40}\]\s*\[["']tmp_name["']\]\s*,\s*(?:["'][^"'\n]{0,40}["']\s*\.\s*)?\$_FILES\s*\[[^\]]{0,40}\]\s*\[["']name["']\]`)
	checked        = pattern.New(`(?i)pathinfo|in_array|\bsession|strto|substr|preg_match|getimagesize|finfo|mime|password|login|is_admin|current_user|\bsize["']\]`)
	// mailsForVisitor matches pages that send to each of a list what a visitor writes in the name of whom he says.
	mailsForVisitor = pattern.New(`(?i)\b(foreach|while|for)\b[^{}]{0,120}\{?[^{}]{0,120}\bmail\s*\([^;]{0,120}\$_(POST|REQUEST)\b[^;]{0,120}from:[^;]{0,40}\$_(POST|REQUEST)\b`)
)

// Spellings that hide a text.
var (
	escapedLetter = pattern.New(`\\x[0-9a-fA-F]{2}|\\[01]?[0-7]{2}`)
	letterCode    = pattern.New(`(?i)\bchr\s*\(\s*\d{1,3}\s*\)`)
	joint         = pattern.New(`["']\s*\.\s*["']`)
	comment       = pattern.New(`/\*[^*]{0,200}\*/`)
	literal       = pattern.New(`(\$\w+)\s*=\s*(?:"([^"]*)"?|'([^']*)'?)`)
	decoded       = pattern.New(`(?i)((?:\b(?:base64_decode|gzinflate|gzuncompress|gzdecode|str_rot13|strrev|hex2bin|rawurldecode|urldecode)\s*\(\s*@?)+)(?:"([^"]*)"?|'([^']*)'?|(\$\w+))`)
	hidesText     = [][]byte{[]byte(`\x`), []byte(`\1`), []byte(`\0`), []byte("chr"), []byte("'.'"), []byte(`"."`), []byte("' . '"), []byte(`" . "`), []byte("/*"), []byte("decode"), []byte("gz"), []byte("rot13"), []byte("strrev"), []byte("hex2bin")}
)

// plainPHP returns a page with its texts in plain: without escapes, joined, and decoded. It returns the page itself if it
// hides nothing. It decodes little more than maxInflated bytes of a page: a page may have one compressed text decoded many
// times.
func plainPHP(page []byte) []byte {
	if !slices.ContainsFunc(hidesText, func(mark []byte) bool { return bytes.Contains(page, mark) }) {
		return page
	}
	text := comment.ReplaceAllString(string(page), "")
	text = replaced(escapedLetter, text, func(code string) string {
		if hexCode, found := strings.CutPrefix(code, `\x`); found {
			return letter(hexCode, 16, code)
		}
		return letter(code[1:], 8, code)
	})
	text = replaced(letterCode, text, func(code string) string {
		digits := strings.Trim(code, "chrCHR( )\t\r\n")
		return "'" + letter(digits, 10, "?") + "'"
	})
	text = joint.ReplaceAllString(text, "")
	values := map[string]string{}
	for _, m := range literal.FindAllStringSubmatch(text, maxLiterals) {
		values[m[1]] = m[2] + m[3]
	}
	for _, m := range decoded.FindAllStringSubmatch(text, maxLiterals) {
		value := m[2] + m[3]
		if m[4] != "" {
			value = values[m[4]]
		}
		if plain := decodedBy(m[1], value); plain != "" && len(text) < len(page)+maxInflated {
			text = strings.Replace(text, m[0], `"`+plain+`"`, 1)
		}
	}
	return []byte(text)
}

// maxLiterals is how many texts of a part of a page are looked at.
const maxLiterals = 64

// replaced returns a text with each match of a pattern replaced.
func replaced(p *pattern.Pattern, text string, by func(string) string) string {
	var b strings.Builder
	from := 0
	for _, at := range p.FindAllStringIndex(text, -1) {
		b.WriteString(text[from:at[0]])
		b.WriteString(by(text[at[0]:at[1]]))
		from = at[1]
	}
	return b.String() + text[from:]
}

// letter is the letter of a code, or otherwise if that is no letter of ASCII.
func letter(code string, base int, otherwise string) string {
	if c, err := strconv.ParseUint(code, base, 8); err == nil && c >= ' ' && c < 0x7f {
		return string(rune(c))
	}
	return otherwise
}

// decodedBy is what a series of calls, the last of them first, makes of a value, "" if that is no text. Of compressed
// data it may be only the beginning.
func decodedBy(calls, value string) string {
	names := strings.FieldsFunc(strings.ToLower(calls), func(r rune) bool { return r == '(' || r == '@' || r == ' ' || r == '\t' || r == '\n' || r == '\r' })
	for _, name := range slices.Backward(names) {
		value = decodeOnce(name, value)
	}
	if !isText([]byte(value)) {
		return ""
	}
	return value
}

func decodeOnce(name, value string) string {
	switch name {
	case "base64_decode":
		letters := strings.TrimRight(strings.Join(strings.Fields(value), ""), "=")
		data, _ := base64.RawStdEncoding.DecodeString(letters)
		return string(data)
	case "hex2bin":
		data, _ := hex.DecodeString(value)
		return string(data)
	case "urldecode", "rawurldecode":
		text, _ := url.PathUnescape(value)
		return text
	case "strrev":
		data := []byte(value)
		slices.Reverse(data)
		return string(data)
	case "str_rot13":
		return strings.Map(rot13, value)
	}
	return inflated(name, strings.NewReader(value))
}

func rot13(r rune) rune {
	switch {
	case 'a' <= r && r <= 'z':
		return 'a' + (r-'a'+13)%26
	case 'A' <= r && r <= 'Z':
		return 'A' + (r-'A'+13)%26
	}
	return r
}

// inflated is what a function of PHP makes of compressed data.
func inflated(name string, data io.Reader) string {
	var r io.Reader
	var err error
	switch name {
	case "gzinflate":
		r = flate.NewReader(data)
	case "gzuncompress":
		r, err = zlib.NewReader(data)
	default:
		r, err = gzip.NewReader(data)
	}
	if err != nil {
		return ""
	}
	text, _ := io.ReadAll(io.LimitReader(r, maxInflated))
	return string(text)
}

// runsByName reports whether a page runs what a visitor sends by way of a variable with the name of a function: one
// that the page names, or one that the visitor sends, too.
func runsByName(page []byte) bool {
	if patterns := groupsOf(runsMatches, page); slices.ContainsFunc(replacedBy.FindAllSubmatch(page, -1), func(m [][]byte) bool { return patterns[string(m[1])] }) {
		return true
	}
	runners, sent := groupsOf(named, page), groupsOf(keptInput, page)
	if len(runners)+len(sent) == 0 {
		return false
	}
	for _, m := range copied.FindAllSubmatch(page, -1) { // in the order of the page
		runners[string(m[1])] = runners[string(m[1])] || runners[string(m[2])]
		sent[string(m[1])] = sent[string(m[1])] || sent[string(m[2])]
	}
	return slices.ContainsFunc(called.FindAllSubmatch(page, -1), func(call [][]byte) bool {
		name, with := string(call[1]), call[2]
		return (runners[name] || sent[name]) && (sentAnything.Match(with) || slices.ContainsFunc(variable.FindAll(with, -1), func(v []byte) bool { return sent[string(v)] }))
	})
}

var (
	sentAnything = pattern.New(`(?i)` + sentByVisitor)
	variable     = pattern.New(`\$\w+`)
)

// StoresAnything says of what is Suspicious that it is a page which lets everybody store files.
const StoresAnything = "a page that stores any file which it is sent"

// sentMarks are in pages that use what a visitor sends.
var sentMarks = [][]byte{[]byte("$_"), []byte("php://input"), []byte("filter_input"), []byte("getenv"), []byte("headers(")}

// replacing matches the name of a function that runs what it replaces texts by.
var replacing = pattern.New(`(?i)preg_replace`)

// mayRunOddly reports whether a page has backquotes, the function preg_replace, or an element of an array that is called.
// Few pages do, and the pattern for them is slow.
func mayRunOddly(page []byte) bool {
	if bytes.IndexByte(page, '`') >= 0 || replacing.Match(page) {
		return true
	}
	for part := range bytes.SplitSeq(page, []byte("]")) {
		if part = bytes.TrimLeft(part, " \t\r\n\f"); len(part) > 0 && part[0] == '(' {
			return true
		}
	}
	return false
}

var (
	// decoders matches a variable with the name of a function that decodes a text, and runsDecoded what such a function returns,
	// as it is run.
	decoders    = pattern.New(`(?i)(\$\w+)\s*=\s*["'](base64_decode|gzinflate|gzuncompress|gzdecode|str_rot13|hex2bin)["']`)
	runsDecoded = pattern.New(`(?i)\b(?:eval|assert|create_function)\s*\(\s*@?(\$\w+)\s*\(`)
)

// hidesDecoder reports whether a page, in plain, runs what a function decodes whose name it does not spell.
func hidesDecoder(page, spelled []byte) bool {
	all := decoders.FindAllSubmatch(page, -1)
	return slices.ContainsFunc(runsDecoded.FindAllSubmatch(page, -1), func(run [][]byte) bool {
		return slices.ContainsFunc(all, func(m [][]byte) bool { return bytes.Equal(m[1], run[1]) && !bytes.Contains(spelled, m[2]) })
	})
}

// php looks at a part of a page of PHP. It may name a visitor's texts only where it is decoded.
func (r *Reader) php() {
	page := plainPHP(r.data)
	sends := slices.ContainsFunc(sentMarks, func(mark []byte) bool { return bytes.Contains(page, mark) })
	if hidesDecoder(page, r.data) {
		r.note(Obfuscated, "a page that runs an encoded text, and hides what decodes it")
	}
	switch {
	case sends && (mayRunOddly(page) && runsInputOddly.Match(page) || hidesCall.Match(r.data) || byVisitor.Match(page) || runsSent(page) || runsKeptInput(page) || runsByName(page)):
		r.note(Malicious, "a page that runs what it is sent")
	case hiddenFile.Match(r.data):
		r.note(Suspicious, "a page that includes a file whose name it hides")
	case sends && storesAnything.Match(page) && !checked.Match(page):
		r.note(Suspicious, StoresAnything)
	case sends && mailsForVisitor.Match(page):
		r.note(Suspicious, "a page that mails what it is sent to many, in the name of others")
	}
}
