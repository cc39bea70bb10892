// Uploads of which the capture lacks the command.

package rules

import (
	"fmt"
	"slices"

	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

// opensFor matches the reply that begins a transfer, with the name of the file.
var opensFor = pattern.New(`(?i)\bdata connection for '?([^ '()]+)`)

// storedUnseen finds an upload to a file that lets somebody in. The capture lacks its command: the name is in the reply,
// and the bytes came from the client.
func storedUnseen(s *session) (b breach, ok bool) {
	if s.Commands["STOR"] >= wholeFolder {
		return b, false
	}
	tries := 0
	for _, r := range s.Unsolicited {
		named := opensFor.FindStringSubmatch(r.Text)
		if r.Code != 150 && r.Code != 125 || named == nil || !opens.MatchString(named[1]) || !s.Readable(r.Packet) {
			continue
		}
		if tries++; tries > MaxPackets {
			break
		}
		if c := s.unseenUpload(r); c != nil {
			return breach{severity: Violation, packets: []int{r.Packet, c.ClientFlow.FirstData},
				observed: fmt.Sprintf("%s, and the client sent %s, a file that lets somebody in, or that the system runs by itself", wording.Quote(r.Lines[0].Text), wording.Plural(int(c.ClientFlow.Bytes), "byte", "bytes"))}, true
		}
	}
	return b, false
}

// unseenUpload is the data connection with bytes of the client that goes on after a reply and belongs to no command, nil
// for none. If there are several, it is not known which one the reply is about.
func (s *session) unseenUpload(r *ftp.Reply) (found *ftp.Connection) {
	of := map[int]bool{}
	for _, x := range s.Exchanges {
		for _, id := range x.Data {
			of[id] = true
		}
	}
	ids := []int{}
	for id, c := range s.DataByID {
		if !of[id] && c.LastPacket > r.FirstPacket && c.ServerFlow.Bytes == 0 && c.ClientFlow.Bytes > 0 {
			ids = append(ids, id)
		}
	}
	if slices.Sort(ids); len(ids) != 1 {
		return nil
	}
	return s.DataByID[ids[0]]
}
