// The tables of the rules are bounded. What is in a full one still counts.

package rules

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"testing"

	"ftplab/lab/analysis/baseline/evidence"
	"ftplab/lab/analysis/baseline/internal/bounded"
	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/packet"
	"ftplab/lab/analysis/tcp"
	"ftplab/lab/internal/forge"
)

// few is how much the small tables of these tests remember.
const few = 64

// small returns a ledger of small tables.
func small() *bounded.Ledger {
	g := bounded.NewLedger()
	g.Lower = func(bounded.Limit) int { return few }
	return g
}

// sessionOf is a session of exchanges between a client and the usual server. Each exchange is
// a command and the code of its reply.
func sessionOf(client netip.Addr, exchanges ...string) *session {
	control := ftp.Identity{Client: netip.AddrPortFrom(client, 4000), Server: netip.MustParseAddrPort(forge.Server + ":21")}
	s := &session{ledger: small(), Session: &evidence.Session{Session: &ftp.Session{Control: &ftp.Connection{Identity: control}}, Whole: true}}
	for i, text := range exchanges {
		words := strings.Fields(text)
		code, _ := strconv.Atoi(words[2])
		reply := &ftp.Reply{Code: code}
		s.Exchanges = append(s.Exchanges, &ftp.Exchange{Line: &ftp.Line{Packet: 1 + i, Time: int64(i)}, Command: words[0], Argument: words[1], Replies: []*ftp.Reply{reply}})
	}
	return s
}

// TestFullOfFiles fetches a file of orders once, then so many others that no more are
// remembered, and then the first one and a new one again and again. The first is counted, and an
// upload after the new one does not answer the first.
func TestFullOfFiles(t *testing.T) {
	exchanges := []string{"RETR cmd.txt 226"}
	for i := range few - 1 {
		exchanges = append(exchanges, fmt.Sprintf("RETR %d 226", i))
	}
	for i := range 12 {
		exchanges = append(exchanges, "RETR new.txt 226", fmt.Sprintf("STOR out%d.txt 226", i), "RETR cmd.txt 226")
	}
	l := polledFiles()
	l.session(nil, sessionOf(netip.MustParseAddr(forge.Client), exchanges...))
	var got []string
	for _, b := range l.end(nil) {
		got = append(got, string(b.severity)+" "+b.observed)
	}
	want := string(Odd) + " " + forge.Client + ` fetched "cmd.txt" 13 times; by its name it has orders for a program`
	if len(got) != 1 || got[0] != want {
		t.Errorf("got %q\nwant %q", got, want)
	}
}

// TestFullOfNames lets as many clients as are remembered ask for a name without a password.
// One that is remembered goes on, and one that is not begins.
func TestFullOfNames(t *testing.T) {
	all := logins{asked: map[evidence.PairOfHosts]map[string]int{}}
	ask := func(client int, users ...string) {
		var exchanges []string
		for _, user := range append(users, "the-last-one") { // the last name of a session does not count
			exchanges = append(exchanges, "USER "+user+" 331")
		}
		all.ask(sessionOf(netip.AddrFrom4([4]byte{10, byte(client >> 16), byte(client >> 8), byte(client)}), exchanges...))
	}
	for client := range few {
		ask(client, "root")
	}
	users := []string{"admin", "oracle", "www", "backup"}
	ask(7, users...)
	ask(few, append(users, "root")...)
	got := all.judgeAsked()
	if len(got) != 1 || !strings.HasPrefix(got[0].observed, "10.0.0.7 gave 192.0.2.21 the names of 5 users") {
		t.Errorf("got %v\nwant the names that 10.0.0.7 gave", got)
	}
	if len(all.asked) != few {
		t.Errorf("got %d clients that are remembered, want %d", len(all.asked), few)
	}
}

