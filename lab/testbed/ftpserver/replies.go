package ftpserver

import (
	"bytes"
	"fmt"
	"io"
	"strconv"
	"strings"

	"ftplab/lab/scenario"
)

// A Reply is a reply of a server, in its own wording, with one reply code (RFC
// 959, 4.2). If a code has several replies, each session sends them one after the
// other, and then the last one only.
//
// In the text of a 227, {hostport} stands for the address of the data connection as
// h1,h2,h3,h4,p1,p2; in that of a 229, {port} for the port of the data connection.
//
// A text of several lines is a multi-line reply. The code is added to its first and its last
// line. A line between them is sent as it is: with the code or without, as in a reply to FEAT
// (RFC 2389, 3.2).
type Reply struct {
	Code int
	Text string
}

// lines returns the reply as it is sent, each line with its CR LF.
func (r Reply) lines() [][]byte {
	texts := strings.Split(r.Text, "\n")
	lines := make([][]byte, len(texts))
	for i, text := range texts {
		switch i {
		case len(texts) - 1:
			lines[i] = fmt.Appendf(nil, "%d %s\r\n", r.Code, text)
		case 0:
			lines[i] = fmt.Appendf(nil, "%d-%s\r\n", r.Code, text)
		default:
			lines[i] = fmt.Appendf(nil, "%s\r\n", text)
		}
	}
	return lines
}

// Bytes are the reply as it is sent.
func (r Reply) Bytes() []byte { return bytes.Join(r.lines(), nil) }

// check returns an error if no client could understand the reply.
func (r Reply) check() error {
	if r.Code < 100 || r.Code > 599 {
		return fmt.Errorf("reply %d %q: a reply code is 100 to 599", r.Code, r.Text)
	}
	return scenario.Reply{Code: r.Code, Text: r.Text}.Check()
}

// wordingsOf sorts replies by code and refuses those that no client could understand.
func wordingsOf(replies []Reply) (map[int][]string, error) {
	wordings := make(map[int][]string)
	for _, r := range replies {
		if err := r.check(); err != nil {
			return nil, err
		}
		wordings[r.Code] = append(wordings[r.Code], r.Text)
	}
	return wordings, nil
}

// wording returns the reply that is sent instead of one of the library, given its
// code and first line. It reports false if the library's reply stays. It is called
// once for each reply.
func (s *session) wording(code int, first string) (Reply, bool) {
	s.mu.Lock()
	port, refusal := s.dataPort, s.refusal
	s.mu.Unlock()

	reply, other := Reply{Code: code}, false
	switch {
	case code >= 400 && refusal.Code != 0:
		reply, other = refusal, true
	case code == 229 && port != nil: // the library took the PORT for an EPSV
		reply, other = Reply{200, port.verb + " command successful"}, true
	case code == 150 && s.unique != "": // RFC 1123, 4.1.2.9
		reply.Text, other = "FILE: "+s.unique, true
	case code == 550 && strings.Contains(first, "Issue during transfer: network error"): // RFC 959, 5.4
		reply, other = Reply{426, "Connection closed; transfer aborted"}, true
	case code == 421 && strings.Contains(first, "command timeout"):
		reply.Text, other = fmt.Sprintf("No command for %v: closing control connection.", s.server.config.Idle), true
	default:
		reply.Text, other = plain(code, first)
	}
	if text, ok := s.phrase(reply.Code); ok {
		reply.Text, other = text, true
	}
	if texts := s.server.wordings[reply.Code]; len(texts) > 0 {
		used := min(s.worded[reply.Code], len(texts)-1)
		s.worded[reply.Code]++
		reply.Text, other = texts[used], true
	}
	reply.Text = strings.NewReplacer(
		"{hostport}", between(first, "(", ")"),
		"{port}", between(first, "(|||", "|)"),
	).Replace(reply.Text)
	return reply, other
}

