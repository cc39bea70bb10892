package lab

import (
	"bufio"
	"fmt"
	"io"
	"net/url"
	"slices"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/habits"
)

// A Combination is a run of a server and a client, for WriteMatrix.
type Combination struct {
	Ran
	Server, Client string
	Mode           string // passive or active
	IP             string // IPv4 or IPv6
}

// WriteMatrix writes, as Markdown, what differs between the servers and clients of some
// runs: a table for each mode and version of IP, with a line for each pair. Address says
// where the walkthrough of a run is, as seen from the text; it is nil if there is no link.
//
// A combination whose run had an error is left out: its programs are not here. One that
// failed says so.
func WriteMatrix(w io.Writer, runs []Combination, address func(Combination) string) error {
	out := bufio.NewWriter(w)
	var tables []string
	for _, c := range runs {
		if name := c.Mode + " mode, " + c.IP; !slices.Contains(tables, name) && c.Err == nil {
			tables = append(tables, name)
		}
	}
	for _, table := range tables {
		fmt.Fprintf(out, "\n## %s%s\n\n", strings.ToUpper(table[:1]), table[1:])
		fmt.Fprintln(out, "| server | client | before USER | data port by | refused | lists with | 1xx and the data SYN | server's data port | first to end data | first to end control | resets |")
		fmt.Fprintln(out, "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |")
		for _, c := range runs {
			if c.Mode+" mode, "+c.IP != table || c.Err != nil {
				continue
			}
			row, err := c.row()
			if err != nil {
				return err
			}
			client := c.Client
			if address != nil {
				client = fmt.Sprintf("[%s](%s)", client, (&url.URL{Path: address(c)}).EscapedPath())
			}
			fmt.Fprintf(out, "| %s | %s | %s |\n", c.Server, client, strings.Join(row, " | "))
		}
	}
	return out.Flush()
}

// row is the line of a table for a combination.
func (c Combination) row() ([]string, error) {
	if c.Result.Outcome == Failed {
		return []string{"failed: see the walkthrough", "", "", "", "", "", "", "", ""}, nil
	}
	read, err := capture.Open(c.Result.Capture, capture.Options{NoHash: true, ControlPorts: expect.ControlPorts(c.Scenario)})
	if err != nil {
		return nil, err
	}
	defer read.Close()
	h, err := habits.Of(read)
	if err != nil {
		return nil, err
	}
	var row []string
	for _, values := range [][]string{h.BeforeLogin, h.Announced, h.Refused, h.Listing, h.Preliminary, h.DataPort, h.DataEnd, h.ControlEnd, h.Resets} {
		row = append(row, strings.Join(values, "; "))
	}
	return row, nil
}
