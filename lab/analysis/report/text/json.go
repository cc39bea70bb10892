// The facts of a capture as JSON.

package text

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

type jsonConnection struct {
	ID           int            `json:"id"`
	Role         ftp.Role       `json:"role"`
	Mode         ftp.Mode       `json:"mode,omitempty"`
	Client       string         `json:"client"`
	Server       string         `json:"server"`
	OpenedBy     ftp.Side       `json:"opened_by"`
	Announced    *jsonAnnounced `json:"announced,omitempty"`
	Control      *int           `json:"control,omitempty"`
	Transfer     *jsonTransfer  `json:"transfer,omitempty"`
	History      string         `json:"history"`
	FirstPacket  int            `json:"first_packet"`
	LastPacket   int            `json:"last_packet"`
	HandshakeRTT *float64       `json:"handshake_rtt,omitempty"`
	Bytes        jsonBytes      `json:"bytes"`
	SHA256       string         `json:"sha256,omitempty"`
	TLS          *jsonTLS       `json:"tls,omitempty"`
	FirstFIN     ftp.Side       `json:"first_fin"`
	ResetBy      ftp.Side       `json:"reset_by"`
}

type jsonBytes struct {
	Client int64 `json:"client"`
	Server int64 `json:"server"`
}

type jsonAnnounced struct {
	Command string `json:"command"`
	Packet  int    `json:"packet"`
}

type jsonTransfer struct {
	Command  string `json:"command"`
	Argument string `json:"argument"`
	Packet   int    `json:"packet"`
	Reply    int    `json:"reply,omitempty"`
}

// A jsonSession goes on with its exchanges.
type jsonSession struct {
	Control int    `json:"control"`
	User    string `json:"user"`
	TLS     bool   `json:"tls"`
}

type jsonExchange struct {
	Packet   int         `json:"packet"`
	Command  string      `json:"command"`
	Argument string      `json:"argument"`
	Replies  []jsonReply `json:"replies"`
}

type jsonReply struct {
	Packet int    `json:"packet"`
	Code   int    `json:"code"`
	Text   string `json:"text"`
}

// JSON writes the facts of c as one JSON object. What the capture does not
// show is left out. Bytes that are not UTF-8 are written as \xNN, in the text
// that JSON then quotes.
func JSON(w io.Writer, c *capture.Capture) error {
	out := newItems(w)
	fmt.Fprintf(out, "{\"packets\": %d, \"truncated\": %d,\n \"connections\": [", c.Size, c.Truncated)
	var conn jsonConnection // one for all: garbage would cost more than the facts
	for x := range c.Connections() {
		conn = connectionJSON(x)
		if err := out.item(x.ID, &conn); err != nil {
			return err
		}
	}
	out.WriteString("],\n \"sessions\": [")
	i := 0
	for d := range c.Dialogues(false) {
		if err := out.session(i, d); err != nil {
			return err
		}
		i++
	}
	out.WriteString("]}\n")
	if err := c.Err(); err != nil {
		return err
	}
	return out.Flush()
}

// items writes lists, each item on a line of its own. The whole is never in
// memory at once: a capture may hold many thousands of sessions, and a session as
// many exchanges.
type items struct {
	*bufio.Writer
	line bytes.Buffer // of one item
	enc  *json.Encoder
}

func newItems(w io.Writer) *items {
	out := &items{Writer: bufio.NewWriterSize(w, 64<<10)}
	out.enc = json.NewEncoder(&out.line)
	out.enc.SetEscapeHTML(false)
	return out
}

// encode returns an item as JSON, good until the next one.
func (out *items) encode(item any) ([]byte, error) {
	out.line.Reset()
	err := out.enc.Encode(item)
	return bytes.TrimRight(out.line.Bytes(), "\n"), err
}

// begin begins the i-th item of a list.
func (out *items) begin(i int) {
	if i > 0 {
		out.WriteByte(',')
	}
	out.WriteString("\n  ")
}

// item writes the i-th item of a list.
func (out *items) item(i int, item any) error {
	text, err := out.encode(item)
	if err != nil {
		return err
	}
	out.begin(i)
	_, err = out.Write(text)
	return err
}

// session writes the i-th session of a list.
func (out *items) session(i int, d *capture.Dialogue) error {
	text, err := out.encode(jsonSession{d.Control.ID, valid(d.User), d.TLS})
	if err != nil {
		return err
	}
	out.begin(i)
	out.Write(bytes.TrimSuffix(text, []byte("}")))
	out.WriteString(`,"exchanges":[`)
	var exchange jsonExchange
	separator := ""
	layer, _ := d.Read(nil, func(e *ftp.Exchange) {
		if err != nil {
			return
		}
		exchange = exchangeJSON(e)
		if text, err = out.encode(&exchange); err == nil {
			out.WriteString(separator)
			_, err = out.Write(text)
			separator = ","
		}
	})
	out.WriteByte(']')
	if err == nil && layer != nil {
		if text, err = out.encode(layerJSON(layer)); err == nil {
			out.WriteString(`,"tls_session":`)
			_, err = out.Write(text)
		}
	}
	out.WriteByte('}')
	return err
}

func connectionJSON(c *ftp.Connection) jsonConnection {
	j := jsonConnection{
		ID: c.ID, Role: c.Role, Mode: c.Mode, Client: c.Client.String(), Server: c.Server.String(),
		OpenedBy: c.OpenedBy, History: c.History, FirstPacket: c.FirstPacket, LastPacket: c.LastPacket,
		Bytes:  jsonBytes{c.ClientFlow.Bytes, c.ServerFlow.Bytes},
		SHA256: c.SHA256, TLS: layerJSON(c.TLS), FirstFIN: c.FirstFIN, ResetBy: c.ResetBy,
	}
	if c.HandshakeSeen {
		rtt := c.HandshakeRTT.Seconds()
		j.HandshakeRTT = &rtt
	}
	if c.DataPort != nil {
		j.Announced = &jsonAnnounced{c.DataPort.Command, c.DataPort.Packet}
	}
	if c.Role == ftp.Data && c.Control != ftp.NoConnection {
		j.Control = &c.Control
	}
	if x := c.Transfer; x != nil {
		j.Transfer = &jsonTransfer{valid(x.Command), valid(x.Argument), x.Packet, x.Reply}
	}
	return j
}

func exchangeJSON(e *ftp.Exchange) jsonExchange {
	j := jsonExchange{e.Packet, valid(e.Command), valid(e.Argument), make([]jsonReply, 0, len(e.Replies))}
	for _, r := range e.Replies {
		j.Replies = append(j.Replies, jsonReply{r.Packet, r.Code, valid(r.Text)})
	}
	return j
}
