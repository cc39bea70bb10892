// Proxies in front of a dialogue: the header that they add, or the request that a client
// sends to them first.

package ftp

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"strconv"
	"strings"

	"ftplab/lab/analysis/tcp"
)

// A Proxy describes what comes before a dialogue: HAProxy's PROXY header with the address of
// the client, or the exchange in which a client asks a proxy for a connection. It is not part
// of the dialogue.
type Proxy struct {
	// Kind is "PROXY v1", "PROXY v2", "SOCKS4", "SOCKS5" or "HTTP CONNECT".
	Kind string
	// Client is the address of the client in a PROXY header. It is invalid for another
	// kind, or if the header has none.
	Client netip.AddrPort
	// Server is the server that the client wants to reach, "192.0.2.21:21" or
	// "ftp.example.test:21"; "" if it is not known.
	Server string

	front [2]int64 // how many bytes of it the client and the server sent
}

// maxFront is how many bytes of a stream are searched for a proxy.
const maxFront = 16 << 10

// behindProxy returns the streams of a client and a server without the proxy's part; proxy is
// nil if there is none. The capture may lack some of it.
func behindProxy(client, server tcp.Stream) (_, _ tcp.Stream, proxy *Proxy) {
	proxy = wholeProxy(client, server)
	if proxy == nil {
		proxy = partsOfProxy(client, server)
	}
	if proxy == nil {
		return client, server, nil
	}
	return client.Without(int(proxy.front[0])), server.Without(int(proxy.front[1])), proxy
}

// wholeProxy is the proxy in front of a dialogue, nil for none, or if the capture lacks some of the exchange with it.
func wholeProxy(client, server tcp.Stream) *Proxy {
	said := firstBytes(client)
	if len(said) == 0 {
		return nil
	}
	var read func(client, server []byte) (p *Proxy, fromClient, fromServer int)
	switch said[0] {
	case 'P':
		read = proxyLine
	case '\r':
		read = proxyHeader
	case 4:
		read = socks4
	case 5:
		read = socks5
	case 'C':
		read = httpConnect
	default:
		return nil
	}
	if requests(said[0]) && lacksStart(server, client) {
		return nil // of the answer
	}
	proxy, fromClient, fromServer := read(said, firstBytes(server))
	if proxy != nil {
		proxy.front = [2]int64{int64(fromClient), int64(fromServer)}
	}
	return proxy
}

// requests reports whether a stream may begin with the request of a connection, by its first byte.
func requests(first byte) bool { return first == 4 || first == 5 || first == 'C' }

// findRequest looks for the request of a connection in what was recorded, and for the beginning of TLS
// behind it.
func (c *Candidate) findRequest() {
	streams := c.Streams(c.recorded)
	for dir := range streams {
		proxy := wholeProxy(streams[dir], streams[1-dir])
		if proxy == nil {
			continue
		}
		c.requested, c.asker = proxy, dir
		for i, stream := range []tcp.Stream{streams[dir].Without(int(proxy.front[0])), streams[1-dir].Without(int(proxy.front[1]))} {
			if chunk, ok := stream.Next(); ok {
				c.beginsTLS(dir^i, chunk.Data)
			}
		}
		c.skip(proxy, dir)
		return
	}
}

// awaitsProxy reports whether a side seems to have asked a proxy for a connection, and the capture does
// not have the answer yet: it may have been lost, and what follows it comes first.
func (c *Candidate) awaitsProxy() bool {
	if !c.requests {
		return false
	}
	streams := c.Streams(c.recorded)
	for dir := range streams {
		if wholeProxy(streams[dir], streams[1-dir]) == nil && isRequest(firstBytes(streams[dir])) {
			return true
		}
	}
	return false
}

// isRequest reports whether a stream begins with what a client says to a proxy of SOCKS 4 or 5, or of HTTP.
func isRequest(said []byte) bool {
	if len(said) < 2 {
		return false
	}
	switch said[0] {
	case 4:
		return said[1] == 1
	case 5:
		return said[1] > 0 && len(said) >= 2+int(said[1])
	}
	return bytes.HasPrefix(said, []byte("CONNECT "))
}

