package sandbox

import (
	"crypto/sha512"
	"fmt"
	"strings"
)

// rounds is how often crypt hashes. It is the least that the scheme allows, because
// these passwords are not secrets.
const rounds = 1000

// crypt returns the hash of a password for /etc/shadow, by the scheme SHA-512 of
// crypt(5), which Ulrich Drepper defined (Unix crypt using SHA-256 and SHA-512). Of the
// salt it uses the first 16 bytes.
func crypt(password, salt string) string {
	salt = salt[:min(len(salt), 16)]
	key, saltBytes := []byte(password), []byte(salt)

	b := sha512.Sum512([]byte(password + salt + password))
	a := sha512.New()
	a.Write(key)
	a.Write(saltBytes)
	a.Write(repeat(b[:], len(key)))
	for n := len(key); n > 0; n >>= 1 {
		if n&1 != 0 {
			a.Write(b[:])
		} else {
			a.Write(key)
		}
	}
	sum := a.Sum(nil)

	p := sha512.New()
	for range key {
		p.Write(key)
	}
	keys := repeat(p.Sum(nil), len(key))
	s := sha512.New()
	for range 16 + int(sum[0]) {
		s.Write(saltBytes)
	}
	salts := repeat(s.Sum(nil), len(saltBytes))

	for i := range rounds {
		c := sha512.New()
		c.Write(choose(i%2 != 0, keys, sum))
		if i%3 != 0 {
			c.Write(salts)
		}
		if i%7 != 0 {
			c.Write(keys)
		}
		c.Write(choose(i%2 != 0, sum, keys))
		sum = c.Sum(nil)
	}
	return fmt.Sprintf("$6$rounds=%d$%s$%s", rounds, salt, encode(sum))
}

// repeat returns n bytes: the block, again and again.
func repeat(block []byte, n int) []byte {
	var all []byte
	for len(all) < n {
		all = append(all, block...)
	}
	return all[:n]
}

func choose(first bool, a, b []byte) []byte {
	if first {
		return a
	}
	return b
}

// encode writes a hash in the order of bytes and the digits of the scheme.
func encode(sum []byte) string {
	const digits = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	var out strings.Builder
	write := func(v uint, n int) {
		for ; n > 0; n-- {
			out.WriteByte(digits[v&63])
			v >>= 6
		}
	}
	x, y, z := 0, 21, 42
	for range 21 {
		write(uint(sum[x])<<16|uint(sum[y])<<8|uint(sum[z]), 4)
		x, y, z = y+1, z+1, x+1
	}
	write(uint(sum[63]), 2)
	return out.String()
}
