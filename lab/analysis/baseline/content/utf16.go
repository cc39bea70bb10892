// Texts in UTF-16, as programs of Windows write them.

package content

import (
	"bytes"
	"encoding/binary"
	"unicode"
	"unicode/utf16"
)

// fewestWide is how many characters show that a text without a byte order mark is in UTF-16.
const fewestWide = 16

// orderOf is the byte order of a text in UTF-16 by its first bytes, nil if they are something else.
func orderOf(first []byte) binary.ByteOrder {
	first = first[:min(len(first), beginning)]
	switch {
	case bytes.HasPrefix(first, []byte("\xff\xfe")), isWide(first, binary.LittleEndian):
		return binary.LittleEndian
	case bytes.HasPrefix(first, []byte("\xfe\xff")), isWide(first, binary.BigEndian):
		return binary.BigEndian
	}
	return nil
}

// isWide reports whether bytes are characters of UTF-16 in some order: with one from ASCII among them, and all others from
// alphabets with low numbers, the last of which is the Arabic one.
func isWide(first []byte, order binary.ByteOrder) bool {
	const arabic = 0x6ff
	ascii := false
	for i := 0; i+1 < len(first); i += 2 {
		c := order.Uint16(first[i:])
		if c > arabic || c < ' ' && c != '\t' && c != '\r' && c != '\n' || c >= 0x7f && c < 0xa0 {
			return false
		}
		ascii = ascii || c <= unicode.MaxASCII
	}
	return ascii && len(first) >= 2*fewestWide
}

// fromUTF16 is a part of a text in UTF-8, without a byte order mark. A part that begins in the middle of a character has
// the zeros of its ASCII where their letters should be.
func fromUTF16(order binary.ByteOrder, data []byte) []byte {
	var zeros [2]int
	for i, c := range data {
		if c == 0 {
			zeros[i%2]++
		}
	}
	high := 0
	if order == binary.ByteOrder(binary.LittleEndian) {
		high = 1
	}
	if zeros[1-high] > zeros[high] {
		data = data[1:]
	}
	units := make([]uint16, len(data)/2)
	for i := range units {
		units[i] = order.Uint16(data[2*i:])
	}
	return bytes.TrimPrefix([]byte(string(utf16.Decode(units))), []byte("\ufeff"))
}
