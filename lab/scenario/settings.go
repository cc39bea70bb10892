package scenario

import (
	"slices"
	"strings"
	"time"
)

// settings are all settings, in the order of the manual.
var settings []setting

func init() { // not in the declaration: the functions below use settings in messages
	settings = append(networkSettings(), sessionSettings()...)
}

// networkSettings are about the hosts and what happens to packets between them.
func networkSettings() []setting {
	return []setting{
		{
			name: "network", args: "loopback|wire", least: 1, most: -1, options: usages(networkOptions), parse: (*parser).setNetwork,
			does: "On loopback, the default, every host is 127.0.0.1, or ::1 with ipv6. There is no path between the hosts, so loopback takes only ipv6, mtu=, tcp= and start=. " +
				"On the wire, each host has its own TCP, and there are routers between the hosts.",
			example: "network wire rate=8Mbit loss=1%",
		}, {
			name: "host", args: "NAME ADDRESS", least: 2, most: -1, options: usages(hostOptions), parse: (*parser).setHost,
			does: "The hosts client (198.51.100.100) and server (192.0.2.21) exist by default; with ipv6 they are 2001:db8:1::100 and 2001:db8:2::21. " +
				"Each host is in its own network, so two hosts cannot have neighbouring addresses. With of=, a host has IPv4 and IPv6: `open NAME` then asks for both addresses of the server, tries IPv6 first, and tries IPv4 if it gets no connection in 250 ms (RFC 8305, 5). On loopback, a host takes only ports= and cork=.",
			example: "host server 192.0.2.21 rtt=85ms ports=50000-50010",
		}, {
			name: "name", args: "NAME ADDRESS", least: 2, most: -1, options: usages(nameOptions), parse: (*parser).setName,
			does:    "The host nameserver (198.51.100.53, or 2001:db8:3::53 with ipv6) answers for this name; the step `open NAME` asks it. A name has one IPv4 address, one IPv6 address, or both, by two settings: see of= of host.",
			example: "name ftp.example.test 192.0.2.21",
		}, {
			name: "late", args: "HOST[.PORT] > HOST[.PORT] by= [FLAGS]", least: 4, most: -1, options: usages(lateOptions), parse: (*parser).setLate,
			does:    "On the wire, the first matching packets arrive late. Packets that their host sends in this time overtake them.",
			example: "late server.20 > client [F.] by=2ms",
		}, {
			name: "drop", args: `HOST[.PORT] >|<> HOST[.PORT] [FLAGS]`, least: 3, most: -1, options: usages(pathOptions), parse: pathRule(Drop),
			does: "On the wire, matching TCP packets never arrive, as with a firewall, a NAT that has forgotten the connection, or a black hole. " +
				"With <>, packets of both directions match. A capture has them only if it is made where they are sent (capture=).",
			example: "drop client <> server.21 idle=5s",
		}, {
			name: "reject", args: `HOST[.PORT] >|<> HOST[.PORT] [FLAGS]`, least: 3, most: -1, options: usages(rejectOptions), parse: pathRule(Reject),
			does:    "The same, and the sender gets an ICMP message of a router, or a reset.",
			example: "reject server.20 > client [S]",
		}, {
			name: "duplicate", args: `HOST[.PORT] >|<> HOST[.PORT] [FLAGS]`, least: 3, most: -1, options: usages(pathOptions), parse: pathRule(Duplicate),
			does:    "Matching packets arrive twice.",
			example: "duplicate server > client length=1448 skip=3 count=1",
		}, {
			name: "corrupt", args: `HOST[.PORT] >|<> HOST[.PORT] [FLAGS]`, least: 3, most: -1, options: usages(pathOptions), parse: pathRule(Corrupt),
			does:    "Matching packets arrive with one wrong bit. Their checksum is wrong then, and the receiver drops them.",
			example: "corrupt server > client length=1448 count=2",
		}, natSetting,
	}
}

