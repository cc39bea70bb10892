package ftpclient

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"

	"ftplab/lab/testbed/content"
	"ftplab/lab/testbed/network"
)

// A watchedConn is the control connection of a client that does not return all
// replies: it keeps them. It is closed in order.
type watchedConn struct {
	network.Conn
	client  *Jlaffaye
	inside  bool // the client has TLS above it: see dialogue
	records records
	hasty   bool // closes at once
	closed  bool
	sent    bool    // something, since it was last set to false
	replies []Reply // whole ones, in order
	line    []byte  // as far as it has come
	reply   Reply   // as far as it has come; Code is 0 between replies
}

func (c *watchedConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if !c.inside {
		c.watch(p[:n])
	}
	if c.records.begun {
		c.records.add(p[:n])
	}
	return n, err
}

// records counts the records of TLS that a server sends and that have data, such as a reply.
type records struct {
	begun  bool   // with the client's first record
	header []byte // of the next record, as far as it has come
	rest   int    // bytes that are to come of a record
	data   int    // how many have data
}

const (
	recordHeader  = 5
	handshakeType = 22
	dataType      = 23
	longestAlert  = 19 // bytes, of a closure alert in TLS 1.3, which has the type of data (RFC 8446, 5.2)
)

// add takes the next bytes.
func (r *records) add(p []byte) {
	for len(p) > 0 {
		body := min(r.rest, len(p))
		r.rest, p = r.rest-body, p[body:]
		more := min(recordHeader-len(r.header), len(p))
		r.header, p = append(r.header, p[:more]...), p[more:]
		if len(r.header) < recordHeader {
			return
		}
		if r.rest = int(binary.BigEndian.Uint16(r.header[3:])); r.header[0] == dataType && r.rest > longestAlert {
			r.data++
		}
		r.header = r.header[:0]
	}
}

// SetWriteDeadline does nothing: package tls sets one of the system's time when it
// closes, and the network has a time of its own.
func (c *watchedConn) SetWriteDeadline(time.Time) error { return nil }

// A dialogue is given what a client with TLS reads and writes in clear: commands,
// replies, and the listings that it downloads.
type dialogue struct{ client *Jlaffaye }

func (d dialogue) Write(p []byte) (int, error) {
	data := min(len(p), d.client.downloaded)
	d.client.downloaded -= data
	if d.client.control != nil {
		d.client.control.watch(p[data:])
	}
	return len(p), nil
}

func (c *watchedConn) Write(p []byte) (int, error) {
	c.sent = true
	c.records.begun = c.records.begun || c.inside && len(p) > 0 && p[0] == handshakeType
	return c.Conn.Write(p)
}

// watch finds the replies in what was read.
func (c *watchedConn) watch(p []byte) {
	c.line = append(c.line, p...)
	for {
		line, rest, found := bytes.Cut(c.line, []byte("\n"))
		if !found {
			return
		}
		c.line = rest
		c.watchLine(string(bytes.TrimRight(line, "\r")))
	}
}

// unended returns an error if the client took a line without an end for the last line of a reply, as
// package textproto does when no more comes. Before is the last whole reply: if it is final, the line
// begins the next reply, for which the client has not waited.
func (c *watchedConn) unended(before Reply) error {
	code, text, found := strings.Cut(string(c.line), " ")
	number, err := strconv.Atoi(code)
	if !found || len(code) != 3 || err != nil || text == "" || before.Code != 0 && before.Code/100 != 1 && before.Code/100 != 3 {
		return nil
	}
	return noEnd(number)
}

func (c *watchedConn) watchLine(line string) {
	code, text, ends := 0, line, false
	if len(line) >= 4 && (line[3] == ' ' || line[3] == '-') {
		if number, err := strconv.Atoi(line[:3]); err == nil && (c.reply.Code == 0 || c.reply.Code == number) {
			code, text, ends = number, line[4:], line[3] == ' '
		}
	}
	if c.reply.Code == 0 {
		c.reply = Reply{Code: code, Text: text}
	} else {
		c.reply.Text += "\n" + text
	}
	if ends {
		c.replies = append(c.replies, c.reply)
		c.reply = Reply{}
	}
}

// Close waits for the server to close its end, unless the client is hasty.
func (c *watchedConn) Close() error {
	if c.closed {
		return nil
	}
	c.closed = true
	if c.hasty {
		return c.Conn.Close()
	}
	defer network.Within(c.client.context, c.Conn.SetDeadline)()
	_, err := io.Copy(io.Discard, onlyReader{c}) // through Read, which keeps the reply to QUIT
	return errors.Join(err, c.Conn.Close())
}

// A jlaffayeTransfer is what is kept of a transfer while it goes on.
type jlaffayeTransfer struct {
	Transfer
	digest *content.Digester
	to     io.Writer // may be nil
	upload bool

	listing bool // a dialogue is given its data, too
}

// unannounced reports whether the command of the transfer was sent, and has none of these replies that
// announce its data. The client sends the command when the data connection is open.
func (t *jlaffayeTransfer) unannounced(replies []Reply) bool {
	return t != nil && t.Client.IsValid() && !slices.ContainsFunc(replies, Reply.Preliminary)
}

// A jlaffayeData is a data connection of the client, which is closed in order.
type jlaffayeData struct {
	network.Conn
	client   *Jlaffaye
	transfer *jlaffayeTransfer
	moved    bool
}

func (d *jlaffayeData) Read(p []byte) (int, error) {
	d.moved = true
	n, err := d.Conn.Read(p)
	if d.client.control.inside && d.transfer.listing {
		d.client.downloaded += n
	}
	d.transfer.digest.Write(p[:n])
	if d.transfer.to != nil && n > 0 {
		if _, err := d.transfer.to.Write(p[:n]); err != nil {
			return n, err
		}
	}
	return n, err
}

func (d *jlaffayeData) Write(p []byte) (int, error) {
	d.moved = true
	n, err := d.Conn.Write(p)
	d.transfer.digest.Write(p[:n])
	return n, err
}

// ReadFrom sends a file through Write, in large pieces.
func (d *jlaffayeData) ReadFrom(r io.Reader) (int64, error) {
	d.moved = true
	if err := BeginData(d.Conn); err != nil {
		return 0, err
	}
	return io.CopyBuffer(onlyWriter{d}, r, make([]byte, pieceSize))
}

type onlyWriter struct{ io.Writer }

// Close closes the connection; after an upload it waits a while for the server to
// close its end.
func (d *jlaffayeData) Close() error {
	if !d.moved { // the transfer was refused
		return d.Conn.Close()
	}
	err := linger(d.client.context, d.client.host, d.client.config)
	if err == nil && d.transfer.upload {
		err = d.Conn.CloseWrite()
		if err == nil {
			from := make(chan struct{})
			close(from) // the server has timeToClose from now on: this client reads the 226 later
			err = drainUpload(d.client.context, d.client.host.Clock(), d.Conn, from)
		}
	}
	return errors.Join(err, d.Conn.Close())
}
