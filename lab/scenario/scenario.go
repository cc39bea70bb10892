package scenario

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A Scenario is a parsed file: the network to build, the steps to take, and the packets
// and values to expect. Its sections `want`, `figures` and `questions` stay text;
// packages expect, measure and question parse them.
type Scenario struct {
	Name  string // the file's name without folder and extension
	File  string // its path as given, for messages
	Title string // the first comment line
	Story string // the comment lines after the title, in paragraphs

	Network  Network
	Names    []Name
	Server   Server
	Client   Client
	Files    []File // on the server
	Local    []File // at the client, for uploads
	Steps    []Step
	Deadline time.Duration // for each step

	Want      Section
	Figures   Section
	Questions Section
	Twin      Section // steps of a second capture, for an exercise; package variant makes a scenario of it

	Source []byte // the whole file
}

// Forged reports whether the second capture of an exercise is a forged one: a recording of
// the same steps that package forgery rewrites.
func (s *Scenario) Forged() bool { return strings.TrimSpace(s.Twin.Text) == "forged" }

// A Section is the text of a section that another package parses.
type Section struct {
	Line int // of its first line in the file; 0 if the file has no such section
	Text string
}

// Server says how the server differs from the simplest one.
type Server struct {
	Port       uint16        // of the control connection
	Idle       time.Duration // silence after which the server ends a session; 0 is 15 minutes
	ReadOnly   bool          // refuses uploads
	ReplyFirst bool          // sends 150 before it opens an active data connection
	DialFirst  bool          // opens an active data connection at PORT or EPRT, before its reply 200
	AwaitFIN   bool          // sends 226 only after the client has closed its end, too
	Users      []User        // who may log in, in addition to anonymous
	Replies    []Reply       // its own reply texts
	Wording    string        // whose texts it uses for other replies: vsftpd, proftpd, pureftpd, pyftpdlib, inetutils or iis; "" is the lab's
	Rules      []Rule        // what it does instead of its usual answers
	Slow       time.Duration // time between the bytes of its replies, each in a segment of its own; 0 sends whole lines
	Nagle      bool          // holds back small segments until earlier data is acknowledged (RFC 896)
	ThirdParty bool          // allows data connections to other hosts than the client
	ActivePort uint16        // of active data connections; 0 is the port before Port
	TLS        TLS           // none by default
	DataPorts  []PortRange   // for passive data connections, reused when free; nil is the host's ports
	Replicas   []Replica     // other hosts with the same server
	Program    []string      // another server, and its arguments; empty for the lab's own
	Inetd      bool          // Program is started for each control connection, as inetd(8) does
	Etc        []File        // files of Program in /etc; see also [ConfigFile]

	Line        int // of the setting server, for messages; 0 is none
	ProgramLine int // of the setting program

	portGiven bool
}

// ConfigFile is the path of the section config in /etc.
const ConfigFile = "server.conf"

// A Replica is a host with a second server like the first.
type Replica struct {
	Line int
	Host string
}

// A User is a name and a password the server accepts.
type User struct{ Name, Password string }

// A Reply is the server's own text for a code. If a code has several texts, the server
// uses them in order, and repeats the last.
type Reply struct {
	Line int
	Code int
	Text string // lines separated by \n; those between the first and the last as they are on the wire
}

// Check returns an error if no client could understand the reply.
func (r Reply) Check() error {
	switch {
	case strings.Contains(r.Text, "\r"):
		return fmt.Errorf("reply %d %q: a line of a reply cannot contain CR", r.Code, r.Text)
	case r.Code == 227 && !strings.Contains(r.Text, "{hostport}"):
		return fmt.Errorf("reply 227 %q: the address of the data port is missing: {hostport}", r.Text)
	case r.Code == 229 && !strings.Contains(r.Text, "(|||{port}|)"):
		return fmt.Errorf("reply 229 %q: the data port is missing: (|||{port}|) (RFC 2428, 3)", r.Text)
	}
	return nil
}

// Client is the client that takes the steps.
type Client struct {
	Kind         ClientKind
	Linger       time.Duration // time between the end of the data and the client's own close
	DataAddress  string        // where it connects to if a 227 has another address than the server's: reply, server, or "" to fail
	KeepAlive    time.Duration // silence after which TCP probes the server; 0 is never
	NoReuse      bool          // begins a new TLS session on each data connection
	Notify       Notify        // how it ends TLS on a data connection
	Version      TLSVersion    // the only version of TLS; "" is 1.2 and 1.3
	CommandFirst bool          // in passive mode, sends RETR and the like before it connects

	Line int // of the setting, for messages
}

// ClientKind names a client.
type ClientKind string

// The clients a scenario can name.
const (
	Scripted ClientKind = "scripted" // the lab's own, both modes
	Jlaffaye ClientKind = "jlaffaye" // github.com/jlaffaye/ftp, passive only
)

// A File is a file with literal or generated content.
type File struct {
	Line    int
	Path    string // slash-separated, relative to the root; that of a folder ends in a slash
	Content []byte // of a literal file
	Size    int64  // of a generated file, bytes
	Seed    uint64 // of a generated file's content
	Literal bool
}

// Folder reports whether f is an empty folder and not a file.
func (f File) Folder() bool { return strings.HasSuffix(f.Path, "/") }

// NameOf returns the name of the scenario in the file at path.
func NameOf(path string) string {
	return strings.TrimSuffix(filepath.Base(path), Extension)
}

// Extension is the extension of a scenario's file name.
const Extension = ".txtar"

// Host returns the host of that name.
func (s *Scenario) Host(name string) (Host, bool) {
	for _, h := range s.Network.Hosts {
		if h.Name == name {
			return h, true
		}
	}
	return Host{}, false
}

// Unrecorded returns the hosts of clients whose sessions are not in the capture,
// because it is taken neither at their end nor at their server's. They are in the order
// of the steps.
func (s *Scenario) Unrecorded() (hosts []string) {
	places := s.Network.Places()
	for _, step := range s.Steps {
		server := s.Network.machine(s.serverOf(step))
		if step.Verb == "open" && s.Network.Kind == Wire && !slices.Contains(places, step.Host) &&
			!slices.Contains(places, server) && !slices.Contains(hosts, step.Host) {
			hosts = append(hosts, step.Host)
		}
	}
	return hosts
}

// serverOf returns the host to which a step open connects.
func (s *Scenario) serverOf(open Step) string {
	if _, ok := s.Host(open.Name); ok {
		return open.Name
	}
	for _, n := range s.Names {
		for _, h := range s.Network.Hosts {
			if n.Name == open.Name && n.Addr == h.Addr {
				return h.Name
			}
		}
	}
	return "server"
}

// LocalFile returns the client's file of that path.
func (s *Scenario) LocalFile(path string) (File, bool) { return find(s.Local, path) }

func find(files []File, path string) (File, bool) {
	for _, f := range files {
		if f.Path == path {
			return f, true
		}
	}
	return File{}, false
}
