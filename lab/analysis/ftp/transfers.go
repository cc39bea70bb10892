// The commands that move data, and the data connections that they used.

package ftp

import (
	"cmp"
	"slices"
	"sort"
	"strconv"
	"strings"

	"ftplab/lab/internal/replycode"
)

// sender is the side that sends the data of a command that moves data over a data connection,
// "" for other commands.
func sender(command string) Side {
	switch command {
	case "RETR", "LIST", "NLST", "MLSD":
		return Server
	case "STOR", "STOU", "APPE":
		return Client
	}
	return ""
}

// Sender is the side that sends the data which the command moves over a data
// connection, "" if it moves none.
func (e *Exchange) Sender() Side { return sender(e.Command) }

// Sender is the side that sends the data.
func (t *Transfer) Sender() Side { return sender(t.Command) }

// Lists reports whether the command asks for the names in a folder.
func (e *Exchange) Lists() bool { return lists(e.Command) }

// Lists reports whether the data is a listing of the names in a folder.
func (t *Transfer) Lists() bool { return lists(t.Command) }

func lists(command string) bool {
	return command == "LIST" || command == "NLST" || command == "MLSD"
}

// A transferCommand is a command that moves data over a data connection.
type transferCommand struct {
	Transfer
	firstPacket int
	finalPacket int  // of the reply that ended it, 0 for none
	began       bool // the server said that it begins, or may have said so in what was lost
	announced   bool // the capture has the announcement of its data connection, or some of it
	joined      bool // a data connection belongs to it
	announces   bool // it moves no data, but gives or asks for an address, which may be lost
}

// transfers are the commands that move data, of the part of a session that has been read.
type transfers struct {
	list     []transferCommand
	commands int    // so far
	mode     string // agreed on so far
	restart  int64  // of the next transfer, as REST says
	sizes    sizes
	lossy    bool // some of the dialogue is not in the capture
	// lacksLines says that the session may have had commands before the first line of the capture, and gaps has the
	// packets of lines before which it may have had some.
	lacksLines bool
	gaps       []int
	cut        bool // the last line of the client is not whole
	// said is the number after the last line of the client, and heardMore the packet of the last line with which the
	// server acknowledges more.
	said      int64
	heardMore int
	// unseen are the transfers without a command in the capture. Each has the Packet of its preliminary reply, and as its
	// Command what this says, if it says it.
	unseen []*Transfer
}

// line takes the next line.
func (all *transfers) line(l *Line) {
	gap := l.AfterGap && !l.UnreadBefore
	all.lossy = all.lossy || gap
	if l.From == Server {
		if l.Ack > all.said {
			all.heardMore = l.FirstPacket
		}
		return
	}
	all.said = l.End
	if gap && !all.cut {
		all.gaps = append(all.gaps, l.FirstPacket)
	}
	all.cut = !l.Complete
}

// add takes the next command.
func (all *transfers) add(e *Exchange) {
	final := e.Final()
	switch {
	case e.Command == "MODE" && final == 200:
		all.mode = strings.TrimPrefix(capitals(strings.TrimSpace(strings.Clone(e.Argument))), "S")
	case e.Command == "REST" && final == 350:
		all.restart, _ = strconv.ParseInt(strings.TrimSpace(e.Argument), 10, 64)
	case e.Command == "REIN" && final == 220:
		all.mode, all.restart = "", 0
	case all.lossy && announces(e.Command) && final < 300:
		all.list = append(all.list, transferCommand{Transfer: Transfer{Exchange: all.commands}, firstPacket: e.FirstPacket, announces: true})
	case e.Sender() != "":
		t := Transfer{
			Exchange: all.commands, Command: strings.Clone(e.Command), Argument: strings.Clone(e.Argument), Packet: e.Packet,
			Reply: final, Incomplete: !e.Complete, Mode: all.mode, Stored: e.stored(),
		}
		if e.Command == "RETR" || e.Command == "STOR" {
			t.Offset = max(0, all.restart)
		}
		t.Announced = all.sizes.announced(e, &t)
		all.restart = 0
		x := transferCommand{Transfer: t, firstPacket: e.FirstPacket, began: e.began() || all.lossy && final < 400}
		if n := len(e.Replies); n > 0 && t.Reply > 0 {
			x.finalPacket = e.Replies[n-1].Packet
		}
		all.list = append(all.list, x)
	}
	all.sizes.follow(e)
	all.commands++
}

// announces reports whether a command gives, or asks for, the address of the next data connection.
func announces(command string) bool {
	switch command {
	case "PORT", "EPRT", "LPRT", "PASV", "EPSV", "LPSV":
		return true
	}
	return false
}

// index returns the index of the first one from a command on.
func (all *transfers) index(command int) int {
	return sort.Search(len(all.list), func(i int) bool { return all.list[i].Exchange >= command })
}

