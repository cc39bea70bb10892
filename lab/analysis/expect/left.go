// Connections that are left over: the capture has more than the want declares.

package expect

import (
	"cmp"
	"math"
	"slices"

	"ftplab/lab/analysis/ftp"
)

// choose gives declarations other connections with their ends, of those that are left over, if their lines match better
// then. Declarations with the same ends keep the order in which their connections began. What some leave is for others.
func (c costs) choose() {
	var order []ends
	groups := map[ends][]*binding{}
	for _, b := range c.judge.bindings {
		if len(c.judge.left) == 0 || b.proto != "tcp" || b.conn == nil || b.near {
			continue
		}
		e := ends{b.declaration.a, b.declaration.b}
		if groups[e] == nil {
			order = append(order, e)
		}
		groups[e] = append(groups[e], b)
	}
	for range order {
		chosen := false
		for _, e := range order {
			chosen = c.chooseFor(groups[e]) || chosen
		}
		if !chosen {
			return
		}
	}
}

// chooseFor chooses for declarations with the same ends. It reports whether they have other connections then.
func (c costs) chooseFor(group []*binding) bool {
	var all []*ftp.Connection
	for _, x := range c.judge.left {
		if c.judge.hosts.sideA(group[0].declaration, x) != "" {
			all = append(all, x)
		}
	}
	if len(all) == 0 {
		return false
	}
	var before int64
	for _, b := range group {
		before += c.ofOrder(b)
		all = append(all, b.conn)
	}
	if before < costMismatch || len(group)*(len(all)-len(group)+1) > mostPairings-len(c.known) {
		return false
	}
	slices.SortFunc(all, func(x, y *ftp.Connection) int {
		return cmp.Or(cmp.Compare(x.Began(), y.Began()), cmp.Compare(x.ID, y.ID))
	})
	best, cost := c.inOrderOf(group, all)
	if cost >= before {
		return false
	}
	for i, b := range group {
		*b = best[i]
	}
	c.leave(all, group)
	return true
}

// ofOrder returns the cost of the lines of b: of aligning them, and of those that came before the one that they
// should come after.
func (c costs) ofOrder(b *binding) int64 {
	x := c.price(b)
	cost := x.cost
	for l, frame := range x.frames {
		if l.after == nil || l.after.conn == b.declaration {
			continue
		}
		i := slices.IndexFunc(c.judge.bindings, func(other *binding) bool { return other.declaration == l.after.conn })
		if other := c.judge.bindings[i]; other.conn != nil {
			if labelled, ok := c.price(other).frames[l.after]; ok && frame < labelled {
				cost += costMismatch
			}
		}
	}
	return cost
}

// leave makes those of some connections that are not bound to a group the ones that are left over.
func (c costs) leave(all []*ftp.Connection, group []*binding) {
	c.judge.left = slices.DeleteFunc(c.judge.left, func(x *ftp.Connection) bool { return slices.Contains(all, x) })
	for _, x := range all {
		if !slices.ContainsFunc(group, func(b *binding) bool { return b.conn == x }) {
			c.judge.left = append(c.judge.left, x)
		}
	}
}

// inOrderOf binds a group of declarations to some of more connections, both in their order, so that their lines cost
// least. Of several such bindings it returns the one with the earliest connections.
func (c costs) inOrderOf(group []*binding, all []*ftp.Connection) (bound []binding, cost int64) {
	least := make([][]int64, len(group)+1) // by how many declarations have some of how many connections
	pairs := make([][]binding, len(group)+1)
	for i := range least {
		least[i], pairs[i] = make([]int64, len(all)+1), make([]binding, len(all)+1)
		for k := range i {
			least[i][k] = math.MaxInt64
		}
		for k := i; i > 0 && k <= len(all)-len(group)+i; k++ { // so that the next ones have some, too
			d, x := group[i-1].declaration, all[k-1]
			b := binding{declaration: d, conn: x, a: c.judge.hosts.sideA(d, x)}
			least[i][k] = least[i][k-1]
			if cost := least[i-1][k-1] + c.ofOrder(&b); cost < least[i][k] {
				least[i][k], pairs[i][k] = cost, b
			}
		}
	}
	bound = make([]binding, len(group))
	k := len(all)
	for i := len(group); i > 0; i-- {
		for pairs[i][k].conn == nil {
			k--
		}
		bound[i-1] = pairs[i][k]
		k--
	}
	return bound, least[len(group)][len(all)]
}

// replace gives b, which matches no connection, another one that is left over, if that is nearer: its lines match
// better or, if both match as well, its ends.
func (c costs) replace(b *binding) bool {
	if b.conn != nil && !b.near {
		return false
	}
	for i, x := range c.judge.left {
		n := c.judge.hosts.near(b, x)
		if n == nil || n.mute() {
			continue
		}
		if d := cmp.Compare(c.of(n), c.of(b)); d > 0 || d == 0 && c.judge.hosts.faults(n) >= c.judge.hosts.faults(b) {
			continue
		}
		c.judge.left = slices.Delete(c.judge.left, i, i+1)
		if b.conn != nil {
			c.judge.left = append(c.judge.left, b.conn)
		}
		*b = *n
		return true
	}
	return false
}
