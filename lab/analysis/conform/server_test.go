package conform

import (
	"net/netip"
	"strings"
	"testing"

	"ftplab/lab/analysis/ftp"
)

// TestWhatRFCsAsk has sessions with servers that lack or refuse something, and what the rule
// whose text begins so says of them.
func TestWhatRFCsAsk(t *testing.T) {
	abor, allOf := sent{"ABOR", "", 502, "", ""}, sent{"EPSV", "ALL", 200, "", ""}
	for name, test := range map[string]struct {
		rule    string
		session *facts
		want    Verdict
	}{
		"no ABOR":                 {"ABOR ends a transfer", sessionOf(abor, retr("ab"), abor), NotApplicable},
		"REST is not reached":     {"A server with REST", said("FEAT", "", 211, "Features", "End"), NotApplicable},
		"MLSD is not reached":     {"A server with MLSD", said("FEAT", "", 211, "Features", "End"), NotApplicable},
		"REST is not listed":      {"A server with REST", after(said("FEAT", "", 211, "Features", "End"), rest("1")), Breaks},
		"REST has no reply":       {"A server with REST", after(said("FEAT", "", 211, "Features", "End"), sent{"REST", "1", 0, "", ""}), NotApplicable},
		"no folder is made":       {"The reply 257 to MKD", sessionOf(sent{"MKD", "drafts", 502, "", ""}), NotApplicable},
		"no folder to change to":  {"CWD gets 250, and CDUP", sessionOf(sent{"MKD", "drafts", 502, "", ""}, sent{"CWD", "drafts", 550, "", ""}), NotApplicable},
		"no PWD":                  {"The reply 257 to PWD", sessionOf(sent{"PWD", "", 502, "", ""}), NotApplicable},
		"no APPE":                 {"Every server has APPE", sessionOf(retr("ab"), sent{"APPE", "a", 502, "", ""}, retr("ab")), Breaks},
		"APPE is not permitted":   {"Every server has APPE", sessionOf(retr("ab"), sent{"APPE", "a", 550, "", ""}, retr("ab")), NotApplicable},
		"RNTO alone":              {"RNTO without RNFR", sessionOf(rnto("something", 550), rnfr(350)), Breaks},
		"RNTO alone, no writing":  {"RNTO without RNFR", sessionOf(rnto("something", 550), rnfr(550)), NotApplicable},
		"503, no writing":         {"RNTO without RNFR", sessionOf(rnto("something", 503), rnfr(550)), Keeps},
		"250, no writing":         {"RNTO without RNFR", sessionOf(rnto("something", 250), rnfr(550)), Breaks},
		"no RNFR":                 {"RNFR gets 350", sessionOf(rnfr(502), rnto("READ.ME", 502)), Breaks},
		"nothing to delete":       {"DELE gets 250", sessionOf(rnfr(502), rnto("READ.ME", 502), dele(550)), NotApplicable},
		"another code":            {"DELE gets 250", sessionOf(rnfr(502), rnto("READ.ME", 502), dele(200)), Breaks},
		"DELE is not permitted":   {"DELE gets 250", sessionOf(rnfr(350), rnto("READ.ME", 250), dele(550)), NotApplicable},
		"no DELE":                 {"DELE gets 250", sessionOf(rnfr(350), rnto("READ.ME", 250), dele(502)), Breaks},
		"PASV is refused":         {"After EPSV ALL", sessionOf(allOf, sent{"PASV", "", 503, "", ""}), Keeps},
		"PASV is refused for now": {"After EPSV ALL", sessionOf(allOf, sent{"PASV", "", 425, "", ""}), Keeps},
		"PASV":                    {"After EPSV ALL", sessionOf(allOf, sent{"PASV", "", 227, "", ""}), Breaks},
		"MLSD is not there":       {"A line of MLSD", after(said("FEAT", "", 211, "Features", "End"), sent{"MLSD", "", 502, "", ""}), NotApplicable},
		"MLSD is listed":          {"A line of MLSD", after(said("FEAT", "", 211, "Features", " MLST type*;", "End"), sent{"MLSD", "", 502, "", ""}), Breaks},
		"MLSD without a listing":  {"A line of MLSD", sessionOf(sent{"MLSD", "", 200, "", ""}), Breaks},
		"MLSD is only a word":     {"A server with MLSD", after(said("FEAT", "", 211, "Features", " MLST type*;", "End"), sent{"MLSD", "", 200, "", ""}), NotApplicable},
		"MLST is listed":          {"MLST gets 250", after(said("FEAT", "", 211, "Features", " MLST type*;", "End"), sent{"MLST", "data.bin", 502, "", ""}), Breaks},
		"SIZE is listed":          {"SIZE gets 213", after(said("FEAT", "", 211, "Features", " SIZE", "End"), sent{"SIZE", "data.bin", 500, "", ""}), Breaks},
		"SIZE is not listed":      {"SIZE gets 213", after(said("FEAT", "", 211, "Features", " MDTM", "End"), sent{"SIZE", "data.bin", 500, "", ""}), NotApplicable},
		"MDTM is listed":          {"MDTM gets 213", after(said("FEAT", "", 211, "Features", " MDTM", "End"), sent{"MDTM", "data.bin", 502, "", ""}), Breaks},
		"REST is listed":          {"REST gets 350", after(said("FEAT", "", 211, "Features", " REST STREAM", "End"), sent{"REST", "1", 502, "", ""}), Breaks},
		"a listing":               {"A line of MLSD", sessionOf(sent{"MLSD", "", 226, ftp.Server, "type=file; a\r\n"}), Keeps},
		"the last line is open":   {"A line of MLSD", sessionOf(sent{"MLSD", "", 226, ftp.Server, "type=file; a\r\ntype=file; b"}), Breaks},
		"nothing to list":         {"NLST should use TYPE A", sessionOf(sent{"NLST", "", 226, ftp.Server, ""}), NotApplicable},
		"no NLST":                 {"NLST should use TYPE A", sessionOf(sent{"NLST", "", 502, ftp.Server, ""}), NotApplicable},
		"a listing is cut short":  {"NLST should use TYPE A", sessionOf(sent{"NLST", "", 426, ftp.Server, "a\r\nb"}), NotApplicable},
		"a listing has no end":    {"NLST should use TYPE A", sessionOf(sent{"NLST", "", 226, ftp.Server, "a\r\nb"}), Breaks},
		"bare LF, and it fails":   {"NLST should use TYPE A", sessionOf(sent{"NLST", "", 426, ftp.Server, "a\nb\n"}), Breaks},
		"no such file":            {"RETR of a file that does not exist", sessionOf(sent{"RETR", "nothing", 550, "", ""}), Keeps},
		"no such file for now":    {"RETR of a file that does not exist", sessionOf(sent{"RETR", "nothing", 450, "", ""}), Keeps},
		"nobody is logged in":     {"RETR of a file that does not exist", sessionOf(sent{"RETR", "nothing", 530, "", ""}), Breaks},
		"TLS":                     {"AUTH TLS", offersAndSays(234), Keeps},
		"TLS is refused":          {"AUTH TLS", offersAndSays(534), Keeps},
		"TLS is not ready":        {"AUTH TLS", offersAndSays(431), Keeps},
		"no AUTH after all":       {"AUTH TLS", offersAndSays(500), Breaks},
		"TLS wants ADAT":          {"AUTH TLS", offersAndSays(334), Breaks},
	} {
		if got := ruleOf(t, test.rule)(test.session); got.Verdict != test.want {
			t.Errorf("%s: got %+v, want %s", name, got, test.want)
		}
	}
}