// skip leaves the exchange with a proxy out of the content.
func (c *Candidate) skip(p *Proxy, asker int) {
	c.digests[asker].Skip, c.digests[1-asker].Skip = p.front[0], p.front[1]
}

// Requested is the proxy that a side asked for a connection, nil for none, and the direction of that
// side, when all packets have been read.
func (c *Candidate) Requested() (p *Proxy, asker int) {
	if c.requests && c.state != opaque && c.requested == nil {
		c.findRequest()
	}
	return c.requested, c.asker
}

// Listeners are the addresses to which a connection goes that was requested from a proxy: the one in the
// request, and the port there at the proxy, which stands for the server if only its name is known, or if
// the server gave a port alone.
func (p *Proxy) Listeners(proxy netip.Addr) (all []netip.AddrPort) {
	if a, err := netip.ParseAddrPort(p.Server); err == nil {
		all = append(all, unmapped(a))
	}
	_, port, _ := net.SplitHostPort(p.Server)
	if n, err := strconv.ParseUint(port, 10, 16); err == nil {
		all = append(all, netip.AddrPortFrom(proxy.Unmap(), uint16(n)))
	}
	return all
}

// firstBytes returns the first bytes of a stream, up to a gap.
func firstBytes(stream tcp.Stream) []byte {
	var all []byte
	for c := range stream.All() {
		if c.AfterGap {
			break
		}
		if all == nil {
			all = c.Data[:len(c.Data):len(c.Data)] // not copied, as a rule
		} else {
			all = append(all, c.Data...)
		}
		if len(all) >= maxFront || len(all) > 0 && !strings.ContainsRune("P\r\x04\x05CH\x00", rune(all[0])) {
			break
		}
	}
	return all[:min(len(all), maxFront)]
}

// proxyLine reads a PROXY header of version 1 (proxy-protocol.txt of HAProxy, section 2.1).
func proxyLine(client, _ []byte) (*Proxy, int, int) {
	const longest = 107
	line, _, found := bytes.Cut(client[:min(longest, len(client))], []byte("\r\n"))
	words := strings.Fields(string(line))
	if !found || len(words) < 2 || words[0] != "PROXY" {
		return nil, 0, 0
	}
	p := &Proxy{Kind: "PROXY v1"}
	if len(words) == 6 {
		p.Client = addrPort(words[2], words[4])
		if a := addrPort(words[3], words[5]); a.IsValid() {
			p.Server = a.String()
		}
	}
	return p, len(line) + 2, 0
}

func addrPort(ip, port string) netip.AddrPort {
	a, err := netip.ParseAddr(ip)
	n, bad := strconv.ParseUint(port, 10, 16)
	if err != nil || bad != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(a, uint16(n))
}

// signature begins a PROXY header of version 2.
const signature = "\r\n\r\n\x00\r\nQUIT\n"

// proxyHeader reads a PROXY header of version 2 (section 2.2).
func proxyHeader(client, _ []byte) (*Proxy, int, int) {
	const header, version2, tcp4, tcp6 = 16, 2, 0x11, 0x21
	if len(client) < header || string(client[:12]) != signature || client[12]>>4 != version2 {
		return nil, 0, 0
	}
	p, size := &Proxy{Kind: "PROXY v2"}, header+int(binary.BigEndian.Uint16(client[14:]))
	if size > len(client) {
		return nil, 0, 0
	}
	ip := map[byte]int{tcp4: 4, tcp6: 16}[client[13]]
	if body := client[header:size]; ip > 0 && len(body) >= 2*ip+4 {
		ends := body[2*ip:]
		p.Client = addrPortOf(body[:ip], ends)
		p.Server = addrPortOf(body[ip:2*ip], ends[2:]).String()
	}
	return p, size, 0
}

func addrPortOf(ip, port []byte) netip.AddrPort {
	a, _ := netip.AddrFromSlice(ip)
	return netip.AddrPortFrom(a, binary.BigEndian.Uint16(port))
}

