// The rule about files with commands that a program fetches, carries out and answers.

package rules

import (
	"bytes"
	"fmt"
	"strings"

	"ftplab/lab/analysis/baseline/content"
	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/encoded"
	"ftplab/lab/analysis/internal/pattern"
)

var filesAreNoOrdersRule = Rule{
	Name: "files-are-no-orders", Theme: "transfers",
	Says:     "No client fetches one short file after the other with a command for a shell, or with an encoded text, and stores an answer of that kind after each. Nobody instructs a client on another connection to fetch a file and run it, or in a reply to run a hidden command.",
	Source:   "MITRE ATT&CK, T1071.002 (file transfer protocols for command and control), T1132.001 (standard encoding) and T1059 (command interpreters)",
	Example:  "> RETR in/j001.dat with d2hvYW1p, base64 of whoami, > DELE in/j001.dat, > STOR out/r001.dat, three times",
	Severity: Violation,
	Matters:  "A program that intruders left behind gets its orders so, under new names each time.",
	Innocent: "a program is tested whose jobs are commands.",
	look:     obeyedFiles,
}

// orderRounds is how many orders, each with an answer, are no accident, provenRounds how many if each was encoded, or
// removed after it was fetched, or answered by what a program of the system prints, and whisperRounds how many if the
// order and its answer are some text in base64, base32 or hexadecimal digits. largestOrder is how many bytes one has.
const (
	orderRounds   = 3
	provenRounds  = 2
	whisperRounds = 5
	largestOrder  = 512
)

// shellCommand matches a text that begins with a command of Windows or Unix about the system.
var shellCommand = pattern.New(`(?i)^\W{0,3}(sudo |cmd(\.exe)? +/c +|powershell(\.exe)? +(-\w+ +)*["'{(& ]*|/(usr/)?s?bin/)?(whoami|hostname|systeminfo|ipconfig|ifconfig|netstat|tasklist|taskkill|quser|query user|net +(user|view|use|group|localgroup|share|start)|nltest|arp -a|route print|uname|dir( |$)|type +\S|ls( |$)|cat +\S|id$|ps( |$)|pwd$|cd +\S|wget +\S|curl +\S|schtasks|reg +(query|add|save)|wmic|mimikatz|procdump|screenshot|keylog|download +\S|upload +\S|shell +\S|exec +\S|sleep +\d|vssadmin|invoke-\w+|get-(process|service|childitem|localuser|ad\w+))`)

// commandFiles are the short files that begin with a command, plain or encoded, or are nothing but an encoded text, by
// connection.
type commandFiles map[int]shortFile

// A shortFile is the packet with such a file, and what it is. A script is no order, and no answer to one. What a command
// prints about the files of a folder is an answer of any length.
type shortFile struct {
	packet                         int
	command, coded, script, folder bool
}

// scriptHead matches the first line of a script.
var scriptHead = pattern.New(`(?i)^(#!|@?echo |rem |set )`)

// packet takes the next packet of a data connection.
func (o commandFiles) packet(g *bounded.Ledger, p *capture.Packet) {
	data := bytes.TrimSpace(p.TCP.Payload)
	t := p.Connection.Moves()
	if p.Segment.DataSeq() != 1 || len(data) < 2 || p.ChecksumWrong() || t == nil || t.Lists() {
		return
	}
	f := shortFile{packet: p.Number}
	text := encoded.Decode(data)
	if len(p.TCP.Payload) <= largestOrder {
		f.command, f.script = shellCommand.Match(data) || shellCommand.Match(text), scriptHead.Match(data)
		f.coded = text != nil && len(bytes.Trim(data, "0123456789\r\n")) > 0
	}
	f.folder = t.Sender() == ftp.Client && (content.IsOfFolder(data) || content.IsOfFolder(text))
	if (f.command || f.coded || f.script || f.folder) && g.Room(maxContents, len(o)) {
		o[p.Connection.ID] = f
	}
}

// rounds are the orders that a client fetched from a server, and answered.
type rounds struct {
	packets        []int
	n              int
	waiting        string // the path of an order that was fetched, to which no answer was stored
	order          string // the path of the last one, "" if it does not count again
	name           string
	command, coded bool // what the order is
	// answered says that another kind of file than one with a command was stored after it, proven that somebody
	// removed it, or that what it orders is certain.
	answered, proven bool
	nProven          int
	// whispers are how many encoded texts were answered by another one.
	whispers int
}

