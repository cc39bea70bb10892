package redact

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/internal/forge"
	"ftplab/lab/labtest/optional"
)

// around puts a header in front of each frame of a capture, or takes its own header off.
type around func(frame []byte) []byte

func header(head ...byte) around {
	return func(frame []byte) []byte { return slices.Concat(head, frame) }
}

func noEthernet(frame []byte) []byte { return frame[14:] }

// ethernet is a header of an EtherType.
func ethernet(kind ...byte) around {
	return header(append([]byte{2, 0, 0, 0, 0, 8, 2, 0, 0, 0, 0, 9}, kind...)...)
}

// overIP is a packet of IP between two routers, and overUDP a datagram between them.
func overIP(protocol byte) around {
	return func(payload []byte) []byte {
		f := forge.New()
		f.IP(netip.MustParseAddr("203.0.113.77"), netip.MustParseAddr("203.0.113.78"), protocol, payload)
		return f.Frames[0].Data
	}
}

func overUDP(port uint16) around {
	return func(payload []byte) []byte {
		u := binary.BigEndian.AppendUint16([]byte{0xc0, 1}, port)
		u = binary.BigEndian.AppendUint16(u, uint16(8+len(payload)))
		return overIP(17)(slices.Concat(u, []byte{0, 0}, payload))
	}
}

// sized is a header that contains the length of what follows it, plus some bytes.
func sized(head []byte, at, plus int) around {
	return func(frame []byte) []byte {
		h := slices.Clone(head)
		binary.BigEndian.PutUint16(h[at:], uint16(len(frame)+plus))
		return append(h, frame...)
	}
}

// tunnels are ways to carry a packet that stay, by what tshark calls them.
var tunnels = map[string][]around{
	"eth:ethertype:vlan:ethertype:ip":                                {noEthernet, ethernet(0x81, 0, 0, 9, 8, 0)},
	"eth:ethertype:ieee8021ad:ethertype:vlan:ethertype:ip":           {noEthernet, ethernet(0x88, 0xa8, 0, 5, 0x81, 0, 0, 6, 8, 0)},
	"eth:ethertype:mpls:ip":                                          {noEthernet, ethernet(0x88, 0x47, 0, 1, 0, 64, 0, 0, 0x11, 64)},
	"eth:ethertype:pppoes:ppp:ip":                                    {noEthernet, header(0, 0x21), sized([]byte{0x11, 0, 0, 1, 0, 0}, 4, 0), ethernet(0x88, 0x64)},
	"eth:ethertype:ip:gre:ip":                                        {noEthernet, header(0, 0, 8, 0), overIP(47)},
	"eth:ethertype:ip:gre:erspan:eth:ethertype:ip":                   {header(0x10, 0, 0x88, 0xbe, 0, 0, 0, 5, 0x10, 0x64, 0, 1, 0, 0, 0, 0), overIP(47)},
	"eth:ethertype:ip:udp:vxlan:eth:ethertype:ip":                    {header(8, 0, 0, 0, 0, 0, 42, 0), overUDP(4789)},
	"eth:ethertype:ip:udp:vxlan:eth:ethertype:vlan:ethertype:ip":     {noEthernet, ethernet(0x81, 0, 0, 9, 8, 0), header(8, 0, 0, 0, 0, 0, 42, 0), overUDP(4789)},
	"eth:ethertype:ip:udp:geneve:eth:ethertype:ip":                   {header(2, 0, 0x65, 0x58, 0, 0, 42, 0, 1, 2, 3, 1, 9, 9, 9, 9), overUDP(6081)},
	"eth:ethertype:ip:udp:gtp:ip":                                    {noEthernet, sized([]byte{0x30, 0xff, 0, 0, 0, 0, 0, 7}, 2, 0), overUDP(2152)},
	"eth:ethertype:ip:udp:l2tp:ppp:ip":                               {noEthernet, header(0xff, 3, 0, 0x21), sized([]byte{0x40, 2, 0, 0, 0, 1, 0, 2}, 2, 8), overUDP(1701)},
	"eth:ethertype:ip:udp:tzsp:eth:ethertype:ip":                     {header(1, 0, 0, 1, 0x29, 2, 'n', 'o', 1), overUDP(37008)},
	"eth:ethertype:ieee8021ah:ethertype:ip":                          {header(0, 0, 0, 1), ethernet(0x88, 0xe7)},
	"eth:ethertype:vntag:ethertype:ip":                               {noEthernet, ethernet(0x89, 0x26, 0x80, 1, 0, 2, 8, 0)},
	"eth:ethertype:cmd:ethertype:ip":                                 {noEthernet, ethernet(0x89, 9, 1, 1, 0, 1, 0, 7, 8, 0)},
	"eth:ethertype:trill:eth:ethertype:ip":                           {header(0, 1, 0, 2, 0, 3), ethernet(0x22, 0xf3)},
	"eth:ethertype:ip:etherip:eth:ethertype:ip":                      {header(0x30, 0), overIP(97)},
	"eth:ethertype:ip:udp:capwap.data":                               {header(0, 0x10, 0x02, 0, 0, 0, 0, 0), overUDP(5247)},
	"eth:ethertype:ip:ip":                                            {noEthernet, overIP(4)},
	"eth:ethertype:ip:udp:vxlan:eth:ethertype:ip:udp:vxlan:eth:more": {header(8, 0, 0, 0, 0, 0, 1, 0), overUDP(4789), header(8, 0, 0, 0, 0, 0, 2, 0), overUDP(4789)},
}