// TestFullOfAccounts has as many accounts as are remembered. Somebody goes on in a second session with
// one of them, and the server, a proxy, logs in elsewhere with it.
func TestFullOfAccounts(t *testing.T) {
	server := netip.MustParseAddr(forge.Server)
	all := steppingStones{both: map[netip.Addr]bool{server: true}, used: map[credential]stay{}}
	for i := range few - 1 {
		all.used[credential{server, fmt.Sprint(i), "Lens-42"}] = stay{}
	}
	for i := range 2 {
		s := sessionOf(netip.MustParseAddr(forge.Client))
		s.Logins = []evidence.Login{{User: "ada", Password: "Lens-42", Packet: i, Code: 230}}
		s.Control.FirstTime, s.Control.LastTime = int64(10*i), int64(10*i+5)
		all.add(nil, s, "ada")
	}
	there := sessionOf(server)
	there.Control.Server = netip.MustParseAddrPort("192.0.2.99:21")
	there.Logins = []evidence.Login{{User: "ada", Password: "Lens-42", Code: 230}}
	for at, want := range map[int64]int{14: 0, 16: 1} { // while the second session lasts, and after it
		there.Control.FirstTime, there.Control.LastTime = at, at
		if found := all.add(nil, there, "ada"); len(found) != want || len(all.used) != few {
			t.Errorf("at %d got %v with %d accounts, want %d findings with %d", at, found, len(all.used), want, few)
		}
	}
}

// TestFullOfServers has as many servers as are remembered refuse a login. One of them lets somebody
// in later, so it is honest.
func TestFullOfServers(t *testing.T) {
	all := newImpostors()
	e := &Evidence{watch: newWatch(nil)}
	client := netip.MustParseAddr(forge.Client)
	refuse := func(server netip.Addr) *session {
		s := sessionOf(client)
		s.Control.Server, s.Logins = netip.AddrPortFrom(server, ftpPort), []evidence.Login{{User: "ada", Password: "Lens-42", Code: 530}}
		s.Control.FirstFIN = ftp.Server
		return s
	}
	for i := range few + 1 {
		server := netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)})
		e.watch.named[evidence.Between(client, server)] = 1
		all.add(e, refuse(server))
	}
	s := refuse(netip.AddrFrom4([4]byte{10}))
	s.LoggedIn = 1
	all.add(e, s)
	for _, b := range all.judge() {
		if b.hosts.Server() == s.Server() {
			t.Errorf("got %s, want an honest server", b.observed)
		}
	}
	if len(all.harvests) != few {
		t.Errorf("got %d servers, want %d", len(all.harvests), few)
	}
}

// TestFullOfFolders has a user who opens as many folders as are remembered, and then one more. Which are new is not known
// then.
func TestFullOfFolders(t *testing.T) {
	u := &accountUse{home: map[string]bool{}}
	fetched, folders := map[string][]int{"/hr": {1, 2, 3}, "/finance": {4, 5, 6}, "/design": {7, 8, 9}}, 0
	s := sessionOf(netip.MustParseAddr("10.0.0.7"), "CWD /a 250")
	for n := range few + 1 {
		s.Exchanges[0].Argument, s.paths = fmt.Sprint("/", n), nil
		folders += u.add(s, folders)
		if _, ok := u.judge(fetched); ok != (n >= homeSessions-1 && n < few) {
			t.Errorf("with %d folders: got %v", n+1, ok)
		}
	}
	if folders != few || len(s.ledger.Full()) != 1 {
		t.Errorf("got %d folders, and %v", folders, s.ledger.Full())
	}
}

// TestManyDatagrams sends one question more often than questions are remembered, and then asks
// ports that nobody answers at. The repetitions take no place away from these.
func TestManyDatagrams(t *testing.T) {
	d := datagrams{ledger: small(), ports: map[evidence.PairOfHosts]map[uint16]question{}, echoes: map[netip.Addr]map[netip.Addr]int{}}
	p := &capture.Packet{}
	p.IP, p.UDP = &packet.IP{Src: netip.MustParseAddr(forge.Client), Dst: netip.MustParseAddr(forge.Server)}, &packet.UDP{DstPort: 53}
	for p.Number = range few + 1 {
		d.packet(p)
	}
	for i := range scannedPorts {
		p.UDP.DstPort = uint16(100 + i)
		d.packet(p)
	}
	if found := d.judge(); len(found) != 1 {
		t.Errorf("got %+v, want the scan of %d ports", found, scannedPorts)
	}
}

