package tls

import (
	"crypto/tls"
	"fmt"
	"strings"
	"testing"
	"time"

	"ftplab/lab/analysis/tcp"
)

// combinations yields each version with each cipher suite that Go has for it.
func combinations(yield func(version, suite uint16) bool) {
	for _, s := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		if strings.Contains(s.Name, "RC4") {
			continue
		}
		for _, v := range s.SupportedVersions {
			if !yield(v, s.ID) {
				return
			}
		}
	}
}

// TestEverySuite decrypts sessions of every version and suite, whole and in small
// pieces.
func TestEverySuite(t *testing.T) {
	for version, id := range combinations {
		name := fmt.Sprintf("%s %s", Version(version), tls.CipherSuiteName(id))
		client, server := configs(version, id)
		server.CurvePreferences = []tls.CurveID{tls.X25519, tls.CurveP256} // no large hellos
		var c capture
		clientErr, serverErr := talk(t, &c, client, server)
		if clientErr != nil || serverErr != nil {
			t.Fatalf("%s: %v, %v", name, clientErr, serverErr)
		}
		for _, size := range []int{wholePackets, 1000, 7} {
			h := read(c.packets, c.keys(t), size)
			got := h.ServerHello
			if Version(version) != got.Version || version != tls.VersionTLS13 && got.CipherSuite != CipherSuite(id) {
				t.Errorf("%s: got %s %s", name, got.Version, got.CipherSuite)
			}
			if got.CipherSuite.String() != tls.CipherSuiteName(uint16(got.CipherSuite)) {
				t.Errorf("%s: got the name %s", name, got.CipherSuite)
			}
			if h.data != [2]string{"RETR file\r\n", answer} || h.clear != [2]string{} {
				t.Errorf("%s: got data %.80q, clear %.80q", name, h.data, h.clear)
			}
			if h.Handshake() != Complete || h.Keys() != KeysFit || len(h.Problems) > 0 || h.ALPN != "ftp" {
				t.Errorf("%s: got %s", name, h.describe())
			}
			if h.Flows[fromClient].CloseNotify == 0 || h.Flows[fromServer].CloseNotify == 0 {
				t.Errorf("%s: got no close_notify: %v", name, h.Alerts)
			}
			if list := h.Certificates[fromServer]; len(list) != 1 || list[0].Subject != "CN=ftp.example.test,O=Lab" {
				t.Errorf("%s: got certificates %v", name, list)
			}
		}
	}
}

// BenchmarkMarks fails if the time for bytes that wait for a hello of the other direction grows with the
// square of their number. It reports how many times as long it takes as for bytes that do not wait.
func BenchmarkMarks(b *testing.B) {
	const n, most = maxWaiting / 2, 15
	took := func(first string) float64 {
		data := []byte(first + strings.Repeat("\x17\x03\x03\xff\xff", n/5))
		s := NewSession(nil)
		begin := time.Now()
		for i := range data {
			s.Add(fromServer, tcp.Chunk{Seq: int64(i), Data: data[i : i+1], Packet: i + 1})
		}
		s.Close()
		return time.Since(begin).Seconds()
	}
	var times float64
	for b.Loop() {
		times = took("\x16\x03\x03\x00\x04\x02\x00\x00\x00") / took("\x17\x03\x03\x00\x04data")
	}
	if b.ReportMetric(times, "x-others"); times > most {
		b.Errorf("bytes that wait take %.0f times as long as others, want %d at most", times, most)
	}
}
