// The objects that JSON consists of. Their fields are described in facts.schema.json.

package text

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

type jsonCapture struct {
	Version      int               `json:"version"`
	File         string            `json:"file"`
	Packets      int               `json:"packets"`
	Truncated    int               `json:"truncated"`
	Places       []string          `json:"places,omitempty"`
	Copies       int               `json:"copies,omitempty"`
	Lost         []jsonLost        `json:"lost_packets,omitempty"`
	Translations []jsonTranslation `json:"translations,omitempty"`
	Rewritings   []jsonRewriting   `json:"rewritings,omitempty"`
	Relays       []jsonRelay       `json:"relays,omitempty"`
	Shared       []jsonShared      `json:"shared_addresses,omitempty"`
	Dropped      uint64            `json:"dropped,omitempty"`
	Unread       int               `json:"unread,omitempty"`
	Cut          string            `json:"cut,omitempty"`
	Flaw         string            `json:"flaw,omitempty"`
	LeftOut      string            `json:"left_out,omitempty"`
	Disorder     string            `json:"disorder,omitempty"`
	Start        string            `json:"start,omitempty"`
	Others       []jsonOther       `json:"other_packets,omitempty"`
}

// A jsonTranslation is what a NAT changes between two places.
type jsonTranslation struct {
	Home  string `json:"home"`
	Place string `json:"place"`
	From  string `json:"from"`
	To    string `json:"to"`
}

// A jsonRewriting is a line that an application-level gateway rewrote.
type jsonRewriting struct {
	Packet      int    `json:"packet"`
	Place       string `json:"place"`
	PlacePacket int    `json:"place_packet"`
	Text        string `json:"text"`
}

// A jsonRelay is a network card that passes on the packets of two hosts.
type jsonRelay struct {
	Card    string   `json:"card"`
	Packets int      `json:"packets"`
	Hosts   []string `json:"hosts"`
	First   int      `json:"first_packet"`
	Claims  []string `json:"claims,omitempty"`
}

// A jsonShared is an address that several network cards claim.
type jsonShared struct {
	Address string      `json:"address"`
	Claims  []jsonClaim `json:"claims"`
}

type jsonClaim struct {
	Card   string `json:"card"`
	Packet int    `json:"packet"`
}

type jsonOther struct {
	Packet int    `json:"packet"`
	Time   string `json:"time,omitempty"`
	Text   string `json:"text"`
}

type jsonLost struct {
	Packet int    `json:"packet"`
	Time   string `json:"time,omitempty"`
	SeenAt string `json:"seen_at"`
	NotAt  string `json:"not_at"`
}

type jsonConnection struct {
	ID           int            `json:"id"`
	Role         ftp.Role       `json:"role"`
	Mode         ftp.Mode       `json:"mode,omitempty"`
	Client       string         `json:"client"`
	Server       string         `json:"server"`
	OpenedBy     ftp.Side       `json:"opened_by"`
	Announced    *jsonAnnounced `json:"announced,omitempty"`
	Control      *int           `json:"control,omitempty"`
	Inferred     bool           `json:"inferred,omitempty"`
	OtherHosts   []ftp.Side     `json:"other_hosts,omitempty"`
	Transfer     *jsonTransfer  `json:"transfer,omitempty"`
	Proxy        *jsonProxy     `json:"proxy,omitempty"`
	History      string         `json:"history"`
	FirstPacket  int            `json:"first_packet"`
	LastPacket   int            `json:"last_packet"`
	Start        string         `json:"start,omitempty"`
	End          string         `json:"end,omitempty"`
	Duration     float64        `json:"duration"`
	HandshakeRTT *float64       `json:"handshake_rtt,omitempty"`
	RoundTrip    *float64       `json:"round_trip,omitempty"`
	Bytes        jsonBytes      `json:"bytes"`
	SHA256       string         `json:"sha256,omitempty"`
	TLS          *jsonTLS       `json:"tls,omitempty"`
	FirstFIN     ftp.Side       `json:"first_fin"`
	ResetBy      ftp.Side       `json:"reset_by"`
	ClientFlow   jsonFlow       `json:"client_flow"`
	ServerFlow   jsonFlow       `json:"server_flow"`
}

