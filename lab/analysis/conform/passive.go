// Rules about the reply to PASV.

package conform

import "ftplab/lab/analysis/ftp"

// announcesPort is the rule that the reply to PASV has six numbers.
func announcesPort(f *facts) Finding {
	e := f.find("PASV", "")
	p := f.announced(e)
	switch {
	case e == nil:
		return f.notAsked("PASV")
	case p == nil:
		return breaks(lastFrame(e), "PASV: %s", codesText(e))
	case p.Malformed:
		return breaks(p.ReplyPacket, "the reply in frame %d does not have six numbers", p.ReplyPacket)
	}
	return keeps(p.ReplyPacket, "%d in frame %d, port %d", p.ReplyCode, p.ReplyPacket, p.Addr.Port())
}

// ownAddress is the rule that the reply to PASV names the address to which the client has connected.
func ownAddress(f *facts) Finding {
	e := f.find("PASV", "")
	p := f.announced(e)
	switch own := f.session.Control.Server.Addr().Unmap(); {
	case e == nil:
		return f.notAsked("PASV")
	case p == nil || p.Malformed:
		return notApplicable(lastFrame(e), "PASV: %s, without six numbers", codesText(e))
	case p.Addr.Addr().Unmap() != own:
		return breaks(p.ReplyPacket, "%d in frame %d names %s, and the server is %s", p.ReplyCode, p.ReplyPacket, p.Addr.Addr().Unmap(), own)
	}
	return keeps(p.ReplyPacket, "%d in frame %d, address %s", p.ReplyCode, p.ReplyPacket, p.Addr.Addr().Unmap())
}

// announced returns the port that a PASV announces, or nil.
func (f *facts) announced(pasv *ftp.Exchange) *ftp.DataPort {
	for _, p := range f.session.DataPorts {
		if pasv != nil && p.SixNumbers() && p.Packet == pasv.Packet {
			return p
		}
	}
	return nil
}
