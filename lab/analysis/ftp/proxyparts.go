// The exchange with a proxy, of which the capture lacks something.

package ftp

import (
	"bytes"
	"encoding/binary"
	"strings"

	"ftplab/lab/analysis/tcp"
)

// partsOfProxy recognizes the messages of each side by themselves, at the beginning of its stream and after gaps. What
// is left of a message counts as the message. A request counts only if the capture has an answer, or lacks it. A reply
// must follow the answers.
func partsOfProxy(client, server tcp.Stream) *Proxy {
	asked := readFront(client, "\r\x01\x04\x05CP", clientMessage, cutClientMessage)
	if strings.HasPrefix(asked.kind, "PROXY") { // nobody answers such a header
		return &Proxy{Kind: asked.kind, front: [2]int64{int64(asked.size), 0}}
	}
	answered := readFront(server, "\x00\x01\x05H", serverMessage, cutServerMessage)
	answered.gap = answered.gap || answered.size == 0 && lacksStart(server, client)
	switch {
	case answered.size == 0 && (asked.size == 0 || !answered.gap):
		return nil
	case answered.kind == tunnel && asked.size == 0 && !asked.gap:
		return nil // a web server answers so, too
	case answered.size > 0 && len(answered.rest) > 0 && !beginsReply(answered.rest):
		return nil
	}
	p := &Proxy{Kind: asked.kind, Server: asked.server, front: [2]int64{int64(asked.size), int64(answered.size)}}
	if asked.size == 0 {
		p.Kind = answered.kind
	}
	return p
}

// beginsReply reports whether data begins with the code of a reply.
func beginsReply(data []byte) bool {
	line, _, _ := bytes.Cut(data, []byte("\n"))
	_, _, ok := replyCode(bytes.TrimRight(line, "\r"))
	return ok
}

// A front is what one side says in the exchange with a proxy.
type front struct {
	message
	gap  bool   // the capture lacks something between it and the dialogue
	rest []byte // how the dialogue begins
}

// lacksStart reports whether a stream begins after what the first packet of its peer acknowledges, so that the capture
// lacks what is in between.
func lacksStart(stream, peer tcp.Stream) bool {
	first, _ := stream.Next()
	heard, ok := peer.Next()
	return ok && heard.Ack > 0 && first.Seq > heard.Ack
}

// take takes the next message from the rest.
func (f *front) take(m message) {
	f.size, f.kind, f.rest, f.gap = f.size+m.size, m.kind, f.rest[m.size:], false
	if m.server != "" {
		f.server = m.server
	}
}

// A message is one of such an exchange. Its size is 0 if there is none.
type message struct {
	size         int
	kind, server string
}

// readFront reads the messages with which a stream begins. Each begins with one of the given bytes; whole reads it, or
// cut if a gap follows.
func readFront(stream tcp.Stream, first string, whole, cut func([]byte) message) (f front) {
	next, more := stream.Next()
	for more && len(f.rest) == 0 {
		f.gap = f.gap || next.AfterGap
		if f.size == 0 && len(next.Data) > 0 && strings.IndexByte(first, next.Data[0]) < 0 {
			f.rest = next.Data
			break
		}
		for more && (len(f.rest) == 0 || !next.AfterGap) && len(f.rest) < maxFront {
			f.rest = append(f.rest, next.Data[:min(len(next.Data), maxFront)]...)
			if next, more = stream.Next(); strings.IndexByte(first, f.rest[0]) < 0 && len(f.rest) > 3 {
				break
			}
		}
		for m := whole(f.rest); m.size > 0; m = whole(f.rest) {
			f.take(m)
		}
		if m := cut(f.rest); more && next.AfterGap && m.size > 0 {
			f.take(m)
		}
	}
	return f
}

// clientMessage reads what a client says to a proxy: a request of SOCKS 4 or 5 or of HTTP, or one of the messages in
// front of it.
func clientMessage(said []byte) (m message) {
	const connect = 1
	switch {
	case len(said) < 3:
	case said[0] == 5 && said[1] == connect && said[2] == 0 && len(said) > 3 && said[3] != 5:
		if to, size := socksAddress(said[3:]); size > 0 {
			m = message{3 + size, "SOCKS5", to}
		}
	case said[0] == 5: // the methods that it knows
		m = followed(said, 2+int(said[1]), "\x01\x05")
	case said[0] == 1: // its name and password
		if at := 2 + int(said[1]); at < len(said) {
			m = followed(said, at+1+int(said[at]), "\x05")
		}
	case said[0] == 4:
		if p, size, _ := socks4(said, []byte("\x00\x5a\x00\x00\x00\x00\x00\x00")); p != nil {
			m = message{size, p.Kind, p.Server}
		}
	case bytes.HasPrefix(said, []byte("CONNECT ")):
		if p, size, _ := httpConnect(said, []byte("HTTP/1.1 200 OK\r\n\r\n")); p != nil {
			m = message{size, p.Kind, p.Server}
		}
	}
	return m
}

