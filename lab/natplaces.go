package lab

import (
	"fmt"
	"strings"

	"ftplab/lab/analysis/expect"
)

// explainNATs adds to connections that are not declared that they are those of a host behind a NAT,
// seen from the other side of it only. A connection that was seen from both sides is one.
func (j *judge) explainNATs(v *expect.Verdict) {
	n := j.scenario.Network
	if len(n.AlsoAt) == 0 {
		return
	}
	for i := range v.Mismatches {
		m := &v.Mismatches[i]
		for _, h := range n.Hosts {
			nat := n.NATOf(h.Name)
			if nat == nil || m.Kind != expect.Undeclared {
				continue
			}
			other := nat.Addr
			if j.hosts[h.Name] == nat.Addr {
				other = h.Addr
			}
			if strings.Contains(" "+m.Got, " "+other.String()+".") {
				m.Hint = fmt.Sprintf("%s is %s on the other side of its NAT (line %d), and this connection is not in the capture of both sides; declare it with %s, or record at one place", other, h.Name, nat.Line, other)
			}
		}
	}
}
