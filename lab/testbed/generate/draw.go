package generate

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"time"

	"ftplab/lab/scenario"
	"ftplab/lab/traffic"
)

// A plan is a session before it takes place: the scenario, and what its labels say.
type plan struct {
	number   int
	scenario *scenario.Scenario
	start    time.Time
	label    string // Normal or Abnormal
	kind     string // of session, or the name of the scenario that is not normal
	why      string // it is what the label says
	user     string // who logs in; "" is nobody

	controlOnly bool // its data connections are not in the capture
}

// What the label of a session says.
const (
	Normal   = "normal"
	Abnormal = "abnormal"
)

// A plotter draws the sessions of a corpus. It is not safe for concurrent use.
type plotter struct {
	corpus     *Corpus
	arrivals   *arrivals
	population *population
	walks      map[*traffic.Kind]*traffic.Walks // of the kinds that were drawn
}

func newPlotter(c *Corpus) *plotter {
	return &plotter{c, newArrivals(c), newPopulation(c), map[*traffic.Kind]*traffic.Walks{}}
}

// walksOf is what draws the walks of a kind.
func (p *plotter) walksOf(k *traffic.Kind) *traffic.Walks {
	if p.walks[k] == nil {
		p.walks[k] = traffic.NewWalks(k)
	}
	return p.walks[k]
}

// session draws the session of that number.
func (p *plotter) session(number int) (*plan, error) {
	if p.corpus.Abnormal > 0 {
		random := p.corpus.random(forAbnormal, uint64(number))
		if random.Float64() < p.corpus.Abnormal {
			return p.odd(number, p.corpus.Odd[random.IntN(len(p.corpus.Odd))], random)
		}
	}
	client, ports := p.population.client(number)
	server := p.population.server(client)
	d := &draw{
		random: p.corpus.random(forSession, uint64(number)), kind: client.drawn, walks: p.walksOf(client.drawn), client: client.addr,
		content: mixedWord(p.corpus.mixed(forContent, uint64(number))), used: map[string]bool{},
	}
	d.root = d.newFolder("", nil)
	d.dir = d.root
	d.scenario = &scenario.Scenario{
		Name: fmt.Sprintf("session-%d", number), File: fmt.Sprintf("session %d", number),
		Network:  p.network(client, server, ports, number),
		Client:   scenario.Client{Kind: scenario.Scripted},
		Deadline: longest,
	}
	p.equipServer(d, server)
	if client.kind.TLS {
		d.scenario.Server.TLS = scenario.TLS{Mode: scenario.ExplicitTLS, Seed: mixedWord(p.corpus.mixed(forServer, 1<<33+uint64(server.number)))}
		d.unread = !d.knowsTLS()
	}
	d.walk()
	d.limitRate()
	d.lose()
	d.plant(d.root)
	name := client.kind.String()
	return &plan{
		number: number, scenario: d.scenario, start: p.arrivals.at(number), label: Normal, kind: name, user: d.user,
		why: "drawn from the profile's sessions of a " + name, controlOnly: client.kind.ControlOnly,
	}, nil
}

// longest is how long a step may take at most, and so how long a server may.
const longest = 24 * time.Hour

// network is what is between a client and a server, which is the same in all of
// their sessions.
func (p *plotter) network(client client, server server, ports []scenario.PortRange, number int) scenario.Network {
	kind := client.drawn
	random := p.corpus.random(forPath, 1<<32+uint64(client.number))
	c := scenario.Host{Name: "client", Addr: client.addr, Ports: ports}
	s := scenario.Host{Name: "server", Addr: server.addr, RTT: duration(kind.Numbers[traffic.RoundTrip].At(random.Float64()))}
	host(&c, kind.ClientTCP, random)
	host(&s, p.population.serverTCP(client.kind.IPv6), p.corpus.random(forServer, uint64(server.number)))
	n := scenario.Network{
		Kind: scenario.Wire, IPv6: client.kind.IPv6, Hosts: []scenario.Host{s, c}, ARP: scenario.ARPCached, TCP: scenario.GVisorTCP,
		Seed: mixedWord(p.corpus.mixed(forNetwork, uint64(number))),
	}
	return n
}

// limitRate gives the path a rate, if the session moves enough for the profile to say one.
func (d *draw) limitRate() {
	n := &d.scenario.Network
	if rates := d.kind.Numbers[traffic.Rate]; d.large && rates.Count > 0 {
		n.Rate, n.Hosts[0].RTT = linkOf(rates.At(d.random.Float64()), n.Hosts[0].RTT)
	}
}

// linkOf is the rate of the links on a path, in bits a second, and what is left of its round
// trip: a SYN and its answer need time to be sent. A client that is near has a fast link.
func linkOf(rate float64, trip time.Duration) (int64, time.Duration) {
	const (
		handshake = 2 * 74 * 8 // bits: a SYN and its answer
		share     = 0.1        // of the trip that sending them may take
	)
	rate = max(rate, handshake/share/max(trip.Seconds(), 1e-6))
	return int64(rate), max(0, trip-duration(handshake/rate))
}

// mixedWord makes one word of two.
func mixedWord(a, b uint64) uint64 { return a ^ b }

func duration(seconds float64) time.Duration {
	return time.Duration(seconds * float64(time.Second)).Truncate(time.Microsecond)
}

