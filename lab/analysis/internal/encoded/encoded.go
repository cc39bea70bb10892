// Package encoded recognizes encoded bytes in words: in the names of files, in arguments, and in greetings.
//
// A word may be hexadecimal, base64 or base32. If it decodes to a text, it is certainly encoded, because words do not
// decode to texts by chance: [Text] returns the text. What does not decode to a text, such as encrypted bytes, can
// only look encoded: [Looks] and [LooksRandom] go by its letters, and are sometimes wrong.
package encoded

import (
	"bytes"
	"encoding/base32"
	"encoding/base64"
	"encoding/hex"
	"path"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The shortest words that are taken for encoded ones.
const (
	leastEncoded   = 12 // letters and digits
	leastDecoded   = 6  // bytes
	shortestRandom = 20 // letters and digits of a word that only looks like random bytes
)

// decodings turn letters and digits back into bytes: hexadecimal, base64 and base32.
var decodings = []func(string) ([]byte, error){
	hex.DecodeString,
	func(s string) ([]byte, error) { return base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "=")) },
	func(s string) ([]byte, error) { return base64.RawURLEncoding.DecodeString(strings.TrimRight(s, "=")) },
	func(s string) ([]byte, error) {
		return base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(strings.ToUpper(strings.TrimRight(s, "=")))
	},
}

// mayDecode reports whether a text has only bytes that some encoding uses.
func mayDecode(text string) bool {
	for i := range len(text) {
		switch c := text[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("+/-_=\r\n", c) >= 0:
		default:
			return false
		}
	}
	return true
}

// Text decodes a name, and returns the text; "" if the name encodes none.
func Text(name string) string {
	stem := strings.TrimSuffix(name, path.Ext(name))
	if len(stem) < leastEncoded || strings.Trim(stem, "0123456789") == "" || !mayDecode(stem) {
		return ""
	}
	for _, decode := range decodings {
		if b, err := decode(stem); err == nil && len(b) >= leastDecoded && isText(b) {
			return string(b)
		}
	}
	return ""
}

// IsDigest reports whether a word may be the digest of a file in hexadecimal digits: MD5, SHA-1 or one of SHA-2.
func IsDigest(word string) bool {
	b, err := hex.DecodeString(word)
	return err == nil && slices.Contains([]int{16, 20, 28, 32, 48, 64}, len(b)) && !isText(b)
}

// isText reports whether bytes are printable.
func isText(b []byte) bool {
	return utf8.Valid(b) && !strings.ContainsFunc(string(b), func(r rune) bool { return !unicode.IsPrint(r) && !unicode.IsSpace(r) })
}

