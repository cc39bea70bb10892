// The data connections whose announcement cannot be read, or is not in the capture.

package capture

import (
	"slices"

	"ftplab/lab/analysis/ftp"
)

// besideNone returns those of the named connections that are control connections: no session in TLS
// goes on beside them, whose data connections they may be.
func (f *facts) besideNone(named []found) (controls []found) {
	if len(named) == 0 {
		return nil
	}
	slices.SortStableFunc(named, func(a, b found) int { return a.control - b.control })
	all := f.hiddenSessions()
	for _, s := range named {
		if o := f.opening(s.control); f.c.purposes[s.control] == nil && !all.Beside(&o) {
			f.addHidden(all, s.session, s.client)
			controls = append(controls, s)
		}
	}
	return controls
}

// joinHidden joins connections whose announcement is protected and cannot be read.
func (f *facts) joinHidden() {
	if all := f.hiddenSessions(); all.Any() {
		f.joinMatching(all.Match)
	}
}

// joinLost joins connections to announced ports that are not in the capture.
func (f *facts) joinLost() {
	c := f.c
	lost := func(a *ftp.DataPort) bool { return a.PortLost }
	if !slices.ContainsFunc(c.sessions, func(s session) bool { return slices.ContainsFunc(s.DataPorts, lost) }) {
		return
	}
	var all ftp.LostPorts
	for i := range c.sessions {
		s := &c.sessions[i]
		ends, client := f.opening(s.control).Ends, c.purposes[s.control].ClientDir
		all.Add(s.control, int(c.spans[s.control].last), ends[client], ends[1-client], s.DataPorts)
	}
	for id := range c.spans {
		if c.purposes[id] == nil {
			o := f.opening(id)
			all.Look(&o)
		}
	}
	all.Join(func(id int, p *ftp.Purpose) { c.purposes[id] = p })
}

// joinUnannounced joins connections whose announcement is not in the capture to the transfers that lack one.
func (f *facts) joinUnannounced() {
	c := f.c
	var all ftp.Unannounced
	for i := range c.sessions {
		s := &c.sessions[i]
		ends, client := f.opening(s.control).Ends, c.purposes[s.control].ClientDir
		all.Add(s.control, f.began(s.control), int(c.spans[s.control].last), ends[client], ends[1-client], s.Outline)
	}
	if !all.Any() {
		return
	}
	for id, p := range c.purposes {
		if p == nil || p.Role == ftp.Data && p.DataPort == nil && p.Transfer == nil && !p.Inferred {
			o := f.opening(id)
			all.Look(&o)
		}
	}
	all.Join(func(id int, p *ftp.Purpose) { c.purposes[id] = p })
}

// hiddenSessions is the table of all sessions so far.
func (f *facts) hiddenSessions() *ftp.HiddenSessions {
	all := &ftp.HiddenSessions{}
	for _, s := range f.c.sessions {
		f.addHidden(all, s, f.c.purposes[s.control].ClientDir)
	}
	return all
}

func (f *facts) addHidden(to *ftp.HiddenSessions, s session, client int) {
	ends := f.opening(s.control).Ends
	to.Add(s.control, int(f.c.spans[s.control].last), ends[client], ends[1-client], s.Outline)
}
