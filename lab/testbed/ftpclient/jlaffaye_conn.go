package ftpclient

import (
	"bytes"
	"errors"
	"io"
	"strconv"
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
	return n, err
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