// TestTunnels asks that tags and tunnels stay, with lengths and checksums of the new packets
// and without the addresses of the routers.
func TestTunnels(t *testing.T) {
	f := forge.New()
	s := f.Login()
	s.Active(3172, "LIST", "a listing\r\n")
	s.Quit()
	shark := optional.StartSharkd(t)
	for _, check := range []string{"ip", "tcp", "udp"} {
		shark.Set(check+".check_checksum", "TRUE")
	}
	for name, wraps := range tunnels {
		var frames []forge.Frame
		for _, x := range f.Frames {
			for _, wrap := range wraps {
				x.Data = wrap(x.Data)
			}
			frames = append(frames, forge.Frame{At: x.At, Data: x.Data})
		}
		file := forge.PCAP(1, frames)
		out := redacted(t, file, "key")
		if want, got := shape(open(t, file)), shape(open(t, out)); strings.Join(got, "\n") != strings.Join(want, "\n") {
			t.Errorf("%s: got %s\nwant %s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
		for _, secret := range []string{"\xcb\x00\x71\x4d", "\xcb\x00\x71\x4e", "\xc0\x00\x02\x15", "\x09\x09\x09\x09", "\x02\x00\x00\x00\x00\x08"} {
			if bytes.Contains(out, []byte(secret)) {
				t.Errorf("%s: % x is in the redacted capture", name, secret)
			}
		}
		path := filepath.Join(t.TempDir(), "redacted.pcapng")
		if err := os.WriteFile(path, out, 0o600); err != nil {
			t.Fatal(err)
		}
		shark.Load(path)
		prefix := strings.TrimSuffix(name, "more")
		for _, frame := range shark.Frames("frame", "frame.protocols") {
			if !strings.HasPrefix(frame.String(), prefix) {
				t.Errorf("%s: frame %d is %s", name, frame.Number, frame)
				break
			}
		}
		if bad := shark.Frames("_ws.malformed || ip.checksum.status == 0 || tcp.checksum.status == 0 || udp.checksum.status == 0"); len(bad) > 0 {
			t.Errorf("%s: Wireshark complains of %d frames", name, len(bad))
		}
	}
}

// TestBare counts the packets that lose the header of a link that becomes Ethernet.
func TestBare(t *testing.T) {
	for _, test := range []struct {
		name string
		link uint32
		head around
		want int
	}{
		{"Ethernet", 1, header(), 0},
		{"IP alone", 101, noEthernet, 0},
		{"Linux cooked", 113, func(frame []byte) []byte { return slices.Concat(make([]byte, 14), []byte{8, 0}, frame[14:]) }, 1},
	} {
		f := forge.New()
		f.Control().Say(forge.Login)
		want := test.want * len(f.Frames)
		for i := range f.Frames {
			f.Frames[i].Data = test.head(f.Frames[i].Data)
		}
		got, err := Write(&bytes.Buffer{}, open(t, forge.PCAP(test.link, f.Frames)), NewKey("key"), "test")
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s: %d of %d packets lost headers, want %d", test.name, got, len(f.Frames), want)
		}
	}
}
