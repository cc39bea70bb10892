// What the generator draws sessions from.

package profile

import (
	"net/netip"
	"slices"
	"strings"
	"time"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/traffic"
)

// synHabits are the TCP habits that the two sides of a connection show in their SYNs. Many
// connections have the same, so each is kept once.
type synHabits struct {
	kinds  []traffic.TCP // the first is of a side without a SYN
	number map[traffic.TCP]int32
	sides  map[int][2]int32 // kinds of client and server, by the connection's ID
}

type habits struct{ client, server traffic.TCP }

// maxSYNs is of how many connections the habits are kept. A profile needs no more.
const maxSYNs = 1 << 16

func newSYNHabits() *synHabits {
	return &synHabits{[]traffic.TCP{{}}, map[traffic.TCP]int32{}, map[int][2]int32{}}
}

// packet takes note of a SYN.
func (h *synHabits) packet(p *capture.Packet) {
	if !p.TCP.Has(packet.SYN) || p.IP == nil {
		return
	}
	both, known := h.sides[p.Connection.ID]
	if !known && len(h.sides) >= maxSYNs {
		return
	}
	o := &p.TCP.Options
	kind := h.kind(traffic.TCP{
		MSS: o.MSS, Window: int(p.TCP.RawWindow), TTL: firstTTL(p.IP.TTL), DF: p.IP.DF,
		WScale: o.WindowScale >= 0, Timestamps: o.HasTimestamps, SACK: o.SACKPermitted,
	})
	if p.From == ftp.Client {
		both[0] = kind
	} else {
		both[1] = kind
	}
	h.sides[p.Connection.ID] = both
}

// kind is the number of a habit.
func (h *synHabits) kind(tcp traffic.TCP) int32 {
	n, known := h.number[tcp]
	if !known {
		n = int32(len(h.kinds))
		h.kinds, h.number[tcp] = append(h.kinds, tcp), n
	}
	return n
}

// of returns the habits of a connection.
func (h *synHabits) of(id int) habits {
	both := h.sides[id]
	return habits{h.kinds[both[0]], h.kinds[both[1]]}
}

// firstTTL is the TTL with which a packet left: systems begin with one of a few, and each
// router takes 1 off it.
func firstTTL(ttl int) int {
	for _, first := range []int{32, 64, 128} {
		if ttl <= first {
			return first
		}
	}
	return 255
}

// A trafficLearner learns traffic from a capture, session by session.
type trafficLearner struct {
	habits   *synHabits
	rates    pathRates
	sessions map[netip.Addr]int64 // by client
	servers  map[netip.Addr]int64 // sessions, by server
	learned  *traffic.Traffic
	// answers are habits of servers, by kind, which answered clients that lack options.
	answers map[*traffic.Kind]traffic.Counts
}

func newTrafficLearner(habits *synHabits, rates pathRates) *trafficLearner {
	return &trafficLearner{habits, rates, map[netip.Addr]int64{}, map[netip.Addr]int64{}, traffic.New(), map[*traffic.Kind]traffic.Counts{}}
}

// session learns from a session whose dialogue can be read.
func (l *trafficLearner) session(s *evidence.Session) {
	if s.Protection != nil {
		return // generate does not make such sessions
	}
	if s.Hidden || s.TLS && !agreedOnTLS(s) {
		l.learned.Unread++ // also what is in TLS from the first byte on, which is not drawn
		return
	}
	if len(s.Exchanges) == 0 {
		return
	}
	l.sessions[s.Client()]++
	l.servers[s.Server()]++
	l.learned.Hours[time.Unix(0, s.Control.FirstTime).UTC().Hour()]++
	k := l.learned.Kind(kindOfSession(s))
	k.Sessions++
	if said := loginOf(s); said != "" {
		k.Logins[said]++
	}
	if s.Greeting != nil {
		k.Servers[evidence.ServerProgram(s.Greeting.Text)]++
	}
	l.learnTCP(k, s)
	before := map[string]int64{}
	for name, h := range k.Numbers {
		before[name] = h.Count
	}
	k.Learn(walkOf(s), s.FromStart() && s.Greeting != nil)
	l.learnTimes(k, s)
	l.learnTransfers(k, s)
	for name, h := range k.Numbers {
		h.Squares += square(float64(h.Count - before[name]))
	}
}

// agreedOnTLS reports whether the client asked for TLS, and got it.
func agreedOnTLS(s *evidence.Session) bool {
	return slices.ContainsFunc(s.Exchanges, func(x *ftp.Exchange) bool { return x.Command == "AUTH" && x.Final() == 234 })
}

