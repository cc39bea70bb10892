// Transfers whose commands are not in the capture.

package evidence

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"ftplab/lab/analysis/ftp"
)

// notRecorded is in front of a command that is known from the replies to it and from its data.
const notRecorded = "[not recorded] "

// addUnseen adds the commands of the data connections whose commands are not in the capture to the Exchanges, with the
// replies that show them, so that their names and their data are judged like those of others. The connections of
// DataByID get these commands. The session and the connections of the capture stay as they are.
func (s *Session) addUnseen(data []*ftp.Connection) {
	unseen := slices.DeleteFunc(slices.Clone(data), func(c *ftp.Connection) bool { return c.Transfer != nil || c.Unseen == nil })
	if len(unseen) == 0 {
		return
	}
	slices.SortFunc(unseen, func(a, b *ftp.Connection) int { return cmp.Compare(a.Unseen.Packet, b.Unseen.Packet) })
	of := *s.Session
	of.Exchanges, of.Unsolicited = slices.Clone(of.Exchanges), slices.Clone(of.Unsolicited)
	s.Session = &of
	added := map[int]*ftp.Exchange{} // by data connection
	for _, c := range unseen {
		i := slices.IndexFunc(of.Unsolicited, func(r *ftp.Reply) bool { return r.Packet == c.Unseen.Packet && r.Code/100 == 1 })
		if i < 0 {
			continue
		}
		end := i + 1
		if end < len(of.Unsolicited) && c.Unseen.Reply > 0 && of.Unsolicited[end].Code == c.Unseen.Reply {
			end++
		}
		added[c.ID] = unseenExchange(c, slices.Clone(of.Unsolicited[i:end]))
		of.Unsolicited = slices.Delete(of.Unsolicited, i, end)
		of.Exchanges = slices.Insert(of.Exchanges, s.Index(c.Unseen.Exchange), added[c.ID])
		s.added = append(s.added, c.Unseen.Exchange)
	}
	for _, c := range data {
		with := *c
		switch x := added[c.ID]; {
		case x != nil:
			t := *c.Unseen
			t.Exchange = slices.Index(of.Exchanges, x)
			with.Transfer = &t
		case c.Transfer != nil:
			t := *c.Transfer
			t.Exchange = s.Index(t.Exchange)
			with.Transfer = &t
		}
		s.DataByID[c.ID] = &with
	}
}

// unseenExchange is the command of a data connection with the replies to it. It has no place in what the client said.
func unseenExchange(c *ftp.Connection, replies []*ftp.Reply) *ftp.Exchange {
	t, first := c.Unseen, replies[0].Lines[0]
	return &ftp.Exchange{
		Line: &ftp.Line{From: ftp.Client, Text: strings.TrimSpace(notRecorded + t.Command + " " + t.Argument), Complete: !t.Incomplete,
			Seq: first.Ack, End: first.Ack, FirstPacket: first.FirstPacket, Packet: first.FirstPacket, Time: replies[0].Time},
		Command: t.Command, Argument: t.Argument, Replies: replies, Data: []int{c.ID},
	}
}

// Index is the place in the Exchanges of a command of the capture. Some that are not in the capture may be before it.
func (s *Session) Index(exchange int) int {
	return exchange + sort.SearchInts(s.added, exchange+1)
}
