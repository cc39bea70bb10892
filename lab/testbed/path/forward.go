package path

import (
	"time"

	"ftplab/lab/scenario"
)

// copyDelay is how much later than a frame its copy comes, of a rule that duplicates. No
// network delivers two frames at one time, even where the links have no rate.
const copyDelay = 40 * time.Microsecond

// Send forwards a frame that a host sent at the time at. It modifies the frame
// in place as a router would, and clamps the MSS of a SYN.
func (p *Path) Send(from *End, raw []byte, at int64) {
	f := frame(raw)
	if !f.wellFormed() || f.housekeeping() {
		return
	}
	if p.began == 0 {
		p.began = at
	}
	if f.isIP() {
		f.clampMSS(from.MTU - Headers(f.destination()))
	}
	f.zeroChecksum()
	p.recordAt(from, at, f)
	p.route(from, f, at)
}

// route routes a frame that a host sent at the time at.
func (p *Path) route(from *End, f frame, at int64) {
	if answer := from.at(f).answerNeighbor(f); answer != nil {
		from.deliver(answer, at)
		return
	}
	if !f.isIP() || MAC(f[:6]) != from.GateMAC {
		return
	}
	to := p.byAddr[f.destination()]
	if to == nil || to == from {
		if to == from || !p.silent {
			from.deliver(from.at(f).noRoute(f), at)
		}
		return
	}
	if f.hopLimit() <= 1 {
		from.deliver(from.at(f).timeExceeded(f), at)
		return
	}
	sent := f
	if from.nat != nil {
		if f = from.nat.outward(f, at); f == nil {
			return
		}
	}
	p.carry(from, to, f, sent, at)
}

// carry takes a frame that was sent at the time at along the path to another host, unless
// a rule blocks it or it is too large. Sent is the frame as the host sent it, which a NAT
// may have changed: error messages quote it.
func (p *Path) carry(from, to *End, f, sent frame, at int64) {
	s, isSegment := f.segment()
	if isSegment {
		p.streams.enter(s)
	}
	claimed := p.claim(from, to, f, at)
	if claimed != nil && claimed.Kind == scenario.Drop {
		return
	}
	if claimed != nil && claimed.Kind == scenario.Reject {
		from.deliver(from.at(sent).rejection(sent, claimed.With), at)
		if isSegment && claimed.With == scenario.TCPReset {
			p.streams.forget(s) // its sender sends no more
		}
		return
	}
	mtu := to.MTU
	if p.mtu > 0 {
		mtu = min(mtu, p.mtu)
	}
	switch {
	case len(f.packet()) <= mtu:
		p.forward(from, to, f, at, claimed)
	case f.mayFragment():
		for _, piece := range f.fragments(mtu) {
			p.forward(from, to, piece, at, claimed)
		}
	case mtu < to.MTU && p.noICMP:
		if isSegment {
			p.streams.forget(s)
		}
	default:
		p.refuse(from, to, sent, mtu, at)
	}
}

// deliver sends the host a message of its own gateway at the time at. A nil message is
// none.
func (e *End) deliver(message frame, at int64) {
	if message != nil {
		e.gateway.queue.add(queued{due: at, frame: message})
	}
}

// refuse sends an ICMP message to the sender of a frame that is too large for
// the receiver's link or the path's MTU. The gateway at the receiver sends it,
// so the message travels the whole path back.
func (p *Path) refuse(from, to *End, f frame, mtu int, at int64) {
	router := to.at(f)
	if to.nat != nil {
		router.router = to.nat.Addr
	}
	message := router.tooBig(f, mtu)
	if message == nil {
		return
	}
	message.address(from.GateMAC, from.MAC)
	back := to.to[from]
	back.setApart(queued{due: at + from.to[to].delay + back.delay, frame: message, report: true})
}

// forward sends a copy of the frame along the path, unless the frame is lost.
// Claimed is the rule that applies to it, or nil.
func (p *Path) forward(from, to *End, f frame, at int64, claimed *rule) {
	d := from.to[to]
	if d.loses() {
		return
	}
	kept, home := p.store.keep(f)
	kept.address(to.GateMAC, to.MAC)
	kept.pass()
	way := queued{due: at + d.delay, frame: kept, home: home}
	if rule := from.delayed(kept, to); rule != nil {
		if rule.overtaken {
			d.hold(way, rule.by)
			return
		}
		way.due += rule.by
		d.setApart(way)
		return
	}
	if claimed != nil && claimed.Kind == scenario.Corrupt {
		kept.damage()
		way.damaged = true
	}
	if claimed != nil && claimed.Kind == scenario.Duplicate {
		again, home := p.store.keep(kept)
		d.queue.add(way)
		way = queued{due: way.due + int64(copyDelay), frame: again, home: home}
	}
	way.overtake = len(d.apart) > 0 && d.overtakes(kept)
	d.queue.add(way)
}

// Next returns when the next frame arrives at the end and how long the link
// takes to carry it, in nanoseconds. It reports false if there is none.
func (e *End) Next() (arrival, carrying int64, ok bool) {
	d := e.nearest()
	if d == nil {
		return 0, 0, false
	}
	f := d.first()
	carrying = e.transmission(f.frame)
	arrival = max(f.due, e.free) + carrying
	if e.place >= 0 {
		arrival = max(arrival, e.path.least)
	}
	return arrival, carrying, true
}

// Take removes from the path the frame that [End.Next] described, at the time
// now. The frame is valid until [Path.Release]. Take returns nil if the frame
// is dropped: because the link's queue was full when it got there, because it is
// damaged, or because the host's NAT does not let it in.
func (e *End) Take(now int64) []byte {
	arrival, _, ok := e.Next()
	if !ok {
		return nil
	}
	d := e.nearest()
	taken := d.take()
	if taken.home != nil {
		e.path.spent = append(e.path.spent, taken.home)
	}
	if e.overflows(taken) {
		return nil
	}
	e.free = arrival
	if taken.overtake {
		d.overtaken(taken.frame, now)
	}
	if e.nat != nil && d != e.gateway && !taken.report {
		if taken.frame = e.translated(taken.frame, arrival); taken.frame == nil {
			return nil
		}
	}
	e.path.recordAt(e, arrival, taken.frame)
	if taken.damaged {
		return nil // the host drops it, because its checksum is wrong
	}
	return taken.frame
}

// translated returns a frame after the host's NAT has translated it, or nil if the NAT
// drops it. Nobody will acknowledge a dropped frame.
func (e *End) translated(f frame, at int64) frame {
	s, isTCP := f.segment()
	f = e.nat.inward(f, at)
	if f == nil && isTCP {
		e.path.streams.forget(s)
	}
	return f
}

// nearest returns the direction whose first frame reaches the end's link first,
// or nil if none is on its way.
func (e *End) nearest() *direction {
	var nearest *direction
	due := int64(never)
	for _, d := range e.inbound {
		if f := d.first(); f != nil && f.due < due {
			nearest, due = d, f.due
		}
	}
	return nearest
}

// transmission returns how long the link to the host takes to carry the frame, in
// nanoseconds.
func (e *End) transmission(f frame) int64 {
	if e.rate == 0 {
		return 0
	}
	return int64(len(f)) * 8 * 1e9 / e.rate
}

// overflows reports whether the link's queue was full when the frame got there.
func (e *End) overflows(f queued) bool {
	queue := e.path.queue
	if queue == 0 || e.rate == 0 || e.free <= f.due {
		return false
	}
	waiting := float64(e.free-f.due) / 1e9 * float64(e.rate) / 8
	return int64(waiting)+int64(len(f.frame)) > queue
}
