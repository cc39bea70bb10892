package report

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"ftplab/lab/scenario"
)

// TestHostTextIsWhole sets each field of a host's plan in turn: what differs
// must be said. Who the host is and the ports that it takes are said elsewhere.
func TestHostTextIsWhole(t *testing.T) {
	elsewhere := map[string]bool{"Name": true, "Addr": true, "Line": true, "Ports": true}
	said := map[string]string{}
	for field := range reflect.TypeFor[scenario.Host]().Fields() {
		if elsewhere[field.Name] {
			continue
		}
		var h scenario.Host
		v := reflect.ValueOf(&h).Elem().FieldByIndex(field.Index)
		switch v.Kind() {
		case reflect.Bool:
			v.SetBool(true)
		case reflect.String:
			v.SetString("bbr")
		default:
			v.SetInt(int64(7 * time.Millisecond))
		}
		got := strings.Join(hostText(h), ", ")
		if got == "" || said[got] != "" {
			t.Errorf("%s: got %q, and for %s too", field.Name, got, said[got])
		}
		said[got] = field.Name
	}
}

// TestNetworkText asks for all that a scenario says of its network and hosts.
func TestNetworkText(t *testing.T) {
	s, err := scenario.Parse("late.txtar", []byte(`# Late segments
# Some are overtaken.
network wire rate=10Mbit capture=server
host server 192.0.2.21 congestion=bbr cwnd=4 cork=apart
late server.20 > client [F.] by=2ms overtaken
late client > server.21 length=0 count=3 by=1s
open
`))
	if err != nil {
		t.Fatal(err)
	}
	const want = "wire: a routed path, 10 Mbit/s, 1 segment [F.] from server port 20 to client 2 ms behind a later one, " +
		"3 segments of 0 bytes from client to server port 21 1 s late, recorded at the server's end"
	if got := networkText(s); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	h, _ := s.Host("server")
	const wantHost = "congestion control bbr, at most 4 segments under way, full segments only, until the end of a transfer, its FIN in a packet of its own"
	if got := strings.Join(hostText(h), ", "); got != wantHost {
		t.Errorf("got  %s\nwant %s", got, wantHost)
	}
}
