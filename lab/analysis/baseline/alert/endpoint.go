package alert

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"net/netip"
	"strconv"
)

// An endpoint is an address and a port, if the alert has them.
type endpoint struct {
	netip.AddrPort
	known bool
}

// address is the address, or none where there is none.
func (e endpoint) address(none string) string {
	if !e.known {
		return none
	}
	return e.Addr().Unmap().String()
}

// port is the port, or none where there is none.
func (e endpoint) port(none string) string {
	if !e.known || e.Port() == 0 {
		return none
	}
	return strconv.Itoa(int(e.Port()))
}

// flowHash is the same for all alerts of one connection.
func (a *Alert) flowHash(file string) []byte {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s %s %s %d", file, a.Orig, a.Resp, a.ConnectionStart))
	return sum[:]
}

// flowID is Suricata's: a number below 2^51, so that JavaScript reads it exactly.
func (a *Alert) flowID(file string) uint64 {
	return binary.BigEndian.Uint64(a.flowHash(file)) & (1<<51 - 1)
}

// uid is the ID of a connection as Zeek writes it: C and letters and digits.
func (a *Alert) uid(file string) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	id := []byte("C")
	for _, b := range a.flowHash(file)[:17] {
		id = append(id, digits[int(b)%len(digits)])
	}
	return string(id)
}

// signatureID is the number of a rule, between 1,000,000 and 1,999,999, where Suricata
// wants the signatures of one's own. It follows from the rule's name, so it stays the same
// when other rules are added.
func signatureID(rule string) int {
	h := fnv.New32a()
	h.Write([]byte(rule))
	return 1_000_000 + int(h.Sum32()%1_000_000)
}
