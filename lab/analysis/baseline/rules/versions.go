// Programs of which one client gets other bytes than the others.

package rules

import (
	"fmt"
	"net/netip"
	"strings"

	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
)

// A version is a program at a server, as somebody fetched it.
type version struct {
	print
	changed string // when it was changed last, as MDTM says it
	packet  int
	client  netip.Addr
}

// A servedFile is a file at a server.
type servedFile struct {
	server netip.Addr
	path   string
}

// versions are the last ones that were fetched.
type versions map[servedFile]version

// note takes a command about a file of a session, which may say when it was changed, or change it.
func (all versions) note(x *ftp.Exchange, file servedFile, changed map[string]string) {
	switch {
	case x.Command == "MDTM" && x.Final() == 213:
		changed[file.path] = strings.Clone(strings.TrimSpace(x.Replies[len(x.Replies)-1].Text))
	case x.Sender() == ftp.Client, x.Command == "RNTO", x.Command == "DELE":
		delete(all, file)
		delete(changed, file.path)
	}
}

// fetched compares a whole file that a session fetched in binary with what others got. A file of the same size, changed at
// the same time, has the same bytes, unless the server or somebody on the way has others for a victim.
func (all versions) fetched(e *Evidence, s *session, x *ftp.Exchange, file servedFile, changed string) (b breach, differs bool) {
	data := s.DataOf(x.Data)
	if changed == "" || len(data) != 1 {
		return b, false
	}
	f, ok := e.print(data[0], x)
	if !ok {
		return b, false
	}
	before := all[file]
	file.path = strings.Clone(file.path)
	if bounded.Takes(s.ledger, maxVersions, all, file) {
		all[file] = version{f, changed, x.Packet, s.Client()}
	}
	if before.changed != changed || before.bytes != f.bytes || before.sum == f.sum {
		return b, false
	}
	b = breach{severity: Violation, packets: []int{before.packet, x.Packet},
		expected: "A file of the same size, changed at the same time, has the same bytes.",
		observed: fmt.Sprintf("%s got other bytes of %s than %s did, although its size and the time of its last change are the same", s.Client(), wording.Quote(file.path), before.client)}
	return b, true
}
