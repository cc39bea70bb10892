// Packets that were recorded at some of the places of their conversation only.

package capture

import (
	"errors"

	"ftplab/lab/analysis/packet"
	"ftplab/lab/pcapng"
)

// A crossing is a packet on its way past the places of its conversation.
type crossing struct {
	at      uint64 // the interfaces that have it, as bits
	first   int    // the lowest of them
	number  int    // of the packet there
	passage        // where it was recorded first in the file, or where its conversation is read
	upTo    upTo   // see [observations.shownBy]
	data    bool   // it carries some
	bare    bool   // it takes up no sequence numbers
	tcp     bool
}

// A crossed says what is the same of a packet at all places.
type crossed struct {
	of        *observations
	direction int
	hash      uint64
}

// Limits of the work for one packet. If more crossings are open, no packet of the file is said to be
// lost, and if more of them are alike, none of their direction.
const (
	mostCrossings = 1 << 16
	mostAlike     = 1 << 10
)

// crossings are those that were not seen at every place yet. Packets that are alike are in the
// order of the file.
type crossings struct {
	open  map[crossed][]crossing
	count int
	clocks
}

// findLost reads the file for the packets that were not recorded where their conversation is read.
func (f *file) findLost(x *places) error {
	if !x.anyCopied() {
		return nil
	}
	if err := f.findShifts(x); err != nil {
		return err
	}
	all := crossings{open: map[crossed][]crossing{}, clocks: clocks{of: map[compared]*[2]lags{}}}
	lines := announcements{of: map[stream]map[int][]announced{}}
	_, err := f.packets(&packet.Decoder{}, func(p *packet.Packet, raw *pcapng.Packet) bool {
		if p.IP == nil || raw.Interface >= mostPlaces {
			return true
		}
		if s, c, direction := x.find(p); s != nil && s.copied {
			lines.add(p, raw.Interface, s, direction)
			s.note(p.TCP, raw.Interface, direction)
			if s.whole || s.rewrites(p.TCP, direction) || !x.shifts.undo(p.TCP, c, direction) {
				return true
			}
			one := crossingOf(p, raw.Interface)
			one.upTo = s.shownBy(p.TCP, direction)
			all.add(crossed{s, direction, x.hash(p, direction)}, one)
		}
		return all.count <= mostCrossings
	})
	if all.count <= mostCrossings {
		all.clocks.find()
		x.clocks = &all.clocks
		x.lost = all.lost()
		x.rewritten = lines.rewritten()
		x.findRests()
	}
	return err
}

// findShifts reads the file for the sequence numbers that gateways have shifted.
func (f *file) findShifts(x *places) error {
	x.shifts = &shifts{seed: x.seed, pieces: map[*observations]map[*change][]piece{}}
	if !x.anyIncomplete() {
		return nil
	}
	_, err := f.packets(&packet.Decoder{}, func(p *packet.Packet, raw *pcapng.Packet) bool {
		if p.IP != nil && raw.Interface < mostPlaces {
			if s, c, direction := x.find(p); s != nil {
				x.shifts.add(p, s, c, direction)
			}
		}
		return true
	})
	if err == nil || errors.As(err, new(*pcapng.Damage)) {
		x.shifts.find()
		return nil
	}
	return err
}

func crossingOf(p *packet.Packet, at int) crossing {
	c := crossing{at: 1 << at, first: at, number: p.Number, passage: passage{at, p.Time, p.IP.TTL}}
	if t := p.TCP; t != nil {
		c.tcp, c.data = true, t.Length > 0
		c.bare = !c.data && t.Flags&(packet.SYN|packet.FIN|packet.RST) == 0
	}
	return c
}

// anyCopied reports whether a conversation crosses several places.
func (x *places) anyCopied() bool {
	for _, s := range x.seen {
		if s.copied || s.joint != nil {
			return true
		}
	}
	return false
}

// add takes a packet at one place. Of those that are alike it is the latest one that was not seen
// there yet: an earlier one may have been lost.
func (a *crossings) add(key crossed, c crossing) {
	alike := a.open[key]
	i := len(alike) - 1
	for i >= 0 && alike[i].at&c.at != 0 {
		i--
	}
	if i < 0 && len(alike) == mostAlike {
		key.of.unclear[key.direction] = true
		return
	}
	if i < 0 {
		a.open[key] = append(alike, c)
		a.count++
		return
	}
	key.of.matched[key.direction] = true
	o := &alike[i]
	a.compare(key.of, key.direction, o.passage, c.passage)
	if c.first == key.of.home(key.direction) {
		o.passage = c.passage
	}
	if o.at |= c.at; c.first < o.first {
		o.first, o.number = c.first, c.number
	}
	if o.at != key.of.at[key.direction] {
		return
	}
	a.count--
	if alike = append(alike[:i], alike[i+1:]...); len(alike) > 0 {
		a.open[key] = alike
	} else {
		delete(a.open, key)
	}
}

// lost returns the packets that are to be read at another place than their conversation. Of the two
// ends of a way, only that of the receiver can lack packets. If that of the sender lacks data, too,
// something between them changes it, such as the sizes of the segments, but no bare acknowledgment. A NAT may
// change every packet.
func (a *crossings) lost() map[int]bool {
	each := func(use func(key crossed, c crossing, away bool)) {
		for key, alike := range a.open {
			for _, c := range alike {
				use(key, c, c.at&(1<<key.of.home(key.direction)) == 0)
			}
		}
	}
	each(func(key crossed, c crossing, away bool) {
		of, direction := key.of, key.direction
		if !away {
			of.resized[direction] = of.resized[direction] || c.data
			of.unclear[direction] = of.unclear[direction] || (c.data || of.translated) && !of.matched[direction]
		}
	})
	numbers := map[int]bool{}
	each(func(key crossed, c crossing, away bool) {
		if away && !key.of.unclear[key.direction] && (c.bare || !key.of.resized[key.direction]) {
			numbers[c.number] = true
			if c.tcp && a.apart(c.first, key.of.home(key.direction)) {
				key.of.rest |= 1 << c.first
			}
			key.of.progress.raise(key.of.home(key.direction), c.upTo, false)
		}
	})
	return numbers
}