// sessionSettings are about the server and the client, their users and their files.
func sessionSettings() []setting {
	return []setting{
		{
			name: "server", least: 1, most: -1, options: usages(append(serverOptions, tlsOptions...)), parse: (*parser).setServer,
			does:    "Options of the lab's server.",
			example: "server port=2121 readonly",
		}, {
			name: "replica", args: "HOST", least: 1, most: 1, parse: (*parser).setReplica,
			does:    "Run the lab's server on this host, too, with the same files and users, but without the rules of the section server. The step `open HOST` opens a session with it.",
			example: "replica mirror",
		}, {
			name: "program", args: "[inetd] COMMAND [ARGUMENT]...", least: 1, most: -1, parse: (*parser).setProgram,
			does: "Start another server instead of the lab's. It runs in the folder /srv/ftp, which has the scenario's files, and must listen on the control port itself. " +
				"It may go to the background. With inetd, it is started for each control connection, and the connection is its standard input and output. " +
				"COMMAND is a path, relative to the folder of the scenario file or to the working folder, or the name of a program on $PATH, or in /usr/local/sbin, /usr/sbin or /sbin. " +
				"$DIR means the folder of the scenario file, for a script beside it, such as program python3 $DIR/server.py. $CONFIG means the path of the section config, $FILES means /srv/ftp, and $ADDR and $PORT mean the address and the port to listen on. " +
				"Each setting user makes an account on its system. " +
				"It can read, but not change, the installed files of the machine and the folder of the scenario. It has its own new /tmp, /var and /run. Home folders are hidden.",
			example: "program python3 -m pyftpdlib -p 21",
		}, {
			name: "user", args: "NAME PASSWORD", least: 2, most: 2, parse: (*parser).setUser,
			does:    "A user who may log in. On the lab's server the user anonymous may log in with any password, unless a line sets its password.",
			example: "user alice secret",
		}, {
			name: "file", args: `PATH SIZE|"CONTENT"`, least: 2, most: -1, options: usages(fileOptions), parse: (*parser).setFile,
			does: "A file on the server with generated content of this size, or with the content in quotes. Quotes allow Go's escapes, such as \\r\\n and \\xff. " +
				"A section, -- files/PATH --, also makes a file.",
			example: "file pub/movie.bin 10MiB",
		}, {
			name: "local", args: `PATH SIZE|"CONTENT"`, least: 2, most: -1, options: usages(fileOptions), parse: (*parser).setLocal,
			does:    "The same for a file of the client, for uploads.",
			example: `local old.txt "CR LF already\r\n"`,
		}, {
			name: "client", args: "scripted|jlaffaye", least: 1, most: -1, options: usages(clientOptions), parse: (*parser).setClient,
			does:    "The client that takes the steps: the lab's own (scripted), or the Go library github.com/jlaffaye/ftp, which supports only passive mode and takes no options. If the server has tls=, jlaffaye sends AUTH when it opens, and PBSZ and PROT when it logs in.",
			example: "client scripted linger=50ms",
		}, {
			name: "deadline", args: "DURATION", least: 1, most: 1, parse: (*parser).setDeadline,
			does: "How long a step may take; 30s by default. A transfer gets more time, depending on its size. " +
				"After the last step, connections have up to 6s to close, or 1s if a step has failed or the last one had no answer. " +
				"A session is also stopped when its capture has reached 256 MiB plus four times the size of the scenario's files at each place of capture.",
			example: "deadline 5s",
		},
	}
}