type jsonBytes struct {
	Client int64 `json:"client"`
	Server int64 `json:"server"`
}

// A jsonFlow is what one side sent.
type jsonFlow struct {
	Packets         int     `json:"packets"`
	Segments        int     `json:"segments,omitempty"`
	Damaged         int     `json:"damaged,omitempty"`
	FirstData       int     `json:"first_data,omitempty"`
	LastData        int     `json:"last_data,omitempty"`
	LastDataTime    string  `json:"last_data_time,omitempty"`
	DataDuration    float64 `json:"data_duration,omitempty"`
	Missing         int64   `json:"missing,omitempty"`
	CutShort        int64   `json:"cut_short,omitempty"`
	LacksStart      bool    `json:"lacks_start,omitempty"`
	LacksEnd        bool    `json:"lacks_end,omitempty"`
	Retransmissions int     `json:"retransmissions,omitempty"`
	OutOfOrder      int     `json:"out_of_order,omitempty"`
	FIN             int     `json:"fin,omitempty"`
	FINTime         string  `json:"fin_time,omitempty"`
	RefutedFIN      int     `json:"refuted_fin,omitempty"`
	RefutedFINTime  string  `json:"refuted_fin_time,omitempty"`
	AfterFIN        int     `json:"after_fin,omitempty"`
	AfterFINTime    string  `json:"after_fin_time,omitempty"`
	Beyond          int64   `json:"after_fin_bytes,omitempty"`
	RST             int     `json:"rst,omitempty"`
	RSTTime         string  `json:"rst_time,omitempty"`
}

type jsonAnnounced struct {
	Command string `json:"command"`
	Packet  int    `json:"packet"`
}

type jsonTransfer struct {
	Command  string `json:"command"`
	Argument string `json:"argument"`
	Packet   int    `json:"packet"`
	Reply    int    `json:"reply,omitempty"`
	Offset   int64  `json:"offset,omitempty"`
	Mode     string `json:"mode,omitempty"`

	Incomplete bool `json:"incomplete,omitempty"`
}

// A jsonSession goes on with its exchanges.
type jsonSession struct {
	Control    int             `json:"control"`
	User       string          `json:"user"`
	TLS        bool            `json:"tls"`
	Protection *jsonProtection `json:"protection,omitempty"`
	Proxy      *jsonProxy      `json:"proxy,omitempty"`
}

// A jsonProtection is another mechanism than TLS that protects a dialogue.
type jsonProtection struct {
	Mechanism   string `json:"mechanism,omitempty"`
	FirstPacket int    `json:"first_packet"`
	ClearFrom   int    `json:"clear_from,omitempty"`
}

type jsonProxy struct {
	Kind   string `json:"kind"`
	Client string `json:"client,omitempty"`
	Server string `json:"server,omitempty"`
}

type jsonExchange struct {
	Packet     int         `json:"packet"`
	Command    string      `json:"command"`
	Argument   string      `json:"argument"`
	Replies    []jsonReply `json:"replies"`
	Time       string      `json:"time,omitempty"`
	Duration   float64     `json:"duration,omitempty"`
	Line       string      `json:"line,omitempty"`
	Data       []int       `json:"data,omitempty"`
	UnaskedTLS bool        `json:"unasked_tls,omitempty"`
	*jsonDamage
}