// cutClientMessage reads what is left of a client's message, or of a PROXY header, in front of a gap.
func cutClientMessage(said []byte) message {
	const connect, username = 1, 8
	switch {
	case len(said) == 0:
	case endsEarly(said, "CONNECT ", endOfHead):
		m := message{size: len(said), kind: tunnel}
		if words := strings.Fields(string(said)); len(words) > 2 {
			m.server = words[1]
		}
		return m
	case endsEarly(said, "PROXY ", "\r\n"):
		return message{size: len(said), kind: "PROXY v1"}
	case endsEarly(said, signature, "") && (len(said) < 16 || len(said) < 16+int(binary.BigEndian.Uint16(said[14:]))):
		return message{size: len(said), kind: "PROXY v2"}
	case said[0] == 4 && len(said) < username && (len(said) == 1 || said[1] == connect):
		return message{size: len(said), kind: "SOCKS4"}
	case said[0] == 4 && said[1] == connect && !bytes.ContainsAny(said[username:], "\r\n"):
		return message{len(said), "SOCKS4", addrPortOf(said[4:8], said[2:4]).String()}
	case cutSOCKS5(said), said[0] == 5 && len(said) > 1 && len(said) < 2+int(said[1]), // the methods that it knows
		said[0] == 1 && (len(said) < 3 || len(said) < 3+int(said[1]) || len(said) < 3+int(said[1])+int(said[2+said[1]])): // its name and password
		return message{size: len(said), kind: "SOCKS5"}
	}
	return message{}
}

// cutServerMessage reads what is left of a proxy's message in front of a gap.
func cutServerMessage(said []byte) message {
	switch {
	case len(said) == 0:
	case endsEarly(said, "HTTP/1.", endOfHead):
		return message{size: len(said), kind: tunnel}
	case said[0] == 0 && len(said) < 8 && (len(said) == 1 || said[1] == 0x5a):
		return message{size: len(said), kind: "SOCKS4"}
	case cutSOCKS5(said), said[0] == 1 && len(said) == 1:
		return message{size: len(said), kind: "SOCKS5"}
	}
	return message{}
}

// endsEarly reports whether data begins as a message does, and lacks its end; "" is an end that cannot be seen.
func endsEarly(said []byte, begin, end string) bool {
	const sure = 4 // bytes that no command and no reply begins with
	n := min(len(said), len(begin))
	return n >= sure && string(said[:n]) == begin[:n] && (end == "" || !bytes.Contains(said, []byte(end)))
}

// cutSOCKS5 reports whether data is a part of a request of SOCKS 5, or of the answer.
func cutSOCKS5(said []byte) bool {
	const ipv4, name, ipv6 = 1, 3, 4
	switch {
	case said[0] != 5 || len(said) > 1 && said[1] > 2 || len(said) > 2 && said[2] != 0:
		return false
	case len(said) < 4, said[3] == name && len(said) < 5:
		return true
	}
	size := map[byte]int{ipv4: 10, ipv6: 22}[said[3]]
	if said[3] == name {
		size = 7 + int(said[4])
	}
	return len(said) < size
}

// serverMessage reads what a proxy says to a client.
func serverMessage(said []byte) message {
	switch {
	case len(said) < 2:
	case said[0] == 5 && said[1] == 0 && len(said) > 3 && said[2] == 0:
		if _, size := socksAddress(said[3:]); size > 0 {
			return message{3 + size, "SOCKS5", ""}
		}
	case said[0] == 5 && (said[1] == 0 || said[1] == 2), said[0] == 1 && said[1] == 0: // a method, and a login that succeeds
		return followed(said, 2, "\x01\x05")
	case said[0] == 0 && said[1] == 0x5a && len(said) >= 8:
		return message{8, "SOCKS4", ""}
	case bytes.HasPrefix(said, []byte("HTTP/1.")):
		head, page, whole := bytes.Cut(said, []byte(endOfHead))
		words := strings.Fields(string(head))
		switch {
		case !whole || len(words) < 2:
		case strings.HasPrefix(words[1], "2"):
			return message{len(head) + len(endOfHead), tunnel, ""}
		case words[1] == "407": // the client asks again
			if next := bytes.Index(page, []byte("HTTP/1.")); next >= 0 {
				page = page[:next]
			}
			return message{len(head) + len(endOfHead) + len(page), tunnel, ""}
		}
	}
	return message{}
}

// followed is a message of SOCKS 5 of a size, if all of it was said, and nothing follows or one of the given bytes.
func followed(said []byte, size int, by string) (m message) {
	if len(said) == size || len(said) > size && strings.IndexByte(by, said[size]) >= 0 {
		m = message{size: size, kind: "SOCKS5"}
	}
	return m
}
