// Rules about the files that are transferred: programs, stolen data, the same file again and again.

package rules

import (
	"fmt"
	"maps"
	"net/netip"
	"path"
	"slices"
	"strings"

	"ftplab/lab/analysis/baseline/content"
	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

var noProgramsRule = Rule{
	Name: "no-programs", Theme: "transfers",
	Says:     "Executable programs are seldom transferred.",
	Source:   "MITRE ATT&CK, T1105 (ingress tool transfer), T1036.002 (right-to-left override), T1036.007 (double file extension) and T1036.008 (masquerade file type)",
	Example:  "> RETR setup.exe",
	Severity: Note, sign: 1,
	Matters:  "Intruders upload their tools, and malware downloads more of itself.",
	Innocent: "the server offers programs to the public, or an administrator installs one.",
	look:     programsOf,
}

var (
	executable = pattern.New(`(?i)\.(exe|dll|scr|com|pif|bat|cmd|ps1|vbs|vbe|jse|wsf|hta|msi|cpl|elf|lnk)$`)
	// tools matches names of attack tools.
	tools = pattern.New(`(?i)(^|[/_.-])(nc(64|at)?\.exe|netcat|mimikatz|pwdump|fgdump|procdump|psexec|meterpreter|msf\w*|payload|back_?door|rootkit|key_?log(ger)?|ransom\w*|exploit|rev(erse)?_?shell|web_?shell|trojan|malware|botnet|mirai|gafgyt|xmrig|xmr-?stak|minerd|cpuminer|(lin|win)peas(x(64|86)|any)?|adfind|kerbrute|linenum|lazagne|pspy|chisel|ligolo\w*|rubeus|sharphound|secretsdump|crackmapexec|dirty_?(cow|pipe|sock)|pwnkit)\d*([/_.-]|$)|(^|/)(c99|r57|wso|b374k)[\w.-]*\.(php\d?|asp|txt)$|(^|/)(shell|cmd)\.(php|aspx?|jsp|exe|elf|sh|py|pl)$`)
	// twoEndings matches the ending of a document followed by that of a program, which Windows hides.
	twoEndings = pattern.New(`(?i)\.(txt|html?|pdf|docx?|xlsx?|pptx?|jpe?g|png|gif|csv|zip|mp[34]) *\.(exe|scr|com|pif|bat|cmd|vbs|js|lnk|hta)$`)
	// hiddenPlace matches names that a listing does not show, and folders that everybody may write.
	hiddenPlace = pattern.New(`(^|/)\.[^./][^/]*$|^/?(tmp|var/tmp|dev/shm)/`)
	// savedAccounts matches the files with accounts in a copy of a system.
	savedAccounts = pattern.New(`(?i)[^/]/etc/(passwd|shadow|gshadow|master\.passwd)$`)
	// paper matches documents and pages, and shellText texts with the names of web shells.
	paper     = pattern.New(`(?i)\.(pdf|docx?|xlsx?|pptx?|od[tsp]|x?html?|md|epub|rtf)$`)
	shellText = pattern.New(`(?i)^(c99|r57|wso|b374k|shell|cmd|web_?shell)[\w.-]*\.txt$`)
	document  = pattern.New(`(?i)\.(txt|html?|pdf|docx?|xlsx?|pptx?|jpe?g|png|gif|webp|bmp|ico|csv|xml|json|log|css|mp[34]|wav|avi)$`)
)

// windowsOwn matches programs that come with Windows, so that nobody needs to fetch them, and names that
// are taken for theirs.
var windowsOwn = pattern.New(`(?i)^(svchost|winlogon|lsass|csrss|smss|spoolsv|services|wininit|conhost|dllhost|taskhostw?|svch[o0]sts?|svc?hosts?|scvhosts?|l[s5]as{1,3}|isass|lssas{1,2}|cssrs|csrs|winl[o0]g[o0]n|expl0rer|sp[o0]{2}lsv)\.(exe|scr|com|pif)$`)

// processor matches the ending that says for which processor a program is: bot.mips, bot-arm7.
var processor = pattern.New(`(?i)(^|[._-])(mips|mipsel|mpsl|arm(v?[4-7]l?)?|x86|i[3-6]86|ppc|powerpc|sh4|m68k|spc|sparc|arc)$`)

// ofRelease matches folders of a release of a program, by its number. A host where bots fetch themselves has no releases.
var ofRelease = pattern.New(`(^|[/_-])v?\d+\.\d+(\.\d+)?([/_-]|$)`)

// manyProcessors is for how many kinds of processors a client fetches a program if it spreads among
// devices and tries them all.
const manyProcessors = 4

// manyPrograms is how many programs a session must fetch before they are a stronger sign.
const manyPrograms = 3

// wholeKit is how many attack tools an intruder stores at least who wants to work with them.
const wholeKit = 3

// fetchedKit is how many of them somebody fetches at least who has an account, and knows their names.
const fetchedKit = 4

// programsOf finds the programs of each session, and those for many processors of all sessions between
// two hosts.
func programsOf() look {
	all := map[evidence.PairOfHosts]map[string]int{} // by processor, with the packet
	worms := map[worm]map[netip.Addr]int{}           // the servers with the program in many folders, with the packet
	return look{
		session: func(e *Evidence, s *session) []breach {
			kinds := all[s.Hosts()]
			if kinds == nil {
				kinds = map[string]int{}
			}
			name, packet := s.spreads(e)
			if w := (worm{s.Client(), name}); name != "" && bounded.Takes(s.ledger, maxSpread, worms, w) {
				if worms[w] == nil {
					worms[w] = map[netip.Addr]int{}
				}
				worms[w][s.Server()] = packet
			}
			found := transferredPrograms(e, s, kinds)
			if len(kinds) > 0 && bounded.Takes(s.ledger, maxPairs, all, s.Hosts()) {
				all[s.Hosts()] = kinds
			}
			return found
		},
		end: func(*Evidence) (found []breach) {
			for hosts, kinds := range all {
				if n := len(kinds); n >= manyProcessors {
					found = append(found, breach{severity: Violation, hosts: hosts, packets: firstPackets(kinds),
						observed: fmt.Sprintf("programs for %d kinds of processors were transferred", n)})
				}
			}
			for w, servers := range worms {
				if n := len(servers); n >= manyServers {
					found = append(found, breach{severity: Violation, packets: firstPackets(servers),
						observed: fmt.Sprintf("%s stored the program %s on %d servers, in many folders of each, or with passwords that everybody tries first", w.client, wording.Quote(w.name), n)})
				}
			}
			sortByFrame(found)
			return found
		},
	}
}

// manyServers is on how many servers a client stores a program if the program spreads.
const manyServers = 3

// spreads names a program that the session stored in many folders, or with a password that everybody tries first, and
// the packet of the command. The name is "" for none.
func (s *session) spreads(e *Evidence) (name string, packet int) {
	if name, b := spreadPrograms(e, s); name != "" {
		return name, b.packets[0]
	}
	if !slices.ContainsFunc(s.Logins, func(l evidence.Login) bool {
		return l.Succeeded() && isFamous(l.User, l.Password) && (rules(l.User) || l.User == l.Password)
	}) {
		return "", 0
	}
	for _, x := range s.Exchanges {
		if base := path.Base(evidence.Unquoted(x.Argument)); x.Sender() == ftp.Client && evidence.Completed(x) && executable.MatchString(base) {
			return strings.Clone(base), x.Packet
		}
	}
	return "", 0
}

// A worm is a client with the name of a program that it stored so.
type worm struct {
	client netip.Addr
	name   string
}

// transferredPrograms finds the programs of a session, and adds the processors that their names tell.
func transferredPrograms(e *Evidence, s *session, processors map[string]int) []breach {
	p := programs{session: s, processors: processors, knew: !s.mayKnowNames(), kinds: map[string]bool{},
		onlyTools: true, odd: map[string]bool{}, kit: map[string]bool{}, taken: map[string]bool{}, onlyImages: true, names: map[string]bool{}}
	var w evidence.Walk
	for _, x := range s.Exchanges {
		w.Follow(x)
		shown, packet := e.programIn(s, x)
		if x.Lists() && shown != "" {
			p.found = append(p.found, breach{severity: Violation, packets: append(evidence.Frames(x), packet), observed: wording.Quote(x.Line.Text) + ": instead of a listing, the server sent " + shown})
		}
		if (x.Command == "RETR" || x.Sender() == ftp.Client) && !s.MayBeRest(x.Line) && s.Readable(x.Packet) && (evidence.Began(x) || evidence.Completed(x)) {
			p.transfer(x, w.Target(x.Argument), shown, packet)
		}
	}
	p.gradeOdd()
	if name, b := spreadPrograms(e, s); name != "" {
		p.found = append(p.found, b)
	}
	if len(p.names) > 0 {
		p.found = append(p.found, p.judgePlain())
	}
	return p.found
}

// programs are those of one session.
type programs struct {
	*session
	found      []breach
	processors map[string]int  // of all sessions between the hosts, with the packet
	kinds      map[string]bool // of processors
	knew       bool            // the client knew the names of files, which a copy of a folder does not

	odd       map[string]bool // the names of odd ones
	onlyTools bool            // the odd ones are attack tools: public archives of these have nothing else
	kit       map[string]bool // tools that are stored
	taken     map[string]bool // tools that are fetched by name

	names      map[string]bool // of the others
	packets    []int
	fetched    int
	onlyImages bool // they are downloads of images for devices
}

// transfer takes the next transfer of a file to or from a place. Shown is what its first bytes are, "" for no program.
func (p *programs) transfer(x *ftp.Exchange, at, shown string, packet int) {
	name := path.Base(x.Argument)
	isProgram := shown != "" || executable.MatchString(name)
	if kind := strings.ToLower(strings.TrimLeft(processor.FindString(name), "._-")); isProgram && kind != "" {
		p.kinds[kind] = true
		if x.Command == "RETR" && p.knew && !ofRelease.MatchString(path.Dir(at)) {
			p.processors[kind] = x.Packet
		}
	}
	if what, severity := oddProgram(x, at, shown); what != "" {
		if p.copiesSystem(x) {
			severity = Odd
		}
		p.addTool(x, shown)
		p.odd[x.Argument] = true
		sign := 2
		if shown == "" && document.MatchString(name) { // perhaps a page that says so
			sign = 1
		}
		p.found = append(p.found, breach{severity: severity, sign: sign, packets: append(evidence.Frames(x), packet), observed: wording.Quote(x.Line.Text) + ": " + what})
	} else if isProgram {
		if !p.names[name] && x.Command == "RETR" {
			p.fetched++
		}
		p.onlyImages = p.onlyImages && x.Command == "RETR" && deviceImage.MatchString(name)
		p.names[name] = true
		p.packets = append(p.packets, x.Packet, packet)
	}
}

// addTool takes the transfer of an odd program, which may be an attack tool.
func (p *programs) addTool(x *ftp.Exchange, shown string) {
	p.onlyTools = p.onlyTools && tools.MatchString(x.Argument)
	name := strings.ToLower(path.Base(x.Argument))
	switch tool := isTool(x.Argument, shown); {
	case tool && x.Sender() == ftp.Client:
		p.kit[name] = true
	case tool && p.knew && p.private():
		p.taken[name] = true
	}
}

// gradeOdd gives what was found a severity by the number of odd programs.
func (p *programs) gradeOdd() {
	for i := range p.found {
		switch {
		case p.onlyTools && p.happensToStore(len(p.odd)):
			p.found[i].sign = noSign
		case len(p.odd) > 1 && !p.onlyTools, len(p.kit) >= wholeKit, len(p.taken) >= fetchedKit: // a single one may be chance
			p.found[i].severity = Violation
		}
	}
}

// judgePlain judges the programs that are not odd.
func (p *programs) judgePlain() breach {
	b := breach{packets: p.packets, observed: wording.Plural(len(p.names), "program was", "programs were") + " transferred: " + wording.List(p.names)}
	switch {
	case p.happensToStore(len(p.names)), p.onlyImages && isDevice(p.session):
		b.sign = noSign
	case p.fetched >= manyPrograms:
		b.sign = 2
	}
	if len(p.kinds) >= manyProcessors {
		b.severity = Odd
	}
	return b
}

// mayKnowNames reports whether the session lists a folder, from which it may know the names of files, or moves data for
// a command that the capture does not have.
func (s *session) mayKnowNames() bool {
	for _, c := range s.DataByID {
		if c.Transfer == nil && c.ServerFlow.Bytes+c.ClientFlow.Bytes > 0 {
			return true
		}
	}
	return slices.ContainsFunc(s.Exchanges, (*ftp.Exchange).Lists)
}

// isTool reports whether a file is an attack tool: by its own name, unless it is a text or a picture, or because it
// is a program in a folder of that name. Shown is what its first bytes are, "" for no program.
func isTool(argument, shown string) bool {
	name := path.Base(argument)
	return tools.MatchString(name) && !document.MatchString(name) || tools.MatchString(argument) && (shown != "" || executable.MatchString(name))
}

// manyPlaces is in how many folders a client stores a program under one name if the program spreads.
// A screen saver belongs into one.
const (
	manyPlaces = 3
	twoPlaces  = 2
)

// screenSaver matches names of programs that look like none to many people.
var screenSaver = pattern.New(`(?i)\.(scr|pif)$`)

// spreadPrograms finds programs that a session stores, each under one name, in many folders, and names one of them.
// Installers have the same name, and are different programs.
func spreadPrograms(e *Evidence, s *session) (spread string, b breach) {
	if !s.Said("STOR") {
		return "", b
	}
	prints := map[string]map[print]bool{} // by name
	places := map[string]map[string]int{} // by name and folder, with the packet
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		at := w.Target(x.Argument)
		name := path.Base(at)
		if x.Command != "STOR" || !evidence.Completed(x) || !executable.MatchString(name) {
			return
		}
		if places[name] == nil {
			places[name], prints[name] = map[string]int{}, map[print]bool{}
		}
		places[name][path.Dir(at)] = x.Packet
		for _, c := range s.DataOf(x.Data) {
			if f, ok := e.print(c, x); ok {
				prints[name][f] = true
			}
		}
	})
	names, folders, uploads := map[string]bool{}, map[string]int{}, 0
	b.severity, b.sign = Odd, 1
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(places))) {
		in := places[name]
		n, saver := len(in), screenSaver.MatchString(name)
		if !saver && len(prints[name]) == n {
			continue
		}
		if n < manyPlaces && !(n >= twoPlaces && saver) {
			continue
		}
		spread, names[name], uploads = name, true, uploads+n
		maps.Copy(folders, in)
		if n >= manyPlaces && (saver || s.public()) {
			b.severity = Violation
		}
		if saver {
			b.sign = 2
		}
	}
	if spread == "" {
		return "", b
	}
	if s.happensToStore(uploads) {
		b.severity = Odd
	}
	b.packets = firstPackets(folders)
	b.observed = fmt.Sprintf("%s stored in %d folders, as programs that spread do: %s", wording.Plural(len(names), "program was", "programs were"), len(folders), wording.List(names))
	return strings.Clone(spread), b
}