var networkOptions = []option[Network]{
	{"ipv6", "IPv6 instead of IPv4", func(_ *parser, n *Network, _ string) { n.IPv6 = true }},
	{"mtu=1500", "the MTU of every link, bytes", func(p *parser, n *Network, v string) { n.MTU = p.number("mtu", v, 576, 65536) }},
	{"rate=8Mbit", "the rate of every link, bits per second", func(p *parser, n *Network, v string) { n.Rate = p.rate(v) }},
	{"queue=64KiB", "how much data can wait for a link; the rest is dropped", func(p *parser, n *Network, v string) { n.Queue = int(p.size("queue", v)) }},
	{"loss=1%", "the share of packets that are lost", func(p *parser, n *Network, v string) { n.Loss = p.share("loss", v) }},
	{"pathmtu=1400", "the MTU of the middle of the path, bytes; the hosts' links keep theirs", func(p *parser, n *Network, v string) { n.PathMTU = p.number("pathmtu", v, 576, 65535) }},
	{"icmp=off", "no router reports that a packet is too big for the middle of the path", func(p *parser, n *Network, v string) { n.NoICMP = !p.onOff("icmp", v) }},
	{"nohost=silent|unreachable", "what a router does with a packet to an address that no host has: silent: nothing; unreachable: it sends an ICMP message, network unreachable (the default)", func(p *parser, n *Network, v string) {
		n.NoHostSilent = p.oneOf("nohost", v, "silent", "unreachable") == "silent"
	}},
	{"seed=7", "chooses which packets are lost; the same seed loses the same packets", func(p *parser, n *Network, v string) { n.Seed = p.seed(v) }},
	{"arp=ask|cached", "ask: each host first asks for its gateway's MAC address (the default); cached: it knows the address", func(p *parser, n *Network, v string) {
		n.ARP = ARPAsk
		if p.oneOf("arp", v, "ask", "cached") == "cached" {
			n.ARP = ARPCached
		}
	}},
	{"tcp=linux|gvisor", "the TCP implementation that the scenario needs; a comment should say why", func(p *parser, n *Network, v string) {
		n.TCP = TCP(p.oneOf("tcp", v, string(LinuxTCP), string(GVisorTCP)))
	}},
	{"start=2001-09-11T09:00:00Z", "when the session begins, with gVisor's TCP; 1985-10-01T00:00:00Z by default", func(p *parser, n *Network, v string) { n.Start = p.time("start", v) }},
	{"capture=client,server", "the hosts at whose ends packets are recorded, each as an interface of the capture; client by default. " +
		"A packet that crosses none of them is not in the capture. A packet that crosses several is judged at the first; one that is lost between them, where it was recorded", func(p *parser, n *Network, v string) {
		places := strings.Split(v, ",")
		n.Capture, n.AlsoAt = places[0], places[1:]
	}},
}

func (p *parser) setNetwork(words []string) {
	if p.networkLine != 0 {
		p.fail("a scenario has one network, and this is its second")
	}
	p.networkLine = p.line
	n := &p.s.Network
	n.Line = p.line
	n.Kind = Kind(p.oneOf("network", words[0], string(Loopback), string(Wire)))
	setOptions(p, "network", networkOptions, n, words[1:])
	for _, word := range words[1:] {
		key, _, _ := strings.Cut(word, "=")
		if n.Kind == Loopback && !slices.Contains([]string{"ipv6", "mtu", "tcp", "start"}, key) {
			p.fail("network loopback has no path between the hosts, so it takes only ipv6, mtu=, tcp= and start=, not %q; network wire has a path", word)
		}
	}
}

// Limits of a receive buffer, in bytes. With less, not even a greeting arrives; with
// more, Linux refuses the setting.
const (
	leastBuffer = 4 << 10
	mostBuffer  = 512 << 20
)