// between returns those from one command on, up to another, or to an address that may be lost. until is the packet of
// the command with that address, 0 for none.
func (all *transfers) between(from, to int) (among []transferCommand, until int) {
	among = all.list[all.index(from):all.index(max(from, to))]
	if i := slices.IndexFunc(among, func(x transferCommand) bool { return x.announces }); i >= 0 {
		return among[:i], among[i].firstPacket
	}
	return among, 0
}

// lacksAfter reports whether the capture lacks commands that may have been sent before a packet: in front of a line
// after it, or where the server acknowledges them after it.
func (all *transfers) lacksAfter(packet int) bool {
	return all.lossy && (all.heardMore > packet || slices.ContainsFunc(all.gaps, func(line int) bool { return line > packet }))
}

// sentBefore returns the first commands, up to one after a packet.
func sentBefore(among []transferCommand, packet int) []transferCommand {
	if i := slices.IndexFunc(among, func(x transferCommand) bool { return x.firstPacket > packet }); i >= 0 {
		return among[:i]
	}
	return among
}

// Assign calls assign for each data connection that a command used. A connection to a data
// port belongs to a command between that data port and the next one. If some of the dialogue
// was lost, data that ended before these commands belongs to a lost one. packets are the first
// packet of a connection and, if it has data, the last one, else 0. Assign finds the Unseen of data
// ports, and removes the data ports that are malformed, or lack their port, if no connection came to
// them. It calls suppose for a data connection whose transfer has no command in the capture.
func (o *Outline) Assign(packets func(id int) (first, last int), assign, suppose func(id int, t *Transfer)) {
	all := cmp.Or(o.transfers, new(transfers))
	for _, a := range o.DataPorts {
		if i := all.index(a.seen); i < len(all.list) && !all.list[i].announces {
			all.list[i].announced = true
		}
	}
	o.DataPorts = slices.DeleteFunc(o.DataPorts, func(a *DataPort) bool { return (a.Malformed || a.PortLost) && len(a.Connections) == 0 })
	for i, a := range o.DataPorts {
		last, until := all.commands, 0
		if i+1 < len(o.DataPorts) {
			last = o.DataPorts[i+1].seen // the one that announces moves no data itself
			until = o.DataPorts[i+1].from
		}
		among, again := all.between(a.seen, last)
		if len(a.Connections) == 0 {
			if i := slices.IndexFunc(among, func(x transferCommand) bool { return x.began && x.Reply/100 == 2 }); i >= 0 {
				t := among[i].Transfer
				a.Unseen = &t
			}
		}
		free := among
		carried := 0 // the last packet of the data of those that carried any
		for n, id := range a.Connections {
			for len(free) > 0 && free[0].joined {
				free = free[1:]
			}
			first, last := packets(id)
			if len(free) == 0 && last == 0 && first < carried {
				continue // the transfer was on its way on another one
			}
			carried = max(carried, last)
			candidates := free
			if len(free) == 0 && !all.lacksAfter(first) { // else it may belong to a lost command
				candidates = among
			}
			if again > 0 && first > again {
				candidates = nil // the lost address may be the same
			}
			if all.lossy && last > 0 {
				candidates = sentBefore(candidates, last)
			}
			if x := chosen(candidates, first, a.Mode); x != nil {
				x.joined = true
				a.uses[n] = x.Exchange
				t := x.Transfer
				assign(id, &t)
			} else if t := all.takeUnseen(a.from, until); t != nil {
				suppose(id, t)
			}
		}
	}
}

// chosen is the command that a data connection belongs to, nil for none. The server opens an
// active one for the last command before its first packet. A passive one may be opened
// before its command is sent, and belongs to the first command that was not refused. If the
// first command has no data connection yet, only commands without one count.
func chosen(among []transferCommand, firstPacket int, mode Mode) *transferCommand {
	if len(among) == 0 {
		return nil
	}
	best := &among[0]
	for i := range among {
		x := &among[i]
		switch {
		case x.joined && !among[0].joined:
		case mode == Active && x.firstPacket <= firstPacket:
			best = x
		case mode == Passive && x.began:
			return x
		}
	}
	return best
}

// A use is a data connection that a command used.
type use struct{ exchange, id int }

// EachUse calls use for every data connection that a command of the session used, with the
// index of the command.
func (o *Outline) EachUse(use func(exchange, id int)) {
	for _, x := range o.inferred {
		use(x.exchange, x.id)
	}
	for _, a := range o.DataPorts {
		for n, exchange := range a.uses {
			if exchange >= 0 {
				use(exchange, a.Connections[n])
			}
		}
	}
}

// began reports whether the server said that it begins the transfer.
func (e *Exchange) began() bool {
	for _, r := range e.Replies {
		if replycode.Preliminary(r.Code) {
			return true
		}
	}
	return false
}
