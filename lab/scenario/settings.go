package scenario

import (
	"strings"
	"time"
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
	if p.networkLine != 0 {
		p.fail("a scenario has one network, and this is its second")
	}
	p.networkLine = p.line
	plan := &p.s.Network
	plan.Kind = Kind(p.oneOf("network", words[0], string(Loopback), string(Wire)))
	for _, word := range words[1:] {
		key, value := option(word)
		if plan.Kind == Loopback && key != "ipv6" && key != "mtu" {
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
				plan.ARP = ARPCached
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
	h := Host{Name: words[0], Addr: p.address(words[1]), Line: p.line}
	for _, other := range p.s.Network.Hosts {
		if other.Name == h.Name {
			p.fail("host %q stands twice, first at line %d", h.Name, other.Line)
		}
	}
	for _, word := range words[2:] {
		p.hostOption(&h, word)
	}
	p.s.Network.Hosts = append(p.s.Network.Hosts, h)
}

// What a receive buffer may have, in bytes. With next to nothing not even a
// greeting arrives; with more than there are, Linux refuses the setting.
const (
	leastBuffer = 4 << 10
	mostBuffer  = 512 << 20
)

func (p *parser) hostOption(h *Host, word string) {
	switch key, value := option(word); key {
	case "rtt":
		h.RTT = p.duration("rtt", value)
	case "mtu":
		h.MTU = p.number("mtu", value, 576, 65535)
	case "window":
		h.Window = p.number("window", value, 1024, 65535)
	case "buffer":
		h.Buffer = int(p.size("buffer", value))
		if h.Buffer < leastBuffer || h.Buffer > mostBuffer {
			p.fail("buffer %s: 4KiB to 512MiB were expected", value)
		}
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
		h.Congestion = p.oneOf("congestion", value, "reno", "bbr")
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
	n := Name{Line: p.line, Name: words[0], Addr: p.address(words[1])}
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

func (p *parser) late(words []string) {
	const form = "late HOST[.PORT] > HOST[.PORT] [FLAGS] [length=] [count=] by=DURATION"
	p.usage(words, 4, form)
	if words[1] != ">" {
		p.fail("%q: %s was expected", words[1], form)
	}
	l := Late{Line: p.line, Length: -1, Count: 1}
	l.From, l.FromPort = p.endpoint(words[0])
	l.To, l.ToPort = p.endpoint(words[2])
	for _, word := range words[3:] {
		switch key, value := option(word); {
		case strings.HasPrefix(word, "[") && strings.HasSuffix(word, "]"):
			var err error
			if l.Flags, err = ParseFlags(word); err != nil {
				p.fail("late: %v", err)
			}
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
	p.s.Network.Late = append(p.s.Network.Late, l)
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