func rnfr(code int) sent                  { return sent{"RNFR", "README", code, "", ""} }
func rnto(argument string, code int) sent { return sent{"RNTO", argument, code, "", ""} }
func dele(code int) sent                  { return sent{"DELE", "READ.ME", code, "", ""} }

// TestWhyNothingIsDeleted has a server without RNFR: the file that DELE names was never made.
func TestWhyNothingIsDeleted(t *testing.T) {
	found := ruleOf(t, "DELE gets 250")(sessionOf(rnfr(502), rnto("READ.ME", 502), dele(550)))
	if want := "RNFR README: 502 in frame "; !strings.HasPrefix(found.Seen, want) {
		t.Errorf("got %q, want a text that begins with %q", found.Seen, want)
	}
}

// ruleOf returns the judge of the rule about servers whose text begins so.
func ruleOf(t *testing.T, text string) judge {
	t.Helper()
	var found []judge
	for _, r := range ServerRules() {
		if strings.HasPrefix(r.Text, text) {
			found = append(found, r.judge)
		}
	}
	if len(found) != 1 {
		t.Fatalf("got %d rules that begin with %q, want one", len(found), text)
	}
	return found[0]
}

// after is a session that goes on with another command.
func after(f *facts, next sent) *facts {
	f.session.Exchanges = append(f.session.Exchanges, sessionOf(next).session.Exchanges...)
	return f
}

