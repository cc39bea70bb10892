package runner

import (
	"cmp"
	"io"
	"net/netip"
	"slices"
	"strings"
	"sync"

	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/ftpclient"
	"ftplab/lab/testbed/ftps"
	"ftplab/lab/testbed/ftpserver"
	"ftplab/lab/testbed/network"
)

// A security has what the server and the clients of a scenario need for TLS. It is nil
// without TLS.
type security struct {
	scenario.TLS
	identity *ftps.Identity
	clock    network.Clock
	address  string // of the server
	keys     io.Writer
	client   scenario.Client
}

// serverName is the name by which programs know the server.
const serverName = "server"

// newSecurity makes the server's certificate. It returns nil for a scenario
// without TLS.
func newSecurity(s *scenario.Scenario, n network.Network, keys io.Writer) (*security, error) {
	if s.Server.TLS.Mode == "" {
		return nil, nil
	}
	var names []string
	for _, name := range s.Names {
		names = append(names, name.Name)
	}
	if slices.ContainsFunc(s.Steps, func(step scenario.Step) bool { return len(step.Program) > 0 }) {
		names = append(names, serverName) // as programs know it
	}
	host, _ := s.Host("server")
	addr := s.Network.Address(host, "") // by which clients know it
	id, err := ftps.NewIdentity(s.Server.TLS.Certificate, cmp.Or(s.Server.TLS.Seed, s.Network.Seed), n.Clock().Now(), names, addr)
	if err != nil {
		return nil, err
	}
	return &security{s.Server.TLS, id, n.Clock(), addr.String(), keys, s.Client}, nil
}

// server returns the configuration of the server.
func (x *security) server() ftpserver.TLS {
	if x == nil {
		return ftpserver.TLS{}
	}
	return ftpserver.TLS{
		Config:   ftps.ServerConfig(x.identity, x.Version, x.clock.Now, x.keys),
		Implicit: x.Mode == scenario.ImplicitTLS,
		Required: x.Mode == scenario.RequiredTLS,
		Reuse:    x.Reuse,
	}
}

// equip adds to the configuration of a client on a host what it needs to connect to the
// server by that name or, if the name is empty, by its address.
func (x *security) equip(config *ftpclient.Config, host network.Host, name string) {
	if x == nil {
		return
	}
	if name == "" {
		name = x.address
	}
	config.TLS = ftps.ClientConfig(x.identity, netip.AddrPortFrom(host.Addr(), config.Port), name, cmp.Or(x.client.Version, x.Version), x.clock.Now, x.keys)
	if x.client.NoReuse {
		config.TLS.ClientSessionCache = nil
	}
	config.ImplicitTLS = x.Mode == scenario.ImplicitTLS
}

// A keyLog takes the TLS keys of both sides of each session: lines of a TLS key log,
// each in one call of Write. In the capture the keys come before the packets that need
// them, because each side writes a key before it uses it.
type keyLog struct {
	capture *pcapng.Writer // nil if the scenario wants no keys in it

	mu    sync.Mutex
	lines []string
}

// Write takes a line. Server and client write the same lines, so it drops the second of
// each.
func (k *keyLog) Write(line []byte) (int, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if text := string(line); !slices.Contains(k.lines, text) {
		k.lines = append(k.lines, text)
		if k.capture != nil {
			return len(line), k.capture.Secrets(text)
		}
	}
	return len(line), nil
}

// text returns the whole key log.
func (k *keyLog) text() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return strings.Join(k.lines, "")
}
