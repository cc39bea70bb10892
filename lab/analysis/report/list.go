package report

import (
	"fmt"
	"net/netip"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/report/text"
)

// Limits of the packet list.
const (
	listEnds   = 60   // packets of a data connection at its beginning and its end
	listMost   = 1000 // packets
	maxFilters = 60   // connections that can be chosen
)

// A listing is the packet list as the page shows it.
type listing struct {
	List     []listRow
	ListMore string
	Filters  []filter
	Shown    string
}

// A listRow is a packet in the list, or a gap where packets are left out.
type listRow struct {
	Kind, Short string // of its connection
	ID          int    // of its connection, -1 for none
	At          int64  // nanoseconds since the first packet; of a gap, its end
	Gap         string // what is left out

	Number, Length int
	Time, Since    string
	From, To, Info string
	Said           string // the dialogue in it
	Linked         bool   // the packet is in the ladder, too
}

// A filter chooses packets: those of a kind, or those of one connection.
type filter struct{ Value, Text string }

func (r *Report) list() listing {
	var l listing
	shown := r.listed()
	before := map[*ftp.Connection]*Packet{}
	packets := 0
	for _, p := range r.packets {
		if !shown[p.Number] {
			continue
		}
		if packets == listMost {
			l.ListMore = fmt.Sprintf("The list ends here; the capture has %s.", counted(r.Trace.Size, "packet"))
			break
		}
		if c := p.Connection; c != nil {
			if gap := r.gapBefore(p, before[c]); gap != nil {
				l.List = append(l.List, *gap)
			}
			before[c] = p
		}
		packets++
		l.List = append(l.List, r.listRow(p))
	}
	l.Shown = fmt.Sprintf("%d of %d packets shown", packets, r.Trace.Size)
	l.Filters = r.filters()
	return l
}

// listed chooses the packets of the list: the beginning, the end and the notable
// packets of each data connection, and all other packets.
func (r *Report) listed() map[int]bool {
	shown := map[int]bool{}
	of := map[*ftp.Connection][]*Packet{}
	for _, p := range r.packets {
		shown[p.Number] = true
		if p.Connection != nil && p.Connection.Role != ftp.Control {
			of[p.Connection] = append(of[p.Connection], p)
		}
	}
	for _, packets := range of {
		for i, p := range packets {
			shown[p.Number] = i < listEnds || i >= len(packets)-listEnds || r.worthDrawing(p)
		}
	}
	return shown
}

// gapBefore returns a row for the packets of p's connection that are left out before p.
func (r *Report) gapBefore(p, before *Packet) *listRow {
	if before == nil || p.Passed.Packets == before.Passed.Packets+1 {
		return nil
	}
	return &listRow{
		Kind: kindOf(p.Connection), Short: r.surveyed.names.of(p.Connection).short, ID: p.Connection.ID,
		At:  p.Time - p.SinceSame - r.Trace.Start,
		Gap: foldText(leftOut(before, p)) + ", left out here",
	}
}

// leftOut counts what a connection sent between two packets.
func leftOut(before, after *Packet) Passed {
	p := after.Passed.minus(before.Passed)
	p.Packets--
	if after.TCP.Length > 0 {
		p.Segments--
		p.Bytes -= int64(after.TCP.Length)
	}
	return p
}

func (r *Report) listRow(p *Packet) listRow {
	row := listRow{
		Kind: kindOf(p.Connection), ID: -1, At: p.Time - r.Trace.Start,
		Number: p.Number, Length: p.Length, Time: seconds(p.Time - r.Trace.Start), Since: seconds(p.Since),
		Info: text.WithoutTimestamps(strings.TrimPrefix(withoutAddresses(p.Packet), "Flags ")),
	}
	var said []string
	for _, l := range r.lines[p.Number] {
		said = append(said, visible(l.Text))
	}
	record := r.tls.record(p)
	if row.Said = strings.Join(said, " ↵ "); row.Said != "" || record != "" {
		row.Info, _, _ = strings.Cut(row.Info, ": FTP: ")
		row.Info, _, _ = strings.Cut(row.Info, ": TLS: ")
	}
	if row.Said == "" && record != "" {
		row.Info += ": " + record
	}
	if p.Connection != nil {
		row.Short, row.ID = r.surveyed.names.of(p.Connection).short, p.Connection.ID
	}
	row.From, row.To = r.endNames(p.Packet)
	return row
}

// endNames returns the two ends of a packet, with ports: the names of hosts that have a
// lane, and the addresses of others.
func (r *Report) endNames(p *capture.Packet) (from, to string) {
	var src, dst netip.Addr
	var srcPort, dstPort string
	switch {
	case p.ARP != nil:
		src, dst = p.ARP.SenderIP, p.ARP.TargetIP
	case p.IP != nil:
		src, dst = p.IP.Src, p.IP.Dst
	default:
		return p.SrcMAC.String(), p.DstMAC.String()
	}
	switch {
	case p.TCP != nil:
		srcPort, dstPort = fmt.Sprint(p.TCP.SrcPort), fmt.Sprint(p.TCP.DstPort)
	case p.UDP != nil:
		srcPort, dstPort = fmt.Sprint(p.UDP.SrcPort), fmt.Sprint(p.UDP.DstPort)
	}
	a, b := r.hosts.ends(p)
	return r.endName(a, src, srcPort), r.endName(b, dst, dstPort)
}

func (r *Report) endName(lane int, addr netip.Addr, port string) string {
	name := addr.Unmap().String()
	if lane >= 0 {
		name = r.hosts[lane].Name
	}
	if port != "" {
		name += "." + port
	}
	return name
}

func (r *Report) filters() []filter {
	list := []filter{{"control", "control connections only"}}
	for _, c := range r.surveyed.filters {
		name := r.surveyed.names.of(c).long
		if c.Transfer != nil {
			name += ": " + visible(strings.TrimSpace(c.Transfer.Command+" "+c.Transfer.Argument))
		}
		list = append(list, filter{fmt.Sprint(c.ID), name})
	}
	return list
}
