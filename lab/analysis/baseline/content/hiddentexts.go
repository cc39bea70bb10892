// Texts that scripts hide: in hexadecimal, as codes of letters, or in base64.

package content

import (
	"bytes"
	"encoding/base64"
	"strconv"

	"ftplab/lab/analysis/internal/pattern"
)

var (
	inHex    = pattern.New(`(?:\\x[0-9a-fA-F]{2}){4,}`)
	inCodes  = pattern.New(`(?i)fromCharCode['"]?\]?\s*\(\s*(\d{2,3}(?:\s*,\s*\d{1,3}){8,})`)
	inBase64 = pattern.New("(?i)\\batob['\"]?\\]?\\s*\\(\\s*['\"`]([a-z0-9+/]{16,})")
)

// appendHidden appends the texts that a script hides, in lower case, each on a line of its own.
func appendHidden(to, data []byte) []byte {
	add := func(text []byte) { to = appendLower(append(to, '\n'), text) }
	if bytes.Contains(data, []byte(`\x`)) {
		for _, m := range inHex.FindAll(data, -1) {
			add(bytesOf(bytes.Split(m[2:], []byte(`\x`)), 16))
		}
	}
	if bytes.Contains(data, []byte("romCharCode")) {
		for _, m := range inCodes.FindAllSubmatch(data, -1) {
			add(bytesOf(bytes.Split(m[1], []byte(",")), 10))
		}
	}
	if bytes.Contains(data, []byte("atob")) {
		for _, m := range inBase64.FindAllSubmatch(data, -1) {
			text, _ := base64.RawStdEncoding.DecodeString(string(m[1][:len(m[1])/4*4]))
			add(text)
		}
	}
	return to
}

// bytesOf are the bytes that numbers stand for.
func bytesOf(numbers [][]byte, base int) (text []byte) {
	for _, n := range numbers {
		c, err := strconv.ParseUint(string(bytes.TrimSpace(n)), base, 8)
		if err == nil {
			text = append(text, byte(c))
		}
	}
	return text
}
