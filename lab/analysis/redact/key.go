package redact

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"net"
	"net/netip"
	"slices"
)

// A Key decides what an address or a name becomes. The same key always gives the same.
type Key struct {
	hash  hash.Hash    // HMAC with the key
	block cipher.Block // for addresses
	pad   [16]byte
	addrs map[netip.Addr]netip.Addr
	cards map[[6]byte][6]byte // addresses of network cards
}

// mostCards bounds the addresses of network cards that are remembered. Each packet has two, and a
// capture has few.
const mostCards = 1 << 12

// NewKey makes a key of a text, or a random one of "".
func NewKey(text string) *Key {
	k := &Key{addrs: map[netip.Addr]netip.Addr{}, cards: map[[6]byte][6]byte{}}
	if text == "" {
		text = rand.Text()
	}
	sum := sha256.Sum256([]byte("ftplab redact\x00" + text))
	k.hash = hmac.New(sha256.New, sum[:])
	k.block, _ = aes.NewCipher(k.mac("addresses", nil)[:16])
	k.block.Encrypt(k.pad[:], k.mac("pad", nil)[:16])
	return k
}

// mac is 32 bytes that follow from the key and some data.
func (k *Key) mac(purpose string, data []byte) []byte {
	k.hash.Reset()
	k.hash.Write([]byte(purpose))
	k.hash.Write([]byte{0})
	k.hash.Write(data)
	return k.hash.Sum(nil)
}

// special are networks that stay what they are, so that no other address gets into them.
var special4 = prefixes("0.0.0.0/8", "10.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16", "224.0.0.0/3")
var special6 = prefixes("::/8", "2000::/3", "fc00::/7", "fe80::/10", "ff00::/8")

func prefixes(texts ...string) []netip.Prefix {
	var all []netip.Prefix
	for _, t := range texts {
		all = append(all, netip.MustParsePrefix(t))
	}
	return all
}

// Addr is the address that stands for a.
func (k *Key) Addr(a netip.Addr) netip.Addr {
	a = a.Unmap().WithZone("")
	if b, ok := k.addrs[a]; ok {
		return b
	}
	b := k.addr(a)
	k.addrs[a] = b
	return b
}

// addr is Crypto-PAn: each bit is flipped or not, as the bits in front of it and the key
// say. Along the special networks no bit is.
func (k *Key) addr(a netip.Addr) netip.Addr {
	if a.IsUnspecified() || a == netip.IPv6LinkLocalAllNodes() || a == netip.IPv6Loopback() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) || a.Is4() && a.IsMulticast() {
		return a
	}
	special := special4
	if a.Is6() {
		special = special6
	}
	from := a.AsSlice()
	to := bytes.Clone(from)
	for i := range 8 * len(from) {
		prefix, _ := a.Prefix(i)
		if flipsNone(special, prefix) {
			continue
		}
		var input, output [16]byte
		copy(input[:], k.pad[:])
		for j := range i {
			bit := byte(0x80) >> (j % 8)
			input[j/8] = input[j/8]&^bit | from[j/8]&bit
		}
		input[15] ^= byte(i) // a prefix is not a longer one by accident
		k.block.Encrypt(output[:], input[:])
		to[i/8] ^= output[0] >> 7 << 7 >> (i % 8)
	}
	b, _ := netip.AddrFromSlice(to)
	return b
}

// flipsNone reports whether a prefix leads to a special network.
func flipsNone(special []netip.Prefix, p netip.Prefix) bool {
	for _, s := range special {
		if p.Bits() < s.Bits() && p.Contains(s.Addr()) {
			return true
		}
	}
	return false
}

// MAC is the address that stands for m: a locally administered one. The broadcast address
// stays.
func (k *Key) MAC(m net.HardwareAddr) [6]byte {
	var to [6]byte
	if len(m) != len(to) {
		return [6]byte{2, 0, 0, 0, 0, 1}
	}
	if bytes.Equal(m, []byte{255, 255, 255, 255, 255, 255}) || bytes.Equal(m, make([]byte, 6)) {
		copy(to[:], m)
		return to
	}
	from := [6]byte(m)
	if known, ok := k.cards[from]; ok {
		return known
	}
	copy(to[:], k.mac("mac", m))
	to[0] = to[0]&^3 | 2 | m[0]&1
	if len(k.cards) >= mostCards {
		clear(k.cards)
	}
	k.cards[from] = to
	return to
}

// Word is what stands for a word: letters for letters, digits for digits, a letter for any
// other byte. Words that differ in the case of their letters become such.
func (k *Key) Word(w []byte) []byte {
	lower := bytes.ToLower(w)
	if len(lower) != len(w) {
		lower = w
	}
	for n := 0; ; n++ {
		to := k.letters("word", binary.BigEndian.AppendUint32(bytes.Clone(lower), uint32(n)), lower)
		if !bytes.Equal(to, lower) || n == 100 {
			for i, c := range w {
				if c >= 'A' && c <= 'Z' {
					to[i] -= 'a' - 'A'
				}
			}
			return to
		}
	}
}

// Secret is what stands for a password: letters and digits, of the same length.
func (k *Key) Secret(s []byte) []byte {
	return k.letters("secret", s, bytes.Repeat([]byte("aaa1"), len(s)/4+1)[:len(s)])
}

// letters makes a text of letters and digits like the model, from the key and a seed.
func (k *Key) letters(purpose string, seed, model []byte) []byte {
	to := k.bytes(purpose, seed, len(model))
	for i, c := range model {
		if c >= '0' && c <= '9' {
			to[i] = '0' + to[i]%10
		} else {
			to[i] = 'a' + to[i]%26
		}
	}
	return to
}

// bytes makes so many bytes from the key and a seed. It reads the seed once, however many they are.
func (k *Key) bytes(purpose string, seed []byte, size int) []byte {
	first := k.mac(purpose, binary.BigEndian.AppendUint32(slices.Clone(seed), 0))
	to := slices.Clone(first)
	for len(to) < size {
		to = append(to, k.mac(purpose, binary.BigEndian.AppendUint32(slices.Clone(first), uint32(len(to))))...)
	}
	return to[:size]
}
