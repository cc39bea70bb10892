package baseline

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"ftplab/lab/internal/forge"
)

// TestSealedListings transfers a thousand listings in TLS, while the dialogue is in clear, as after CCC. Their bytes on
// the wire name nothing.
func TestSealedListings(t *testing.T) {
	random := rand.NewChaCha8([32]byte{})
	got := forged(t, func(f *forge.Capture) {
		for range 20 {
			t := f.Control().Say(hello).Say("> PBSZ 0\n< 200 ok\n> PROT P\n< 200 ok")
			for port := 40000; port < 40050; port++ {
				sealed := make([]byte, 1200)
				random.Read(sealed)
				t.Say(fmt.Sprintf("> PASV\n< 227 (192,0,2,21,%d,%d)\n> LIST\n< 150 here", port/256, port%256))
				d := dial(f, aClient, addrPort(aServer, port))
				d.Segment("P.", clientHello)
				d.Peer.Segment("P.", "\x16\x03\x03\x00\x30\x02\x00\x00\x2c\x03\x03"+strings.Repeat("s", 42)+"\x17\x03\x03\x04\xb0"+string(sealed))
				d.Peer.Close()
				t.Say("< 226 done")
			}
			t.Say(bye).Peer.Close()
		}
	})
	if got.Verdict != IsNormal {
		t.Errorf("got %v\nwant %s", got, IsNormal)
	}
}
