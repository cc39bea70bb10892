package tls

import (
	"crypto/tls"
	"fmt"
	"strings"
	"testing"
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
