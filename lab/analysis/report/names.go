package report

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"ftplab/lab/analysis/ftp"
)

// A connectionName is a connection's name in three forms: long, with its article, and
// short. The short one is the name in the scenario's want, if it has one.
type connectionName struct{ long, the, short string }

// connectionNames numbers the connections of each kind. The only one of its kind has no
// number.
type connectionNames struct {
	total   map[ftp.Role]int
	numbers []uint32       // among those of its role, by ID
	short   map[int]string // the names in the scenario's want, by ID
}

func newConnectionNames() connectionNames {
	return connectionNames{total: map[ftp.Role]int{}, short: map[int]string{}}
}

// add takes the next connection.
func (n *connectionNames) add(c *ftp.Connection) {
	n.total[c.Role]++
	n.numbers = append(n.numbers, uint32(n.total[c.Role]))
}

// of returns the name of a connection, when all have been added.
func (n *connectionNames) of(c *ftp.Connection) connectionName {
	name := connectionName{roleName(c.Role), "the " + roleName(c.Role), strings.ToUpper(string(c.Role)[:1])}
	if n.total[c.Role] > 1 {
		number := fmt.Sprint(n.numbers[c.ID])
		name.long += " " + number
		name.the = name.long
		name.short += number
	}
	if short := n.short[c.ID]; short != "" {
		name.short = short
	}
	return name
}

func roleName(r ftp.Role) string {
	switch r {
	case ftp.Control:
		return "control connection"
	case ftp.Data:
		return "data connection"
	}
	return "other connection"
}

// transferName returns the purpose of a data connection, with the article: "the
// listing", "the download of pub/a.bin".
func transferName(c *ftp.Connection) string {
	if c.Transfer == nil {
		return "a transfer"
	}
	switch c.Transfer.Command {
	case "LIST", "NLST", "MLSD":
		return "the listing" + of(c.Transfer.Argument)
	case "RETR":
		return "the download" + of(c.Transfer.Argument)
	case "STOR", "STOU":
		return "the upload" + of(c.Transfer.Argument)
	case "APPE":
		return "the upload that is appended to " + visible(c.Transfer.Argument)
	}
	return "the transfer of " + visible(c.Transfer.Command)
}

func of(argument string) string {
	if argument == "" {
		return ""
	}
	return " of " + visible(argument)
}

// sentBy returns the side that sent the data of a transfer.
func sentBy(c *ftp.Connection) ftp.Side {
	if c.TLS != nil && c.Transfer != nil { // both sides send records of TLS
		return c.Transfer.Sender()
	}
	if c.ClientFlow.Bytes > c.ServerFlow.Bytes {
		return ftp.Client
	}
	if c.Transfer != nil && c.ServerFlow.Bytes == 0 {
		return c.Transfer.Sender()
	}
	return ftp.Server
}

// opener returns the side that opened a connection, the client if no handshake was
// seen.
func opener(c *ftp.Connection) ftp.Side {
	if c.OpenedBy == "" {
		return ftp.Client
	}
	return c.OpenedBy
}

// counted returns a number with its noun: "1 packet", "7,221 packets".
func counted[N int | int64](n N, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return grouped(int64(n)) + " " + noun
}

// grouped writes a number with commas between the thousands.
func grouped(n int64) string {
	s := strconv.FormatInt(n, 10)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// seconds prints nanoseconds as tcpdump and Wireshark print a time.
func seconds(nanos int64) string { return fmt.Sprintf("%.6f", float64(nanos)/1e9) }

// duration prints nanoseconds for a sentence, with four digits at most.
func duration(nanos int64) string {
	v, unit := float64(nanos), "ns"
	switch {
	case nanos >= 1e9:
		v, unit = v/1e9, "s"
	case nanos >= 1e6:
		v, unit = v/1e6, "ms"
	case nanos >= 1e3:
		v, unit = v/1e3, "µs"
	}
	s := strconv.FormatFloat(v, 'g', 4, 64)
	if v >= 1000 {
		s = grouped(int64(math.Round(v)))
	}
	return s + " " + unit
}