// oddProgram says what is odd about a program that was transferred to or from a place, "" for nothing.
// Shown is what its first bytes are, "" for no program.
func oddProgram(x *ftp.Exchange, at, shown string) (what string, severity Severity) {
	name := path.Base(x.Argument)
	switch {
	case tools.MatchString(x.Argument) && (shown != "" || !isPaper(name)):
		return "by its name an attack tool", Odd
	case x.Command == "RETR" && windowsOwn.MatchString(name):
		return "a program with the name of one that comes with Windows, or nearly its name", Violation
	case executable.MatchString(name) && strings.ContainsRune(name, rightToLeft):
		return "a program whose name has the character U+202E (right-to-left override), so that it is shown with another ending", Violation
	case twoEndings.MatchString(name) && shown != "" && isDisguised(name):
		return "the first bytes are those of " + shown + ", and the name has the ending of a document or a picture in front of its own, which Windows hides", Violation
	case twoEndings.MatchString(name):
		return "a program with the ending of a document in front of its own", Odd
	case shown != "" && document.MatchString(name):
		return "the first bytes are those of " + shown + ", and the name is that of a document or a picture, so it is a disguise", Violation
	case shown != "" && x.Sender() == ftp.Client && hiddenPlace.MatchString(at):
		return "the first bytes are those of " + shown + ", and the place is one where programs hide", Odd
	}
	return "", ""
}

