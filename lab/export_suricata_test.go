package lab_test

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"ftplab/lab"
	"ftplab/lab/labtest/optional"
	"ftplab/lab/scenario"
)

const exportedUpload = `# An upload, a resumed download and a listing
network wire ipv6
host server 2001:db8::21 rtt=20ms
file a.bin 3000
local b.bin 2000

open
login anonymous me@mypc.test
type i
size a.bin
passive epsv
get a.bin
active eprt
put b.bin
ls
!get missing.bin
quit
`

// habits are scenarios of which Suricata 7 does not log each command with its reply: it does not
// recognize two of them, does not know commands, takes a reply for that of an older command, stops
// at a port that it cannot read, and expects no data of another host.
var habits = []string{"auth_refused", "odd/notftp", "odd/misc", "odd/abor_226", "odd/epsv_bang", "odd/pret", "odd/fxp", "odd/iac", "ftps_explicit"}

// fewestFilters is how many filters a test has at least: one where Suricata sees no FTP.
func fewestFilters(name string) int {
	switch name {
	case "auth_refused", "notftp", "ftps_explicit":
		return 1
	}
	return 4
}

// TestSuricataAgrees runs Suricata, 7 or 8, on exported tests, as suricata-verify does, and counts the
// events that match each filter.
func TestSuricataAgrees(t *testing.T) {
	suricata := optional.Tool(t, "suricata", "apt install suricata; Debian 12 has it in bookworm-backports")
	version, _ := exec.Command(suricata, "-V").Output()
	seven := bytes.Contains(version, []byte("version 7."))
	sources := map[string]string{"download": exported, "upload": exportedUpload}
	for _, file := range habits {
		source, err := os.ReadFile("../scenarios/" + file + scenario.Extension)
		if err != nil {
			t.Fatal(err)
		}
		sources[filepath.Base(file)] = string(source)
	}
	for name, source := range sources {
		s, err := scenario.Parse(name+scenario.Extension, []byte(source))
		if err != nil {
			t.Fatal(err)
		}
		folder := filepath.Join(t.TempDir(), "new")
		if _, err := lab.Export(t.Context(), lab.Suricata, s, folder); err != nil {
			t.Fatal(err)
		}
		folder = filepath.Join(folder, "tests", "ftp", "ftp-"+strings.ReplaceAll(name, "_", "-"))
		test, err := os.ReadFile(filepath.Join(folder, "test.yaml"))
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(test), "  version: 7\n") && !seven {
			continue // as suricata-verify does
		}
		arguments := []string{"-r", filepath.Join(folder, "input.pcap"), "-l", folder, "-S", os.DevNull}
		if strings.Contains(string(test), "--runmode=single") {
			arguments = append(arguments, "--runmode=single")
		}
		if out, err := exec.Command(suricata, arguments...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		events := eventsIn(t, filepath.Join(folder, "eve.json"))
		filters := filtersOf(t, test)
		for _, f := range filters {
			got := 0
			for _, e := range events {
				if f.matches(e) {
					got++
				}
			}
			if got != f.count {
				t.Errorf("%s: got %d events that match %v, want %d", name, got, f.match, f.count)
			}
		}
		if want := fewestFilters(name); len(filters) < want {
			t.Errorf("%s: got %d filters, want at least %d:\n%s", name, len(filters), want, test)
		}
	}
}

// eventsIn are the events of Suricata's log.
func eventsIn(t *testing.T, file string) (events []map[string]any) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(text) {
		var e map[string]any
		if err := json.Unmarshal(line, &e); err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}

// A filter is one of a test.yaml: how many events have these values.
type filter struct {
	count int
	match map[string]string
}

var (
	countLine = regexp.MustCompile(`^ +count: ([0-9]+)$`)
	matchLine = regexp.MustCompile(`^ +([a-z_]+(?:[.][a-z_]+(?:\[[0-9]+\])?)?): (.+)$`)
)

// filtersOf reads the filters of a test.yaml as they are exported.
func filtersOf(t *testing.T, test []byte) (filters []filter) {
	t.Helper()
	_, checks, _ := strings.Cut(string(test), "checks:\n")
	lines := bufio.NewScanner(strings.NewReader(checks))
	for lines.Scan() {
		if m := countLine.FindStringSubmatch(lines.Text()); m != nil {
			n, _ := strconv.Atoi(m[1])
			filters = append(filters, filter{n, map[string]string{}})
		} else if m := matchLine.FindStringSubmatch(lines.Text()); m != nil {
			value := m[2]
			if text, err := strconv.Unquote(value); err == nil {
				value = text
			}
			filters[len(filters)-1].match[m[1]] = value
		}
	}
	return filters
}

func (f filter) matches(event map[string]any) bool {
	for path, want := range f.match {
		if fmt.Sprint(valueAt(event, path)) != want {
			return false
		}
	}
	return true
}

// valueAt is the value of a path such as ftp.reply[0], nil if there is none.
func valueAt(event map[string]any, path string) any {
	var value any = event
	for name := range strings.SplitSeq(path, ".") {
		name, index, isList := strings.Cut(strings.TrimSuffix(name, "]"), "[")
		object, _ := value.(map[string]any)
		if value = object[name]; isList {
			list, _ := value.([]any)
			n, _ := strconv.Atoi(index)
			if n >= len(list) {
				return nil
			}
			value = list[n]
		}
	}
	return value
}
