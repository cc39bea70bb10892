// Devices whose account everybody knows, and mailboxes that leave a network.

package rules

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

// maker are accounts that the makers of controllers gave all of them, with passwords that nobody can
// change (CVE-2011-4859).
var maker = pattern.New(`^(qbf77101|fwupgrade|sysdiag|nic2212|nimrohs2212|ntpupdate|fdrusers)$`)

// factory are users and passwords that devices have until their owner changes them: of routers, of
// VxWorks, of controllers, of radios and of cameras (MITRE ATT&CK, T0812, default credentials).
var factory = wording.Set(`cisco/cisco target/password USER/USER MELSEC/MELSEC admin/wago root/wago user/user00 ubnt/ubnt
	root/xc3511 root/xmhdipc root/vizxv root/anko root/Zte521 admin/7ujMko0admin admin/smcadmin Administrator/ilon loytec/loytec4u`)

// factoryLogin finds logins that the server accepted with an account that everybody knows.
func factoryLogin(s *session) (b breach, ok bool) {
	for _, l := range s.Logins {
		switch {
		case !s.Readable(l.Packet):
		case maker.MatchString(l.User):
			return breach{severity: Odd, sign: 2, packets: []int{l.Packet},
				observed: fmt.Sprintf("the user %s, an account of a controller's maker, whose password everybody knows (CVE-2011-4859)", wording.Quote(l.User))}, true
		case l.Succeeded() && factory[l.User+"/"+l.Password]:
			return breach{severity: Note, sign: 1, packets: []int{l.Packet},
				observed: fmt.Sprintf("the user %s has the password that the maker gave the device; harmless if its owner has not changed it", wording.Quote(l.User))}, true
		}
	}
	return b, false
}

// isDevice reports whether the session logs in with an account that a device has until its owner changes it.
func isDevice(s *session) bool {
	_, known := factoryLogin(s)
	return known
}

// easyAdmin reports whether the administrator has logged in with a password that everybody tries first.
func easyAdmin(s *session) bool {
	return slices.ContainsFunc(s.Logins, func(l evidence.Login) bool {
		return l.Succeeded() && rules(l.User) && isFamous(l.User, l.Password) && s.Readable(l.Packet)
	})
}

// deviceImage matches the system of a device, in one file.
var deviceImage = pattern.New(`(?i)\.(bin|img|rom|fw|chk|trx)$|(^|/)digicap\.dav$`)

var (
	// deviceSettings matches files with the settings of a device, deviceUsers those with its users.
	deviceSettings = pattern.New(`(?i)(^|[/:])(running|startup)-config(\.\w+)?$|-confg$|(^|/)(config|settings|system|setup|device|network|boot|nvram|backup|param\w*)\.(ini|cfg|conf|boot|dat|bin|xml|rsc)$|(^|/)(rom-0|nvram)$`)
	deviceUsers    = pattern.New(`(?i)(^|/)(users?|accounts?|passw(or)?ds?|logins?)\.(ini|dat|conf|cfg|db|lst|txt|xml)$|(^|/)etc/passwd$|(^|/)config/accounts?\d*$`)
)

// deviceTaken judges what somebody with an account that everybody knows does with the settings of a device.
func deviceTaken(s *session) (b breach, ok bool) {
	if !isDevice(s) && !easyAdmin(s) {
		return b, false
	}
	fetched, taken := map[string]bool{}, false
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		changes := x.Sender() == ftp.Client || x.Command == "RNTO"
		at := w.Target(x.Argument)
		found := func(severity Severity, sign int, what string) {
			b.severity, b.sign, ok = severity, sign, true
			b.packets = append(b.packets, evidence.Frames(x)...)
			b.observed = wording.Quote(x.Line.Text) + " " + what + ", with an account that everybody knows"
		}
		switch outside := !isPrivate(s.Client()); {
		case !evidence.Completed(x) || x.Command != "RETR" && !changes:
		case b.severity == Violation:
		case changes && fetched[at] && deviceSettings.MatchString(at) && outside:
			found(Violation, b.sign, "replaces the settings of a device after they were fetched, from outside")
		case changes && deviceUsers.MatchString(at):
			found(Odd, 2, "replaces the users of a device")
		case x.Command == "RETR" && deviceUsers.MatchString(at) && outside && isDevice(s):
			found(Odd, 2, "fetches the users of a device from outside")
		case changes && deviceImage.MatchString(at) && outside && taken:
			found(Odd, 2, "replaces the system of a device after its settings were fetched, from outside")
		case changes && deviceImage.MatchString(at) && outside && isPrivate(s.Server()) && b.severity != Odd:
			found(Note, 1, "replaces the system of a device, from outside")
		case (deviceSettings.MatchString(at) || deviceUsers.MatchString(at)) && b.severity != Odd:
			found(Note, 1, "moves the settings of a device")
		}
		if x.Command == "RETR" && evidence.Completed(x) {
			fetched[at] = true
			taken = taken || deviceSettings.MatchString(at) || deviceUsers.MatchString(at)
		}
	})
	return b, ok
}

// mailbox matches files with all mail of a person.
var purse = pattern.New(`(?i)(^|[/_ .-])wallet\.(dat|json)$`)

var mailbox = pattern.New(`(?i)\.(pst|ost|nsf|mbox|edb)$`)

