// Package rules has what every normal FTP session keeps, with any client, server or network.
//
// The server speaks first, a reply answers a command, no PORT or PASV has the address of a
// third party. Each [Rule] has one sentence, its source, and the harmless reasons for which a
// session may seem to break it. It stands in front of the function that checks it, in the
// file of its theme. [All] lists the rules, and a [Check] holds a capture against them.
package rules

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
)

// A Rule is true for every normal session.
type Rule struct {
	// Name is how findings refer to it.
	Name string
	// Theme is the part of a session that the rule is about.
	Theme string
	// Says is the rule in one sentence.
	Says string
	// Source is where it is written: an RFC and its section, or an article.
	Source string
	// Example is what breaks the rule, as it looks in a capture: lines of the dialogue with
	// > in front of a command and < in front of a reply, or a sentence where packets break it.
	Example string
	// Severity is the severity of a breach without a harmless reason.
	Severity Severity
	// Matters says why a breach matters, Innocent what a harmless reason would be.
	Matters, Innocent string

	sign  int  // how much a breach counts where several signs agree; 0 if it is none
	habit bool // a breach may be a habit of the server's program
	look  func() look
}

// A look checks a rule on a capture, part by part. The functions, each of which may be nil,
// keep the state between the parts in variables that they share.
type look struct {
	// connection is called for each connection, in the order of their IDs.
	connection func(*Evidence, *ftp.Connection) []breach
	// session is called for each session, in the order of the IDs of their control
	// connections.
	session func(*Evidence, *session) []breach
	// data is called for each data connection, for those of a session together. The
	// session is nil if there is none.
	data func(*Evidence, *session, *ftp.Connection) []breach
	// end is called at the end of the capture.
	end func(*Evidence) []breach
}

// A breach is a place where a rule is broken.
type breach struct {
	place int // the ID of the connection, which orders the breaches of a rule
	// severity is lower than the rule's if a harmless reason is likely or certain; "" for
	// the rule's.
	severity Severity
	packets  []int
	// expected is more exact than the rule's sentence; "" for that.
	expected string
	observed string
	// hosts are those it is about, if it is found at the end.
	hosts evidence.PairOfHosts
	sign  int  // in the place of the rule's
	habit bool // whatever the rule's
}

// outweighs reports whether a breach is a violation, and another one is not. The rule's own severity is another one.
func (b breach) outweighs(other breach) bool {
	return b.severity == Violation && other.severity != Violation
}

// maxFindings is the maximum number of findings of one rule and one severity. Others are
// counted in the last one.
const maxFindings = 5

// findings makes findings of the breaches of the rule: one for all breaches of the same
// severity on one connection, one for those between two hosts that differ in numbers only, and
// one for all notes.
func (r Rule) findings(breaches []breach) []Finding {
	slices.SortStableFunc(breaches, func(a, b breach) int { return cmp.Compare(a.place, b.place) })
	type group struct {
		Severity
		place int
	}
	var findings []Finding
	type likeness struct {
		Severity
		evidence.PairOfHosts
		observed string
	}
	groups, alike := map[group]int{}, map[likeness]int{} // indexes of findings
	made := map[Severity][]int{}
	for _, b := range breaches {
		f := r.finding(b)
		g := group{f.Severity, b.place}
		if f.Severity == Note {
			g.place = 0
		}
		i, begun := groups[g]
		like := likeness{f.Severity, b.hosts, digits.ReplaceAllString(b.observed, "#")}
		j, again := alike[like]
		switch list := made[f.Severity]; {
		case begun && b.place != atEnd:
		case again && b.hosts != (evidence.PairOfHosts{}):
			i = j
		case len(list) < maxFindings:
			i = len(findings)
			made[f.Severity] = append(list, i)
			findings = append(findings, f)
			groups[g], alike[like] = i, i
			continue
		default:
			i = list[maxFindings-1]
		}
		findings[i].more(f)
	}
	for i := range findings {
		if f := &findings[i]; f.others > 0 {
			f.Observed += fmt.Sprintf("; and %d more like it", f.others)
		}
	}
	return findings
}

// atEnd is the place of breaches that belong to no single connection.
const atEnd = math.MaxInt

// finding makes a finding of a breach.
func (r Rule) finding(b breach) Finding {
	f := Finding{
		Rule: r.Name, Severity: r.Severity, Packets: without(b.packets, 0), Expected: r.Says, Observed: b.observed,
		Why: r.Matters + " Harmless if " + r.Innocent + " See " + r.Source + ".",
	}
	if b.severity != "" {
		f.Severity = b.severity
	}
	if b.expected != "" {
		f.Expected = b.expected
	}
	return f
}

