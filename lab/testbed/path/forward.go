package path

import "ftplab/lab/scenario"

// Send takes a frame that a host sent at the time at. It changes what a router
// would and clamps the MSS of a SYN in place.
func (p *Path) Send(from *End, raw []byte, at int64) {
	f := frame(raw)
	if !f.wellFormed() || f.housekeeping() {
		return
	}
	if p.began == 0 {
		p.began = at
	}
	f.clampMSS(from.mss)
	f.zeroChecksum()
	p.see(from, at, f)
	p.route(from, f, at)
}

// route sends a frame that a host sent at the time at on its way.
func (p *Path) route(from *End, f frame, at int64) {
	if answer := from.answerNeighbor(f); answer != nil {
		from.hear(answer, at)
		return
	}
	if !f.isIP() || MAC(f[:6]) != from.GateMAC {
		return
	}
	to := p.byAddr[f.destination()]
	if to == nil || to == from {
		if to == from || !p.silent {
			from.hear(from.noRoute(f), at)
		}
		return
	}
	if f.hopLimit() <= 1 {
		from.hear(from.timeExceeded(f), at)
		return
	}
	if s, ok := f.segment(); ok {
		p.streams.enter(s)
	}
	claimed := p.claim(from, to, f, at)
	if claimed != nil && claimed.Kind == scenario.Drop {
		return
	}
	if claimed != nil && claimed.Kind == scenario.Reject {
		from.hear(from.portUnreachable(f), at)
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
		if s, ok := f.segment(); ok {
			p.streams.forget(s)
		}
	default:
		p.refuse(from, to, f, mtu, at)
	}
}

// hear has the host get what its own gateway says at the time at, if it does.
func (e *End) hear(word frame, at int64) {
	if word != nil {
		e.gateway.queue.add(queued{due: at, frame: word})
	}
}

// refuse tells the sender of a frame that the link to the receiver is too
// narrow for it, or the path before it. The gateway there does, so its word takes
// the whole way back.
func (p *Path) refuse(from, to *End, f frame, mtu int, at int64) {
	word := to.tooBig(f, mtu)
	if word == nil {
		return
	}
	word.address(from.GateMAC, from.MAC)
	back := to.to[from]
	back.setApart(queued{due: at + from.to[to].delay + back.delay, frame: word})
}

// forward puts a copy of the frame, as the receiver gets it, on its way, unless
// it is to be lost. A rule may claim it, or be nil.
func (p *Path) forward(from, to *End, f frame, at int64, claimed *rule) {
	d := from.to[to]
	if d.loses() {
		return
	}
	kept, home := p.store.keep(f)
	kept.address(to.GateMAC, to.MAC)
	kept.pass()
	way := queued{due: at + d.delay, frame: kept, home: home}
	for _, rule := range from.rules[to] {
		if s, ok := kept.segment(); ok && rule.claims(s) {
			d.hold(way, int64(rule.rule.By))
			return
		}
	}
	if claimed != nil && claimed.Kind == scenario.Corrupt {
		kept.damage()
		way.damaged = true
	}
	if claimed != nil && claimed.Kind == scenario.Duplicate {
		again, home := p.store.keep(kept)
		d.queue.add(way)
		way = queued{due: way.due, frame: again, home: home}
	}
	way.overtake = len(d.apart) > 0 && d.overtakes(kept)
	d.queue.add(way)
}

// Next returns when the next frame arrives at the end, and for how long the
// link carries it, in nanoseconds. It reports whether there is one.
func (e *End) Next() (arrival, carrying int64, ok bool) {
	d := e.nearest()
	if d == nil {
		return 0, 0, false
	}
	f := d.first()
	carrying = e.path.transmission(f.frame)
	arrival = max(f.due, e.free) + carrying
	if e == e.path.captured {
		arrival = max(arrival, e.path.last)
	}
	return arrival, carrying, true
}

// Take takes the frame that [End.Next] told of from the path, at the time now.
// It is good until [Path.Release]. It returns nil if too much waited for the
// link when the frame came there, so that it was dropped, or if it is damaged.
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
	e.path.see(e, arrival, taken.frame)
	if taken.damaged {
		return nil // its checksum is wrong, so the host drops it
	}
	return taken.frame
}

// nearest returns the direction whose first frame reaches the end's link
// first, or nil when nothing is on its way to it.
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

// transmission is how long a link takes to carry the frame, in nanoseconds.
func (p *Path) transmission(f frame) int64 {
	if p.rate == 0 {
		return 0
	}
	return int64(len(f)) * 8 * 1e9 / p.rate
}

// overflows says that too much waited for the link when the frame came there.
func (e *End) overflows(f queued) bool {
	p := e.path
	if p.queue == 0 || p.rate == 0 || e.free <= f.due {
		return false
	}
	waiting := float64(e.free-f.due) / 1e9 * float64(p.rate) / 8
	return int64(waiting)+int64(len(f.frame)) > p.queue
}