// A jsonDamage says why a line could not be read completely, and what it has besides its
// text. Most lines have none.
type jsonDamage struct {
	FirstPacket int    `json:"first_packet,omitempty"`
	AfterGap    bool   `json:"after_gap,omitempty"`
	Incomplete  bool   `json:"incomplete,omitempty"`
	UnreadTLS   bool   `json:"unread_tls,omitempty"`
	Telnet      string `json:"telnet,omitempty"`
	Urgent      bool   `json:"urgent,omitempty"`

	OtherBytes []jsonOtherBytes `json:"other_bytes,omitempty"`
	Injected   []int            `json:"injected,omitempty"`
}

type jsonOtherBytes struct {
	Packet int    `json:"packet"`
	Text   string `json:"text"`
}

type jsonReply struct {
	Packet int        `json:"packet"`
	Code   int        `json:"code"`
	Text   string     `json:"text"`
	Time   string     `json:"time,omitempty"`
	Lines  []jsonLine `json:"lines,omitempty"`
	*jsonDamage
}

type jsonLine struct {
	Packet int    `json:"packet"`
	Time   string `json:"time,omitempty"`
	Text   string `json:"text"`
	*jsonDamage
}

type jsonTelnet struct {
	Packet      int      `json:"packet"`
	FirstPacket int      `json:"first_packet,omitempty"`
	Time        string   `json:"time,omitempty"`
	From        ftp.Side `json:"from"`
	Commands    string   `json:"commands"`
	Urgent      bool     `json:"urgent,omitempty"`
}

type jsonDataPort struct {
	Command     string   `json:"command"`
	Mode        ftp.Mode `json:"mode"`
	Address     string   `json:"address"`
	Packet      int      `json:"packet"`
	ReplyPacket int      `json:"reply_packet,omitempty"`
	Reply       int      `json:"reply,omitempty"`
	ThirdParty  bool     `json:"third_party,omitempty"`
	Malformed   bool     `json:"malformed,omitempty"`
	Connections []int    `json:"connections"`
	SiteToSite  []int    `json:"site_to_site,omitempty"`
	PortLost    bool     `json:"port_lost,omitempty"`
}

// timeJSON is a time in nanoseconds since 1970 as RFC 3339 wants it, "" for 0: unknown.
func timeJSON(at int64) string {
	if at == 0 {
		return ""
	}
	t := time.Unix(0, at).UTC()
	b := t.AppendFormat(make([]byte, 0, 32), time.RFC3339) // "2006-01-02T15:04:05Z"
	z := len(b) - 1
	b = strconv.AppendInt(b[:z], int64(1e9+t.Nanosecond()), 10) // the 1 keeps the zeros after it
	b[z] = '.'
	return string(append(b, 'Z'))
}

// secondsJSON is the time between two packets in seconds.
func secondsJSON(from, to int64) float64 {
	if from == 0 || to == 0 {
		return 0
	}
	return time.Duration(to - from).Seconds()
}

func captureJSON(name string, c *capture.Capture) *jsonCapture {
	j := &jsonCapture{
		Version: FactsVersion, File: valid(name), Packets: c.Size, Truncated: c.Truncated, Places: escapedNames(c.Places), Copies: c.Copies,
		Dropped: c.Dropped, Unread: c.Unread, Cut: c.Cut, Flaw: c.Flaw, LeftOut: c.LeftOut, Disorder: c.Disorder, Start: timeJSON(c.Start),
	}
	for _, p := range c.Lost {
		j.Lost = append(j.Lost, jsonLost{p.Number, timeJSON(p.Time), valid(p.Place), valid(p.Home)})
	}
	for _, t := range c.Translations {
		j.Translations = append(j.Translations, jsonTranslation{valid(t.Home), valid(t.Place), t.From.String(), t.To.String()})
	}
	for _, packet := range slices.Sorted(maps.Keys(c.Rewritings)) {
		for _, w := range c.Rewritings[packet] {
			j.Rewritings = append(j.Rewritings, jsonRewriting{packet, valid(w.Place), w.Packet, valid(w.Text)})
		}
	}
	for _, r := range c.Relays {
		j.Relays = append(j.Relays, jsonRelay{r.Card.String(), r.Packets, addressTexts(r.Hosts[:]), r.First, addressTexts(c.Claimed(r))})
	}
	for _, s := range c.SharedAddresses() {
		shared := jsonShared{Address: s.Addr.String()}
		for _, x := range s.Claims {
			shared.Claims = append(shared.Claims, jsonClaim{x.Card.String(), x.Packet})
		}
		j.Shared = append(j.Shared, shared)
	}
	for _, p := range c.OtherPackets {
		j.Others = append(j.Others, jsonOther{p.Number, timeJSON(p.Time), OtherLine(p)})
	}
	return j
}