// lose drops a segment on the path, a command or a reply, in the share of sessions in which
// the profile has a retransmission of one.
func (d *draw) lose() {
	if d.random.Float64() >= float64(d.kind.Lossy)/float64(max(d.kind.Sessions, 1)) {
		return
	}
	pushed, _ := scenario.ParseFlags("[P.]")
	rule := scenario.PathRule{
		Kind: scenario.Drop, From: "client", To: "server", ToPort: 21, Flags: pushed, Length: -1,
		Skip: d.random.IntN(max(d.commands, 1)), Count: 1, Optional: true,
	}
	if d.random.IntN(2) == 0 {
		rule.From, rule.To, rule.FromPort, rule.ToPort = "server", "client", 21, 0
	}
	d.scenario.Network.Rules = append(d.scenario.Network.Rules, rule)
}

// A draw is a session that is being drawn: the steps of the client, the rules of the
// server, and the files of both.
type draw struct {
	random   *rand.Rand
	kind     *traffic.Kind
	walks    *traffic.Walks
	client   netip.Addr
	content  uint64
	scenario *scenario.Scenario

	user     string
	unread   bool // the session is in TLS, and its kind is learned from others
	secured  bool // the dialogue is in TLS
	sized    bool // PBSZ was said
	pending  bool // USER was said and PASS comes next
	loggedIn bool
	ascii    bool
	about    *file   // that the last command was about, nil for none
	missing  string  // the name of one that the server does not have
	renaming *folder // of a file for which the server has accepted RNFR; nil for none
	mode     string  // the last that arranged a data connection
	arranged bool    // a data connection is, for the next transfer
	commands int     // sent so far
	large    bool    // a transfer is as large as those of which the profile has the rate

	root, dir *folder
	apart     *folder         // for what the listing of another has no room for; nil before it is needed
	used      map[string]bool // names of files and folders
	written   int             // names made up so far
}

// mostExchanges is how many a session has at most. A profile's walk may be a circle.
const mostExchanges = 2000

// walk draws the commands and replies.
func (d *draw) walk() {
	d.ascii = true // RFC 959, 3.1.1.1
	d.connect()
	if d.unread {
		d.exchange(traffic.Exchange{Command: "AUTH", Codes: []int{234}})
	}
	before, said := [2]string{"", traffic.Start}, 0
	for range mostExchanges {
		next := d.next(before, said)
		if next == traffic.End {
			break
		}
		x := traffic.ParseExchange(next)
		if !d.exchange(x) {
			break
		}
		said += x.Commands()
		before = [2]string{before[1], next}
	}
	if n := len(d.scenario.Steps); d.scenario.Steps[n-1].Verb != "quit" {
		d.think()
		d.step(scenario.Step{Verb: "close"})
	}
}

// next draws what follows after the two exchanges before it; said is the number of commands so
// far. A profile of captures that all begin in the middle of a session knows no beginning, and
// then it is a login.
func (d *draw) next(before [2]string, said int) string {
	next := d.walks.Next(before, said, d.random.Float64())
	if next != traffic.End || d.loggedIn {
		return next
	}
	switch {
	case before[1] == traffic.Start:
		return "USER 331"
	case before[1] == "USER 331":
		return "PASS 230"
	}
	return next
}

// connect is the beginning of a session.
func (d *draw) connect() {
	d.scenario.Server.Rules = append(d.scenario.Server.Rules, scenario.Rule{
		Text: "connect", Command: scenario.Connect,
		Actions: []scenario.Action{d.pause(traffic.GreetingTime), {Verb: scenario.AsUsual, Repeat: 1}},
	})
	d.step(scenario.Step{Verb: "open"})
}

// step adds a step of the client.
func (d *draw) step(s scenario.Step) {
	s.Session, s.Host = "first", "client"
	s.Text = strings.TrimSpace(s.Verb + " " + s.Command + s.Path)
	d.scenario.Steps = append(d.scenario.Steps, s)
}

// think lets time pass before the next command.
func (d *draw) think() {
	if h := d.kind.Numbers[traffic.ThinkTime]; h.Count > 0 {
		if pause := duration(h.At(d.random.Float64())) - workTime; pause > 0 {
			d.step(scenario.Step{Verb: "pause", Pause: pause})
		}
	}
}

// workTime is what a program of the lab takes by itself before it sends.
const workTime = 20 * time.Microsecond

// pause draws how long the server takes.
func (d *draw) pause(name string) scenario.Action {
	a := scenario.Action{Verb: scenario.Pause, Repeat: 1}
	if h := d.kind.Numbers[name]; h.Count > 0 {
		a.Pause = max(0, duration(h.At(d.random.Float64()))-workTime)
	}
	return a
}

// sent counts a command, and adds what the server does for it: it waits, and then acts.
// Without actions the server does its usual part.
func (d *draw) sent(time string, actions ...scenario.Action) {
	d.commands++
	if len(actions) == 0 {
		actions = []scenario.Action{{Verb: scenario.AsUsual, Repeat: 1}}
	}
	if time != "" {
		if p := d.pause(time); p.Pause > 0 {
			actions = append([]scenario.Action{p}, actions...)
		}
	}
	if len(actions) == 1 && actions[0].Verb == scenario.AsUsual {
		return
	}
	d.scenario.Server.Rules = append(d.scenario.Server.Rules, scenario.Rule{
		Text: fmt.Sprintf("on command %d", d.commands), Command: "*", Nth: d.commands, Actions: actions,
	})
}