var hostOptions = []option[Host]{
	{"rtt=85ms", "the round-trip time of the path between this host and the client", func(p *parser, h *Host, v string) { h.RTT = p.duration("rtt", v) }},
	{"way=15ms", "the part of the round-trip time from the client to this host; half of it by default", func(p *parser, h *Host, v string) { h.Way = p.duration("way", v) }},
	{"mtu=1492", "the MTU of its own link, bytes", func(p *parser, h *Host, v string) { h.MTU = p.number("mtu", v, 576, 65535) }},
	{"rate=1Mbit", "the rate of the link to it, bits per second, instead of the network's: with different rates of client and server, each direction of the path has its own", func(p *parser, h *Host, v string) { h.Rate = p.rate(v) }},
	{"window=17520", "the receive window in its SYN, bytes", func(p *parser, h *Host, v string) { h.Window = p.number("window", v, 1024, 65535) }},
	{"buffer=64KiB", "its receive buffer, 4KiB to 512MiB; it limits the window after the SYN", func(p *parser, h *Host, v string) {
		h.Buffer = int(p.size("buffer", v))
		if h.Buffer < leastBuffer || h.Buffer > mostBuffer {
			p.fail("buffer %s: 4KiB to 512MiB were expected", v)
		}
	}},
	{"timestamps=off", "no timestamp option (RFC 7323)", func(p *parser, h *Host, v string) { h.NoTimestamps = !p.onOff("timestamps", v) }},
	{"wscale=off", "no window scale option (RFC 7323)", func(p *parser, h *Host, v string) { h.NoWScale = !p.onOff("wscale", v) }},
	{"sack=off", "no selective acknowledgments (RFC 2018)", func(p *parser, h *Host, v string) { h.NoSACK = !p.onOff("sack", v) }},
	{"df=off", "no Don't Fragment bit in its packets; with Linux's TCP, only a SYN-ACK has it all the same", func(p *parser, h *Host, v string) { h.NoDF = !p.onOff("df", v) }},
	{"ttl=128", "the TTL, or hop limit, of its packets", func(p *parser, h *Host, v string) { h.TTL = p.number("ttl", v, 1, 255) }},
	{"congestion=reno|bbr", "its congestion control; reno by default", func(p *parser, h *Host, v string) { h.Congestion = p.oneOf("congestion", v, "reno", "bbr") }},
	{"cwnd=4", "fixes its congestion window at this number of segments", func(p *parser, h *Host, v string) { h.CWND = p.number("cwnd", v, 1, 1<<16) }},
	{"cork=on|apart", "the server sends only full segments of data, with its FIN on the last; apart: with the FIN in a packet of its own", func(p *parser, h *Host, v string) {
		h.Cork = p.oneOf("cork", v, "on", "off", "apart") != "off"
		h.FINApart = v == "apart"
	}},
	{"of=server", "this is the other address of that host, which then has IPv4 and IPv6. The name of each address means this address only, also in the step `open`", func(p *parser, h *Host, v string) { h.Of = v }},
	{"ports=3170-", "the ports it uses, in order, if a step does not name one: 3170-, 28348,24626 or 50000-50010", func(p *parser, h *Host, v string) { h.Ports = p.ports(v) }},
}

func (p *parser) setHost(words []string) {
	h := Host{Name: words[0], Addr: p.address(words[1]), Line: p.line}
	if other, ok := p.s.Host(h.Name); ok {
		p.fail("host %q appears twice, first at line %d", h.Name, other.Line)
	}
	setOptions(p, "host", hostOptions, &h, words[2:])
	p.s.Network.Hosts = append(p.s.Network.Hosts, h)
}

var nameOptions = []option[Name]{
	{"authority=2", "how many name servers of the domain the answer has", func(p *parser, n *Name, v string) { n.Authority = p.number("authority", v, 0, 15) }},
	{"additional=2", "how many addresses of name servers the answer has", func(p *parser, n *Name, v string) { n.Additional = p.number("additional", v, 0, 15) }},
	{"size=50", "the size of the answer, bytes", func(p *parser, n *Name, v string) { n.Size = p.number("size", v, 12, 512) }},
}

func (p *parser) setName(words []string) {
	n := Name{Line: p.line, Name: words[0], Addr: p.address(words[1])}
	setOptions(p, "name", nameOptions, &n, words[2:])
	p.s.Names = append(p.s.Names, n)
}

