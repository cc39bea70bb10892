// Captures with more sessions than the want declares: its connections are those of one session.

package expect

import (
	"cmp"
	"fmt"
	"slices"

	"ftplab/lab/analysis/ftp"
)

// soleControl returns the only binding with a control connection, or nil if there are several, or none.
func (j *judge) soleControl() (sole *binding) {
	for _, b := range j.bindings {
		if b.conn == nil || b.conn.Role != ftp.Control {
			continue
		}
		if sole != nil || b.near {
			return nil
		}
		sole = b
	}
	return sole
}

// isOfOther reports whether a connection is a data connection of another session than that of a control connection.
func isOfOther(x, control *ftp.Connection) bool {
	return x.Role == ftp.Data && x.Control != ftp.NoConnection && x.Control != control.ID && !(x.DataPort != nil && x.DataPort.ThirdParty)
}

// chooseSession chooses another session, if the want declares one and its declarations have connections of several: that
// of which all lines match best, or those of the dialogue. It reports whether there are some.
func (c costs) chooseSession() bool {
	ctl := c.judge.soleControl()
	if ctl == nil || !slices.ContainsFunc(c.judge.bindings, func(b *binding) bool { return b.conn != nil && isOfOther(b.conn, ctl.conn) }) {
		return false
	}
	var all, sessions []*ftp.Connection
	for _, b := range c.judge.bindings {
		if b.conn != nil {
			all = append(all, b.conn)
		}
	}
	all = append(all, c.judge.left...)
	slices.SortFunc(all, func(x, y *ftp.Connection) int {
		return cmp.Or(cmp.Compare(x.Began(), y.Began()), cmp.Compare(x.ID, y.ID))
	})
	for _, x := range all {
		if x.Role == ftp.Control && c.judge.hosts.sideA(ctl.declaration, x) != "" {
			sessions = append(sessions, x)
		}
	}
	if len(sessions)*len(c.judge.bindings) > mostPairings-len(c.known) {
		return false
	}
	var best []binding
	var least [2]int64
	for _, x := range sessions {
		bound, lines, dialogue := c.ofSession(ctl, x, all)
		if cost := [2]int64{lines, dialogue}; bound != nil && (best == nil || slices.Compare(cost[:], least[:]) < 0) {
			best, least = bound, cost
		}
	}
	if best == nil { // the want has more of the other sessions, and a declaration is missing
		return false
	}
	var session *ftp.Connection
	for i, b := range c.judge.bindings {
		if *b = best[i]; b == ctl {
			session = b.conn
		}
	}
	c.judge.left = nil
	for _, x := range all {
		bound := slices.ContainsFunc(best, func(b binding) bool { return b.conn == x })
		if !bound && (isOfOther(x, session) || slices.Contains(sessions, x)) {
			c.judge.others = append(c.judge.others, x)
		} else if !bound {
			c.judge.left = append(c.judge.left, x)
		}
	}
	return true
}

// ofSession binds the declarations to the connections of one session, in the order in which these began, and returns what
// their lines cost, and those of the dialogue alone. Bound is nil if the session has too few connections.
func (c costs) ofSession(ctl *binding, session *ftp.Connection, all []*ftp.Connection) (bound []binding, cost, dialogue int64) {
	old := *ctl
	defer func() { *ctl = old }()
	ctl.conn, ctl.a = session, c.judge.hosts.sideA(ctl.declaration, session)
	taken := map[*ftp.Connection]bool{}
	for _, b := range c.judge.bindings {
		n := *b
		if b.proto == "tcp" && b != ctl && b.conn != nil {
			n.conn, n.near = nil, false
			for _, x := range all {
				if a := c.judge.hosts.sideA(b.declaration, x); a != "" && !taken[x] && x.Role != ftp.Control && !isOfOther(x, session) {
					n.conn, n.a, taken[x] = x, a, true
					break
				}
			}
			if n.conn == nil {
				return nil, 0, 0
			}
		}
		bound = append(bound, n)
		if b.proto == "tcp" {
			cost += c.of(&n)
		}
	}
	return bound, cost, c.of(ctl)
}

// strayNote says of the control connection of another session which one is judged: "; ctl is connection 0, ...". It is ""
// of other connections.
func (j *judge) strayNote(x *ftp.Connection, ctl *binding) string {
	if ctl == nil || x.Role != ftp.Control || j.hosts.sideA(ctl.declaration, x) == "" {
		return ""
	}
	return fmt.Sprintf("; %s is connection %d, whose session is judged", ctl.name, ctl.conn.ID)
}
