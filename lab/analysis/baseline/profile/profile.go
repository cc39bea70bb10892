// Package profile has what varies between normal sessions, in numbers.
//
// A [Profile] is learned from captures: how long round trips are, how long people think, how
// much a transfer moves, which command follows which. Profiles add up without the captures
// that they came from. [Normal] comes with ftplab.
package profile

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"io"
	"slices"
	"strings"

	"ftplab/lab/analysis/internal/pattern"
	"ftplab/lab/internal/textfile"
	"ftplab/lab/traffic"
)

// A Profile is what was learned from captures. Profiles add up: see
// [Profile.Merge].
type Profile struct {
	Format  string `json:"format"`
	Version int    `json:"version"`
	// Source says in words where the profile comes from.
	Source string `json:"source,omitempty"`
	// Sources are the names of the captures.
	Sources []string `json:"sources"`
	// Digests are the SHA-256 of captures, in hexadecimal, if they are known.
	Digests []string `json:"digests,omitempty"`

	Packets     int `json:"packets"`
	Connections int `json:"connections"`
	Sessions    int `json:"sessions"`
	Transfers   int `json:"transfers"`

	// Commands counts commands. Transitions counts what followed each command in the same
	// session: another command, or End. The first command follows Start.
	Commands    map[string]int            `json:"commands"`
	Transitions map[string]map[string]int `json:"transitions"`
	// Replies counts the reply codes of each command. The greeting counts as a reply to
	// Start.
	Replies map[string]map[string]int `json:"replies"`
	// Histories counts connection histories (Zeek's letters) by the role of
	// the connection: control, active, passive.
	Histories map[string]map[string]int `json:"histories"`
	// Distributions are the measurements, by name: see [Measures].
	Distributions map[string]*Histogram `json:"distributions"`

	// Traffic is what sessions like these can be generated from. It is nil in a profile
	// that was learned before there was a generator.
	Traffic *traffic.Traffic `json:"traffic,omitempty"`
}

// Compares reports whether the profile has something that a capture can be compared with. The
// profiles of real programs have not: only sessions are generated from them.
func (p *Profile) Compares() bool { return p.Packets > 0 }

// A Histogram counts values; see [traffic.Histogram].
type Histogram = traffic.Histogram

// The ends of a session in Transitions and Replies.
const (
	Start = "(start)"
	End   = "(end)"
)

// New returns an empty profile.
func New() *Profile {
	p := &Profile{
		Format: traffic.Format, Version: traffic.Version, Sources: []string{},
		Commands: map[string]int{}, Transitions: map[string]map[string]int{}, Replies: map[string]map[string]int{},
		Histories: map[string]map[string]int{}, Distributions: map[string]*Histogram{},
	}
	for _, m := range Measures() {
		p.Distributions[m.Name] = &Histogram{}
	}
	return p
}

// Merge adds the counts and values of o.
func (p *Profile) Merge(o *Profile) {
	if p.Source == "" {
		p.Source = o.Source
	}
	p.Sources = append(p.Sources, o.Sources...)
	slices.Sort(p.Sources)
	p.Digests = append(p.Digests, o.Digests...)
	slices.Sort(p.Digests)
	p.Packets += o.Packets
	p.Connections += o.Connections
	p.Sessions += o.Sessions
	p.Transfers += o.Transfers
	for command, n := range o.Commands {
		p.Commands[command] += n
	}
	mergeTables(p.Transitions, o.Transitions)
	mergeTables(p.Replies, o.Replies)
	mergeTables(p.Histories, o.Histories)
	for name, h := range o.Distributions {
		if h == nil {
			continue
		}
		if p.Distributions[name] == nil {
			p.Distributions[name] = &Histogram{}
		}
		p.Distributions[name].Merge(h)
	}
	if o.Traffic != nil {
		if p.Traffic == nil {
			p.Traffic = traffic.New()
		}
		p.Traffic.Merge(o.Traffic)
	}
}

func mergeTables(into, from map[string]map[string]int) {
	for row, cells := range from {
		for column, n := range cells {
			count2(into, row, column, n)
		}
	}
}

// count2 adds n in a table.
func count2(table map[string]map[string]int, row, column string, n int) {
	if table[row] == nil {
		table[row] = map[string]int{}
	}
	table[row][column] += n
}

// Read reads a profile that Write wrote.
func Read(r io.Reader) (*Profile, error) {
	read := &Profile{}
	if err := traffic.Decode(r, read); err != nil {
		return nil, err
	}
	p := New() // has every table, even if the file leaves one out
	p.Merge(read)
	return p, nil
}

// ReadFile reads the profile of the given name.
func ReadFile(name string) (*Profile, error) {
	text, err := textfile.ReadFile(name, traffic.MaxFile)
	if err != nil {
		return nil, err
	}
	p, err := Read(bytes.NewReader(text))
	if err != nil {
		return nil, traffic.InFile(name, err)
	}
	return p, nil
}

// Write writes the profile as JSON with a line for each number of each table, which is easy to
// read and to compare in version control.
func (p *Profile) Write(w io.Writer) error {
	text, err := json.MarshalIndent(p, "", " ")
	if err != nil {
		return err
	}
	_, err = w.Write(append(compact(text), '\n'))
	return err
}

// pairLines matches a pair of numbers on separate lines.
var pairLines = pattern.New(`\[\s+([-0-9.e+]+),\s+([-0-9.e+]+)\s+\]`)

// compact writes each pair of numbers on one line.
func compact(text []byte) []byte {
	s := string(text)
	s = pairLines.ReplaceAllString(s, "[$1, $2]")
	return []byte(s)
}

//go:generate go run ../../../../scenarios/profiles -o programs.json ../../../../scenarios/ftps_programs

//go:embed normal.json
var labJSON string

//go:embed programs.json
var programsJSON string

// Normal is the profile that comes with ftplab: normal FTP as the lab's own scenarios make
// it, and as servers and clients in wide use do.
func Normal() *Profile {
	p := Lab()
	p.Merge(embedded(programsJSON))
	return p
}

// Lab is the part of [Normal] that was learned from the lab's own scenarios.
func Lab() *Profile { return embedded(labJSON) }

func embedded(text string) *Profile {
	p, err := Read(strings.NewReader(text))
	if err != nil {
		panic(err) // it is embedded
	}
	return p
}
