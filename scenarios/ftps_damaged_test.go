package scenarios

import (
	"fmt"
	"strings"
	"testing"

	"ftplab/lab/analysis/baseline"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/pcapng"
)

// payload is the data of a TCP segment over IPv4 and Ethernet.
func payload(p *pcapng.Packet) []byte {
	const ip = 14
	if len(p.Data) < ip+40 || p.Data[ip+9] != 6 {
		return nil
	}
	tcp := ip + int(p.Data[ip]&0xf)*4
	return p.Data[min(len(p.Data), tcp+int(p.Data[tcp+12]>>4)*4):]
}

// TestShortPackets keeps only the beginning of each packet. A data connection in TLS is still
// one, and what is left of its bytes has no digest.
func TestShortPackets(t *testing.T) {
	file, log := playedFile(t, "ftps_explicit")
	const headers = 66 // Ethernet, IPv4, and TCP with time stamps
	for keep := headers + 6; keep < 300; keep += 7 {
		short := rewritten(t, file, func(_ int, p *pcapng.Packet) bool {
			p.Data = p.Data[:min(len(p.Data), keep)]
			return true
		})
		for _, keys := range [][]byte{log, nil} {
			data := read(t, short, capture.Options{KeyLog: keys}).Connection(1)
			if data.Role != ftp.Data || data.TLS == nil {
				t.Errorf("%d bytes of each packet: got the role %s, and TLS: %v", keep, data.Role, data.TLS != nil)
			}
			if data.ServerFlow.CutShort > 0 && data.SHA256 != "" {
				t.Errorf("%d bytes of each packet: got the SHA-256 %s of a part of the bytes", keep, data.SHA256)
			}
			story := storyOf(t, short, capture.Options{KeyLog: keys})
			if want := "bytes of it\n"; data.ServerFlow.CutShort > 0 && !strings.Contains(story, want) {
				t.Errorf("%d bytes of each packet: %q is not in\n%s", keep, want, story)
			}
			if strings.Count(story, "certificate is encrypted") > 1 {
				t.Errorf("%d bytes of each packet: a resumed session has a certificate in\n%s", keep, story)
			}
		}
	}
}

// TestDamagedRecordTypes changes the type of each encrypted record that begins a segment. A
// damaged close_notify is not missing, and damaged data has no digest; nobody is blamed.
func TestDamagedRecordTypes(t *testing.T) {
	file, log := playedFile(t, "ftps_explicit")
	whole := read(t, file, capture.Options{})
	digest := whole.Connection(1).SHA256
	damaged := 0
	for n := 1; n <= whole.Size; n++ {
		for _, kind := range []byte{19, 20, 21, 22, 24} {
			found := false
			flipped := rewritten(t, file, func(i int, p *pcapng.Packet) bool {
				if b := payload(p); i == n && len(b) > 5 && b[0] == 23 && b[1] == 3 {
					b[0], found = kind, true
				}
				return true
			})
			if !found {
				break
			}
			damaged++
			what := fmt.Sprintf("packet %d with the type %d", n, kind)
			c := read(t, flipped, capture.Options{KeyLog: log})
			if got := c.Connection(1).SHA256; got != "" && got != digest {
				t.Errorf("%s: got the SHA-256 %s, which is that of no file", what, got)
			}
			if story := storyOf(t, flipped, capture.Options{KeyLog: log}); strings.Contains(story, "sends no close_notify") {
				t.Errorf("%s: a close_notify is denied in\n%s", what, story)
			}
			e, err := baseline.Gather(c)
			if err != nil {
				t.Fatal(err)
			}
			a, err := e.Check(nil)
			if err != nil {
				t.Fatal(err)
			}
			if a.Verdict != baseline.IsNormal && a.Verdict != baseline.CannotJudge {
				t.Errorf("%s: got %s: %+v", what, a.Verdict, a.Findings)
			}
		}
	}
	if damaged < 50 {
		t.Errorf("got %d damaged records, want more", damaged)
	}
}
