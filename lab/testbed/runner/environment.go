package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/ftpserver"
	"ftplab/lab/testbed/nameserver"
	"ftplab/lab/testbed/network"
)

// timeToClose is how long connections may take to close in order before the server closes
// them. A session that has failed, or that ended without an answer, gets less: the other side
// often hangs, and somebody waits for the message.
const (
	timeToClose             = 3 * time.Second
	timeToCloseAfterFailure = 500 * time.Millisecond
)

// toClose is the one or the other.
func toClose(failed bool) time.Duration {
	if failed {
		return timeToCloseAfterFailure
	}
	return timeToClose
}

// An Environment is what a client finds: a scenario's network with its servers.
type Environment struct {
	scenario *scenario.Scenario
	network  network.Network
	server   server
	replicas map[string]server // by the name of their host
	names    net.PacketConn    // the socket of the name server; nil without one
	lookups  atomic.Uint32     // so far
	security *security
	results  string // the folder for the files that programs leave
	removed  bool   // the caller removes that folder
	hangs    bool   // a session ended after a step that had no answer, as expected

	mu    sync.Mutex
	notes []string // remarks for the user about how programs ran
	keys  []byte   // TLS keys that programs in the place of clients have written
}

// addNote adds a note unless it is there already; "" is none.
func (e *Environment) addNote(note string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if note != "" && !slices.Contains(e.notes, note) {
		e.notes = append(e.notes, note)
	}
}

// addKeys adds lines of a TLS key log that a program has written, unless the scenario
// wants no keys in the capture.
func (e *Environment) addKeys(lines []byte) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.scenario.Server.TLS.NoKeys {
		e.keys = append(e.keys, lines...)
	}
}

// programKeys returns all keys that addKeys has added.
func (e *Environment) programKeys() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return string(e.keys)
}

// Note returns remarks for the user about how programs ran; "" is none.
func (e *Environment) Note() string {
	e.addNote(e.server.Note())
	return strings.Join(e.notes, "\nnote: ")
}

// Open starts a scenario's server on a network, and a name server if the scenario has
// names. Of the Recording it takes what is about programs and code. Keys takes the TLS
// keys: one line of a TLS key log in each call.
func Open(ctx context.Context, s *scenario.Scenario, n network.Network, r Recording, keys io.Writer) (e *Environment, err error) {
	e = &Environment{scenario: s, network: n, removed: r.Removed}
	if r.Files != "" {
		e.results = filepath.Dir(r.Files)
	}
	if e.security, err = newSecurity(s, n, keys); err != nil {
		return nil, err
	}
	if e.server, err = e.startServer(ctx, r.Files, r.Server); err != nil {
		return nil, err
	}
	if err := e.startReplicas(); err != nil {
		return nil, errors.Join(err, e.Close(ctx))
	}
	if len(s.Names) == 0 {
		return e, nil
	}
	e.names, err = n.Host("nameserver").ListenUDP(nameserver.Port)
	if err == nil {
		err = nameserver.Serve(e.names, s.Names)
	}
	if err != nil {
		return nil, errors.Join(err, e.Close(ctx))
	}
	return e, nil
}

// serverAddresses returns the server's host under each of its names, if it has two.
func (e *Environment) serverAddresses() map[string]network.Host {
	other, dual := e.scenario.Network.Other("server")
	if !dual {
		return nil
	}
	return map[string]network.Host{"server": e.Host("server"), other.Name: e.Host(other.Name)}
}

// startReplicas starts the lab's server on the scenario's other hosts that have it, and on
// the other address of its own host, if it has one.
func (e *Environment) startReplicas() error {
	e.replicas = map[string]server{}
	for _, r := range e.scenario.Server.Replicas {
		config := serverConfig(e.scenario)
		config.Rules, config.TLS = nil, e.security.server()
		replica, err := ftpserver.Start(e.Host(r.Host), config)
		if err != nil {
			return err
		}
		e.replicas[r.Host] = embedded{replica}
	}
	other, dual := e.scenario.Network.Other("server")
	own, ours := e.server.(embedded)
	if !dual || !ours {
		return nil
	}
	also, err := own.Also(e.Host(other.Name))
	if err == nil {
		e.replicas[other.Name] = embedded{also}
	}
	return err
}