// more adds a finding of the same kind to f.
func (f *Finding) more(g Finding) {
	f.others++
	if len(f.Packets) < MaxPackets {
		f.Packets = append(f.Packets, g.Packets...)
	}
}

// All returns the rules, by theme. Each is in front of the function that checks it.
func All() []Rule {
	return []Rule{
		serverGreetsFirstRule, oneCommandAtATimeRule, replyAnswersCommandRule, replyFitsCommandRule,
		replyWellFormedRule, replyOfNormalLengthRule, sidesKeepTheirRolesRule, commandsAreFTPRule,
		controlCarriesDialogueRule, serverAnswersRule, usualPortsRule,

		loginBeforeTransferRule, noGuessingRule, accountsKeepTheirFoldersRule,

		ownAddressRule, unprivilegedPortRule, announcementWellFormedRule, announcementUsedRule,

		dataIsAnnouncedRule, dataWithThePartnerRule, dataInTimeRule, activeFromPort20Rule,
		passiveHighPortsRule, oneConnectionATransferRule, dataFlowsOneWayRule, senderClosesRule,
		dataEndsWithFINRule, bytesAgreeRule,

		noProgramsRule, noLootRule, uploadsDifferRule, programsDoNotReportRule, uploadsAreNotSharedRule,
		filesComeWholeRule, filesAreFetchedOnceRule, filesAreNoOrdersRule,

		noSearchForRoomRule, filesAreKeptRule, argumentsOfNormalLengthRule, argumentsAreTextRule,
		noFormatStringsRule, noKnownExploitsRule, noFloodsRule, noClimbingRule, noSensitiveNamesRule, timesAreTrueRule,
		namesCanBeSeenRule, namesAreWordsRule, namesAreKnownRule, preparationsAreUsedRule, numbersAreNoCodeRule,

		tlsIsAgreedRule, tlsFollowsAuthRule, credentialsInTLSRule, pbszBeforePROTRule,
		dataProtectedAsAgreedRule, closeNotifyBeforeFINRule, tlsHandshakeSucceedsRule, dataResumesSessionRule,

		connectionsAreMeantRule, noScansRule, noThirdPortsRule, connectionsAreAcceptedRule, noDetoursRule, noHiddenChannelsRule,
		noSignsAgreeRule,

		retransmissionRepeatsRule, ftpAtTheFTPPortRule, clockRunsForwardRule, packetsComeOneWayRule,
		finIsFinalRule, resetsAreFinalRule, senderIsNotReceiverRule, packetsAreWhatTheySeemRule,

		looksLikeAScanRule, finBeforeItsDataRule, reply226BeforeTheEndRule, resetAfterQuitRule,
		serverHungUpRule, sessionWithoutQuitRule,
	}
}

// sortByFrame sorts breaches by their first frames. Those with the same one are sorted by what they say, because they
// may come from a map.
func sortByFrame(found []breach) {
	slices.SortStableFunc(found, func(a, b breach) int {
		return cmp.Or(cmp.Compare(a.packets[0], b.packets[0]), cmp.Compare(a.observed, b.observed))
	})
}

// eachSession checks one session after another.
func eachSession(session func(*Evidence, *session) []breach) func() look {
	return func() look { return look{session: session} }
}

// wrongCommands makes a breach of each command of which wrong says what is wrong.
func (s *session) wrongCommands(wrong func(*ftp.Exchange) string) (found []breach) {
	for _, x := range s.Exchanges {
		if s.MayBeRest(x.Line) || !s.Readable(x.Packet) {
			continue // its beginning is missing
		}
		if what := wrong(x); what != "" {
			found = append(found, breach{
				packets:  []int{x.FirstPacket, x.Packet},
				observed: fmt.Sprintf("%s: %s", wording.Quote(x.Line.Text), what),
			})
		}
	}
	return found
}

// eachData checks one data connection after another.
func eachData(data func(*Evidence, *session, *ftp.Connection) []breach) func() look {
	return func() look { return look{data: data} }
}

// eachConnection checks one connection after another.
func eachConnection(connection func(*Evidence, *ftp.Connection) []breach) func() look {
	return func() look { return look{connection: connection} }
}

// atTheEnd checks the capture as a whole.
func atTheEnd(end func(*Evidence) []breach) func() look {
	return func() look { return look{end: end} }
}