// offersAndSays is a session with a server that names AUTH TLS in FEAT, and its reply to it.
func offersAndSays(code int) *facts {
	return after(said("FEAT", "", 211, "Features", " AUTH TLS", "End"), sent{"AUTH", "TLS", code, "", ""})
}

// TestOfferOfTLS wants the reason why FEAT does not say whether a server has TLS.
func TestOfferOfTLS(t *testing.T) {
	rule := ruleOf(t, "AUTH TLS")
	for want, f := range map[string]*facts{
		"the session ended before FEAT": sessionOf(),
		"FEAT: 550 in frame 11":         said("FEAT", "", 550, "No"),
		"FEAT does not name AUTH TLS":   said("FEAT", "", 211, "Features", " SIZE", "End"),
	} {
		if got := rule(f); got.Verdict != NotApplicable || got.Seen != want {
			t.Errorf("got %+v, want %s", got, want)
		}
	}
}

// TestComesToNamesTheAnnouncement wants the frame that has the port: the command of an active
// client, and the reply to a passive one.
func TestComesToNamesTheAnnouncement(t *testing.T) {
	for command, test := range map[string]struct {
		mode ftp.Mode
		want Finding
	}{
		"EPRT": {ftp.Active, Finding{Keeps, "frame 15 is to port 4000, announced in frame 7", 15}},
		"EPSV": {ftp.Passive, Finding{Keeps, "frame 15 is to port 4000, announced in frame 8", 15}},
	} {
		f := sessionOf(retr("ab"))
		f.connections[1].DataPort = &ftp.DataPort{Command: command, Mode: test.mode, Addr: netip.MustParseAddrPort("127.0.0.1:4000"), Packet: 7, ReplyPacket: 8}
		if got := comesTo("RETR", command)(f); got != test.want {
			t.Errorf("%s: got %+v, want %+v", command, got, test.want)
		}
	}
}

// passive is a session that ends when the client has tried to connect to the port of PASV.
func passive(connected bool) *facts {
	f := sessionOf(sent{"PASV", "", 227, "", ""})
	port := &ftp.DataPort{Command: "PASV", Mode: ftp.Passive, Addr: netip.MustParseAddrPort("127.0.0.1:4000"), Packet: 10, ReplyPacket: 11, ReplyCode: 227}
	f.session.Control.Server = netip.MustParseAddrPort("127.0.0.1:21")
	f.session.DataPorts = []*ftp.DataPort{port}
	f.connections[1] = &ftp.Connection{HandshakeSeen: connected}
	f.connections[1].DataPort = port
	return f
}

// leftAt is a session whose client closes the control connection in a packet.
func leftAt(fin int, f *facts) *facts {
	f.connections[0].ClientFlow.FIN = fin
	return f
}