func connectionJSON(c *ftp.Connection) jsonConnection {
	j := jsonConnection{
		ID: c.ID, Role: c.Role, Mode: c.Mode, Client: c.Client.String(), Server: c.Server.String(),
		OpenedBy: c.OpenedBy, History: c.History, FirstPacket: c.FirstPacket, LastPacket: c.LastPacket,
		Start: timeJSON(c.FirstTime), End: timeJSON(c.LastTime), Duration: secondsJSON(c.FirstTime, c.LastTime),
		Bytes:  jsonBytes{c.ClientFlow.Bytes, c.ServerFlow.Bytes},
		SHA256: c.SHA256, TLS: layerJSON(c.TLS), FirstFIN: c.ClosedFirst(), ResetBy: c.ResetBy,
		ClientFlow: streamJSON(c, ftp.Client), ServerFlow: streamJSON(c, ftp.Server),
	}
	if c.HandshakeTimed {
		rtt := c.HandshakeRTT.Seconds()
		j.HandshakeRTT = &rtt
	}
	if c.RoundTripKnown {
		trip := c.RoundTrip.Seconds()
		j.RoundTrip = &trip
	}
	if c.DataPort != nil {
		j.Announced = &jsonAnnounced{c.DataPort.Command, c.DataPort.Packet}
	}
	if c.Role == ftp.Data && c.Control != ftp.NoConnection {
		j.Control = &c.Control
	}
	j.Inferred, j.OtherHosts, j.Proxy = c.Inferred, c.OtherHosts, proxyJSON(c.Proxy)
	if x := c.Transfer; x != nil {
		j.Transfer = &jsonTransfer{valid(x.Command), valid(x.Argument), x.Packet, x.Reply, x.Offset, valid(x.Mode), x.Incomplete}
	}
	return j
}

func streamJSON(c *ftp.Connection, s ftp.Side) jsonFlow {
	f, lack := c.Flow(s), c.Lacks(s)
	return jsonFlow{
		Packets: f.Packets, Segments: f.Segments, Damaged: f.Damaged, FirstData: f.FirstData, LastData: f.LastData,
		LastDataTime: timeJSON(f.LastDataTime), DataDuration: secondsJSON(f.FirstDataTime, f.LastDataTime),
		Missing: lack.Bytes(), CutShort: lack.CutShort, LacksStart: lack.Start, LacksEnd: lack.End, Retransmissions: f.Retransmissions, OutOfOrder: f.OutOfOrder,
		FIN: f.FIN, FINTime: timeJSON(f.FINTime), RefutedFIN: f.RefutedFIN, RefutedFINTime: timeJSON(f.RefutedFINTime),
		AfterFIN: f.AfterFIN, AfterFINTime: timeJSON(f.AfterFINTime), Beyond: f.Beyond, RST: f.RST, RSTTime: timeJSON(f.RSTTime),
	}
}

func sessionJSON(d *capture.Dialogue) *jsonSession {
	return &jsonSession{Control: d.Control.ID, User: valid(d.User), TLS: d.TLS, Protection: protectionJSON(d.Protection), Proxy: proxyJSON(d.Proxy)}
}

func protectionJSON(p *ftp.Protection) *jsonProtection {
	if p == nil {
		return nil
	}
	return &jsonProtection{valid(p.Mechanism), p.From, p.ClearFrom}
}

