// Pages that one client puts on the web sites of many owners.

package rules

import (
	"fmt"
	"net/netip"
	"path"
	"strings"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/baseline/internal/wording"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/internal/pattern"
)

// manySites is on how many servers a client puts the same page, each with an account of its own, if it does not keep the
// sites of a few customers.
const manySites = 10

// updatedFiles is how many files a client stores on a site which it updates. Who breaks in leaves one or two.
const updatedFiles = 3

// sitePage matches pages that a web server runs, and start pages.
var sitePage = pattern.New(`(?i)\.(php\d?|phtml|aspx?|jspx?|cfm|cgi)$|(^|/)(index|default|home)\.html?$`)

// A sitesWithPage is the servers at which a client stored a page, with the packets, and the accounts.
type sitesWithPage struct {
	name     string
	servers  map[netip.Addr]int
	accounts map[string]bool
}

// samePages are the pages that clients stored, by their bytes, and how many files they stored in all.
type samePages struct {
	sites  map[movedFile]*sitesWithPage
	stored map[evidence.PairOfHosts]int
}

// add takes the next session.
func (all samePages) add(e *Evidence, s *session) {
	if !s.Said("STOR") || len(s.Logins) == 0 || !bounded.Takes(s.ledger, maxPairs, all.stored, s.Hosts()) {
		return
	}
	if all.stored[s.Hosts()] += s.Commands["STOR"]; all.stored[s.Hosts()] >= updatedFiles {
		return
	}
	for _, x := range s.Exchanges {
		if x.Command != "STOR" || !evidence.Completed(x) || !sitePage.MatchString(x.Argument) {
			continue
		}
		for _, c := range s.DataOf(x.Data) {
			if p, ok := e.print(c, x); ok {
				all.page(s, movedFile{client: s.Client(), print: p}, x)
			}
		}
	}
}

// page takes a page that a client stored.
func (all samePages) page(s *session, f movedFile, x *ftp.Exchange) {
	of := bounded.Entry(s.ledger, maxSitePages, all.sites, f)
	if of == nil {
		return
	}
	if of.servers == nil {
		*of = sitesWithPage{strings.Clone(path.Base(x.Argument)), map[netip.Addr]int{}, map[string]bool{}}
	}
	if len(of.servers) < 2*manySites {
		of.servers[s.Server()] = x.Packet
		of.accounts[strings.Clone(s.Logins[len(s.Logins)-1].User)] = true
	}
}

// judge finds the pages on many sites. Sites have start pages of their own, and may have other pages of the same program,
// which somebody brings up to date.
func (all samePages) judge() (found []breach) {
	for f, of := range all.sites {
		for server := range of.servers {
			if all.stored[evidence.Between(f.client, server)] >= updatedFiles {
				delete(of.servers, server)
			}
		}
		if n := len(of.servers); n >= manySites && len(of.accounts) >= manySites {
			b := breach{severity: Odd, sign: 2, hosts: evidence.Between(f.client, netip.Addr{}), packets: firstPackets(of.servers),
				observed: fmt.Sprintf("%s stored the same page on %d servers, with %d accounts: %s", f.client, n, len(of.accounts), wording.Quote(of.name))}
			if !startPage.MatchString(of.name) {
				b.severity, b.sign = Note, 1
			}
			found = append(found, b)
		}
	}
	sortByFrame(found)
	return found
}
