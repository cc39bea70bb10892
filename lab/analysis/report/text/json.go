// The facts of a capture as JSON.

package text

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// FactsVersion is the version of what [JSON] and [JSONLines] write. It rises when a field
// goes away or changes its meaning; fields that are added do not raise it. What each
// field means is in facts.schema.json (JSON Schema, draft 2020-12).
const FactsVersion = 1

// JSON writes the facts of a capture of the given name as one JSON object: the content of the
// [Story], for a program. It leaves out what the capture does not show. Bytes that are not
// UTF-8 are written as \xNN, in the text that JSON then quotes.
func JSON(w io.Writer, name string, c *capture.Capture) error {
	out := newItems(w)
	head, err := out.encode(captureJSON(name, c))
	if err != nil {
		return err
	}
	out.Write(bytes.TrimSuffix(head, []byte("}")))
	out.WriteString(",\n \"connections\": [")
	if err := out.connections(c); err != nil {
		return err
	}
	out.WriteString("],\n \"sessions\": [")
	if err := out.sessions(c); err != nil {
		return err
	}
	out.WriteString("]}\n")
	if err := c.Err(); err != nil {
		return err
	}
	return out.Flush()
}

// JSONLines writes the same as [JSON] in several objects, one a line: the capture, each
// connection, each session. The field "type" says which.
func JSONLines(w io.Writer, name string, c *capture.Capture) error {
	out := newItems(w)
	out.lines = true
	head, err := out.encode(captureJSON(name, c))
	if err != nil {
		return err
	}
	out.item(0, "capture", head)
	if err := out.connections(c); err != nil {
		return err
	}
	if err := out.sessions(c); err != nil {
		return err
	}
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
	lines bool         // each item is an object of its own, with its type
	line  bytes.Buffer // of one item
	enc   *json.Encoder

	// One for all of its kind: garbage would cost more than the facts.
	connection jsonConnection
	exchange   jsonExchange
}

func newItems(w io.Writer) *items {
	out := &items{Writer: bufio.NewWriterSize(w, 64<<10)}
	out.exchange.Replies = []jsonReply{} // none is a list, too
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

// begin writes the i-th item of a list except its last brace.
func (out *items) begin(i int, kind string, item []byte) {
	switch {
	case out.lines:
		out.WriteString(`{"type":"` + kind + `",`)
		item = item[1:]
	case i > 0:
		out.WriteString(",\n  ")
	default:
		out.WriteString("\n  ")
	}
	out.Write(bytes.TrimSuffix(item, []byte("}")))
}

// end ends an item.
func (out *items) end() {
	if out.WriteByte('}'); out.lines {
		out.WriteByte('\n')
	}
}

// item writes the i-th item of a list.
func (out *items) item(i int, kind string, item []byte) {
	out.begin(i, kind, item)
	out.end()
}

func (out *items) connections(c *capture.Capture) error {
	for x := range c.Connections() {
		out.connection = connectionJSON(x)
		text, err := out.encode(&out.connection)
		if err != nil {
			return err
		}
		out.item(x.ID, "connection", text)
	}
	return nil
}

func (out *items) sessions(c *capture.Capture) error {
	i := 0
	for d := range c.Dialogues(false) {
		if err := out.session(i, d); err != nil {
			return err
		}
		i++
	}
	return nil
}

// fewUnsolicited is how many unsolicited replies of a session are kept while its exchanges
// are written. The dialogue is read again for more.
const fewUnsolicited = 100

// session writes the i-th session of a list.
func (out *items) session(i int, d *capture.Dialogue) error {
	text, err := out.encode(sessionJSON(d))
	if err != nil {
		return err
	}
	out.begin(i, "session", text)
	exchanges := out.list("exchanges")
	bare := false // a line holds nothing but commands of Telnet
	data := map[int][]int{}
	d.EachUse(func(exchange, id int) { data[exchange] = append(data[exchange], id) })
	var unasked []*ftp.Reply // the first ones: the greeting, as a rule
	few := true              // these are all
	layer, overlong := d.Read(ftp.Handler{
		Line: func(l *ftp.Line) { bare = bare || bareTelnet(l) },
		Exchange: func(e *ftp.Exchange) {
			out.exchange.set(e, data[exchanges.n])
			exchanges.add(&out.exchange)
		},
		Unsolicited: func(r *ftp.Reply, _ int) {
			if few = len(unasked) < fewUnsolicited; few {
				unasked = append(unasked, r)
			}
		},
	})
	exchanges.end()
	unsolicited := out.list("unsolicited")
	if few {
		for _, r := range unasked {
			unsolicited.add(replyJSON(r))
		}
	} else {
		d.Read(ftp.Handler{Unsolicited: func(r *ftp.Reply, _ int) { unsolicited.add(replyJSON(r)) }})
	}
	unsolicited.end()
	if bare {
		out.telnet(d)
	}
	out.dataPorts(d)
	if overlong {
		out.WriteString(`,"overlong":true`)
	}
	if layer != nil {
		if text, err = out.encode(layerJSON(layer)); err != nil {
			return err
		}
		out.WriteString(`,"tls_session":`)
		out.Write(text)
	}
	out.end()
	return exchanges.err
}

// telnet writes the lines that hold nothing but commands of Telnet.
func (out *items) telnet(d *capture.Dialogue) {
	telnet := out.list("telnet")
	d.Read(ftp.Handler{Line: func(l *ftp.Line) {
		if bareTelnet(l) {
			telnet.add(telnetJSON(l))
		}
	}})
	telnet.end()
}

// dataPorts writes the addresses offered for data connections, if there are any.
func (out *items) dataPorts(d *capture.Dialogue) {
	if len(d.DataPorts) == 0 {
		return
	}
	ports := out.list("data_ports")
	for _, a := range d.DataPorts {
		ports.add(dataPortJSON(a))
	}
	ports.end()
}

// A list is one that is written as its items come.
type list struct {
	out *items
	n   int
	err error
}

// list begins a list that is a field of the item that was begun.
func (out *items) list(name string) *list {
	out.WriteString(`,"` + name + `":[`)
	return &list{out: out}
}

func (l *list) add(item any) {
	if l.err != nil {
		return
	}
	var text []byte
	if text, l.err = l.out.encode(item); l.err != nil {
		return
	}
	if l.n > 0 {
		l.out.WriteByte(',')
	}
	l.n++
	_, l.err = l.out.Write(text)
}

func (l *list) end() { l.out.WriteByte(']') }