func proxyJSON(p *ftp.Proxy) *jsonProxy {
	if p == nil {
		return nil
	}
	j := &jsonProxy{Kind: p.Kind, Server: valid(p.Server)}
	if p.Client.IsValid() {
		j.Client = p.Client.String()
	}
	return j
}

// set makes j a command with its replies, and the IDs of its data connections.
func (j *jsonExchange) set(e *ftp.Exchange, data []int) {
	*j = jsonExchange{
		Packet: e.Packet, Command: valid(e.Command), Argument: valid(e.Argument), Replies: j.Replies[:0],
		Time: timeJSON(e.Time), Data: data, UnaskedTLS: e.Unasked(), jsonDamage: damageJSON(e.Line),
	}
	if e.Text != strings.TrimSuffix(e.Command+" "+e.Argument, " ") {
		j.Line = valid(e.Text)
	}
	for _, r := range e.Replies {
		j.Replies = append(j.Replies, replyJSON(r))
		j.Duration = secondsJSON(e.Time, r.Time)
	}
}

func replyJSON(r *ftp.Reply) jsonReply {
	j := jsonReply{Packet: r.Packet, Code: r.Code, Text: valid(r.Text), Time: timeJSON(r.Time)}
	if len(r.Lines) == 1 {
		j.jsonDamage = damageJSON(r.Lines[0])
		return j
	}
	if r.FirstPacket != r.Packet {
		j.jsonDamage = &jsonDamage{FirstPacket: r.FirstPacket}
	}
	for _, l := range r.Lines {
		j.Lines = append(j.Lines, jsonLine{l.Packet, timeJSON(l.Time), valid(l.Text), damageJSON(l)})
	}
	return j
}

// damageJSON is the damage of a line, nil for none.
func damageJSON(l *ftp.Line) *jsonDamage {
	j := jsonDamage{
		AfterGap: l.AfterGap, Incomplete: !l.Complete, UnreadTLS: l.UnreadBefore || l.UnreadAfter,
		Telnet: ftp.TelnetNames(l.Telnet), Urgent: l.Urgent, Injected: l.Injected,
	}
	if l.FirstPacket != l.Packet {
		j.FirstPacket = l.FirstPacket
	}
	for _, o := range l.OtherBytes {
		j.OtherBytes = append(j.OtherBytes, jsonOtherBytes{o.Packet, valid(o.Text)})
	}
	marked := j.AfterGap || j.Incomplete || j.UnreadTLS || j.Urgent || j.Telnet != "" || j.FirstPacket > 0
	if !marked && j.OtherBytes == nil && j.Injected == nil {
		return nil
	}
	return new(j)
}

// bareTelnet reports whether a line holds commands of Telnet and nothing else.
func bareTelnet(l *ftp.Line) bool { return len(l.Telnet) > 0 && strings.TrimSpace(l.Text) == "" }

func telnetJSON(l *ftp.Line) *jsonTelnet {
	j := &jsonTelnet{Packet: l.Packet, Time: timeJSON(l.Time), From: l.From, Commands: ftp.TelnetNames(l.Telnet), Urgent: l.Urgent}
	if l.FirstPacket != l.Packet {
		j.FirstPacket = l.FirstPacket
	}
	return j
}

func dataPortJSON(a *ftp.DataPort) *jsonDataPort {
	return &jsonDataPort{
		Command: a.Command, Mode: a.Mode, Address: a.Where(), Packet: a.Packet, ReplyPacket: a.ReplyPacket, Reply: a.ReplyCode,
		ThirdParty: a.ThirdParty, Malformed: a.Malformed, Connections: append([]int{}, a.Connections...), SiteToSite: a.SiteToSite, PortLost: a.PortLost,
	}
}

// escapedNames are names that are valid in JSON.
func escapedNames(names []string) (all []string) {
	for _, name := range names {
		all = append(all, valid(name))
	}
	return all
}