// TestTransfersThatFail has servers that refuse a transfer, or do not end it: the rules about
// the data of a transfer that did not take place do not apply.
func TestTransfersThatFail(t *testing.T) {
	refused, silent, aborted := retr(""), retr(""), retr("ab")
	refused.code, silent.code, aborted.code = 550, 0, 426
	noAnswer := func(f *facts) *facts {
		last := f.session.Exchanges[len(f.session.Exchanges)-1]
		last.Replies = nil
		return f
	}
	for name, test := range map[string]struct {
		judge   judge
		session *facts
		want    Verdict
	}{
		"RETR is refused, unchanged":    {storesSame, sessionOf(stor("ab"), refused), NotApplicable},
		"RETR is aborted, unchanged":    {storesSame, sessionOf(stor("abcd"), aborted), NotApplicable},
		"RETR is refused after REST":    {resumesAt, sessionOf(retr("ab"), rest("1"), refused), Breaks},
		"the first RETR is refused":     {resumesAt, sessionOf(refused, rest("1"), retr("ab")), NotApplicable},
		"RETR is refused, close":        {serverCloses("RETR"), sessionOf(refused), NotApplicable},
		"RETR has no reply, close":      {serverCloses("RETR"), noAnswer(sessionOf(silent)), NotApplicable},
		"RETR is refused, preliminary":  {preliminaryFirst("RETR"), sessionOf(refused), NotApplicable},
		"RETR is refused, port":         {comesTo("RETR", "EPRT"), sessionOf(sent{"EPRT", "", 200, "", ""}, sent{"RETR", "a", 550, "", ""}), NotApplicable},
		"RETR has no reply, port":       {comesTo("RETR", "EPRT"), noAnswer(sessionOf(sent{"EPRT", "", 200, "", ""}, sent{"RETR", "a", 0, "", ""})), NotApplicable},
		"no connection to the port":     {comesTo("RETR", "EPRT"), sessionOf(sent{"EPRT", "", 200, "", ""}, sent{"RETR", "a", 425, "", ""}), Breaks},
		"nobody listens at the port":    {comesTo("RETR", "EPSV"), sessionOf(sent{"EPSV", "", 229, "", ""}), Breaks},
		"nobody listens at six numbers": {ruleOf(t, "PASV gets 227"), passive(false), Breaks},
		"the session ends at the port":  {ruleOf(t, "PASV gets 227"), passive(true), NotApplicable},
		"the session ends at PORT":      {comesTo("RETR", "PORT"), sessionOf(sent{"PORT", "", 200, "", ""}), NotApplicable},
		"FEAT is refused":               {lists("SIZE"), sessionOf(sent{"FEAT", "", 550, "", ""}), NotApplicable},
		"STOU has no reply":             {namesUnique, noAnswer(sessionOf(sent{"STOU", "", 0, "", ""})), Breaks},
		"the last command has no reply": {repliesAreReplies, noAnswer(sessionOf(sent{"NOOP", "", 200, "", ""}, sent{"PWD", "", 0, "", ""})), Breaks},
		"STOR ends as the client goes":  {repliesAreReplies, leftAt(10, sessionOf(stor("ab"))), Keeps},
		"230 does not end STOR":         {repliesAreReplies, leftAt(10, sessionOf(sent{"STOR", "a", 230, ftp.Client, "ab"})), Breaks},
		"NOOP is answered too late":     {repliesAreReplies, leftAt(10, sessionOf(sent{"NOOP", "", 200, "", ""})), Breaks},
		"a name":                        {listsName("pub", "pub/a"), sessionOf(sent{"NLST", "pub", 226, ftp.Server, "pub/.\r\npub/a\r\n"}), Keeps},
		"an absolute name":              {listsName("pub", "pub/a"), sessionOf(sent{"NLST", "pub", 226, ftp.Server, "/home/pub/a\n"}), Keeps},
		"a name without its folder":     {listsName("pub", "pub/a"), sessionOf(sent{"NLST", "pub", 226, ftp.Server, "a\r\n"}), Breaks},
		"a line of ls":                  {listsName("", "a"), sessionOf(sent{"NLST", "", 226, ftp.Server, "-rw-r--r-- 1 a\r\n"}), Breaks},
		"no such name":                  {listsName("", "a"), sessionOf(sent{"NLST", "", 226, ftp.Server, "b\r\n"}), Breaks},
		"NLST is refused":               {listsName("", "a"), sessionOf(sent{"NLST", "", 550, "", ""}), NotApplicable},
	} {
		if got := test.judge(test.session); got.Verdict != test.want {
			t.Errorf("%s: got %+v, want %s", name, got, test.want)
		}
	}
}
