package scenario

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// A Scenario is one file, parsed: what to build, what to do on it, and what
// should be seen. Its sections `want`, `figures` and `questions` are kept as text
// for packages expect, measure and question, which own their notation.
type Scenario struct {
	Name  string // the file's name without folder and extension
	File  string // as it was given, for messages
	Title string // the first comment line
	Story string // the comment lines after it, paragraphs apart

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

	Source []byte // the whole file
}

// A Section is the text of a section that another package parses.
type Section struct {
	Line int // of its first line in the file; 0 when the file has no such section
	Text string
}

// Server is how the server differs from the plainest one.
type Server struct {
	Port       uint16        // of the control connection
	Idle       time.Duration // after which a silent client is sent away; 15 minutes when 0
	ReadOnly   bool          // refuses uploads
	ReplyFirst bool          // says 150 before it opens an active data connection
	AwaitFIN   bool          // says 226 only when the client has closed its end, too
	Users      []User        // who may log in, besides anonymous
	Replies    []Reply       // its own wording
	Wording    string        // of a real server, for what Replies has not: vsftpd, proftpd, pureftpd or iis; "" is the lab's
	Rules      []Rule        // what it does on purpose
	Slow       time.Duration // between the bytes of its replies, each in a segment of its own; 0 is none
	Nagle      bool          // holds small segments back until what was sent is acknowledged (RFC 896)
	ThirdParty bool          // has data connections with other hosts than the client
	ActivePort uint16        // of active data connections; the one before Port when 0
	TLS        TLS           // none by default
	DataPorts  []PortRange   // for passive data connections, used again when free; none are the host's
	Replicas   []Replica     // other hosts with such a server
	Program    []string      // another server, and its arguments; empty for the lab's own
	Inetd      bool          // Program is started for each control connection, which is its input and output
	Etc        []File        // of Program, below /etc; see also [ConfigFile]

	Line        int // of the setting server, for messages; 0 is none
	ProgramLine int // of the setting program

	portGiven bool
}

// ConfigFile is the path below /etc of the section config.
const ConfigFile = "server.conf"

// A Replica is a host with a server like the first.
type Replica struct {
	Line int
	Host string
}

// A User is a name and a password the server accepts.
type User struct{ Name, Password string }

// A Reply is the server's own text for a code; the texts of one code are used
// in the order written, and the last one from then on.
type Reply struct {
	Line int
	Code int
	Text string // lines apart by \n
}

// Check says why no client could understand the reply.
func (r Reply) Check() error {
	switch {
	case strings.Contains(r.Text, "\r"):
		return fmt.Errorf("reply %d %q: a line of a reply cannot contain CR", r.Code, r.Text)
	case r.Code == 227 && !strings.Contains(r.Text, "{hostport}"):
		return fmt.Errorf("reply 227 %q: it must say where to connect: {hostport} is missing", r.Text)
	case r.Code == 229 && !strings.Contains(r.Text, "(|||{port}|)"):
		return fmt.Errorf("reply 229 %q: it must say where to connect: (|||{port}|) is missing (RFC 2428, 3)", r.Text)
	}
	return nil
}

// Client is the client that takes the steps.
type Client struct {
	Kind         ClientKind
	Linger       time.Duration // between the end of the data and the client's own close
	DataAddress  string        // whom it connects to where a 227 names another address than the server's: reply, server, or "" for nobody
	KeepAlive    time.Duration // after which TCP looks whether a silent server is there; never when 0
	NoReuse      bool          // begins a new TLS session on each data connection
	CommandFirst bool          // in passive mode, sends RETR and the like before it connects
}

// ClientKind names a client.
type ClientKind string

// The clients a scenario can name.
const (
	Scripted ClientKind = "scripted" // the lab's own, both modes
	Jlaffaye ClientKind = "jlaffaye" // github.com/jlaffaye/ftp, passive only
)

// A File is a literal or a generated one.
type File struct {
	Line    int
	Path    string // slash-separated, relative to the root; a folder's ends in a slash
	Content []byte // of a literal file
	Size    int64  // of a generated file, bytes
	Seed    uint64 // of a generated file's content
	Literal bool
}

// Folder says that f is an empty folder and no file.
func (f File) Folder() bool { return strings.HasSuffix(f.Path, "/") }

// NameOf is the name of the scenario in the file at path.
func NameOf(path string) string {
	return strings.TrimSuffix(filepath.Base(path), Extension)
}

// Extension is how a scenario's file name ends.
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

// Unrecorded are the hosts of clients whose sessions are not in the capture, in the
// order of the steps: it is taken neither at their end nor at their server's.
func (s *Scenario) Unrecorded() (hosts []string) {
	places := s.Network.Places()
	for _, step := range s.Steps {
		server := "server"
		if slices.ContainsFunc(s.Server.Replicas, func(r Replica) bool { return r.Host == step.Name }) {
			server = step.Name
		}
		if step.Verb == "open" && s.Network.Kind == Wire && !slices.Contains(places, step.Host) &&
			!slices.Contains(places, server) && !slices.Contains(hosts, step.Host) {
			hosts = append(hosts, step.Host)
		}
	}
	return hosts
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
