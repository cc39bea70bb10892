package replay

import (
	"fmt"
	"sort"

	"ftplab/lab/analysis/capture"
)

// A Session is what the two sides of an FTP session are doing, in a few words each.
type Session struct {
	Client string `json:"client"`
	Server string `json:"server"`
}

// A change is a packet that changes what the two sides of a session do.
type change struct {
	packet int
	Session
}

// dialogues are the changes of each session, by the ID of its control connection and in the
// order of the packets.
type dialogues map[int][]change

// at returns how the session stands when a packet has arrived; nil if there is none.
func (d dialogues) at(control, packet int) *Session {
	changes := d[control]
	i := sort.Search(len(changes), func(i int) bool { return changes[i].packet > packet })
	if i == 0 {
		return nil
	}
	return &changes[i-1].Session
}

// readDialogues reads what is said in the first packets of a capture.
func readDialogues(c *capture.Capture, most int) dialogues {
	all := dialogues{}
	for s := range c.Sessions() {
		if s.Control.FirstPacket > most {
			break
		}
		changes := []change{{s.Control.FirstPacket, Session{"connects, then waits for the greeting", "waits for a client"}}}
		for _, e := range s.Exchanges {
			changes = append(changes, change{e.Packet, Session{"waits for the answer to " + name(e.Command), "carries out " + name(e.Command)}})
			for _, r := range e.Replies {
				changes = append(changes, change{r.Packet, answered(e.Command, r.Code)})
			}
		}
		for _, r := range s.Unsolicited {
			changes = append(changes, change{r.Packet, unasked(r.Code)})
		}
		sort.SliceStable(changes, func(i, j int) bool { return changes[i].packet < changes[j].packet })
		all[s.Control.ID] = changes
	}
	return all
}

// name is a command's name if it is one, as a sender may say anything.
func name(command string) string {
	if len(command) == 0 || len(command) > 4 {
		return "a command"
	}
	for _, c := range command {
		if c < 'A' || c > 'Z' {
			return "a command"
		}
	}
	return command
}

// answered is how a session stands when a reply has come (RFC 959, section 4.2).
func answered(command string, code int) Session {
	command = name(command)
	switch code / 100 {
	case 1:
		return Session{fmt.Sprintf("transfers; %s goes on", command), fmt.Sprintf("transfers; %s goes on", command)}
	case 2:
		if command == "QUIT" {
			return Session{"is done", "ends the session"}
		}
		return Session{command + " has succeeded; next command", "waits for a command"}
	case 3:
		return Session{fmt.Sprintf("is asked for more, %s alone is not enough", command), "waits for what goes with " + command}
	case 4, 5:
		return Session{fmt.Sprintf("%s was refused (%d); next command", command, code), "waits for a command"}
	}
	return Session{"cannot make sense of the answer", "waits for a command"}
}

// unasked is how a session stands after a reply that answers no command.
func unasked(code int) Session {
	switch code {
	case 220:
		return Session{"has been greeted; first command", "waits for a command"}
	case 421:
		return Session{"is sent away", "ends the session"}
	}
	return Session{"reads what it did not ask for", "waits for a command"}
}
