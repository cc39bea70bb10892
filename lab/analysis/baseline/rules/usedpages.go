// Pages that a client stores, and that then run commands for somebody who asks a web server for them.

package rules

import (
	"bytes"
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"slices"
	"strings"

	"ftplab/lab/analysis/baseline/content"
	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
	"ftplab/lab/analysis/tcp"
)

// A webPage is a page of a web server, by the name of its file.
type webPage struct {
	server netip.Addr
	name   string
}

// A pageOrder is a request for a page with a command for a shell in it.
type pageOrder struct {
	page    webPage
	command string // as it is quoted
	sure    bool   // both the field and its value are those of a command
	packet  int
	answer  int    // the packet that shows what a shell prints, 0 for none
	reply   []byte // the beginning of the answer, while it shows nothing
}

// A usedPage is the last order for a page, and the last one that a shell answered; nil for none.
type usedPage struct{ asked, answered *pageOrder }

// pageOrders are such requests.
type pageOrders struct {
	of   map[webPage]usedPage
	last map[int]*pageOrder // by connection that is open
	kept int                // bytes of all answers
}

// longestReply is how many bytes of an answer to an order are looked at.
const longestReply = 2 << 10

// commandField matches the name of a field with a command.
var commandField = pattern.New(`(?i)^(cmd|command|exec|shell)$`)

// packet takes the next packet with data of a connection that is not FTP.
func (all *pageOrders) packet(g *bounded.Ledger, p *capture.Packet) {
	last := all.last[p.Connection.ID]
	switch {
	case p.ChecksumWrong():
	case last != nil && p.From == ftp.Server && last.answer == 0:
		all.answer(g, p, last)
	case p.From == ftp.Client:
		name, order := orderIn(p.TCP.Payload)
		if page := (webPage{p.IP.Dst.Unmap(), name}); order != nil &&
			bounded.Takes(g, maxContents, all.of, page) && bounded.Takes(g, maxContents, all.last, p.Connection.ID) {
			all.end(p.Connection.ID)
			order.page, order.packet = page, p.Number
			all.of[page], all.last[p.Connection.ID] = usedPage{order, all.of[page].answered}, order
		}
	}
}

// answer takes the next packet of the answer to an order.
func (all *pageOrders) answer(g *bounded.Ledger, p *capture.Packet, order *pageOrder) {
	data := p.TCP.Payload
	if room := longestReply - len(order.reply); p.Segment.Analysis&tcp.Retransmission == 0 && room > 0 {
		more := data[:min(len(data), room)]
		order.reply = g.Keep(maxReplies, &all.kept, order.reply, slices.Concat(order.reply, more))
	}
	if content.IsOfShell(data) || content.IsOfShell(content.Body(order.reply)) {
		order.answer = p.Number
		all.of[order.page] = usedPage{all.of[order.page].asked, order}
	}
}

// end forgets the last order of a connection, and what was kept of its answer.
func (all *pageOrders) end(connection int) {
	if last := all.last[connection]; last != nil {
		all.kept -= cap(last.reply)
		last.reply = nil
		delete(all.last, connection)
	}
}

// orderIn is the command in a request of HTTP, and the page that it is for; nil if there is none.
func orderIn(data []byte) (page string, order *pageOrder) {
	if !bytes.HasPrefix(data, []byte("GET ")) && !bytes.HasPrefix(data, []byte("POST ")) {
		return "", nil
	}
	line, rest, _ := bytes.Cut(data, []byte("\r\n"))
	_, at, _ := strings.Cut(string(line), " ")
	at, _, _ = strings.Cut(at, " ")
	page, query, _ := strings.Cut(at, "?")
	if page = path.Base(page); len(page) > longestName {
		return "", nil
	}
	_, form, _ := bytes.Cut(rest, []byte("\r\n\r\n"))
	for field := range strings.SplitSeq(query+"&"+string(form), "&") {
		name, value, _ := strings.Cut(field, "=")
		value, err := url.QueryUnescape(value)
		if err != nil || value == "" {
			continue
		}
		if named, runs := commandField.MatchString(name), shellCommand.MatchString(value); named || runs {
			return strings.Clone(page), &pageOrder{command: wording.Quote(value), sure: named && runs}
		}
	}
	return "", nil
}

// usedPages finds pages that a client stores, and that then run a command for a visitor.
func usedPages(e *Evidence, s *session) (found []breach) {
	if len(e.watch.ordered.of) == 0 {
		return nil
	}
	for _, x := range s.Exchanges {
		if x.Sender() != ftp.Client || !evidence.Completed(x) {
			continue
		}
		used := e.watch.ordered.of[webPage{s.Server(), path.Base(evidence.Unquoted(x.Argument))}]
		of := used.answered
		if of == nil || of.packet < x.Packet {
			of = used.asked
		}
		if of == nil || of.packet < x.Packet || of.answer == 0 && !of.sure {
			continue
		}
		b := breach{severity: Odd, sign: 2, packets: append(evidence.Frames(x), of.packet),
			observed: fmt.Sprintf("%s: frame %d asks a web server for this page, with the command %s", wording.Quote(x.Line.Text), of.packet, of.command)}
		if of.answer > 0 {
			b.severity, b.packets = Violation, append(b.packets, of.answer)
			b.observed += fmt.Sprintf(", and frame %d shows a shell that carried it out", of.answer)
		}
		found = append(found, b)
	}
	return found
}
