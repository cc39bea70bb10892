package lab

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"

	"ftplab/lab/analysis/conform"
	"ftplab/lab/labtest/optional"
	"ftplab/lab/scenario"
	conformance "ftplab/scenarios/conform"
)

// TestConformOfDebiansServers has the tables of four servers as they were checked
// by hand against their captures: the rules that each does not keep.
func TestConformOfDebiansServers(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: four servers run twenty scenarios each")
	}
	for _, test := range []struct {
		path    string
		program conformance.Program
		want    []string
	}{
		{"/usr/sbin/vsftpd", conformance.Program{Command: []string{"vsftpd", "$CONFIG"}, Config: "listen=YES\nlocal_enable=YES\nwrite_enable=YES\npam_service_name=vsftpd\nconnect_from_port_20=YES\nsecure_chroot_dir=/var/run/vsftpd/empty\n"}, []string{
			"959, 4.1.3: it was not complete", // async_abor_enable is off by default
			"1123, 4.1.2.12: 500", "2428, 2: 500", "2428, 3: 522",
		}},
		{"/usr/sbin/proftpd", conformance.Program{Command: []string{"proftpd"}}, []string{
			"959, 3.2: it connects from port", // it has given up root's rights
			"959, 4.1.3: it was not complete", // it reads no command during a transfer
			"2389, 4: 500",
		}},
		{"/usr/sbin/pure-ftpd-wrapper", conformance.Program{Command: []string{"pure-ftpd-wrapper"}}, []string{
			"959, App. II: 257", "1123, 4.1.2.9: the first of 2 lines", "1123, 4.1.2.12: NOOP after it: no reply", "2228, 3: 500", "2389, 4: 504", "2428, 3: 229", "2428, 3: 227", "4217, 4.2: 500",
		}},
		{"/usr/bin/python3", conformance.Program{Command: []string{"python3", "-m", "pyftpdlib", "-p", "21", "-w", "-u", "alice", "-P", "secret", "-d", "/srv/ftp"}}, []string{
			"959, 3.2: it connects from port", "959, 5.1: TYPE A N: 504", "1123, 4.1.2.7: not pub/notes.txt", "1123, 4.1.2.12: 500", "2428, 2: 501", "2428, 3: 501",
		}},
	} {
		t.Run(test.path, func(t *testing.T) {
			t.Parallel()
			needServer(t, test.path)
			found, err := Conform(t.Context(), test.program, Options{Results: t.TempDir(), NoWalkthrough: true})
			needCells(t, err)
			if err != nil && strings.Contains(err.Error(), "unable to set UID") {
				optional.Missing(t, "ProFTPD looks whether its user id has changed, and this user has only one id")
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range found {
				if r.Verdict == conform.Breaks {
					got = append(got, r.RFC+", "+r.Section+": "+r.Seen)
				}
			}
			same := func(got, want string) bool {
				rule, code, _ := strings.Cut(want, ": ")
				return strings.HasPrefix(got, rule+": ") && strings.Contains(got, code)
			}
			if !slices.EqualFunc(got, test.want, same) {
				t.Errorf("not kept: got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

// careless is a client that sends all at once, waits for nothing and calls it a success.
const careless = `exec 3<>/dev/tcp/$SERVER/$PORT
printf '\377\375\001USER anonymous\nPASS x\nPORT 127,0,0,2,4,1\nRETR README\n' | cat >&3
sleep 3`

// TestConformOfClients has the tables of two clients as they were checked by hand,
// and that of one which keeps next to nothing.
func TestConformOfClients(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: three clients run fifteen times each")
	}
	for _, test := range []struct {
		command []string
		want    []string
	}{
		{[]string{"curl", "-sS", "-o", "README", "ftp://$USER:$PASSWORD@$SERVER/README"}, nil},
		{[]string{"bash", "-c", careless}, []string{
			"The client sends QUIT before it closes.",
			"A line within a reply of several lines is not a reply, whatever digits it begins with.",
			"PORT and EPRT name the client's own address.",
			"Every command ends with CR LF.",
			"The client waits for the greeting.",
			"The client waits for the reply to each command.",
			"When USER gets 230, the client sends no PASS.",
			"When PASS gets 530, the client fails, and asks for no file.",
			"When RETR gets 550, the client fails.",
			"When PASS gets 332, the client sends ACCT, or fails and asks for no file.",
			"When the server sends 421 and closes, the client should close, too, and not report success.",
			"The client sends no Telnet commands except IP and Synch.",
		}},
		{[]string{"tnftp", "-V", "ftp://$SERVER/README"}, []string{"When RETR gets 426, the client fails."}},
	} {
		t.Run(test.command[0], func(t *testing.T) {
			t.Parallel()
			optional.Tool(t, test.command[0], "apt install "+test.command[0])
			found, err := ConformClient(t.Context(), conformance.Program{Command: test.command, User: "alice", Password: "secret"}, Options{Results: t.TempDir(), NoWalkthrough: true})
			needCells(t, err)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, r := range found {
				if r.Verdict == conform.Breaks {
					got = append(got, r.Text)
				}
			}
			if !slices.Equal(got, test.want) {
				t.Errorf("not kept: got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(test.want, "\n"))
			}
		})
	}
}

// hasty is a client that takes what it has read first for the greeting, and each line
// after it for a reply.
const hasty = `exec 3<>/dev/tcp/$SERVER/$PORT
dd bs=4096 count=1 <&3 >/dev/null 2>&1
ask() { printf '%s\r\n' "$1" >&3; read -r reply <&3; }
ask "USER $USER"
ask "PASS $PASSWORD"
ask PASV
IFS='(,)' read -r _ _ _ _ _ high low _ <<< "$reply"
[ "$low" ] || exit 1
exec 4<>/dev/tcp/$SERVER/$((high * 256 + low))
ask "RETR README"
cat <&4 >README
read -r reply <&3
ask QUIT`

// TestConformOfHastyClient wants that a client is caught which does not wait for the last
// line of a reply, although it gets the file.
func TestConformOfHastyClient(t *testing.T) {
	t.Parallel()
	optional.Tool(t, "bash", "apt install bash")
	want := map[string]conform.Verdict{
		"A line within a reply of several lines is not a reply, whatever digits it begins with.": conform.Breaks,
		"The client waits for the last line of a final reply.":                                   conform.Breaks,
		"The client waits for the final reply to a transfer.":                                    conform.Keeps,
	}
	rules := slices.DeleteFunc(slices.Clone(conform.ClientRules()), func(r conform.Rule) bool { return want[r.Text] == "" })
	client := conformance.Program{Command: []string{"bash", "-c", hasty}, User: "alice", Password: "secret"}
	found, err := conformTo(t.Context(), rules, Options{Results: t.TempDir(), NoWalkthrough: true}, func(name string) (*scenario.Scenario, error) {
		return conformance.Client(name, client)
	})
	needCells(t, err)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != len(want) {
		t.Fatalf("got %d results, want %d", len(found), len(want))
	}
	for _, r := range found {
		if r.Verdict != want[r.Text] {
			t.Errorf("%s: got %s, %s; want %s", r.Text, r.Verdict, r.Seen, want[r.Text])
		}
	}
}

// ends is a client that waits for each reply, and then ends in a way of its own: END is what it
// does when it has the file, and WITHOUT what it does when it has not.
const ends = `end() { exec 4<&-; eval "$1"; exit; }
reply() { while read -r code text <&3 && [[ $code != [1-5][0-9][0-9] ]]; do :; done; }
ask() { printf '%s\r\n' "$1" >&3; reply; [[ $code == [123]* ]] || end "$WITHOUT"; }
exec 3<>/dev/tcp/$SERVER/$PORT
reply
ask "USER $USER"
ask "PASS $PASSWORD"
ask PASV
IFS=, read -r _ _ _ _ high low <<< "${text//[^0-9,]/}"
exec 4<>/dev/tcp/$SERVER/$((high * 256 + low))
ask "RETR README"
[[ $code == 1* ]] && cat <&4 >README && reply
[[ $code == 2* ]] || end "$WITHOUT"
ask QUIT
end "$END"`

// TestConformOfEndings has clients that do the same, and end in different ways. A client that
// hangs or crashes has not reported anything.
func TestConformOfEndings(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: six clients run seven times each")
	}
	optional.Tool(t, "bash", "apt install bash")
	const keeps, breaks, open = conform.Keeps, conform.Breaks, conform.NotApplicable
	columns := []string{
		"The client sends QUIT before it closes.",
		"The client should take 250 like 226.",
		"The client waits for the reply to each command.",
		"When PASS gets 530, the client fails, and asks for no file.",
		"When RETR gets 550, the client fails.",
		"When RETR gets 426, the client fails.",
		"When the server sends 421 and closes, the client should close, too, and not report success.",
	}
	for _, test := range []struct {
		end, without string
		want         []conform.Verdict // by column
	}{
		{"exit 0", "exit 1", []conform.Verdict{keeps, keeps, keeps, keeps, keeps, keeps, keeps}},
		{"exit 0", "exit 0", []conform.Verdict{keeps, keeps, keeps, breaks, breaks, breaks, breaks}},
		{"exit 1", "exit 1", []conform.Verdict{keeps, breaks, keeps, keeps, keeps, keeps, keeps}},
		{"kill -SEGV $$", "kill -SEGV $$", []conform.Verdict{keeps, breaks, keeps, breaks, breaks, breaks, breaks}},
		{"sleep 60", "sleep 60", []conform.Verdict{keeps, breaks, keeps, breaks, breaks, breaks, breaks}},
		{"exit 0", "exec 3<&-; sleep 60", []conform.Verdict{keeps, keeps, keeps, breaks, breaks, breaks, keeps}}, // it may try again later
	} {
		t.Run(test.end+", "+test.without, func(t *testing.T) {
			t.Parallel()
			checkEndings(t, fmt.Sprintf("END='%s' WITHOUT='%s'\n%s", test.end, test.without, ends), columns, test.want)
		})
	}
	t.Run("before it has said anything", func(t *testing.T) {
		t.Parallel()
		want := []conform.Verdict{open, open, open, open, open, open, open}
		checkEndings(t, "exec 3<>/dev/tcp/$SERVER/$PORT; read -r line <&3; sleep 60", columns, want)
	})
}

// checkEndings tries a client of bash with the rules of these texts. A hanging client does not
// have as much time as usual.
func checkEndings(t *testing.T, script string, texts []string, want []conform.Verdict) {
	t.Helper()
	rules := slices.DeleteFunc(slices.Clone(conform.ClientRules()), func(r conform.Rule) bool { return !slices.Contains(texts, r.Text) })
	client := conformance.Program{Command: []string{"bash", "-c", script}, User: "alice", Password: "secret"}
	found, err := conformTo(t.Context(), rules, Options{Results: t.TempDir(), NoWalkthrough: true}, func(name string) (*scenario.Scenario, error) {
		s, err := conformance.Client(name, client)
		if err != nil {
			return nil, err
		}
		return scenario.Parse(s.File, bytes.Replace(s.Source, []byte("deadline 15s"), []byte("deadline 8s"), 1)) // more than a client may take to close
	})
	needCells(t, err)
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != len(want) {
		t.Fatalf("got %d results, want %d", len(found), len(want))
	}
	for _, r := range found {
		if want := want[slices.Index(texts, r.Text)]; r.Verdict != want {
			t.Errorf("%s: got %s, %s; want %s", r.Text, r.Verdict, r.Seen, want)
		}
	}
}

// TestConformOfGuests has clients that log in as anonymous, with the password of --user and with
// their own: the server lets both in.
func TestConformOfGuests(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: two clients run fifteen times each")
	}
	optional.Tool(t, "curl", "apt install curl")
	for _, url := range []string{"ftp://$SERVER/README", "ftp://$USER:${PASSWORD}@$SERVER/README"} {
		t.Run(url, func(t *testing.T) {
			t.Parallel()
			client := conformance.Program{Command: []string{"curl", "-sS", "-o", "README", url}, User: "anonymous", Password: "me"}
			found, err := ConformClient(t.Context(), client, Options{Results: t.TempDir(), NoWalkthrough: true})
			needCells(t, err)
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range found {
				if r.Verdict == conform.Breaks {
					t.Errorf("%s: got %s, %s", named(r), r.Verdict, r.Seen)
				}
			}
		})
	}
}

// TestConformOfAnotherPort has a server that listens on another port: the error says on which it must
// listen, and names no setting, since the user has no scenario.
func TestConformOfAnotherPort(t *testing.T) {
	t.Parallel()
	optional.Tool(t, "python3", "apt install python3")
	server := conformance.Program{Command: []string{"python3", "-c", "import socket, time; s = socket.create_server(('', 2121)); time.sleep(60)"}}
	_, err := Conform(t.Context(), server, Options{Results: t.TempDir(), NoWalkthrough: true})
	needCells(t, err)
	if want := "it listens on 0.0.0.0:2121; it must listen on port 21 of every address, or of $ADDR"; err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "setting") {
		t.Errorf("got error %v, want one that says %q and names no setting", err, want)
	}
}

// TestConformOfWrongClients has a client whose password is wrong, and one that cannot be
// started: the table, and the error, say why there is no transfer.
func TestConformOfWrongClients(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: two clients run fifteen times each")
	}
	t.Parallel()
	optional.Tool(t, "curl", "apt install curl")
	client := conformance.Program{Command: []string{"curl", "-sS", "-o", "README", "ftp://$USER:wrong@$SERVER/README"}, User: "alice", Password: "secret"}
	found, err := ConformClient(t.Context(), client, Options{Results: t.TempDir(), NoWalkthrough: true})
	needCells(t, err)
	if err != nil {
		t.Fatal(err)
	}
	reason := func(r conform.Result) bool {
		return strings.Contains(r.Seen, "the client sends no RETR: its last command is PASS (530 in frame ")
	}
	if !slices.ContainsFunc(found, reason) {
		t.Errorf("got %+v, want a rule that names the reply to PASS", found)
	}
	client.Command = []string{"env", "no-such-client"}
	results := t.TempDir()
	found, err = ConformClient(t.Context(), client, Options{Results: results, NoWalkthrough: true})
	for _, r := range found {
		if want := "the client does not connect to the server; a signal ends the client, or it cannot be run"; r.Verdict != conform.NotApplicable || r.Seen != want {
			t.Errorf("%s: got %s, %s, want %s", named(r), r.Verdict, r.Seen, want)
		}
	}
	if len(found) != len(conform.ClientRules()) {
		t.Errorf("got %d results, want one for each rule", len(found))
	}
	if runs, readErr := os.ReadDir(results); readErr != nil || len(runs) > 4*runtime.NumCPU() {
		t.Errorf("got %d runs of a client that cannot be started, %v; want none but those that began together", len(runs), readErr)
	}
	if want := "its output, runs/line-"; err == nil || !strings.Contains(err.Error(), "there is no FTP session in the capture") || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want one with what env printed", err)
	}
	if err != nil && strings.Contains(err.Error(), scenario.Extension) {
		t.Errorf("got error %v, which names a file that the user does not have", err)
	}
}