// socks4 reads a connection request of SOCKS 4 or 4A and its acceptance.
func socks4(client, server []byte) (*Proxy, int, int) {
	const connect, version, granted, answer = 1, 0, 0x5a, 8
	if len(client) < 9 || client[1] != connect || len(server) < answer || server[0] != version || server[1] != granted {
		return nil, 0, 0
	}
	p := &Proxy{Kind: "SOCKS4", Server: addrPortOf(client[4:8], client[2:4]).String()}
	user := bytes.IndexByte(client[8:], 0)
	size := 8 + user + 1
	if user < 0 {
		return nil, 0, 0
	}
	if client[4] == 0 && client[5] == 0 && client[6] == 0 && client[7] != 0 { // 4A: a name follows
		n := bytes.IndexByte(client[size:], 0)
		if n < 0 {
			return nil, 0, 0
		}
		p.Server = hostPort(string(client[size:size+n]), client[2:4])
		size += n + 1
	}
	return p, size, answer
}

func hostPort(host string, port []byte) string {
	return host + ":" + strconv.Itoa(int(binary.BigEndian.Uint16(port)))
}

// socks5 reads the exchange between a client and a SOCKS 5 proxy (RFC 1928), with a password
// (RFC 1929) or without, up to the acceptance of the connection.
func socks5(client, server []byte) (*Proxy, int, int) {
	const version, connect, granted, password = 5, 1, 0, 2
	if len(client) < 2 || len(server) < 2 || server[0] != version {
		return nil, 0, 0
	}
	at, answered := 2+int(client[1]), 2
	if server[1] == password {
		if len(client) < at+2 || len(client) < at+3+int(client[at+1]) {
			return nil, 0, 0
		}
		at += 2 + int(client[at+1])
		at += 1 + int(client[at])
		answered += 2
	}
	if len(client) < at+4 || len(server) < answered+4 || client[at] != version || client[at+1] != connect || server[answered+1] != granted {
		return nil, 0, 0
	}
	to, size := socksAddress(client[at+3:])
	_, bound := socksAddress(server[answered+3:])
	if size == 0 || bound == 0 {
		return nil, 0, 0
	}
	return &Proxy{Kind: "SOCKS5", Server: to}, at + 3 + size, answered + 3 + bound
}

// socksAddress reads an address of SOCKS 5, which begins with its type. The size is 0 if it
// is invalid.
func socksAddress(b []byte) (text string, size int) {
	const ipv4, name, ipv6 = 1, 3, 4
	if len(b) < 2 {
		return "", 0
	}
	from, n := 1, 0
	switch b[0] {
	case ipv4:
		n = 4
	case ipv6:
		n = 16
	case name:
		from, n = 2, int(b[1])
	}
	size = from + n + 2
	if n == 0 || len(b) < size {
		return "", 0
	}
	if b[0] == name {
		return hostPort(string(b[from:from+n]), b[from+n:]), size
	}
	return addrPortOf(b[from:from+n], b[from+n:]).String(), size
}

// tunnel is the kind of a request for a tunnel, and endOfHead ends the head of a message of HTTP.
const tunnel, endOfHead = "HTTP CONNECT", "\r\n\r\n"

// httpConnect reads a request for a tunnel and its acceptance (RFC 9110 section 9.3.6). A
// proxy may refuse it at first, and the client asks again with a password (section 11.7).
func httpConnect(client, server []byte) (*Proxy, int, int) {
	const end, protocol = endOfHead, "HTTP/"
	fromClient, fromServer := 0, 0
	for {
		request, _, asked := bytes.Cut(client[fromClient:], []byte(end))
		answer, _, answered := bytes.Cut(server[fromServer:], []byte(end))
		words, reply := strings.Fields(string(request)), strings.Fields(string(answer))
		if !asked || !answered || len(words) < 3 || words[0] != "CONNECT" || !strings.HasPrefix(words[2], protocol) ||
			len(reply) < 2 || !bytes.HasPrefix(answer, []byte(protocol)) {
			return nil, 0, 0
		}
		fromClient, fromServer = fromClient+len(request)+len(end), fromServer+len(answer)+len(end)
		if strings.HasPrefix(reply[1], "2") {
			return &Proxy{Kind: tunnel, Server: words[1]}, fromClient, fromServer
		}
		next := bytes.Index(server[fromServer:], []byte(protocol+"1.")) // after the page that says why not
		if next < 0 {
			return nil, 0, 0
		}
		fromServer += next
	}
}