// plain returns another text for replies of the library that are not as RFC 959
// asks, or that show the library's internals. It reports false for all others.
func plain(code int, first string) (text string, other bool) {
	text = strings.TrimRight(first, "\r\n")
	text = text[min(len("257 "), len(text)):]
	dir, made := strings.CutPrefix(text, "Created dir ")
	switch {
	case code == 257 && made: // the path stands in front (RFC 959, Appendix II)
		return dir + " created", true
	case code == 350 && strings.HasPrefix(text, "Sure"):
		return "File is there, ready for its new name", true
	case code == 250 && text == "Done !":
		return "File renamed", true
	case code == 425: // the library calls every connection a passive one
		text, other = strings.CutPrefix(text, "failed to accept passive transfer connection: ")
		return "Can't open data connection: " + text, other
	case code == 550:
		text = strings.Replace(text, "driver error: calling GetHandle: open ", "", 1)
		return text, true
	}
	return "", false
}

// between returns what stands between the first occurrence of left and the
// next of right.
func between(s, left, right string) string {
	_, s, _ = strings.Cut(s, left)
	s, _, _ = strings.Cut(s, right)
	return s
}

// A replyWriter takes the library's replies, replaces some, and writes each line
// with one call, so that it is sent as one segment.
type replyWriter struct {
	to      io.Writer
	wording func(code int, first string) (Reply, bool)
	done    func(code int)                    // called before the last line of a reply is written
	hides   func(code int, first string) bool // reports whether a reply is not written at all
	said    func(code int)                    // called when a reply has been written, or hidden

	partial []byte // a line whose end has not been written yet
	last    int    // code of the last whole reply
	early   int    // code of a reply that was sent before the library said it; 0 is none

	code   int   // of the reply that is being written; 0 between replies
	hidden bool  // it is not written
	sent   bool  // it was sent early
	reword bool  // reply is sent in its place
	reply  Reply // when it ends
}

// Write takes part of a reply, in pieces of any size. A byte 255 of a name is sent twice, because
// one alone begins a command of Telnet (RFC 854).
func (w *replyWriter) Write(p []byte) (int, error) {
	w.partial = append(w.partial, bytes.ReplaceAll(p, []byte{telnetIAC}, []byte{telnetIAC, telnetIAC})...)
	for {
		end := bytes.IndexByte(w.partial, '\n') + 1
		if end == 0 {
			return len(p), nil
		}
		line := w.partial[:end]
		w.partial = w.partial[end:]
		if err := w.writeLine(line); err != nil {
			return 0, err
		}
	}
}

func (w *replyWriter) writeLine(line []byte) error {
	code, isLast := parseReplyLine(line)
	if w.code == 0 {
		w.begin(code, line)
	}
	isLast = isLast && code == w.code
	if isLast {
		w.last, w.code = w.code, 0
		if !w.hidden {
			w.done(w.last)
		}
	}
	err := w.pass(line, isLast)
	if isLast {
		w.said(w.last)
	}
	return err
}

// pass writes a line of a reply. A reply that is replaced is written at its end.
func (w *replyWriter) pass(line []byte, isLast bool) error {
	switch {
	case w.hidden, w.sent, w.reword && !isLast:
		return nil
	case w.reword:
		return w.send(w.reply)
	case w.code == 212:
		line = bytes.Replace(line, []byte(" %s"), []byte(" "), 1) // the library's STAT of a directory
	}
	_, err := w.to.Write(line)
	return err
}

// begin takes the first line of a reply.
func (w *replyWriter) begin(code int, line []byte) {
	w.code, w.sent, w.reword = code, w.early == code && code != 0, false
	w.early, w.hidden = 0, w.hides(code, string(line))
	if !w.sent && !w.hidden {
		w.reply, w.reword = w.wording(code, string(line))
	}
}

// sendEarly sends a reply before the library does, unless the library sends a
// different one.
func (w *replyWriter) sendEarly(reply Reply) error {
	if worded, other := w.wording(reply.Code, reply.Text); other {
		reply = worded
	}
	w.early = reply.Code
	return w.send(reply)
}

func (w *replyWriter) send(reply Reply) error {
	for _, line := range reply.lines() {
		if _, err := w.to.Write(line); err != nil {
			return err
		}
	}
	return nil
}

// parseReplyLine returns the code with which a line begins, 0 if none, and
// whether a reply can end with it: code and space.
func parseReplyLine(line []byte) (code int, isLast bool) {
	if len(line) < 4 || line[3] != ' ' && line[3] != '-' {
		return 0, false
	}
	code, err := strconv.Atoi(string(line[:3]))
	if err != nil || code < 100 {
		return 0, false
	}
	return code, line[3] == ' '
}
