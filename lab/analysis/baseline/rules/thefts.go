// Names of the files that thieves take, and of those that they store.

package rules

import (
	"fmt"
	"slices"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

// How many of its files a program that steals passwords stores in a session, and how many if they leave the network.
const (
	stealerFiles   = 4
	stealerLeaving = 3
)

// stealerFile matches the names of files that such programs store, and stealerLoot those of files that
// nobody else needs.
var (
	stealerFile = pattern.New(`(?i)(^|[/_ -])(passwords?|cookies|auto ?_?fills?|credit ?_?cards?|wallets?|system ?_?info(rmation)?|(user ?)?information|process(es| ?list)|screenshots?|key ?_?logs?|installed ?_?(software|apps?|programs)|clipboard|domain ?detects?|important ?autofills|tokens|history|downloads)\.(txt|png|jpe?g|zip|rar|7z|json|csv|log)$`)
	stealerLoot = pattern.New(`(?i)(^|[/_ -])(passwords?|cookies|auto ?_?fills?|credit ?_?cards?|wallets?|tokens)\.(txt|zip|rar|7z|json|csv|log)$`)
)

// stolenFiles judges uploads with the names that programs which steal passwords give their files.
func stolenFiles(s *session) (b breach, ok bool) {
	names, loot := map[string]int{}, 0
	s.eachPath(func(x *ftp.Exchange, _ *evidence.Walk) {
		if x.Sender() != ftp.Client {
			return
		}
		name := strings.ToLower(stealerFile.FindString(x.Argument))
		if name == "" || names[name] != 0 {
			return
		}
		names[name] = x.Packet
		if stealerLoot.MatchString(x.Argument) {
			loot++
		}
	})
	n, few, leaves := len(names), stealerFiles, s.leavesNetwork()
	if leaves {
		few = stealerLeaving
	}
	if n < few || loot < 2 {
		return b, false
	}
	b = breach{severity: Odd, sign: 2, packets: firstPackets(names), observed: fmt.Sprintf("%d files are named as programs that steal passwords name theirs", n)}
	if leaves {
		b.severity = Violation
		b.observed += ", and leave the network"
	}
	return b, true
}

// ofChromium and ofMozilla match the files in which these browsers keep passwords.
var (
	ofChromium = pattern.New(`(?i)(^|[/_ -])(login data|local state|web data|cookies)$`)
	ofMozilla  = pattern.New(`(?i)(^|[/_ -])(key[34]\.db|logins\.json|cert[89]\.db|signons\.sqlite)$`)
)

// manyStores is how many kinds of such files show a theft, if they are of several browsers.
const manyStores = 3

// stolenBrowsers judges uploads of the passwords of several browsers. The copy of a profile has many more
// files, and somebody who copies only the passwords uses one browser.
func stolenBrowsers(s *session) (b breach, ok bool) {
	kinds, browsers := map[string]int{}, map[bool]bool{}
	s.eachPath(func(x *ftp.Exchange, _ *evidence.Walk) {
		if x.Sender() != ftp.Client {
			return
		}
		chromium, mozilla := ofChromium.FindString(x.Argument), ofMozilla.FindString(x.Argument)
		if name := chromium + mozilla; name != "" {
			kinds[strings.ToLower(strings.TrimLeft(name, "/_ -"))], browsers[chromium != ""] = x.Packet, true
		}
	})
	if len(kinds) < manyStores || len(browsers) < 2 {
		return b, false
	}
	return breach{severity: Violation, packets: firstPackets(kinds),
		observed: fmt.Sprintf("%d kinds of files with the passwords of several browsers were stored", len(kinds))}, true
}

// ofTelegram matches the files with which Telegram is logged in. Its second name is the same on each computer.
var ofTelegram = pattern.New(`(?i)(^|/)(tdata/key_datas?|tdata/d877f783d5d3ef8c/.+|d877f783d5d3ef8cs?)$`)

// chatTaken judges uploads of two such files to another network. Who copies all of his files stores many more.
func chatTaken(s *session) (b breach, ok bool) {
	files := map[string]int{}
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		if at := w.Target(x.Argument); x.Sender() == ftp.Client && ofTelegram.MatchString(at) {
			files[at] = x.Packet
		}
	})
	return breach{severity: Violation, packets: firstPackets(files), observed: fmt.Sprintf("%d files with which Telegram is logged in leave the network", len(files))},
		len(files) > 1 && s.leavesNetwork() && !s.happensToStore(len(files))
}

