// The facts of a trace as JSON.

package trace

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

type jsonConnection struct {
	ID           int            `json:"id"`
	Role         Role           `json:"role"`
	Mode         Mode           `json:"mode,omitempty"`
	Client       string         `json:"client"`
	Server       string         `json:"server"`
	OpenedBy     Side           `json:"opened_by"`
	Announced    *jsonAnnounced `json:"announced,omitempty"`
	Control      *int           `json:"control,omitempty"`
	Transfer     *jsonTransfer  `json:"transfer,omitempty"`
	History      string         `json:"history"`
	FirstPacket  int            `json:"first_packet"`
	LastPacket   int            `json:"last_packet"`
	HandshakeRTT *float64       `json:"handshake_rtt,omitempty"`
	Bytes        jsonBytes      `json:"bytes"`
	SHA256       string         `json:"sha256,omitempty"`
	FirstFIN     Side           `json:"first_fin"`
	ResetBy      Side           `json:"reset_by"`
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

// WriteJSON writes the facts of t as one JSON object. What the capture does not
// show is left out. Bytes that are not UTF-8 are written as \xNN, in the text
// that JSON then quotes.
func (t *Trace) WriteJSON(w io.Writer) error {
	out := newItems(w)
	fmt.Fprintf(out, "{\"packets\": %d, \"truncated\": %d,\n \"connections\": [", t.Packets, t.Truncated)
	var conn jsonConnection // one for all: garbage would cost more than the facts
	for c := range t.Connections() {
		conn = c.json()
		if err := out.item(c.ID, &conn); err != nil {
			return err
		}
	}
	out.WriteString("],\n \"sessions\": [")
	i := 0
	for d := range t.Dialogues() {
		if err := out.session(i, d); err != nil {
			return err
		}
		i++
	}
	out.WriteString("]}\n")
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
func (out *items) session(i int, d *Dialogue) error {
	text, err := out.encode(jsonSession{d.Control, valid(d.User), d.TLS})
	if err != nil {
		return err
	}
	out.begin(i)
	out.Write(bytes.TrimSuffix(text, []byte("}")))
	out.WriteString(`,"exchanges":[`)
	var exchange jsonExchange
	separator := ""
	d.Hear(nil, func(e *Exchange) {
		if err != nil {
			return
		}
		exchange = e.json()
		if text, err = out.encode(&exchange); err == nil {
			out.WriteString(separator)
			_, err = out.Write(text)
			separator = ","
		}
	})
	out.WriteString("]}")
	return err
}

func (c *Connection) json() jsonConnection {
	j := jsonConnection{
		ID: c.ID, Role: c.Role, Mode: c.Mode, Client: c.Client.String(), Server: c.Server.String(),
		OpenedBy: c.OpenedBy, History: c.History, FirstPacket: c.FirstPacket, LastPacket: c.LastPacket,
		Bytes:  jsonBytes{c.ClientFlow.Bytes, c.ServerFlow.Bytes},
		SHA256: c.SHA256, FirstFIN: c.FirstFIN, ResetBy: c.ResetBy,
	}
	if c.HandshakeSeen {
		rtt := c.HandshakeRTT.Seconds()
		j.HandshakeRTT = &rtt
	}
	if c.Announced != nil {
		j.Announced = &jsonAnnounced{c.Announced.Command, c.Announced.Packet}
	}
	if c.Role == Data && c.Control != NoConnection {
		j.Control = &c.Control
	}
	if x := c.Transfer; x != nil {
		j.Transfer = &jsonTransfer{valid(x.Command), valid(x.Argument), x.Packet, x.Reply}
	}
	return j
}

func (e *Exchange) json() jsonExchange {
	j := jsonExchange{e.Packet, valid(e.Command), valid(e.Argument), make([]jsonReply, 0, len(e.Replies))}
	for _, r := range e.Replies {
		j.Replies = append(j.Replies, jsonReply{r.Packet, r.Code, valid(r.Text)})
	}
	return j
}