var lateOptions = []option[Late]{
	{"[P.]", "packets with these flags, as tcpdump prints them", nil}, // setLate parses it, because it has no key
	{"length=1167", "packets with this payload length, bytes", func(p *parser, l *Late, v string) { l.Length = p.number("length", v, 0, 65535) }},
	{"count=1", "how many packets; 1 by default", func(p *parser, l *Late, v string) { l.Count = p.number("count", v, 1, 1<<20) }},
	{"by=2ms", "how much later they arrive", func(p *parser, l *Late, v string) { l.By = p.duration("by", v) }},
	{"overtaken", "they wait for a later packet of their connection, at most 500 ms, and arrive by= after it; so the order is sure to change, however soon that packet is sent", func(_ *parser, l *Late, _ string) { l.Overtaken = true }},
	{"optional", "the scenario does not fail if no packet matches", func(_ *parser, l *Late, _ string) { l.Optional = true }},
}

// pathOptions are the options of drop, reject, duplicate and corrupt.
var pathOptions = []option[PathRule]{
	{"[P.]", "packets with these flags, as tcpdump prints them", nil},                      // pathRule parses it, because it has no key
	{`"LINE"`, "packets with this line, such as \"PORT *\", in clear; * is any text", nil}, // the same
	{"length=1167", "packets with this payload length, bytes", func(p *parser, r *PathRule, v string) { r.Length = p.number("length", v, 0, 65535) }},
	{"skip=3", "first let this number of matching packets pass", func(p *parser, r *PathRule, v string) { r.Skip = p.number("skip", v, 1, 1<<20) }},
	{"count=1", "how many packets; all by default", func(p *parser, r *PathRule, v string) { r.Count = p.number("count", v, 1, 1<<20) }},
	{"after=2s", "only from this time after the first packet of the network", func(p *parser, r *PathRule, v string) { r.After = p.duration("after", v) }},
	{"for=20s", "only for this time; then they arrive again", func(p *parser, r *PathRule, v string) { r.For = p.someTime("for", v) }},
	{"idle=30s", "only on connections that had no packet for this time, and from then on", func(p *parser, r *PathRule, v string) { r.Idle = p.someTime("idle", v) }},
	{"optional", "the scenario does not fail if no packet matches", func(_ *parser, r *PathRule, _ string) { r.Optional = true }},
}

// rejectOptions are the options of reject.
var rejectOptions = append(slices.Clip(pathOptions),
	option[PathRule]{"with=port|host|prohibited|reset", "what the sender gets: ICMP port unreachable (the default), host unreachable or administratively prohibited, or a TCP reset that seems to come from the other host", func(p *parser, r *PathRule, v string) {
		r.With = RejectWith(p.oneOf("with", v, string(PortUnreachable), string(HostUnreachable), string(Prohibited), string(TCPReset)))
	}})

// pathRule returns a function that parses a rule of a kind.
func pathRule(kind PathRuleKind) func(p *parser, words []string) {
	return func(p *parser, words []string) {
		p.checkArrow(words[1])
		if words[1] != ">" && words[1] != "<>" {
			s, _ := settingOf(string(kind))
			p.fail("%q: %s was expected", words[1], s.usage())
		}
		r := PathRule{Line: p.line, Kind: kind, Length: -1, Both: words[1] == "<>"}
		r.From, r.FromPort = p.endpoint(words[0])
		r.To, r.ToPort = p.endpoint(words[2])
		words = p.textWord(&r, words)
		flags, rest := p.flagWords(string(kind), words[3:])
		r.Flags = flags
		options := pathOptions
		if kind == Reject {
			r.With, options = PortUnreachable, rejectOptions
		}
		setOptions(p, string(kind), options, &r, rest)
		p.s.Network.Rules = append(p.s.Network.Rules, r)
	}
}

// checkArrow refuses the arrows that people write instead of >.
func (p *parser) checkArrow(word string) {
	if word == "->" || word == "=>" || word == "-->" {
		p.fail("%q: write > for the direction", word)
	}
}

// textWord takes the text in quotes out of the words of a path rule.
func (p *parser) textWord(r *PathRule, words []string) (rest []string) {
	for i, word := range words {
		if !p.quotedWords[i+1] { // after the setting's name
			rest = append(rest, word)
			continue
		}
		if word == "" || r.Text != "" {
			p.fail("%s: %q: one pattern of a line was expected, such as \"PORT *\"", r.Kind, word)
		}
		r.Text = word
	}
	return rest
}

