// Package traffic describes FTP sessions in numbers: how many, when, from how many
// clients, which command follows which, how long people think, how large files are.
//
// The analysis learns a [Traffic] from captures, and the testbed draws sessions from
// it. It counts and measures, and keeps nothing else: no address, no name of a user,
// a file or a host, no password, no text of a reply and no content. All its words come
// from fixed lists: FTP's commands and reply codes, TCP's options, names of server
// programs. Two of them add up without the captures that they came from.
package traffic

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
)

// Traffic is what was learned of sessions.
type Traffic struct {
	// Hours counts sessions by the hour of the day in which they began, UTC.
	Hours [24]int64 `json:"hours"`
	// Clients and Servers count addresses, in each capture anew.
	Clients int64 `json:"clients"`
	Servers int64 `json:"servers"`
	// ServerSquares adds up the squares of how many sessions each server had. Where that is
	// not known it is 0. See [Traffic.IndependentServers].
	ServerSquares int64 `json:"server-squares,omitempty"`
	// SessionsAClient has how many sessions each client had.
	SessionsAClient *Histogram `json:"sessions-a-client"`
	// Unread counts sessions in TLS whose dialogue cannot be read, for want of keys. They
	// are in none of the kinds.
	Unread int64 `json:"unread,omitempty"`
	// Kinds are the kinds of session, by name: see [KindName].
	Kinds map[string]*Kind `json:"kinds"`
}

// A Kind is what was learned of the sessions of one kind.
type Kind struct {
	Sessions int64 `json:"sessions"`
	// Lossy counts the sessions in which a segment was sent again, Resent the
	// segments with data that were, out of Segments, in these.
	Lossy    int64 `json:"lossy"`
	Resent   int64 `json:"resent"`
	Segments int64 `json:"segments"`
	// Logins counts sessions by whose name was given: anonymous, or named.
	Logins Counts `json:"logins"`
	// ClientTCP and ServerTCP count the habits of TCP, as [TCP.String] has them: those of
	// servers from sessions of clients that offer all options, if there are any. See
	// [TCP.Offers] and [TCP.Answering].
	ClientTCP Counts `json:"client-tcp"`
	ServerTCP Counts `json:"server-tcp"`
	// Servers counts sessions by the name of the server's program.
	Servers Counts `json:"servers"`
	// Follows counts which exchange follows which: see [Walk].
	Follows map[string]Counts `json:"follows"`
	// Numbers are measurements, by the names below.
	Numbers map[string]*Histogram `json:"numbers"`
}

// Counts counts words.
type Counts map[string]int64

// The names of a kind's Numbers, with their units.
const (
	Commands      = "commands"       // of a session; a number
	RoundTrip     = "round-trip"     // of a control connection, from the SYN to the ACK that ends the handshake; seconds
	ThinkTime     = "think-time"     // from a reply to the next command; seconds
	GreetingTime  = "greeting-time"  // from the SYN to the greeting, less two round trips; seconds
	ServerTime    = "server-time"    // from a command without data connection to its reply, less a round trip; seconds
	RefusalTime   = "refusal-time"   // the same of a password that is refused; seconds
	ListingBytes  = "listing-bytes"  // of the first LIST, NLST or MLSD of a folder; bytes
	DownloadBytes = "download-bytes" // of RETR; bytes
	UploadBytes   = "upload-bytes"   // of STOR, APPE and STOU; bytes
	Rate          = "rate"           // of the paths of transfers of Large bytes and more; bits a second
)

// Large is the size from which on a transfer shows how fast the path is, bytes.
const Large = 64 << 10

// Numbers are the names of a kind's Numbers.
func Numbers() []string {
	return []string{Commands, RoundTrip, ThinkTime, GreetingTime, ServerTime, RefusalTime, ListingBytes, DownloadBytes, UploadBytes, Rate}
}

// New returns an empty Traffic.
func New() *Traffic {
	return &Traffic{SessionsAClient: &Histogram{}, Kinds: map[string]*Kind{}}
}

// Kind returns what was learned of a kind, which is made if there is none of that name.
func (t *Traffic) Kind(name string) *Kind {
	k := t.Kinds[name]
	if k == nil {
		k = &Kind{
			Logins: Counts{}, ClientTCP: Counts{}, ServerTCP: Counts{}, Servers: Counts{},
			Follows: map[string]Counts{}, Numbers: map[string]*Histogram{},
		}
		for _, n := range Numbers() {
			k.Numbers[n] = &Histogram{}
		}
		t.Kinds[name] = k
	}
	return k
}