// How many kinds of files with passwords or keys a thief fetches, and how many he asks for, who fetches
// hardly anything else.
const (
	fetchedSecrets = 3
	askedSecrets   = 4
)

// onlySecrets judges a client that fetches files with passwords or keys, and hardly anything else. It guesses:
// some of those that it asks for do not exist. A client that makes a copy asks for files that exist.
func onlySecrets(s *session) (b breach, ok bool) {
	asked, fetched := map[string]int{}, map[string]bool{}
	others, missing := 0, 0
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		if x.Command != "RETR" {
			return
		}
		target := w.Target(x.Argument)
		kind := strings.ToLower(strings.TrimLeft(secrets.FindString(target), "/_ .-"))
		switch {
		case kind == "" || aboutPasswords.MatchString(target):
			if evidence.Completed(x) {
				others++
			}
			return
		case evidence.Completed(x):
			fetched[kind] = true
		case x.Final() >= 500:
			missing++
		}
		asked[kind] = x.Packet
	})
	if len(fetched) < fetchedSecrets || len(asked) < askedSecrets || missing == 0 || others*3 >= len(fetched) {
		return b, false
	}
	return breach{severity: Violation, packets: firstPackets(asked),
		observed: fmt.Sprintf("the client asked for %d kinds of files with passwords or keys, not all of which exist, and fetched hardly anything else", len(asked))}, true
}

// keyFiles matches files with passwords and keys. Each group is a kind of them, for other services: of SSH, clouds,
// repositories, clusters, databases, safes for passwords, purses, browsers, programs for FTP, shells, web sites and
// the installation of Windows.
var keyFiles = pattern.New(`(?i)(?:^|/)(?:(id_(?:rsa|dsa|ecdsa|ed25519))|(\.aws/credentials|application_default_credentials\.json|accesstokens\.json)|(\.netrc|\.git-credentials|\.npmrc|\.pypirc)|` +
	`(\.kube/config|kubeconfig|\.docker/config\.json)|(\.pgpass|\.my\.cnf)|([^/]*\.(?:kdbx?|psafe3|opvault))|(wallet\.dat|[^/]*wallet\.json)|(login data|logins\.json|key[34]\.db)|(sitemanager\.xml|recentservers\.xml|winscp\.ini)|` +
	`(\.(?:bash|zsh)_history)|(web\.config|wp-config\.php|configuration\.php|\.env|database\.yml|\.?htpasswd)|((?:auto)?unattend\.xml|sysprep\.(?:xml|inf)))$`)

// How many kinds of such files a thief takes, who takes hardly anything else, and how many if he takes each from another
// folder of the root.
const (
	manyKeys      = 4
	scatteredKeys = 3
)

// keysOfMany judges a session that moves the keys to many services, and hardly anything else. The copy of a home has
// other files, too, and that of a web site has one kind of keys.
func keysOfMany(s *session) (b breach, ok bool) {
	kinds, folders, others := map[string]int{}, map[string]bool{}, 0
	s.eachPath(func(x *ftp.Exchange, w *evidence.Walk) {
		if x.Command != "RETR" && x.Command != "STOR" || !evidence.Completed(x) {
			return
		}
		at := w.Target(x.Argument)
		groups := keyFiles.FindStringSubmatch(at)
		if groups == nil {
			others++
			return
		}
		kind := slices.IndexFunc(groups[1:], func(g string) bool { return g != "" })
		kinds[fmt.Sprint(kind)] = x.Packet
		folders[folderOfRoot(at)] = true
	})
	scattered := len(kinds) >= scatteredKeys && len(folders) >= scatteredKeys
	if len(kinds) < manyKeys && !scattered || others*3 >= len(kinds) {
		return b, false
	}
	return breach{severity: Violation, packets: firstPackets(kinds),
		observed: fmt.Sprintf("%d kinds of files with passwords or keys were transferred, each for other services, and hardly anything else", len(kinds))}, true
}

// folderOfRoot is the folder of the root that a file is in, "" for the root itself. A hidden folder belongs to the one
// around it.
func folderOfRoot(at string) string {
	top, _, inside := strings.Cut(strings.TrimPrefix(at, "/"), "/")
	if !inside || strings.HasPrefix(top, ".") {
		return ""
	}
	return top
}