// flagWords takes the flags out of the words after the two ends.
func (p *parser) flagWords(setting string, words []string) (flags Flags, rest []string) {
	for _, word := range words {
		if !strings.HasPrefix(word, "[") {
			rest = append(rest, word)
			continue
		}
		var err error
		if flags, err = ParseFlags(word); err != nil {
			p.fail("%s: %v", setting, err)
		}
	}
	return flags, rest
}

func (p *parser) setLate(words []string) {
	p.checkArrow(words[1])
	if words[1] != ">" {
		s, _ := settingOf("late")
		p.fail("%q: %s was expected", words[1], s.usage())
	}
	l := Late{Line: p.line, Length: -1, Count: 1}
	l.From, l.FromPort = p.endpoint(words[0])
	l.To, l.ToPort = p.endpoint(words[2])
	flags, rest := p.flagWords("late", words[3:])
	l.Flags = flags
	setOptions(p, "late", lateOptions, &l, rest)
	if l.By == 0 {
		p.fail("late needs by=, how much later the packets arrive, such as by=2ms")
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

var serverOptions = []option[Server]{
	{"port=2121", "the control port; 21 by default", func(p *parser, s *Server, v string) { s.Port, s.portGiven = p.port(v), true }},
	{"idle=15m", "after this time without a command the server ends the session; 15m by default", func(p *parser, s *Server, v string) { s.Idle = p.someTime("idle", v) }},
	{"readonly", "refuses uploads and every other change", func(_ *parser, s *Server, _ string) { s.ReadOnly = true }},
	{"replyfirst", "sends 150 before it opens an active data connection", func(_ *parser, s *Server, _ string) { s.ReplyFirst = true }},
	{"connectfirst", "opens an active data connection when it gets PORT or EPRT, before its reply 200, as pyftpdlib does; by default it opens it for the transfer", func(_ *parser, s *Server, _ string) { s.DialFirst = true }},
	{"slow=5ms", "sends each byte of a reply in a segment of its own, with this time between them", func(p *parser, s *Server, v string) { s.Slow = p.duration("slow", v) }},
	{"nagle", "sends a line of a reply only after the line before it is acknowledged (Nagle's algorithm, RFC 896)", func(_ *parser, s *Server, _ string) { s.Nagle = true }},
	{"thirdparty", "allows data connections to other hosts than the client (RFC 959, 2.3; see RFC 2577)", func(_ *parser, s *Server, _ string) { s.ThirdParty = true }},
	{"dataports=50000-50002", "the ports for passive data connections, each reused when it is free; if none is free, PASV and EPSV get 421", func(p *parser, s *Server, v string) { s.DataPorts = p.ports(v) }},
	{"activeport=40020", "the port from which it opens active data connections; by default the port before the control port (RFC 959, 3.2)", func(p *parser, s *Server, v string) { s.ActivePort = p.port(v) }},
	{"wording=vsftpd|proftpd|pureftpd|pyftpdlib|inetutils|iis", "uses the reply texts of a real server; the section replies can change them", func(p *parser, s *Server, v string) {
		s.Wording = p.oneOf("wording", v, "vsftpd", "proftpd", "pureftpd", "pyftpdlib", "inetutils", "iis")
	}},
	{"awaitfin", "sends 226 only after the client has closed the data connection, too", func(_ *parser, s *Server, _ string) { s.AwaitFIN = true }},
}

func (p *parser) setServer(words []string) {
	setOptions(p, "server", append(serverOptions, tlsOptions...), &p.s.Server, words)
	p.s.Server.Line = p.line
}

func (p *parser) setReplica(words []string) {
	p.s.Server.Replicas = append(p.s.Server.Replicas, Replica{p.line, words[0]})
}

func (p *parser) setProgram(words []string) {
	s := &p.s.Server
	if s.ProgramLine = p.line; words[0] == "inetd" && !p.quotedWords[1] {
		s.Inetd, words = true, words[1:]
	}
	if len(words) == 0 || words[0] == "" {
		p.fail("program inetd: the COMMAND to start for each control connection was expected")
	}
	s.Program = words
}

func (p *parser) setUser(words []string) {
	p.s.Server.Users = append(p.s.Server.Users, User{words[0], words[1]})
}

var fileOptions = []option[File]{
	{"seed=7", "chooses the content; 1 by default", func(p *parser, f *File, v string) { f.Seed = p.seed(v) }},
}

func (p *parser) setFile(words []string)  { p.s.Files = p.generated(p.s.Files, "file", words) }
func (p *parser) setLocal(words []string) { p.s.Local = p.generated(p.s.Local, "local", words) }

func (p *parser) generated(files []File, setting string, words []string) []File {
	f := File{Line: p.line, Path: words[0]}
	if p.quotedWords[2] { // after the setting's name and the path
		f.Content, f.Literal = []byte(words[1]), true
	} else {
		f.Size, f.Seed = p.size("size", words[1]), 1
	}
	if f.Literal && len(words) > 2 {
		p.fail("%s: %s has its content in quotes; seed= is for generated content", words[2], f.Path)
	}
	if f.Folder() {
		p.fail("%q is the name of a folder; write a folder as a section, -- files/%s --", f.Path, f.Path)
	}
	setOptions(p, setting, fileOptions, &f, words[2:])
	return p.addFile(files, f)
}

var clientOptions = []option[Client]{
	{"linger=50ms", "how long it waits between the end of the data and its own close", func(p *parser, c *Client, v string) { c.Linger = p.duration("linger", v) }},
	{"dataaddress=reply|server", "where it connects to after a 227 with another address than the server's: reply: to that address; server: to the server's; by default to neither", func(p *parser, c *Client, v string) { c.DataAddress = p.oneOf("dataaddress", v, "reply", "server") }},
	{"keepalive=10s", "after this time without a packet TCP sends keep-alive probes on the control connection (RFC 9293, 3.8.4); by default it sends none", func(p *parser, c *Client, v string) { c.KeepAlive = p.wholeSeconds("keepalive", v) }},
	{"reuse=on|off", "on: its data connections in TLS resume the session of the control connection (the default); off: each begins a new session", func(p *parser, c *Client, v string) { c.NoReuse = !p.onOff("reuse", v) }},
	{"notify=none|wait", "how it ends TLS on a data connection. none: without close_notify, so that the server cannot know whether an upload is whole; wait: after an upload, it waits for the server's close_notify before its FIN; by default it sends close_notify and FIN", func(p *parser, c *Client, v string) {
		c.Notify = Notify(p.oneOf("notify", v, string(NoNotify), string(AwaitNotify)))
	}},
	{"version=1.2|1.3", "the only version of TLS that it has; both by default", func(p *parser, c *Client, v string) {
		c.Version = TLSVersion(p.oneOf("version", v, string(TLS12), string(TLS13)))
	}},
	{"commandfirst", "in passive mode, it sends RETR and the like before it connects", func(_ *parser, c *Client, _ string) { c.CommandFirst = true }},
}

func (p *parser) setClient(words []string) {
	c := &p.s.Client
	c.Line = p.line
	c.Kind = ClientKind(p.oneOf("client", words[0], string(Scripted), string(Jlaffaye)))
	setOptions(p, "client", clientOptions, c, words[1:])
	if c.Kind == Jlaffaye && len(words) > 1 {
		p.fail("client jlaffaye takes no options, such as %q; client scripted does", words[1])
	}
}

func (p *parser) setDeadline(words []string) {
	p.s.Deadline = p.duration("deadline", words[0])
	if p.s.Deadline < 10*time.Millisecond {
		p.fail("deadline %s: no step can end in less than 10ms", words[0])
	}
}
