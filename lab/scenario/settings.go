package scenario

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"ftplab/lab/network"
)

// settings are the words a setting's line begins with, and what parses the rest.
var settings map[string]func(p *parser, words []string)

func init() {
	settings = map[string]func(*parser, []string){
		"network":  (*parser).network_,
		"host":     (*parser).host,
		"name":     (*parser).name,
		"user":     (*parser).user,
		"file":     (*parser).file,
		"local":    (*parser).local,
		"client":   (*parser).client,
		"server":   (*parser).server,
		"program":  (*parser).program,
		"late":     (*parser).late,
		"deadline": (*parser).deadline,
	}
}

// usage fails unless there are at least n words.
func (p *parser) usage(words []string, n int, form string) {
	if len(words) < n {
		p.fail("something is missing: %s was expected", form)
	}
}

func (p *parser) network_(words []string) {
	p.usage(words, 1, "network loopback|wire [ipv6] [mtu=] [rate=] [queue=] [loss=] [seed=] [arp=] [capture=]")
	if p.network {
		p.fail("a scenario has one network, and this is its second")
	}
	p.network = true
	plan := &p.s.Plan
	plan.Kind = network.Kind(p.oneOf("network", words[0], string(network.Loopback), string(network.Wire)))
	for _, word := range words[1:] {
		key, value := option(word)
		if plan.Kind == network.Loopback && key != "ipv6" && key != "mtu" {
			p.fail("network loopback takes ipv6 and mtu=, not %q: it has no path to shape; network wire has one", word)
		}
		switch key {
		case "ipv6":
			plan.IPv6 = true
		case "mtu":
			plan.MTU = p.number("mtu", value, 576, 65536)
		case "rate":
			plan.Rate = p.rate(value)
		case "queue":
			plan.Queue = int(p.size("queue", value))
		case "loss":
			plan.Loss = p.share("loss", value)
		case "seed":
			plan.Seed = p.seed(value)
		case "arp":
			if p.oneOf("arp", value, "ask", "cached") == "cached" {
				plan.ARP = network.ARPCached
			}
		case "capture":
			plan.Capture = value
		default:
			p.fail("unknown option %q of network; it takes ipv6, mtu=, rate=, queue=, loss=, seed=, arp= and capture=", word)
		}
	}
}

func (p *parser) host(words []string) {
	p.usage(words, 2, "host NAME ADDRESS [rtt=] [mtu=] [window=] ...")
	h := network.HostPlan{Name: words[0], Addr: p.address(words[1]), Line: p.line}
	for _, other := range p.s.Plan.Hosts {
		if other.Name == h.Name {
			p.fail("host %q stands twice, first at line %d", h.Name, other.Line)
		}
	}
	for _, word := range words[2:] {
		p.hostOption(&h, word)
	}
	p.s.Plan.Hosts = append(p.s.Plan.Hosts, h)
}

func (p *parser) hostOption(h *network.HostPlan, word string) {
	switch key, value := option(word); key {
	case "rtt":
		h.RTT = p.duration("rtt", value)
	case "mtu":
		h.MTU = p.number("mtu", value, 576, 65535)
	case "window":
		h.Window = p.number("window", value, 1024, 65535)
	case "buffer":
		h.Buffer = int(p.size("buffer", value))
	case "timestamps":
		h.NoTimestamps = !p.onOff(key, value)
	case "wscale":
		h.NoWScale = !p.onOff(key, value)
	case "sack":
		h.NoSACK = !p.onOff(key, value)
	case "df":
		h.NoDF = !p.onOff(key, value)
	case "ttl":
		h.TTL = p.number("ttl", value, 1, 255)
	case "congestion":
		h.Congestion = p.oneOf("congestion", value, "reno", "bbr", "cubic")
	case "cwnd":
		h.CWND = p.number("cwnd", value, 1, 1<<16)
	case "cork":
		h.Cork = p.oneOf(key, value, "on", "off", "apart") != "off"
		h.FINApart = value == "apart"
	case "ports":
		h.Ports = p.ports(value)
	default:
		p.fail("unknown option %q of host; it takes rtt=, mtu=, window=, buffer=, timestamps=, wscale=, sack=, df=, ttl=, congestion=, cwnd=, cork= and ports=", word)
	}
}

