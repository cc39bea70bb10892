// Captures with fewer connections than the want declares, because they lack packets.

package expect

import (
	"cmp"
	"math"
	"slices"

	"ftplab/lab/analysis/ftp"
)

// costOfOther is for a data connection of another session than that of the line which its lines come after. It is less
// than a mismatch, because the order of the packets may be as wanted, and more than all lines that the capture may lack.
const costOfOther = costMismatch >> 4

// spread decides which declarations get no connection, if the capture lacks packets and has too few connections: those
// without which the lines cost least. Declarations with the same ends keep the order in which their connections began.
func (c costs) spread() {
	if !c.judge.capture.lacksPackets() {
		return
	}
	var order []ends
	groups := map[ends][]*binding{}
	for _, b := range c.judge.bindings {
		if b.proto != "tcp" || b.near || b.unseen != nil {
			continue
		}
		e := ends{b.declaration.a, b.declaration.b}
		if groups[e] == nil {
			order = append(order, e)
		}
		groups[e] = append(groups[e], b)
	}
	for range order {
		changed := false
		for _, e := range order {
			changed = c.spreadOver(groups[e]) || changed
		}
		if !changed {
			return
		}
	}
}

// spreadOver does that for declarations with the same ends. It reports whether they have other connections then.
func (c costs) spreadOver(group []*binding) bool {
	var all []*ftp.Connection
	var before int64
	for _, b := range group {
		if b.conn != nil {
			all = append(all, b.conn)
		}
	}
	if len(all) == 0 || len(all) == len(group) || len(all)*(len(group)-len(all)+1) > mostPairings-len(c.known) {
		return false
	}
	for _, b := range group {
		before += c.ofSessionOrder(b)
	}
	slices.SortFunc(all, func(x, y *ftp.Connection) int {
		return cmp.Or(cmp.Compare(x.Began(), y.Began()), cmp.Compare(x.ID, y.ID))
	})
	best, cost := c.someOf(group, all)
	if cost >= before {
		return false
	}
	for i, b := range group {
		*b = best[i]
	}
	return true
}

// someOf binds all of some connections to some of more declarations, both in their order, so that their lines cost least.
// Of several such bindings it returns the one with the last declarations.
func (c costs) someOf(group []*binding, all []*ftp.Connection) (bound []binding, cost int64) {
	least := make([][]int64, len(group)+1) // by how many declarations have how many connections
	pairs := make([][]binding, len(group)+1)
	for i := range least {
		least[i], pairs[i] = make([]int64, len(all)+1), make([]binding, len(all)+1)
		for k := range least[i] {
			if least[i][k] = math.MaxInt64; i == 0 {
				continue
			}
			d := group[i-1].declaration
			try := func(before int64, b binding) {
				if before == math.MaxInt64 {
					return
				}
				if cost := before + c.ofSessionOrder(&b); cost < least[i][k] {
					least[i][k], pairs[i][k] = cost, b
				}
			}
			if k > 0 && len(all)-k <= len(group)-i {
				try(least[i-1][k-1], binding{declaration: d, conn: all[k-1], a: c.judge.hosts.sideA(d, all[k-1])})
			}
			try(least[i-1][k], binding{declaration: d})
		}
		least[0][0] = 0
	}
	bound = make([]binding, len(group))
	k := len(all)
	for i := len(group); i > 0; i-- {
		if bound[i-1] = pairs[i][k]; bound[i-1].conn != nil {
			k--
		}
	}
	return bound, least[len(group)][len(all)]
}

// ofSessionOrder is ofOrder, and more for a data connection that the control connections show to be of another session
// than the one that its lines come after.
func (c costs) ofSessionOrder(b *binding) int64 {
	if b.conn == nil {
		return c.of(b)
	}
	cost := c.ofOrder(b)
	for _, l := range b.lines {
		if l.after == nil || l.after.conn == b.declaration {
			continue
		}
		for _, other := range c.judge.bindings {
			switch {
			case other.conn == nil || other.conn.Role != ftp.Control:
			case other.declaration == l.after.conn && isOfOther(b.conn, other.conn),
				other.declaration != l.after.conn && b.conn.Role == ftp.Data && b.conn.Control == other.conn.ID:
				return cost + costOfOther
			}
		}
	}
	return cost
}