// Sessions is how many sessions it was learned from.
func (t *Traffic) Sessions() int64 {
	var n int64
	for _, k := range t.Kinds {
		n += k.Sessions
	}
	return n
}

// IndependentServers is the number of servers with equally many sessions that would count the
// same as those of t: a server with most of the sessions counts for little more than one. See
// [Histogram.Independent].
func (t *Traffic) IndependentServers() float64 {
	sessions := float64(t.Sessions())
	if t.ServerSquares == 0 {
		return float64(t.Servers)
	}
	return min(float64(t.Servers), sessions*sessions/float64(t.ServerSquares))
}

// Merge adds what o was learned from.
func (t *Traffic) Merge(o *Traffic) {
	if o == nil {
		return
	}
	for i, n := range o.Hours {
		t.Hours[i] += n
	}
	t.Clients += o.Clients
	t.Servers += o.Servers
	t.ServerSquares += o.ServerSquares
	t.Unread += o.Unread
	if o.SessionsAClient != nil {
		t.SessionsAClient.Merge(o.SessionsAClient)
	}
	for name, k := range o.Kinds {
		if k != nil {
			t.Kind(name).merge(k)
		}
	}
}

func (k *Kind) merge(o *Kind) {
	k.Sessions += o.Sessions
	k.Lossy += o.Lossy
	k.Resent += o.Resent
	k.Segments += o.Segments
	k.Logins.merge(o.Logins)
	k.ClientTCP.merge(o.ClientTCP)
	k.ServerTCP.merge(o.ServerTCP)
	k.Servers.merge(o.Servers)
	for after, next := range o.Follows {
		k.follows(after).merge(next)
	}
	for name, h := range o.Numbers {
		if known := k.Numbers[name]; known != nil && h != nil {
			known.Merge(h)
		}
	}
}

// follows returns the counts of what follows.
func (k *Kind) follows(after string) Counts {
	if k.Follows[after] == nil {
		k.Follows[after] = Counts{}
	}
	return k.Follows[after]
}

func (c Counts) merge(o Counts) {
	for word, n := range o {
		c[word] += n
	}
}

// Total is how much was counted.
func (c Counts) Total() int64 {
	var n int64
	for _, m := range c {
		n += m
	}
	return n
}

// At returns the word that has the share u (0 to 1, without 1) of all before it, in
// the order of the alphabet: a random u draws a word. It is "" if there is none.
func (c Counts) At(u float64) string {
	rank := int64(u * float64(c.Total()))
	for _, word := range slices.Sorted(maps.Keys(c)) {
		if rank -= c[word]; rank < 0 {
			return word
		}
	}
	return ""
}

// A File is a profile as far as it is about traffic.
type File struct {
	Source  string   `json:"source"`  // where the profile comes from, for a reader
	Sources []string `json:"sources"` // the captures that it was learned from
	Traffic *Traffic `json:"traffic"`
}

// Read reads a profile: a file of `ftplab baseline learn`.
func Read(r io.Reader) (*File, error) {
	file := &File{}
	if err := Decode(r, file); err != nil {
		return nil, err
	}
	if file.Traffic == nil || file.Traffic.Sessions() == 0 {
		return nil, fmt.Errorf("this profile knows of no session that could be generated; learn it anew, with `ftplab baseline learn`")
	}
	whole := New() // which has every table, whatever the file leaves out
	whole.Merge(file.Traffic)
	file.Traffic = whole
	return file, whole.check()
}

// check returns an error for a word that is in no fixed list, because a profile may come from
// anyone.
func (t *Traffic) check() error {
	for name, k := range t.Kinds {
		if _, err := ParseKindName(name); err != nil {
			return err
		}
		for after, next := range k.Follows {
			for _, word := range append(strings.Split(after, Then), slices.Collect(maps.Keys(next))...) {
				if !wellFormed(word) {
					return fmt.Errorf("the profile has the exchange %q; such as %q was expected", word, "RETR 150 226")
				}
			}
		}
		for _, habits := range []Counts{k.ClientTCP, k.ServerTCP} {
			for text := range habits {
				if _, err := ParseTCP(text); err != nil {
					return err
				}
			}
		}
	}
	return nil
}