// Looks reports whether a name consists of hexadecimal digits, base32 or base64, without an ending.
func Looks(name string) bool {
	if len(name) < leastEncoded || !strings.ContainsAny(name, "0123456789") || strings.Trim(name, "0123456789") == "" {
		return false
	}
	stem := strings.TrimRight(name, "=")
	return strings.Trim(stem, "0123456789abcdef") == "" || strings.Trim(stem, "0123456789ABCDEF") == "" ||
		len(stem) >= shortestRandom && (strings.Trim(stem, "abcdefghijklmnopqrstuvwxyz234567") == "" || strings.Trim(stem, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567") == "") ||
		LooksRandom(name)
}

// IsNoDigest reports whether the length of a name that looks encoded shows that it is no digest of MD5, SHA-1, SHA-256 or
// SHA-512, in hexadecimal digits, base32 or base64. Nobody names files by SHA-224 or SHA-384. Short names may be numbers of devices, and do not count.
func IsNoDigest(name string) bool {
	hexadecimal := strings.Trim(strings.ToLower(name), "0123456789abcdef") == ""
	inBase32 := strings.Trim(strings.ToLower(name), "abcdefghijklmnopqrstuvwxyz234567") == ""
	for _, bits := range []int{128, 160, 256, 512} {
		for _, perCharacter := range []int{4, 5, 6} {
			if perCharacter == 4 && !hexadecimal || perCharacter == 5 && !inBase32 {
				continue
			}
			if len(name) == (bits+perCharacter-1)/perCharacter {
				return false
			}
		}
	}
	return len(name) >= shortestRandom
}

// LooksRandom reports whether a name looks like random bytes in base64: long, and with small letters, capital letters
// and digits mixed.
func LooksRandom(name string) bool {
	const changesIn = 3
	stem := strings.TrimRight(strings.TrimSuffix(name, path.Ext(name)), "=")
	if len(stem) < shortestRandom {
		return false
	}
	const signsIn = 8 // random bytes have a sign in 32 letters, names of words and dates have more
	if signs := strings.Count(stem, "-") + strings.Count(stem, "_") + strings.Count(stem, "+"); signs*signsIn > len(stem) {
		return false
	}
	changes, kinds, last := 0, [4]bool{}, -1
	for i := range len(stem) {
		kind := 0
		switch c := stem[i]; {
		case c >= 'a' && c <= 'z':
		case c >= 'A' && c <= 'Z':
			kind = 1
		case c >= '0' && c <= '9':
			kind = 2
		case c == '-' || c == '_' || c == '+':
			kind = 3
		default:
			return false
		}
		if kind != last {
			changes++
		}
		kinds[kind], last = true, kind
	}
	return kinds[0] && kinds[1] && kinds[2] && changes*changesIn >= len(stem)
}

// Is reports whether a word is an encoded text, or looks like encoded bytes.
func Is(word string) bool {
	return Text(word) != "" || len(word) >= shortestRandom && Looks(word) || LooksRandom(word)
}

// BeginsText reports whether a word in base64 encodes a text, or begins with one. Identifiers in base64 do not.
func BeginsText(word string) bool {
	const beginning = 16 // letters, which are 12 bytes
	if len(word) < shortestRandom {
		return false
	}
	plain := strings.NewReplacer("-", "+", "_", "/").Replace(word[:beginning])
	b, err := base64.StdEncoding.DecodeString(plain)
	return err == nil && isText(b) && strings.IndexFunc(string(b), func(r rune) bool { return r > '~' }) < 0
}

// The pieces of an encoded text: how many, with how many letters and digits each, give how many bytes together at
// least.
const (
	leastPieces = 3
	leastPiece  = 8
	leastJoined = 16
)

// Join joins pieces in their order, decodes them together, and returns the text; "" if they are too few, or encode
// none. A text that was cut anywhere cannot be read piece by piece.
func Join(pieces []string) string {
	pieces = ofOneLength(pieces)
	if len(pieces) < leastPieces {
		return ""
	}
	for _, joined := range []string{strings.Join(pieces, ""), strings.Join(withoutNumbers(pieces), "")} {
		for _, decode := range decodings {
			const unit = 8 // letters of base32 that are whole bytes; those of the others divide it
			if b, err := decode(joined[:len(joined)/unit*unit]); err == nil && len(b) >= leastJoined && isText(b) {
				return string(b)
			}
		}
	}
	return ""
}

// withoutNumbers are pieces without the digits in front of them that count them, nil if none do.
func withoutNumbers(pieces []string) []string {
	const leastDigits, mostDigits = 2, 6
	for digits := leastDigits; digits <= mostDigits; digits++ {
		first, err := strconv.Atoi(pieces[0][:digits])
		if err != nil {
			return nil
		}
		var kept []string
		for i, p := range pieces {
			if n, err := strconv.Atoi(p[:min(digits, len(p))]); err != nil || n != first+i {
				break
			}
			kept = append(kept, p[digits:])
		}
		if len(kept) == len(pieces) {
			return kept
		}
	}
	return nil
}

// ofOneLength are the pieces that have the most common length, and the last one, which is the rest of a text. Pieces
// of digits are numbers.
func ofOneLength(pieces []string) (kept []string) {
	count, length := map[int]int{}, 0
	for _, p := range pieces {
		if n := len(p); n >= leastPiece && strings.Trim(p, "0123456789") != "" {
			if count[n]++; count[n] > count[length] {
				length = n
			}
		}
	}
	for i, p := range pieces {
		if len(p) == length || i == len(pieces)-1 && len(p) < length {
			kept = append(kept, p)
		}
	}
	return kept
}

// Decode decodes data that is nothing but a text in base64, base32 or hexadecimal digits.
func Decode(data []byte) []byte {
	const unit = 4 // the shortest text in base64
	if len(data) < unit || bytes.ContainsAny(data[:unit], " .,:;()<>{}\x00") {
		return nil
	}
	text := string(bytes.ReplaceAll(bytes.ReplaceAll(data, []byte("\r"), nil), []byte("\n"), nil))
	if !mayDecode(text) {
		return nil
	}
	for _, decode := range decodings {
		if b, err := decode(text); err == nil && (len(b) > 2 || len(b) == 2 && strings.HasSuffix(text, "=")) && isText(b) {
			return b
		}
	}
	return nil
}
