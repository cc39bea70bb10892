// Files with the passwords of Windows: parts of its registry, its directory, and the memory of the program that checks
// passwords.

package rules

import (
	"path"
	"strings"

	"ftplab/lab/analysis/baseline/content"
	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

// hive matches names of the parts of the registry that have the passwords of a Windows system, and systemHive those of
// the part with the key to them.
var (
	hive       = pattern.New(`(?i)(^|[/_.-])(sam|security)([_.-]|\d|$)`)
	systemHive = pattern.New(`(?i)(^|[/_.-])system([_.-]|\d|$)`)
)

// lsass matches names of dumps of the program of Windows that checks passwords (lsass.exe). Tools put the name of the host
// in front of it.
var lsass = pattern.New(`(?i)(^|[/_ .-])lsass([/_ .-]|\d|$)`)

// copiesDisk reports whether a command moves a file of a whole system that is copied, in either direction.
func (s *session) copiesDisk(x *ftp.Exchange) bool {
	return s.copiesSystem(x) || x.Command == "STOR" && s.Commands["STOR"] >= wholeSystem
}

// registryTaken judges a session that moves the parts of the registry with the passwords of Windows, or the database of
// its directory, and the key to them. The profile of a user has one part of his own, and that of a program has one.
func registryTaken(e *Evidence, s *session) (b breach, ok bool) {
	has, key, hidden := false, false, false // the directory under another name
	leaves := false                         // the part with the accounts, as its head says
	parts := map[string]int{}
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		for _, c := range s.DataOf(x.Data) {
			for _, shown := range e.shows(c.ID) {
				if shown.Kind != content.Hive && shown.Kind != content.Database || s.copiesDisk(x) {
					continue
				}
				at := w.Target(x.Argument)
				parts[at] = x.Packet
				is := func(p *pattern.Pattern) bool { return p.MatchString(path.Base(at)) || p.MatchString(shown.Name) }
				has = has || shown.Kind == content.Database || is(hive)
				leaves = leaves || shown.Kind == content.Hive && hive.MatchString(shown.Name) && x.Sender() == ftp.Client && s.leavesNetwork()
				key = key || shown.Kind == content.Hive && is(systemHive)
				hidden = hidden || shown.Kind == content.Database && shown.Name != "" && !strings.EqualFold(path.Ext(at), path.Ext(shown.Name))
			}
		}
	})
	if !hidden && !leaves && (!has || !key) {
		return b, false
	}
	b = breach{severity: Violation, packets: firstPackets(parts), observed: "parts of the registry or the directory of Windows were transferred, with the passwords of its accounts and the key to them"}
	switch {
	case has && key:
	case leaves:
		b.observed = "the part of the registry with the accounts of Windows leaves the network"
	default:
		b.observed = "the directory of Windows was transferred under another name, with the passwords of its accounts"
	}
	return b, true
}

// loginsDumped judges a session that moves the memory of the program of Windows which checks passwords. That of other
// programs is what a developer gets when they crash.
func loginsDumped(e *Evidence, s *session) (b breach, ok bool) {
	dumps := map[string]int{}
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		at := w.Target(x.Argument)
		for _, c := range s.DataOf(x.Data) {
			if shown, _ := e.shown(c.ID); shown.Kind == content.ProcessMemory && (lsass.MatchString(path.Base(at)) || shown.Name != "" && x.Sender() == ftp.Client && s.leavesNetwork()) {
				dumps[at] = x.Packet
			}
		}
	})
	return breach{severity: Violation, packets: firstPackets(dumps),
		observed: "the memory of lsass.exe, which checks the passwords of Windows, was transferred (MITRE ATT&CK, T1003.001)"}, len(dumps) > 0
}
