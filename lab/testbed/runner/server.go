package runner

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"slices"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/content"
	"ftplab/lab/testbed/ftpserver"
)

// serverConfig returns the configuration of the lab's server for a scenario.
func serverConfig(s *scenario.Scenario) ftpserver.Config {
	host, _ := s.Host("server")
	config := ftpserver.Config{
		Port:       s.Server.Port,
		Idle:       s.Server.Idle,
		ReadOnly:   s.Server.ReadOnly,
		ReplyFirst: s.Server.ReplyFirst, DialFirst: s.Server.DialFirst,
		Wording:    s.Server.Wording,
		AwaitFIN:   s.Server.AwaitFIN,
		Rules:      s.Server.Rules,
		Slow:       s.Server.Slow,
		Nagle:      s.Server.Nagle,
		ThirdParty: s.Server.ThirdParty,
		DataPorts:  s.Server.DataPorts,
		ActivePort: s.Server.ActivePort,
		Cork:       host.Cork,
		FINApart:   host.FINApart,
	}
	for _, u := range s.Server.Users {
		config.Users = append(config.Users, ftpserver.User{Name: u.Name, Password: u.Password})
	}
	for _, r := range s.Server.Replies {
		config.Replies = append(config.Replies, ftpserver.Reply{Code: r.Code, Text: r.Text})
	}
	for _, f := range s.Files {
		switch {
		case f.Folder():
			config.Dirs = append(config.Dirs, f.Path)
		case f.Literal:
			config.Files = append(config.Files, ftpserver.File{Path: f.Path, Content: append([]byte{}, f.Content...)})
		default:
			config.Files = append(config.Files, ftpserver.File{Path: f.Path, Size: f.Size, Seed: f.Seed})
		}
	}
	return config
}

// A server serves the clients: the lab's own server, a program, or code.
type server interface {
	// Addr is the address of its control port.
	Addr() netip.AddrPort

	// Open opens a file of the server, with its current content.
	Open(path string) (io.ReadSeeker, error)

	// Received returns the digest of the last upload to a file, which had size bytes.
	Received(path string, size int64) (content.Digest, error)

	// Note returns a remark for the user about how the server ran; "" is none.
	Note() string

	// faults returns failures that the clients may not have noticed. Failed says that
	// the session has failed anyway.
	faults(failed bool) []Failure

	// printed returns what a server that is a program has printed last, for the message about
	// a step that failed; "" is nothing.
	printed() string

	// Wait waits until no client is connected, and Close ends the server.
	// The error of either is that of ctx, or says how code failed at its end.
	Wait(ctx context.Context) error
	Close(ctx context.Context) error
}

// embedded is the lab's own server, which runs in this process.
type embedded struct{ *ftpserver.Server }

// faults implements server. It returns the rules of the scenario that never applied. In
// a failed session, its failure may be why, except for a rule whose command has a typo: the
// typo may be why the session failed.
func (e embedded) faults(failed bool) (failures []Failure) {
	for _, rule := range e.UnusedRules() {
		if failed && unknownCommand(rule) == "" {
			continue
		}
		failures = append(failures, Failure{Line: rule.Line, Message: rule.Text + ": the server never got this, so the rule was not used; " + e.Got(rule) + unknownCommand(rule)})
	}
	return failures
}

// printed implements server.
func (e embedded) printed() string { return "" }

// unknownCommand is the end of a message about a rule whose command is almost one of FTP.
func unknownCommand(rule scenario.Rule) string {
	if rule.Command == scenario.Connect || rule.Command == "*" {
		return ""
	}
	return scenario.MeantCommand(rule.Command)
}

// Note implements server.
func (e embedded) Note() string { return "" }

// Received implements server.
func (e embedded) Received(path string, _ int64) (content.Digest, error) {
	for _, upload := range slices.Backward(e.Uploads()) {
		if upload.Path == path {
			return upload.Content, nil
		}
	}
	return content.Digest{}, errors.New("the server says that the upload is complete, but has no file of it")
}

// startServer starts the scenario's server on its host, or the code in its place. Files is
// as in [Open].
func (e *Environment) startServer(ctx context.Context, files string, code *Code) (server, error) {
	s, host := e.scenario, e.Host("server")
	switch {
	case code != nil && code.Run != nil:
		return code.startHere(host, s, files)
	case code != nil:
		return code.startThere(ctx, e, files)
	case len(s.Server.Program) > 0:
		return e.startProgram(ctx, files)
	}
	config := serverConfig(s)
	config.TLS = e.security.server()
	config.Addresses = e.serverAddresses()
	own, err := ftpserver.Start(host, config)
	if err != nil {
		return nil, err
	}
	return embedded{own}, nil
}
