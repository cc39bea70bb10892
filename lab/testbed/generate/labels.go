package generate

import (
	"net/netip"
	"slices"
	"time"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/runner"
	"ftplab/lab/traffic"
)

// A Session is what the labels of all flows and transfers of a session say.
type Session struct {
	Number int    // from 0 on
	Label  string // Normal or Abnormal
	Kind   string // person or program, or the name of the scenario that is not normal
	Why    string // the label is what it is
	User   string // who logged in, or tried to; "" is nobody
}

// A Flow is the label of one TCP connection.
type Flow struct {
	Session
	Role           string // control or data: what it was opened for, even if nobody answers
	Mode           string // of data: active or passive
	Client, Server netip.AddrPort
	OpenedBy       string    // client or server
	Start, End     time.Time // when its first and its last frame passed the client
	Frames         int64
	Bytes          int64 // of all frames
}

// A Transfer is the label of what one command moved.
type Transfer struct {
	Session
	Command        string // such as RETR
	Path           string // on the server, absolute
	Type           string // A or I
	Mode           string // active or passive
	Client, Server netip.AddrPort
	Start, End     time.Time // of its data connection
	Code           int       // of the last reply; 0 if none came
	Result         string    // how it ended for the client: see [runner.Transfer]
	Bytes          int64     // of data
	SHA256         string    // of the data as it crossed, in hexadecimal; "" if none came and more was to come
}

// Names of roles, modes and sides in labels.
const (
	Control = "control"
	Data    = "data"
	Active  = "active"
	Passive = "passive"
	Client  = "client"
	Server  = "server"
)

// session is what the labels of the session's flows and transfers have in common.
func (p *plan) session() Session { return Session{p.number, p.label, p.kind, p.why, p.user} }

// labels calls flow and transfer for what the session had, in the order in which the
// connections began.
func (s *session) labels(flow func(*Flow) error, transfer func(*Transfer) error) error {
	for _, f := range s.flows {
		label := s.flow(f)
		if err := flow(label); err != nil {
			return err
		}
		if t := s.takeTransfer(f); t != nil {
			if err := transfer(transferLabel(label, t)); err != nil {
				return err
			}
		}
	}
	return nil
}

// flow is the label of a connection. A data connection that a server opens is active, unless it
// goes to another server, as in FXP: that one has announced its port, so it is passive there.
func (s *session) flow(f *flow) *Flow {
	l := &Flow{
		Session: s.plan.session(), Role: Control, Client: f.opener, Server: f.other, OpenedBy: Client,
		Start: time.Unix(0, f.first).UTC(), End: time.Unix(0, f.last).UTC(), Frames: f.frames, Bytes: f.bytes,
	}
	if s.control(f) {
		return l
	}
	l.Role, l.Mode = Data, Passive
	if isServer(s.scenario, f.opener.Addr()) && !isServer(s.scenario, f.other.Addr()) {
		l.Mode, l.OpenedBy, l.Client, l.Server = Active, Server, f.other, f.opener
	}
	return l
}

// isServer reports whether an address is that of a server.
func isServer(s *scenario.Scenario, addr netip.Addr) bool {
	i := slices.IndexFunc(s.Network.Hosts, func(h scenario.Host) bool { return h.Addr == addr })
	if i < 0 {
		return false
	}
	name := s.Network.Hosts[i].Name
	return name == "server" || slices.ContainsFunc(s.Server.Replicas, func(r scenario.Replica) bool { return r.Host == name })
}

func transferLabel(f *Flow, t *runner.Transfer) *Transfer {
	l := &Transfer{
		Session: f.Session, Command: t.Command, Path: t.Path, Type: "I", Mode: f.Mode, Client: f.Client, Server: f.Server,
		Start: f.Start, End: f.End, Code: t.Code, Result: t.Result, Bytes: t.Wire.Size,
	}
	if t.ASCII {
		l.Type = "A"
	}
	if l.Bytes > 0 || l.Result == runner.Complete {
		l.SHA256 = t.Wire.String()
	}
	if traffic.Direction(t.Command) == traffic.Listing && l.Path == "" {
		l.Path = "/"
	}
	return l
}