func (p *parser) name(words []string) {
	p.usage(words, 2, "name NAME ADDRESS [authority=] [additional=] [size=]")
	n := Name{Name: words[0], Addr: p.address(words[1])}
	for _, word := range words[2:] {
		switch key, value := option(word); key {
		case "authority":
			n.Authority = p.number(key, value, 0, 15)
		case "additional":
			n.Additional = p.number(key, value, 0, 15)
		case "size":
			n.Size = p.number("size", value, 12, 512)
		default:
			p.fail("unknown option %q of name; it takes authority=, additional= and size=", word)
		}
	}
	p.s.Names = append(p.s.Names, n)
}

func (p *parser) user(words []string) {
	if len(words) != 2 {
		p.fail("user NAME PASSWORD was expected")
	}
	p.s.Server.Users = append(p.s.Server.Users, User{words[0], words[1]})
}

func (p *parser) file(words []string)  { p.s.Files = p.generated(p.s.Files, "file", words) }
func (p *parser) local(words []string) { p.s.Local = p.generated(p.s.Local, "local", words) }

func (p *parser) generated(files []File, setting string, words []string) []File {
	p.usage(words, 2, setting+" PATH SIZE [seed=]")
	f := File{Line: p.line, Path: words[0], Size: p.size("size", words[1]), Seed: 1}
	if f.Folder() {
		p.fail("%q is a folder's name; a folder is written as a section, -- files/%s --", f.Path, f.Path)
	}
	for _, word := range words[2:] {
		key, value := option(word)
		if key != "seed" {
			p.fail("unknown option %q of %s; it takes seed=", word, setting)
		}
		f.Seed = p.seed(value)
	}
	return p.addFile(files, f)
}

func (p *parser) client(words []string) {
	p.usage(words, 1, "client scripted|jlaffaye [linger=] [commandfirst]")
	p.s.Client.Kind = ClientKind(p.oneOf("client", words[0], string(Scripted), string(Jlaffaye)))
	for _, word := range words[1:] {
		switch key, value := option(word); {
		case p.s.Client.Kind != Scripted:
			p.fail("unknown option %q of client jlaffaye, which takes none", word)
		case key == "linger":
			p.s.Client.Linger = p.duration("linger", value)
		case key == "commandfirst":
			p.s.Client.CommandFirst = true
		default:
			p.fail("unknown option %q of client; the scripted one takes linger= and commandfirst", word)
		}
	}
}

func (p *parser) server(words []string) {
	p.usage(words, 1, "server [port=] [idle=] [readonly] [replyfirst] [awaitfin]")
	for _, word := range words {
		switch key, value := option(word); key {
		case "port":
			p.s.Server.Port = p.port(value)
		case "idle":
			p.s.Server.Idle = p.duration("idle", value)
		case "readonly":
			p.s.Server.ReadOnly = true
		case "replyfirst":
			p.s.Server.ReplyFirst = true
		case "awaitfin":
			p.s.Server.AwaitFIN = true
		default:
			p.fail("unknown option %q of server; it takes port=, idle=, readonly, replyfirst and awaitfin", word)
		}
	}
}

func (p *parser) program(words []string) {
	p.usage(words, 1, "program COMMAND [ARGUMENT]...")
	p.s.Server.Program = words
	p.programLine = p.line
}

// checkProgram refuses what only the lab's own server can do.
func (p *parser) checkProgram() {
	s := p.s.Server
	if len(s.Program) == 0 {
		return
	}
	p.line = p.programLine
	host, _ := p.s.Host("server")
	if s.Idle != 0 || s.ReadOnly || s.ReplyFirst || s.AwaitFIN || len(s.Users) > 0 || len(s.Replies) > 0 || host.Cork {
		p.fail("program: a program has its own users, replies and habits; user, replies, idle=, readonly, replyfirst, awaitfin and cork= are for the lab's server")
	}
}

func (p *parser) late(words []string) {
	const form = "late HOST[.PORT] > HOST[.PORT] [FLAGS] [length=] [count=] by=DURATION"
	p.usage(words, 4, form)
	if words[1] != ">" {
		p.fail("%q: %s was expected", words[1], form)
	}
	l := network.Late{Line: p.line, Length: -1, Count: 1}
	l.From, l.FromPort = p.endpoint(words[0])
	l.To, l.ToPort = p.endpoint(words[2])
	for _, word := range words[3:] {
		switch key, value := option(word); {
		case strings.HasPrefix(word, "[") && strings.HasSuffix(word, "]"):
			l.Flags = word
		case key == "length":
			l.Length = p.number(key, value, 0, 65535)
		case key == "count":
			l.Count = p.number(key, value, 1, 1<<20)
		case key == "by":
			l.By = p.duration("by", value)
		default:
			p.fail("unknown option %q of late; it takes [FLAGS], length=, count= and by=", word)
		}
	}
	if l.By == 0 {
		p.fail("late needs by=, the time it comes late, such as by=2ms")
	}
	p.s.Plan.Late = append(p.s.Plan.Late, l)
}

