package rules

import (
	"bytes"
	"testing"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/internal/forge"
)

// A command that overtook the announcement it uses comes after it all the same.
func TestOvertakenAnnouncement(t *testing.T) {
	f := forge.New()
	c := f.Control().Say("< 220 ready\n> USER ada\n< 331 password\n> PASS x\n< 230 ok")
	port, list := "PORT 198,51,100,100,12,100\r\n", "NLST\r\n"
	c.SegmentAt(len(port), "P.", list)
	c.Segment("P.", port)
	c.Seq += uint32(len(list))
	c.Say("< 200 ok\n< 150 here\n< 226 done\n> NOOP\n< 200 ok")
	read, err := capture.Read(bytes.NewReader(f.PCAP()), capture.Options{NoHash: true})
	if err != nil {
		t.Fatal(err)
	}
	s := &session{Session: evidence.NewSession(read.Session(0), nil, nil)}
	if x := s.next(s.DataPorts[0]); x == nil || x.Command != "NLST" {
		t.Errorf("got %+v after the PORT, want the NLST", x)
	}
}
