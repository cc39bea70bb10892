package corpus

import (
	"bufio"
	"encoding/csv"
	"io"
	"net/netip"
	"strconv"
	"time"

	"ftplab/lab/testbed/generate"
)

// A Table takes the labels of a part, row by row.
type Table interface {
	Flow(*generate.Flow) error
	Transfer(*generate.Transfer) error
	Close() error // writes what has not been written yet
}

// A TableFormat is a format of labels.
type TableFormat struct {
	Name string // and the extension of its files
	New  func(flows, transfers io.Writer) (Table, error)
}

// CSV has a header line with the names of the columns (RFC 4180). A field without a value is
// empty: the user of a session without a login, the mode of a control connection, the code of
// a transfer without a final reply, and the SHA-256 of an incomplete transfer whose data did
// not begin. An empty file has the SHA-256 of no bytes.
var CSV = TableFormat{"csv", newCSV}

type csvTable struct {
	buffers [2]*bufio.Writer
	rows    [2]*csv.Writer
	fields  []string
}

func newCSV(flows, transfers io.Writer) (Table, error) {
	t := &csvTable{}
	for i, w := range []io.Writer{flows, transfers} {
		t.buffers[i] = bufio.NewWriter(w)
		t.rows[i] = csv.NewWriter(t.buffers[i])
	}
	session := []string{"session", "label", "kind", "why", "user"}
	if err := t.rows[0].Write(append(session, "role", "mode", "client", "client_port", "server", "server_port", "opened_by", "start", "end", "frames", "bytes")); err != nil {
		return nil, err
	}
	return t, t.rows[1].Write(append(session, "command", "path", "type", "mode", "client", "client_port", "server", "server_port", "start", "end", "code", "result", "bytes", "sha256"))
}

// Flow implements Table.
func (t *csvTable) Flow(f *generate.Flow) error {
	t.begin(f.Session)
	t.add(f.Role, f.Mode)
	t.ends(f.Client, f.Server)
	t.add(f.OpenedBy, stamp(f.Start), stamp(f.End), number(f.Frames), number(f.Bytes))
	return t.rows[0].Write(t.fields)
}

// Transfer implements Table.
func (t *csvTable) Transfer(x *generate.Transfer) error {
	t.begin(x.Session)
	t.add(x.Command, x.Path, x.Type, x.Mode)
	t.ends(x.Client, x.Server)
	code := ""
	if x.Code != 0 {
		code = number(int64(x.Code))
	}
	t.add(stamp(x.Start), stamp(x.End), code, x.Result, number(x.Bytes), x.SHA256)
	return t.rows[1].Write(t.fields)
}

func (t *csvTable) begin(s generate.Session) {
	t.fields = append(t.fields[:0], strconv.Itoa(s.Number), s.Label, s.Kind, s.Why, s.User)
}

func (t *csvTable) add(fields ...string) { t.fields = append(t.fields, fields...) }

func (t *csvTable) ends(client, server netip.AddrPort) {
	t.add(client.Addr().String(), number(int64(client.Port())), server.Addr().String(), number(int64(server.Port())))
}

// Close implements Table.
func (t *csvTable) Close() error {
	for i, rows := range t.rows {
		rows.Flush()
		if err := rows.Error(); err != nil {
			return err
		}
		if err := t.buffers[i].Flush(); err != nil {
			return err
		}
	}
	return nil
}

func number(n int64) string { return strconv.FormatInt(n, 10) }

// stamp is a time as in RFC 3339, exact to the nanosecond.
func stamp(t time.Time) string { return t.Format("2006-01-02T15:04:05.000000000Z07:00") }
