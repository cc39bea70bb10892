package redact

import (
	"bytes"
	"slices"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
)

// dialogue rewrites what both sides of a control connection say. names are those of the whole
// capture, and runs is what was captured of each side.
func dialogue(key *Key, names map[string]bool, d *capture.Dialogue, runs map[ftp.Side][]run) map[ftp.Side]*stream {
	s := &speaker{key: key, names: names, answers: map[int64]answer{}}
	edits := map[ftp.Side][]edit{}
	d.Read(ftp.Handler{Exchange: s.learnReplies})
	last := ""
	d.Read(ftp.Handler{Line: func(l *ftp.Line) {
		if l.From == ftp.Client {
			verb, _, _ := strings.Cut(l.Text, " ")
			last = strings.ToUpper(verb)
		} else if _, ok := s.answers[l.Seq]; !ok {
			s.answers[l.Seq] = answer{command: last}
		}
		if e, ok := s.line(l, runs[l.From]); ok {
			edits[l.From] = append(edits[l.From], e...)
		}
	}})
	streams := map[ftp.Side]*stream{}
	for _, side := range []ftp.Side{ftp.Client, ftp.Server} {
		slices.SortStableFunc(edits[side], func(a, b edit) int { return int(a.start - b.start) })
		rest := uncovered(runs[side], edits[side])
		if d.Proxy != nil && len(rest) > 0 && rest[0].at == 1 {
			edits[side] = append(edits[side], s.front(d.Proxy.Kind, side, rest[0])...)
			rest = rest[1:]
		}
		for _, r := range rest {
			edits[side] = append(edits[side], records(key, r)...)
		}
		streams[side] = newStream(edits[side])
	}
	return streams
}

// line rewrites a line. Its end is an edit of its own, so that a probe of its last byte
// stays one.
func (s *speaker) line(l *ftp.Line, runs []run) ([]edit, bool) {
	raw := cut(runs, l.Seq, l.End)
	if raw == nil {
		return nil, false
	}
	if ftp.OldHello(l.Text) > 0 { // it has no names
		return []edit{{l.Seq, l.End, raw}}, true
	}
	body := bytes.TrimSuffix(bytes.TrimSuffix(raw, []byte("\n")), []byte("\r"))
	if !l.Complete {
		body = raw
	}
	text := []byte(l.Text)
	var to []byte
	if l.From == ftp.Client {
		to = s.command(text)
	} else {
		to = s.reply(text, s.answers[l.Seq])
	}
	switch {
	case bytes.Equal(body, text):
	case bytes.HasSuffix(body, text) && len(l.Telnet) > 0: // as in front of ABOR
		to = slices.Concat(body[:len(body)-len(text)], to)
	default:
		to = slices.Concat(l.Telnet, to)
	}
	end := l.Seq + int64(len(body))
	edits := []edit{{l.Seq, end, to}}
	if end < l.End {
		edits = append(edits, edit{end, l.End, raw[len(body):]})
	}
	return edits, true
}

// uncovered returns the parts of runs that no edit covers. The edits are in order.
func uncovered(runs []run, edits []edit) []run {
	var rest []run
	i := 0
	for _, r := range runs {
		at, end := r.at, r.at+int64(len(r.data))
		for ; i < len(edits) && edits[i].start < end; i++ {
			if edits[i].start > at {
				rest = append(rest, run{at, r.data[at-r.at : edits[i].start-r.at]})
			}
			at = max(at, edits[i].end)
		}
		if at < end {
			rest = append(rest, run{at, r.data[at-r.at:]})
		}
	}
	return rest
}
