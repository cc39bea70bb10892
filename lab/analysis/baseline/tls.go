// Rules of FTP in TLS: what RFC 4217 asks of a dialogue that can be read.

package baseline

var tlsRules = []Rule{
	{
		Name: "pbsz-before-prot", Theme: "TLS",
		Says:     "PBSZ comes before PROT.",
		Source:   "RFC 4217, 9; RFC 2228, 3",
		Severity: Odd,
		Matters:  "A server must refuse PROT before PBSZ (503); one that takes it, or a client that leaves PBSZ out, was not written after the RFC.",
		Innocent: "the server is one that does without, as some do.",
		look:     eachSession(bufferSizeFirst),
	},
}

func bufferSizeFirst(_ *Evidence, s *session) []breach {
	if !s.whole {
		return nil
	}
	for _, x := range s.Exchanges {
		switch {
		case x.Command == "PBSZ" && x.Final()/100 == 2:
			return nil
		case x.Command == "PROT" && x.Final()/100 == 2:
			return []breach{{
				packets:  []int{x.Packet},
				observed: "the client said " + show(x.Text) + ", the server agreed, and there was no PBSZ",
				filter:   s.filter(frames(x.Packet)),
			}}
		}
	}
	return nil
}
