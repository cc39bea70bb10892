package live

import (
	"slices"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// A reading is a capture of the connections around two hosts, and which of the followed connections each of them is.
type reading struct {
	origin
	capture  *capture.Capture
	all      []connected           // by ID
	followed map[*connection][]int // IDs, by the connection that was followed
	rest     map[tuple][]int       // IDs of those that are no followed connection, by their ends
	data     map[int][]int         // IDs of data connections, by the ID of their control connection
}

// A connected is a connection of the capture.
type connected struct {
	of   *connection // the followed one, or nil
	role ftp.Role
	last int // the number of its last packet
}

// around reads the connections around two hosts.
func (r *reader) around(h *hosts) (around *reading, close func(), err error) {
	list := h.around(r.options.Context)
	all, close, err := r.capture(list, false)
	if err != nil {
		return nil, nil, err
	}
	a := &reading{
		origin: newOrigin(all, list), capture: all,
		followed: map[*connection][]int{}, rest: map[tuple][]int{}, data: map[int][]int{},
	}
	for x := range all.Connections() {
		of := a.of(x)
		a.all = append(a.all, connected{of, x.Role, x.LastPacket})
		if of != nil {
			a.followed[of] = append(a.followed[of], x.ID)
		} else {
			ends := tupleOf(x.Client, x.Server)
			a.rest[ends] = append(a.rest[ends], x.ID)
		}
		if x.Role == ftp.Data {
			a.data[x.Control] = append(a.data[x.Control], x.ID)
		}
	}
	return a, close, nil
}

// members are the connections of a session.
type members struct {
	control *connection // as the capture around it has it
	id      int         // its ID there, or -1
	copies  []*connection
	data    []*connection // with their copies
	read    []int         // the IDs of all but the copies
}

// members returns what belongs to the session of a control connection. A connection between the
// ports of an older one, whose beginning was not recorded, is still kept as one with it.
func (a *reading) members(c *connection) *members {
	c = a.readAs(c)
	m := &members{control: c, id: -1, copies: a.copies(c)}
	for _, id := range a.followed[c] {
		m.id = id
	}
	controls := slices.Concat(a.followed[c], a.rest[c.tuple])
	m.read = append(m.read, controls...)
	added := map[int]bool{}
	add := func(ids []int) {
		for _, id := range ids {
			if x := a.all[id]; x.role == ftp.Data && x.of != nil && x.of != c && !added[id] {
				added[id] = true
				m.read = append(m.read, id)
				m.data = append(append(m.data, x.of), a.copies(x.of)...)
			}
		}
	}
	for _, id := range controls {
		if a.all[id].role != ftp.Control {
			continue
		}
		add(a.data[id])
		for _, port := range a.capture.DataPorts(id) {
			add(port.SiteToSite) // used by two sessions, of which each announced one end
		}
	}
	return m
}

// own returns the IDs of the connections that belong to a session, or to none.
func (a *reading) own(m *members) map[int]bool {
	own := map[int]bool{}
	for _, id := range m.read {
		own[id] = true
	}
	for id, x := range a.all {
		if of := x.of; x.role == ftp.Other && of != nil && of != m.control && !of.reported && !of.control && of.hosts == m.control.hosts {
			own[id] = true
		}
	}
	return own
}