// Host returns the host of that name.
func (e *Environment) Host(name string) network.Host { return e.network.Host(name) }

// Server returns the address of the server's control port, as other hosts know it.
func (e *Environment) Server() netip.AddrPort {
	return netip.AddrPortFrom(e.Address("server"), e.server.Addr().Port())
}

// Address returns the address by which other hosts know the host of that name.
func (e *Environment) Address(name string) netip.Addr {
	host, _ := e.scenario.Host(name)
	return e.scenario.Network.Address(host, "")
}

// LookUp asks the scenario's name server for the addresses of a name. A host with IPv4
// and IPv6 asks for both, and IPv6 comes first (RFC 6724, 2.1).
func (e *Environment) LookUp(ctx context.Context, client network.Host, name string) ([]netip.Addr, error) {
	kinds := []bool{client.Addr().Is6()}
	if _, dual := e.scenario.Network.Other(client.Name()); dual {
		kinds = []bool{true, false}
	}
	var found []netip.Addr
	var failed error
	for _, ipv6 := range kinds {
		addr, err := e.lookUp(ctx, client, name, ipv6)
		if err != nil {
			failed = err
			continue
		}
		found = append(found, addr)
	}
	if len(found) > 0 {
		return found, nil
	}
	return nil, failed
}

// lookUp asks for one address of a name.
func (e *Environment) lookUp(ctx context.Context, client network.Host, name string, ipv6 bool) (netip.Addr, error) {
	port, err := client.NextPort()
	if err != nil {
		return netip.Addr{}, err
	}
	conn, err := client.ListenUDP(port)
	if err != nil {
		return netip.Addr{}, err
	}
	defer conn.Close()
	server := netip.AddrPortFrom(e.Host("nameserver").Addr(), nameserver.Port)
	return nameserver.LookUp(ctx, conn, server, name, ipv6, uint16(e.lookups.Add(1)))
}

// HostNames returns the lines of a hosts file (hosts(5)) for the scenario's hosts, as
// one of them needs it.
func HostNames(s *scenario.Scenario, on string) string {
	var b strings.Builder
	for _, h := range s.Network.Hosts {
		fmt.Fprintf(&b, "%s\t%s\n", s.Network.Address(h, on), h.Name)
	}
	return b.String()
}

// Wait waits until no client is connected, but not long, and less if the session has
// failed or hangs. In this time the server can answer commands that are still on their way, such as
// a QUIT whose sender did not wait for the reply.
func (e *Environment) Wait(ctx context.Context, failed bool) {
	ctx, cancel := network.WithTimeout(ctx, e.network.Clock(), toClose(failed || e.hangs))
	defer cancel()
	e.server.Wait(ctx) // Close returns the same error
	for _, r := range e.replicas {
		r.Wait(ctx)
	}
}

// A ServerEnded says how a server that is a program has ended by itself, and what it printed last.
type ServerEnded string

func (e ServerEnded) Error() string { return string(e) }

// AwaitServer waits until ctx ends, or until the server has ended by itself. Then the error is a
// [ServerEnded].
func (e *Environment) AwaitServer(ctx context.Context) error {
	if d, ok := e.server.(interface{ await(context.Context) error }); ok {
		return d.await(ctx)
	}
	<-ctx.Done()
	return nil
}

// Close ends the servers.
func (e *Environment) Close(ctx context.Context) error {
	if e.names != nil {
		e.names.Close()
	}
	closing, cancel := network.WithTimeout(context.WithoutCancel(ctx), e.network.Clock(), timeToClose)
	defer cancel()
	err := e.server.Close(closing)
	if e.results != "" {
		TakeBack(filepath.Join(e.results, localFolder)) // the folder may not exist
	}
	for _, r := range e.replicas {
		err = errors.Join(err, r.Close(closing))
	}
	return err
}