// isPaper reports whether a file is, by its name, a text or a picture, which may be about attack tools. Unlike others they
// are no scripts, but web shells are fetched as texts.
func isPaper(name string) bool {
	return (paper.MatchString(name) || document.MatchString(name)) && !shellText.MatchString(name)
}

// rightToLeft is the character RIGHT-TO-LEFT OVERRIDE, which no language needs in a name.
const rightToLeft = '\u202e'

// isDisguised reports whether the name of a program has the ending of a document or a picture in front of its own. An
// archive that unpacks itself may have that of an archive.
func isDisguised(name string) bool {
	return document.MatchString(strings.TrimRight(strings.TrimSuffix(name, path.Ext(name)), " "))
}

// programIn is what kind of program a transfer carried, by its first bytes, and the packet
// that shows it; "" for none.
func (e *Evidence) programIn(s *session, x *ftp.Exchange) (what string, packet int) {
	for _, c := range s.DataOf(x.Data) {
		if shown, _ := e.shown(c.ID); shown.Kind == content.Program {
			return shown.What, shown.packet
		}
	}
	return "", 0
}

var uploadsDifferRule = Rule{
	Name: "uploads-differ", Theme: "transfers",
	Says:     "A file is stored once, or once in a while.",
	Source:   "MITRE ATT&CK, T1029 (scheduled transfer)",
	Example:  "> STOR log.txt five times in a session",
	Severity: Note, sign: 1,
	Matters:  "Spyware stores its log again and again under one name.",
	Innocent: "a camera stores its picture, or a person saves a document that changes.",
	look:     eachSession(repeatedUploads),
}

// wholeSystem is how many downloads, or questions about files, make a copy of a system, with its accounts.
const wholeSystem = 50

// copiesSystem reports whether a command fetches a file for a copy of a system, or asks for its time or
// size, as for those of all others.
func (s *session) copiesSystem(x *ftp.Exchange) bool {
	switch x.Command {
	case "RETR", "MDTM", "SIZE":
		return s.Commands[x.Command] >= wholeSystem
	}
	return false
}

// sameUploads is how many uploads of one name in a session are worth a note.
const sameUploads = 4

func repeatedUploads(_ *Evidence, s *session) []breach {
	stored := map[string]*counted{} // by path
	var names []string
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		if x.Command != "STOR" || !evidence.Completed(x) {
			return
		}
		name := w.Target(x.Argument)
		if stored[name] == nil {
			stored[name] = &counted{}
			names = append(names, name)
		}
		stored[name].add(x.Packet)
	})
	var found []breach
	for _, name := range names {
		if all := stored[name]; all.n >= sameUploads {
			found = append(found, breach{packets: all.packets, observed: fmt.Sprintf("%s was stored %d times", wording.Quote(name), all.n)})
		}
	}
	return found
}