// learnTCP learns what TCP shows.
func (l *trafficLearner) learnTCP(k *traffic.Kind, s *evidence.Session) {
	both := l.habits.of(s.Control.ID)
	client, server := both.client, both.server
	if client.MSS != 0 {
		k.ClientTCP[client.String()]++
	}
	switch {
	case server.MSS == 0:
	case client.Offers():
		k.ServerTCP[server.String()]++
	default:
		if l.answers[k] == nil {
			l.answers[k] = traffic.Counts{}
		}
		l.answers[k][server.Answering(client).String()]++
	}
	var resent, segments int
	for _, c := range append([]*ftp.Connection{s.Control}, connectionsOf(s)...) {
		for _, flow := range []ftp.Side{ftp.Client, ftp.Server} {
			resent += c.Flow(flow).Retransmissions
			segments += c.Flow(flow).Segments
		}
	}
	if resent > 0 {
		k.Lossy++
		k.Resent += int64(resent)
		k.Segments += int64(segments)
	}
}

func connectionsOf(s *evidence.Session) []*ftp.Connection {
	var list []*ftp.Connection
	for _, c := range s.DataByID {
		list = append(list, c)
	}
	return list
}

// result is what was learned.
func (l *trafficLearner) result() *traffic.Traffic {
	l.learned.Clients, l.learned.Servers = int64(len(l.sessions)), int64(len(l.servers))
	for _, n := range l.sessions {
		l.learned.SessionsAClient.Add(float64(n))
	}
	for _, n := range l.servers {
		l.learned.ServerSquares += n * n
	}
	for k, counts := range l.answers {
		if len(k.ServerTCP) == 0 { // else those are known better
			k.ServerTCP = counts
		}
	}
	return l.learned
}

// kindOfSession says whether a person or a program took a session, whether its data
// connections are in the capture, and whether it used IPv6 and TLS.
func kindOfSession(s *evidence.Session) string {
	kind := traffic.KindName{Who: traffic.Program, IPv6: s.Client().Is6(), TLS: s.TLS}
	thought := thoughts(s)
	slices.Sort(thought)
	const person = 0.5 // seconds
	if len(thought) > 0 && thought[len(thought)/2] >= person {
		kind.Who = traffic.Person
	}
	moved := slices.ContainsFunc(s.Exchanges, func(x *ftp.Exchange) bool { return traffic.Direction(x.Command) != "" && evidence.Began(x) })
	kind.ControlOnly = moved && len(s.DataByID) == 0
	return kind.String()
}

// thoughts are the times from a reply to the next command, in seconds. They leave out commands
// that belong together, such as PASV, REST and RETR, because a program sends those by itself.
func thoughts(s *evidence.Session) []float64 {
	var list []float64
	for i, x := range s.Exchanges {
		if i == 0 {
			continue
		}
		before := s.Exchanges[i-1]
		if before.Final() == 234 {
			continue // what lies between is the handshake of TLS
		}
		together := traffic.Direction(x.Command) != "" || x.Command == "REST"
		if together && (traffic.Arranges(before.Command) || before.Command == "REST") {
			continue
		}
		if n := len(before.Replies); n > 0 && before.Replies[n-1].Code >= 200 && before.Replies[n-1].Packet < x.FirstPacket {
			since := max(before.Replies[n-1].Time, dataEnd(s, before, x.Time))
			list = append(list, seconds(x.Time-since))
		}
	}
	return list
}

// dataEnd is the time of the last FIN before a command on the data connections of an exchange, 0 for
// none. A reply can overtake the data, and then a client waits for the data.
func dataEnd(s *evidence.Session, x *ftp.Exchange, command int64) int64 {
	var end int64
	for _, c := range s.DataOf(x.Data) {
		for _, at := range []int64{c.ClientFlow.FINTime, c.ServerFlow.FINTime} {
			if at <= command {
				end = max(end, at)
			}
		}
	}
	return end
}

// walkOf is the dialogue of a session in the form that the generator uses.
func walkOf(s *evidence.Session) []string {
	var walk []string
	var arranged *ftp.Exchange
	restart := false
	flush := func() { // of what arranged a data connection that no command used
		if arranged != nil {
			walk = append(walk, plain(arranged))
		}
		if restart {
			walk = append(walk, traffic.Exchange{Command: "REST", Codes: []int{350}}.String())
		}
		arranged, restart = nil, false
	}
	for _, x := range s.Exchanges {
		switch {
		case !traffic.Known(x.Command), x.Final() < 200: // it cannot be said how it ended
		case traffic.Arranges(x.Command) && x.Final()/100 == 2:
			if arranged != nil {
				flush()
			}
			arranged = x
		case x.Command == "REST" && x.Final() == 350:
			restart = true
		case traffic.Direction(x.Command) != "":
			e := traffic.Exchange{Restart: restart, Command: x.Command, Codes: codesOf(x)}
			if arranged != nil {
				e.Arrange = arranged.Command
			}
			walk = append(walk, e.String())
			arranged, restart = nil, false
		default:
			flush()
			walk = append(walk, plain(x))
		}
	}
	flush()
	return walk
}

