// Random bytes.

package content

import (
	"bytes"
	"math"
)

// How many bytes show whether they are random, and how many if it is known that others in their place were not.
const (
	leastRandom      = 256
	FewestReplacings = 32
)

// compressed are the first bytes of formats whose data looks random: compressed files, and files that
// are encrypted for their owner.
var compressed = [][]byte{
	[]byte("\x1f\x8b"), []byte("PK"), []byte("Rar!"), []byte("7z\xbc\xaf"), []byte("BZh"), []byte("\xfd7zXZ"), []byte("\x28\xb5\x2f\xfd"),
	[]byte("\xff\xd8\xff"), []byte("\x89PNG"), []byte("GIF8"), []byte("RIFF"), []byte("ID3"), []byte("\xff\xfb"), []byte("OggS"), []byte("%PDF"),
	[]byte("x\x01"), []byte("x\x9c"), []byte("x\xda"), []byte("\x16\x03"), // of zlib, as in mode Z, and of TLS
	[]byte("\x85\x01"), []byte("\x85\x02"), []byte("\x84"), []byte("\x8c"), []byte("\xc1"), []byte("\x30\x82"), // of OpenPGP and CMS
}

// isRandom reports whether bytes are enough, and random.
func isRandom(data []byte) bool { return len(data) >= leastRandom && LooksRandom(data) }

// LooksRandom reports whether bytes have about as many different values as random bytes have, and do not
// begin like a compressed file.
func LooksRandom(data []byte) bool {
	for _, begin := range compressed {
		if bytes.HasPrefix(data, begin) {
			return false
		}
	}
	var seen [256]bool
	n := 0
	for _, b := range data {
		if !seen[b] {
			seen[b] = true
			n++
		}
	}
	const near = 0.93
	return float64(n) >= near*256*(1-math.Pow(255.0/256, float64(len(data))))
}