// endpoint reads HOST or HOST.PORT.
func (p *parser) endpoint(word string) (host string, port uint16) {
	host, digits, ok := strings.Cut(word, ".")
	if ok && digits != "*" {
		port = p.port(digits)
	}
	return host, port
}

func (p *parser) deadline(words []string) {
	if len(words) != 1 {
		p.fail("deadline DURATION was expected, such as deadline 30s")
	}
	p.s.Deadline = p.duration("deadline", words[0])
	if p.s.Deadline < 10*time.Millisecond {
		p.fail("deadline %s: no step can end in less than 10ms", words[0])
	}
}

// complete adds what the file left out and checks what only the whole file tells.
func (p *parser) complete() {
	plan := &p.s.Plan
	if plan.Kind == "" {
		plan.Kind = network.Loopback
	}
	p.defaultHost("client", "198.51.100.100", "2001:db8:1::100")
	p.defaultHost("server", "192.0.2.21", "2001:db8:2::21")
	if len(p.s.Names) > 0 {
		p.defaultHost("nameserver", "198.51.100.53", "2001:db8:1::53")
	}
	if plan.Capture == "" {
		plan.Capture = "client"
	}
	p.checkHosts()
	p.line = 1
	if _, ok := p.s.Host(plan.Capture); !ok {
		p.fail("capture=%s: there is no host of that name", plan.Capture)
	}
	for _, l := range plan.Late {
		p.line = l.Line
		for _, name := range []string{l.From, l.To} {
			if _, ok := p.s.Host(name); !ok {
				p.fail("late: there is no host %q", name)
			}
		}
	}
	p.checkProgram()
	p.checkSteps()
	plan.Volume = p.volume()
}

// defaultHost adds a host that the file does not mention.
func (p *parser) defaultHost(name, ipv4, ipv6 string) {
	if _, ok := p.s.Host(name); ok {
		return
	}
	plan := &p.s.Plan
	address := ipv4
	switch {
	case plan.Kind == network.Loopback && plan.IPv6:
		address = "::1"
	case plan.Kind == network.Loopback:
		address = "127.0.0.1"
	case plan.IPv6:
		address = ipv6
	}
	plan.Hosts = append(plan.Hosts, network.HostPlan{Name: name, Addr: netip.MustParseAddr(address)})
}

func (p *parser) checkHosts() {
	plan := &p.s.Plan
	for i, h := range plan.Hosts {
		if h.Line != 0 {
			p.line = h.Line
		}
		if h.Addr.Is6() != plan.IPv6 {
			p.fail("host %s has the address %s: the network is %s", h.Name, h.Addr, map[bool]string{true: "IPv6, as it says ipv6", false: "IPv4, as it does not say ipv6"}[plan.IPv6])
		}
		if plan.Kind == network.Loopback {
			p.checkLoopbackHost(h)
			continue
		}
		if !h.Addr.IsGlobalUnicast() {
			p.fail("host %s: %s is no address of a single host", h.Name, h.Addr)
		}
		if slices.ContainsFunc(plan.Hosts[:i], func(o network.HostPlan) bool { return o.Addr == h.Addr }) {
			p.fail("host %s: another host has the address %s", h.Name, h.Addr)
		}
	}
}

// checkLoopbackHost refuses what loopback cannot give, rather than ignore it.
func (p *parser) checkLoopbackHost(h network.HostPlan) {
	plain := network.HostPlan{Name: h.Name, Addr: h.Addr, Line: h.Line, Ports: h.Ports, Cork: h.Cork, FINApart: h.FINApart}
	if h.RTT != 0 || h.MTU != 0 || h.Window != 0 || h.Buffer != 0 || h.TTL != 0 || h.Congestion != "" || h.CWND != 0 ||
		h.NoTimestamps != plain.NoTimestamps || h.NoWScale || h.NoSACK || h.NoDF {
		p.fail("host %s: on network loopback a host takes ports= and cork= only; network wire has hosts of their own", h.Name)
	}
	if !h.Addr.IsLoopback() {
		p.fail("host %s: %s is no loopback address; say network wire, or leave the address of loopback", h.Name, h.Addr)
	}
}