// prove counts the last order if it is certain.
func (r *rounds) prove() {
	if r.command && r.answered && r.proven && r.order != "" {
		r.order = ""
		r.nProven++
	}
}

func obeyedFiles() look {
	all, folders := map[evidence.PairOfHosts]*rounds{}, folderOrders{}
	return look{
		session: func(e *Evidence, s *session) []breach {
			var fetched fetchedOrder
			s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
				r, at := all[s.Hosts()], w.Target(x.Argument)
				folders.add(e, s, x, at, &fetched)
				switch {
				case x.Command == "RETR":
					order := e.shortFile(s, x)
					if !order.command && !order.coded {
						return
					}
					if r = bounded.Entry(s.ledger, maxPairs, all, s.Hosts()); r == nil {
						return
					}
					r.waiting, r.name, r.coded = strings.Clone(at), wording.Quote(x.Line.Text), order.coded
					r.command, r.order = order.command, r.waiting
					r.answered, r.proven = false, order.coded
					r.packets = appendSome(r.packets, order.packet)
				case x.Sender() == ftp.Client && (evidence.Began(x) || evidence.Completed(x)) && r != nil && r.waiting != "" && r.waiting != at:
					r.waiting = ""
					if r.command {
						r.n++
					}
					answer := e.shortFile(s, x)
					if r.coded && answer.coded {
						r.whispers++
					}
					r.answered = !answer.command && !answer.script && digits.ReplaceAllString(at, "#") != digits.ReplaceAllString(r.order, "#")
					r.proven = r.proven || e.storesSurvey(s, x)
					r.prove()
					r.packets = appendSome(r.packets, x.Packet)
				case x.Command == "DELE" && evidence.Completed(x) && r != nil && r.order == at:
					r.proven = true
					r.prove()
				}
			})
			return append(obeysOrders(e, s), ordersInReplies(s)...)
		},
		end: func(*Evidence) (found []breach) {
			for hosts, r := range all {
				what, n := "a file with a command", max(r.n, r.nProven)
				ordered := r.n >= orderRounds || r.nProven >= provenRounds
				if !ordered {
					what, n = "a short file that is an encoded text", r.whispers
				}
				if ordered || n >= whisperRounds {
					found = append(found, breach{hosts: hosts, packets: r.packets,
						observed: fmt.Sprintf("%s fetched %s and then stored another one, %d times; the last is %s", hosts.Client(), what, n, r.name)})
					delete(folders, hosts)
				}
			}
			found = append(found, folders.judge()...)
			sortByFrame(found)
			return found
		},
	}
}

// hiddenCommand matches a command of PowerShell in base64.
var hiddenCommand = pattern.New(`(?i)\bpowershell(\.exe)? [^\r\n]{0,80}-e(c|nc|ncodedcommand)? +[a-z0-9+/]{16,}`)

// ordersInReplies finds replies with a hidden command, unless they repeat what the client said.
func ordersInReplies(s *session) (found []breach) {
	for _, x := range s.Exchanges {
		for _, r := range x.Replies {
			if hiddenCommand.MatchString(r.Text) && s.Readable(r.Packet) && !hiddenCommand.MatchString(x.Argument) {
				found = append(found, breach{packets: evidence.Frames(x),
					observed: fmt.Sprintf("the reply to %s is a hidden command: %s", wording.Quote(x.Line.Text), wording.Quote(r.Text))})
			}
		}
	}
	return found
}

// storesSurvey reports whether a transfer moves what a program of the system says about a computer.
func (e *Evidence) storesSurvey(s *session, x *ftp.Exchange) bool {
	for _, c := range s.DataOf(x.Data) {
		for _, shown := range e.shows(c.ID) {
			if shown.Kind == content.Survey || shown.Kind == content.Surveys {
				return true
			}
		}
	}
	return false
}

// shortFile is the short file that a transfer moves, the zero value for none that is known.
func (e *Evidence) shortFile(s *session, x *ftp.Exchange) shortFile {
	for _, c := range s.DataOf(x.Data) {
		if f, known := e.watch.commandFiles[c.ID]; known {
			return f
		}
	}
	return shortFile{}
}