// plain is an exchange without data connection.
func plain(x *ftp.Exchange) string {
	e := traffic.Exchange{Command: x.Command, Codes: codesOf(x)}
	if argument := strings.ToUpper(strings.TrimSpace(x.Argument)); argument != "" && traffic.Coded(x.Command, argument[:1]) {
		e.Argument = argument[:1]
	}
	return e.String()
}

func codesOf(x *ftp.Exchange) []int {
	var codes []int
	for _, r := range x.Replies {
		if r.Code >= 100 && r.Code <= 599 {
			codes = append(codes, r.Code)
		}
	}
	return codes
}

// loginOf is the kind of the first user name, "" if there was none.
func loginOf(s *evidence.Session) string {
	for _, x := range s.Exchanges {
		if x.Command == "USER" {
			if name := strings.ToLower(x.Argument); name == "anonymous" || name == "ftp" {
				return "anonymous"
			}
			return "named"
		}
	}
	return ""
}

// learnTimes learns how long each side took. The recorder can be anywhere on the path: what it saw
// from a command to its reply has the way from there to the server and back in it, and what it saw
// from a reply to the next command has the way to the client and back.
func (l *trafficLearner) learnTimes(k *traffic.Kind, s *evidence.Session) {
	toServer, toClient, sending := 0.0, 0.0, l.sendingOf(s)
	if s.Control.HandshakeTimed {
		toServer = s.Control.HandshakeRTT.Seconds()
	}
	if s.Control.RoundTripKnown {
		trip := s.Control.RoundTrip.Seconds()
		toClient = trip - toServer
		k.Numbers[traffic.RoundTrip].Add(trip)
		if s.Greeting != nil && s.Greeting.FirstPacket > s.Control.FirstPacket {
			k.Numbers[traffic.GreetingTime].Add(sending.ownTime(seconds(s.Greeting.Time-s.Control.SYNTime)-trip-toServer, s.Greeting.Lines...))
		}
	}
	for _, v := range thoughts(s) {
		k.Numbers[traffic.ThinkTime].Add(max(0, v-toClient))
	}
	for _, x := range s.Exchanges {
		if traffic.Direction(x.Command) != "" || len(x.Replies) == 0 || x.Replies[0].FirstPacket <= x.Packet {
			continue
		}
		name := traffic.ServerTime
		if x.Command == "PASS" && x.Final() >= 400 {
			name = traffic.RefusalTime
		}
		lines := append([]*ftp.Line{x.Line}, x.Replies[0].Lines...)
		k.Numbers[name].Add(sending.ownTime(seconds(x.Replies[0].Time-x.Time)-toServer, lines...))
	}
}

// learnTransfers learns how much data the transfers moved, and how fast. A refused transfer has no
// size. Only the first listing of a folder counts, because a later one has about as many lines.
func (l *trafficLearner) learnTransfers(k *traffic.Kind, s *evidence.Session) {
	var w evidence.Walk
	listed := map[string]bool{}
	for _, x := range s.Exchanges {
		w.Follow(x)
		if !evidence.Began(x) {
			continue
		}
		if traffic.Direction(x.Command) == traffic.Listing {
			place := w.Target(folderOf(x.Argument))
			if listed[place] {
				continue
			}
			listed[place] = true
		}
		for _, c := range s.DataOf(x.Data) {
			l.learnTransfer(k, c)
		}
	}
}

// folderOf is the path in the argument of a listing, which can have options before it.
func folderOf(argument string) string {
	for strings.HasPrefix(argument, "-") {
		_, argument, _ = strings.Cut(argument, " ")
	}
	return argument
}

// learnTransfer learns from the data connection of a transfer.
func (l *trafficLearner) learnTransfer(k *traffic.Kind, c *ftp.Connection) {
	if c.Transfer == nil || c.Missing() > 0 || c.TLS != nil && c.TLS.Hidden() {
		return
	}
	names := map[string]string{traffic.Listing: traffic.ListingBytes, traffic.Download: traffic.DownloadBytes, traffic.Upload: traffic.UploadBytes}
	name, ok := names[traffic.Direction(c.Transfer.Command)]
	if !ok {
		return
	}
	bytes := c.ClientFlow.Bytes + c.ServerFlow.Bytes
	if c.TLS != nil {
		bytes = c.TLS.Flows[0].Data + c.TLS.Flows[1].Data
	}
	k.Numbers[name].Add(float64(bytes))
	if rate := l.rates.ofPath(c, l.habits.of(c.ID)); bytes >= traffic.Large && rate > 0 {
		k.Numbers[traffic.Rate].Add(rate)
	}
}
