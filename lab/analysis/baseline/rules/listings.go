// Listings that harm the client, or are none.

package rules

import (
	"fmt"

	"ftplab/lab/analysis/baseline/content"
	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
)

// climbingNames finds listings with names that lead out of the folder into which a client
// stores what it fetches.
func climbingNames(e *Evidence, s *session) (found []breach) {
	for _, x := range s.Exchanges {
		for _, c := range s.DataOf(x.Data) {
			if shown, _ := e.shown(c.ID); shown.Kind == content.HarmfulListing || shown.Kind == content.OddListing {
				b := breach{packets: append(evidence.Frames(x), shown.packet),
					observed: fmt.Sprintf("%s: frame %d lists %s", wording.Quote(x.Line.Text), shown.packet, shown.What)}
				if shown.Kind == content.OddListing {
					b.severity, b.sign = Odd, 2
				}
				found = append(found, b)
			}
		}
	}
	if b, ok := randomListings(e, s); ok {
		found = append(found, b)
	}
	return found
}

// severalRandom is how many listings of random bytes are a channel. A single one may be encrypted in a way that the
// capture does not show.
const severalRandom = 3

// randomListings judges listings of random bytes, in a session whose commands agree on no compression and no TLS.
func randomListings(e *Evidence, s *session) (b breach, ok bool) {
	if !s.Whole || s.Lossy() || s.Said("MODE") || s.Said("AUTH") || s.Said("PROT") {
		return b, false
	}
	var packets []int
	for _, x := range s.Exchanges {
		for _, c := range s.DataOf(x.Data) {
			if shown, _ := e.shown(c.ID); x.Lists() && shown.Kind == content.Random {
				packets = append(packets, shown.packet)
			}
		}
	}
	b = breach{packets: packets, observed: wording.Plural(len(packets), "listing is", "listings are") + " random bytes, which name nothing"}
	if len(packets) < severalRandom {
		b.severity, b.sign = Odd, 2
	}
	return b, len(packets) > 0
}
