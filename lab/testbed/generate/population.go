package generate

import (
	"math"
	"math/rand/v2"
	"net/netip"

	"ftplab/lab/scenario"
	"ftplab/lab/traffic"
)

// A population is the clients and servers of a corpus.
//
// Clients come in groups. A group has as many sessions in a row as a host has room
// for in its ports, so no two connections of a corpus that are near in time have the same
// addresses and ports.
type population struct {
	corpus  *Corpus
	servers int
	sizes   *traffic.Histogram // sessions a client

	clients []int // of each session of a group, by its place
	group   int   // whose clients these are
}

const (
	firstPort = 32768 // of those that Linux chooses for a client
	lastPort  = 60999
	portsEach = 64 // that a session has at least
	slots     = (lastPort - firstPort + 1) / portsEach
	groups    = 64  // that have addresses of their own
	groupSize = 500 // addresses of a group at most
)

func newPopulation(c *Corpus) *population {
	t := c.Traffic
	p := &population{corpus: c, sizes: t.SessionsAClient, group: -1}
	each := 1.0 // clients of a server
	if t.Clients > 0 && t.Servers > 0 {
		each = float64(t.Clients) / float64(t.Servers)
	}
	perClient := 1.0
	if p.sizes.Count > 0 {
		perClient = p.sizes.Sum / float64(p.sizes.Count)
	}
	clients := float64(c.Sessions) / perClient
	p.servers = int(min(max(1, math.Round(clients/each)), mostServers))
	return p
}

// A client is one of the population: what it is, and where.
type client struct {
	number int // among all
	addr   netip.Addr
	kind   traffic.KindName // of all its sessions
	drawn  *traffic.Kind    // from which its sessions are drawn
}

// addr4 is the client's address of IPv4.
func (c client) addr4() netip.Addr { return clientAddr(c.number/groupSize, c.number%groupSize) }

// A server is one of the population. It has an address of each version of IP.
type server struct {
	number int // among all
	addr   netip.Addr
}

// client is the client of a session, and ports are those that it takes.
func (p *population) client(session int) (c client, ports []scenario.PortRange) {
	group, place := session/slots, session%slots
	if group != p.group {
		p.fill(group)
	}
	number := p.clients[place]
	first := firstPort + place*portsEach
	ports = []scenario.PortRange{
		{First: uint16(first), Last: lastPort},
		{First: firstPort, Last: uint16(max(firstPort, first-1))},
	}
	c = client{number: group*groupSize + number, addr: clientAddr(group, number)}
	if c.kind, c.drawn = p.kind(c); c.kind.IPv6 {
		c.addr = inIPv6(c.addr)
	}
	return c, ports
}

// fill finds the clients of a group: one after the other, each with as many sessions as
// the profile says, dealt out over the group's sessions at random. The last group can have fewer.
func (p *population) fill(group int) {
	all := min(slots, p.corpus.Sessions-group*slots)
	p.group, p.clients = group, p.clients[:0]
	random := p.corpus.random(forClient, uint64(group))
	for number := 0; len(p.clients) < all; number++ {
		n := int64(1)
		if p.sizes.Count > 0 {
			n = max(1, p.sizes.WholeAt(random.Float64()))
		}
		for range min(n, int64(all-len(p.clients))) {
			p.clients = append(p.clients, number)
		}
	}
	random.Shuffle(len(p.clients), func(i, j int) { p.clients[i], p.clients[j] = p.clients[j], p.clients[i] })
}

// clientAddr is in 10.0.0.0/8 (RFC 1918).
func clientAddr(group, number int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(group % groups), byte(number / 200), byte(20 + number%200)})
}

// server is the server of a client. Some have many more clients than others.
func (p *population) server(c client) server {
	random := p.corpus.random(forPath, uint64(c.number))
	number := int(math.Pow(random.Float64(), 2) * float64(p.servers))
	s := server{number, serverAddr(number)}
	if c.kind.IPv6 {
		s.addr = inIPv6(s.addr)
	}
	return s
}