// TestOrdersForOnePage asks for one page with a command on more connections than are remembered, and
// closes one of them. Connections that have ended are forgotten.
func TestOrdersForOnePage(t *testing.T) {
	w := newWatch(small())
	p := &capture.Packet{Segment: &tcp.Segment{}, From: ftp.Client}
	p.IP, p.TCP = &packet.IP{Dst: netip.MustParseAddr(forge.Server)}, &packet.TCP{Payload: []byte("GET /a.php?cmd=id HTTP/1.1\r\n\r\n")}
	for id := range few + 1 {
		p.Connection = &ftp.Identity{ID: id}
		w.ordered.packet(w.ledger, p)
	}
	if len(w.ordered.of) != 1 || len(w.ordered.last) != few || len(w.ledger.Full()) != 1 {
		t.Errorf("got %d pages, %d connections, and %v", len(w.ordered.of), len(w.ordered.last), w.ledger.Full())
	}
	p.Connection.ID, p.Number, p.Connection.LastPacket = 0, 9, 9
	w.packet(p, true)
	if len(w.ordered.last) != few-1 {
		t.Errorf("got %d connections after the end of one, want %d", len(w.ordered.last), few-1)
	}
}

// TestSilentServers looks for more servers than are remembered. None of them greets.
func TestSilentServers(t *testing.T) {
	x := &scanner{came: map[netip.Addr]int{}}
	s := scanners{often: map[netip.Addr]*scanner{netip.MustParseAddr(forge.Client): x}}
	for i := range maxNames + 1 {
		server := netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)})
		s.comes(&ftp.Connection{Identity: ftp.Identity{Client: netip.AddrPortFrom(netip.MustParseAddr(forge.Client), 4000), Server: netip.AddrPortFrom(server, ftpPort)}})
	}
	if len(x.came) != maxNames {
		t.Errorf("got %d servers, want %d", len(x.came), maxNames)
	}
}

// TestDetoursAreInOrder has a host that claims the addresses of a client and of its servers. What
// is found is in the same order each time.
func TestDetoursAreInOrder(t *testing.T) {
	e := &Evidence{Sessions: &evidence.Sessions{Served: map[evidence.PairOfHosts]bool{}}, watch: newWatch(nil)}
	client := netip.MustParseAddr(forge.Client)
	e.watch.neighbours.owners[client] = &owner{first: 1}
	for i := range 9 {
		server := netip.AddrFrom4([4]byte{192, 0, 2, byte(i)})
		e.watch.neighbours.owners[server] = &owner{first: 2 + i}
		e.Served[evidence.Between(client, server)] = true
	}
	found := e.sharedCards()
	if len(found) != 9 {
		t.Errorf("got %d findings, want one for each of 9 servers", len(found))
	}
	for i, b := range found {
		if want := []int{1, 2 + i}; !slices.Equal(b.packets, want) {
			t.Errorf("got %v, want %v", b.packets, want)
		}
	}
}

// TestWithin takes programs that sessions moved at the same time, and asks for those of some seconds.
func TestWithin(t *testing.T) {
	s := &session{Session: &evidence.Session{}}
	all, host := &loaders{loadings: map[netip.Addr][]loading{}}, netip.MustParseAddr("198.51.100.100")
	for i, at := range []int64{1, 4, 2, 5, 4, 3} {
		l := loading{hosts: evidence.Between(host, netip.MustParseAddr("192.0.2.21")), packet: i}
		all.load(s, l, &ftp.Exchange{Replies: []*ftp.Reply{{Time: at}}}, false)
	}
	var got []int
	for _, l := range all.within(host, 2, 5) {
		got = append(got, l.packet)
	}
	if want := []int{2, 5, 1, 4}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestShortDownloads fetches a short file as many clients. None removes it, so none is remembered.
func TestShortDownloads(t *testing.T) {
	all := folderOrders{}
	for i := range few {
		s := sessionOf(netip.AddrFrom4([4]byte{10, 0, 0, byte(i)}), "RETR job 226", "DELE other 250")
		s.DataByID, s.Exchanges[0].Data = map[int]*ftp.Connection{1: {ServerFlow: tcp.Flow{Bytes: 9}}}, []int{1}
		last := fetchedOrder{}
		for _, x := range s.Exchanges {
			all.add(nil, s, x, x.Argument, &last)
		}
		if last.path != "job" {
			t.Fatalf("got %q as the last short file, want job", last.path)
		}
	}
	if len(all) > 0 {
		t.Errorf("got %d pairs of hosts, want none", len(all))
	}
}
