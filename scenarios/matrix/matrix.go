// Package matrix has a scenario for each pair of a real FTP server and a real FTP
// client: in passive and in active mode, over IPv4 and IPv6, as far as the client can.
// They show how programs that all follow RFC 959 still differ.
package matrix

import (
	_ "embed"
	"fmt"
	"strings"

	"golang.org/x/tools/txtar"

	"ftplab/lab/scenario"
)

//go:embed servers.txtar
var servers []byte

//go:embed clients.txtar
var clients []byte

// A Pair is a server and a client.
type Pair struct {
	Server, Client string
	Mode           string // passive or active
	IPv6           bool
	Scenario       *scenario.Scenario
	Needs          []string // programs that must be installed: paths, or names on $PATH
}

// IP is the version of the Internet Protocol, in words.
func (p Pair) IP() string {
	if p.IPv6 {
		return "IPv6"
	}
	return "IPv4"
}

// Pairs are all pairs, the servers in the order of their file, and for each the clients
// in the order of theirs.
func Pairs() []Pair {
	var pairs []Pair
	for _, ipv6 := range []bool{false, true} {
		for _, server := range txtar.Parse(servers).Files {
			for _, client := range txtar.Parse(clients).Files {
				words := strings.Fields(client.Name)
				if ipv6 && len(words) > 2 {
					continue // the client is for IPv4 only
				}
				p := Pair{Server: server.Name, Client: words[0], Mode: words[1], IPv6: ipv6}
				p.Needs = needs(server, client)
				p.Scenario = p.parse(string(server.Data), string(client.Data))
				pairs = append(pairs, p)
			}
		}
	}
	return pairs
}

// needs are the programs that the sections of a pair name.
func needs(sections ...txtar.File) []string {
	var programs []string
	for _, section := range sections {
		for line := range strings.Lines(string(section.Data)) {
			if program, ok := strings.CutPrefix(strings.TrimSpace(line), "# needs "); ok {
				programs = append(programs, program)
			}
		}
	}
	return programs
}

// parse puts the scenario of a pair together.
func (p Pair) parse(server, client string) *scenario.Scenario {
	network := "network wire"
	if p.IPv6 {
		network += " ipv6"
	}
	text := fmt.Sprintf(`# %s and %s, %s, %s
# A real client lists the root of a real server and downloads a file.

%s
user alice secret
deadline 30s
%s%s
-- files/README --
Welcome to the lab.
`, p.Server, p.Client, p.Mode, p.IP(), network, server, client)
	name := strings.ToLower(strings.Join([]string{p.Server, p.Client, p.Mode, p.IP()}, "_"))
	s, err := scenario.Parse("scenarios/matrix/"+name+scenario.Extension, []byte(text))
	if err != nil {
		panic(err) // it is embedded
	}
	return s
}