const (
	mostServers = 3 * 230 // for which there are addresses
	firstServer = 20      // last byte of the lowest of them
)

// serverAddr is in the networks for documentation (RFC 5737).
func serverAddr(number int) netip.Addr {
	networks := [3][3]byte{{192, 0, 2}, {198, 51, 100}, {203, 0, 113}}
	n := networks[number%3]
	return netip.AddrFrom4([4]byte{n[0], n[1], n[2], byte(firstServer + number/3)})
}

// unusedAddr is an address in a network of servers that no host has.
func unusedAddr(random *rand.Rand) netip.Addr {
	b := serverAddr(random.IntN(mostServers)).As4()
	b[3] = byte(2 + random.IntN(firstServer-2)) // .1 is the router's
	return netip.AddrFrom4(b)
}

// inIPv6 is the address in the network for documentation (RFC 3849) that ends like an
// address of IPv4.
func inIPv6(a netip.Addr) netip.Addr {
	b := [16]byte{0x20, 0x01, 0x0d, 0xb8}
	four := a.As4()
	copy(b[4:], four[:2]) // the network
	copy(b[14:], four[2:])
	return netip.AddrFrom16(b)
}

// kind is the kind of session that a client has. A profile has only the number of the
// sessions in TLS that could not be read: they are drawn like others, in TLS.
func (p *population) kind(c client) (kind traffic.KindName, k *traffic.Kind) {
	known := p.corpus.Traffic
	counts := traffic.Counts{}
	for name, k := range known.Kinds {
		counts[name] = k.Sessions
	}
	random := p.corpus.random(forClient, 1<<32+uint64(c.number))
	name := counts.At(random.Float64())
	kind, _ = traffic.ParseKindName(name) // which the profile's reader has done
	if all := float64(known.Unread + known.Sessions()); known.Unread > 0 && random.Float64() < float64(known.Unread)/all {
		kind.TLS = true
	}
	return kind, known.Kinds[name]
}

// serverTCP counts the habits of servers over all kinds with that version of IP: the MSS and DF
// depend on it.
func (p *population) serverTCP(ipv6 bool) traffic.Counts {
	all := traffic.Counts{}
	for name, k := range p.corpus.Traffic.Kinds {
		if kind, _ := traffic.ParseKindName(name); kind.IPv6 == ipv6 {
			for word, n := range k.ServerTCP {
				all[word] += n
			}
		}
	}
	return all
}

// ofServers are counts of a server's properties, over all kinds: a server is the same for
// all of its clients.
func (p *population) ofServers(counts func(*traffic.Kind) traffic.Counts) traffic.Counts {
	all := traffic.Counts{}
	for _, k := range p.corpus.Traffic.Kinds {
		for word, n := range counts(k) {
			all[word] += n
		}
	}
	return all
}

// host gives a host the TCP habits that are drawn from counts.
func host(h *scenario.Host, habits traffic.Counts, random *rand.Rand) {
	text := habits.At(random.Float64())
	tcp, err := traffic.ParseTCP(text)
	if text == "" || err != nil {
		return // the plainest Linux
	}
	headers, least := 40, leastMTU // of IP and TCP without options
	if h.Addr.Is6() {
		headers, least = 60, leastMTU6
	}
	h.MTU = min(max(tcp.MSS+headers, least), mostMTU)
	h.TTL = tcp.TTL
	h.NoDF = !tcp.DF
	h.NoWScale, h.NoTimestamps, h.NoSACK = !tcp.WScale, !tcp.Timestamps, !tcp.SACK
	h.Window = max(tcp.Window, 2*tcp.MSS)
}

// Sizes of a packet that a link can have.
const (
	leastMTU  = 576  // RFC 791, 3.1
	leastMTU6 = 1280 // RFC 8200, 5
	mostMTU   = 65535
)
