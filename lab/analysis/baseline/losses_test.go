package baseline

import (
	"bytes"
	"ftplab/lab/internal/forge"
	"math/rand/v2"
	"testing"
	"time"
)

// TestLosses takes packets at random out of every ordinary session, as a recorder does that
// is too slow: what is missing is never held against anybody. It stands for a capture of
// several sessions, since a loss in one must not touch the others.
func TestLosses(t *testing.T) {
	copies := 40
	if testing.Short() {
		copies = 5
	}
	normal := Normal()
	for _, test := range append(ordinary, wholeSessions) {
		t.Run(test.name, func(t *testing.T) {
			f := forge.New()
			test.play(f)
			head, packets := f.PCAP()[:24], split(f.PCAP())
			for seed := range copies {
				random := rand.New(rand.NewPCG(uint64(seed), 24))
				share := []float64{0.02, 0.05, 0.15, 0.3, 0.5}[seed%5]
				file := bytes.Clone(head)
				var lost []int
				for i, p := range packets {
					if random.Float64() < share {
						lost = append(lost, i+1)
						continue
					}
					file = append(file, p...)
				}
				e, err := gather(file)
				if err != nil {
					t.Fatal(err)
				}
				if got := check(t, e, normal); got.Verdict == NotNormal {
					t.Fatalf("without the packets %v of %d: got %v", lost, len(packets), got)
				}
			}
		})
	}
}

// wholeSessions are transfers in both modes and directions, one after the other.
var wholeSessions = struct {
	name string
	want Verdict
	play func(*forge.Capture)
}{"sessions in a row", IsNormal, func(f *forge.Capture) {
	for _, play := range []func(*forge.Capture){
		active(":20"), transfer(0, "RETR a", answerer, 5000), transfer(time.Second, "STOR b", opener, 3000), manyListings(4, 10),
		session1("> SYST\n< 215 UNIX\n> FEAT\n< 211-Features:\n+  EPSV\n+ 211 End\n> CWD /pub\n< 250 ok\n> SIZE a\n< 213 5\n> NOOP\n< 200 ok"),
	} {
		play(f)
		f.Pass(time.Minute)
	}
}}