// fewMailboxes is how many mailboxes are not only one's own.
const fewMailboxes = 2

// leavesNetwork reports whether what the client stores leaves a private network.
func (s *session) leavesNetwork() bool { return s.Client().IsPrivate() && !isPrivate(s.Server()) }

// mailboxesLeave judges mailboxes of several people that a host of a private network sends to a public
// address, in clear.
func mailboxesLeave(s *session) (b breach, ok bool) {
	if !s.leavesNetwork() {
		return b, false
	}
	names := map[string]int{}
	s.eachPath(func(x *ftp.Exchange, _ *evidence.Walk) {
		if x.Sender() == ftp.Client && evidence.Completed(x) && mailbox.MatchString(x.Argument) {
			names[strings.ToLower(path.Base(evidence.Unquoted(x.Argument)))] = x.Packet
		}
	})
	if len(names) < fewMailboxes {
		return b, false
	}
	return breach{severity: Odd, sign: 1, packets: firstPackets(names),
		observed: fmt.Sprintf("%d mailboxes leave the network in clear", len(names))}, true
}

// How many files about people or money leave a network in a session if somebody takes them away, and how many parts of
// an archive.
const (
	leavingFiles = 20
	leavingParts = 4
)

// partOfArchive matches the name of one of several files that are an archive together.
var partOfArchive = pattern.New(`(?i)\.(part\d+\.rar|[rz]\d\d|(7z|zip)\.\d{3})$`)

// documentsLeave judges files about people or money that a session moves out of a private network: a client in it
// stores them outside, or one outside fetches them.
func documentsLeave(s *session) (b breach, ok bool) {
	fetched := !isPrivate(s.Client()) && s.Server().IsPrivate()
	if !fetched && !s.leavesNetwork() {
		return b, false
	}
	files, parts := map[string]int{}, 0
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		at := w.Target(x.Argument)
		if !evidence.Completed(x) || fetched != (x.Command == "RETR") || !fetched && x.Sender() != ftp.Client || files[at] > 0 ||
			!departments.MatchString(at) && !confidential.MatchString(path.Base(at)) {
			return
		}
		files[at] = x.Packet
		if partOfArchive.MatchString(at) {
			parts++
		}
	})
	if len(files) < leavingFiles && parts < leavingParts {
		return b, false
	}
	return breach{severity: Odd, sign: 1, packets: firstPackets(files),
		observed: fmt.Sprintf("%d files about people or money leave the network in clear", len(files))}, true
}

// archiver matches names of programs that pack files.
var archiver = pattern.New(`(?i)(^|[/_-])(win)?(rar|7z[arx]?|zip)[\w.-]*\.exe$`)

// packedUp judges a client in a private network that fetches a program which packs files from a host outside, and stores
// the parts of an archive there. Who makes a copy of his own files has the program from somewhere else.
func packedUp(s *session) (b breach, ok bool) {
	if !s.leavesNetwork() || !s.Said("RETR") || s.Commands["STOR"] < leavingParts {
		return b, false
	}
	parts, fetched := map[string]int{}, ""
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		at := w.Target(x.Argument)
		switch {
		case !evidence.Completed(x):
		case x.Command == "RETR" && archiver.MatchString(at):
			fetched = wording.Quote(at)
		case fetched != "" && x.Sender() == ftp.Client && partOfArchive.MatchString(at):
			parts[at] = x.Packet
		}
	})
	if len(parts) < leavingParts {
		return b, false
	}
	return breach{severity: Violation, packets: firstPackets(parts),
		observed: fmt.Sprintf("the client fetched %s, and stored %d parts of an archive at the same host outside", fetched, len(parts))}, true
}

// ofDesk matches archives of the folders in which a person keeps documents.
var ofDesk = pattern.New(`(?i)(^|[/_ .-])((my )?documents?|desktop|downloads|dokumente|schreibtisch|eigene dateien)([_ .-][^/]*)?\.(zip|rar|7z|tgz|tar\.gz)$`)

// profileKinds is how many kinds of files of a person leave the network with the passwords of a browser if somebody steals them.
const profileKinds = 3

// profileLeaves judges a client in a private network that stores the passwords of a browser outside, with mail or
// documents of a person, and hardly anything else. The copy of a home has all of its files.
func profileLeaves(s *session) (b breach, ok bool) {
	if !s.leavesNetwork() || s.Commands["STOR"] < profileKinds {
		return b, false
	}
	kinds, passwords, personal, others := map[string]int{}, false, false, 0
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		if x.Sender() != ftp.Client || !evidence.Completed(x) {
			return
		}
		at := w.Target(x.Argument)
		store := ofMozilla.FindString(at) + ofChromium.FindString(at)
		switch {
		case store != "":
			kinds[strings.ToLower(path.Base(at))], passwords = x.Packet, true
		case purse.MatchString(at), mailbox.MatchString(at), ofDesk.MatchString(at):
			kinds[strings.ToLower(path.Ext(at))], personal = x.Packet, true
		default:
			others++
		}
	})
	return breach{severity: Violation, packets: firstPackets(kinds),
		observed: fmt.Sprintf("%d kinds of files of a person leave the network, the passwords of a browser among them, and hardly anything else", len(kinds))}, passwords && personal && len(kinds) >= profileKinds && others < len(kinds)
}
