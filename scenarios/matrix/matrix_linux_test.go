package matrix

import (
	"bytes"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"ftplab/lab"
	"ftplab/lab/labtest/optional"
	"ftplab/lab/testbed/cell"
)

// some are few pairs that have each server and each client in each mode, and each server
// over each version of IP.
func some() []Pair {
	seen := map[string]bool{}
	var pairs []Pair
	for new := 3; new > 0; new-- { // first those that bring the most
		for _, p := range Pairs() {
			keys := []string{p.Server + p.Mode, p.Client + p.Mode, p.Server + p.IP()}
			if keys = slices.DeleteFunc(keys, func(k string) bool { return seen[k] }); len(keys) < new {
				continue
			}
			for _, k := range keys {
				seen[k] = true
			}
			pairs = append(pairs, p)
		}
	}
	return pairs
}

// TestSomePairs runs a part of the matrix; ftplab matrix runs all of it.
func TestSomePairs(t *testing.T) {
	if testing.Short() {
		t.Skip("-short: no real programs are run")
	}
	folder := t.TempDir()
	var runs []lab.Combination
	for _, p := range some() {
		for _, program := range p.Needs {
			if filepath.IsAbs(program) {
				if found, _ := filepath.Glob(program); len(found) == 0 {
					optional.Missing(t, program+" is not installed: .ci/ftp-servers has how")
				}
			} else {
				optional.Tool(t, program, "apt install "+program)
			}
		}
		result, err := lab.Run(t.Context(), p.Scenario, lab.Options{Results: folder, NoWalkthrough: true})
		if errors.Is(err, cell.ErrRefused) {
			optional.Missing(t, err)
		}
		if err != nil {
			t.Fatal(err)
		}
		if result.Outcome == lab.Failed {
			t.Errorf("%s: %s", p.Scenario.Name, result.Report)
		}
		runs = append(runs, lab.Combination{Ran: lab.Ran{Scenario: p.Scenario, Result: result}, Server: p.Server, Client: p.Client, Mode: p.Mode, IP: p.IP()})
	}
	var table bytes.Buffer
	if err := lab.WriteMatrix(&table, runs, func(c lab.Combination) string { return c.Scenario.Name }); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"## Passive mode, IPv4", "## Active mode, IPv4", "| vsftpd | [curl](vsftpd_curl_passive_ipv4) |  | EPSV |  | LIST | after |  | server |"} {
		if !strings.Contains(table.String(), want) {
			t.Errorf("got\n%s\nwant %q in it", table.String(), want)
		}
	}
}

func TestPairs(t *testing.T) {
	names := map[string]bool{}
	for _, p := range Pairs() {
		if names[p.Scenario.Name] {
			t.Errorf("%s appears twice", p.Scenario.Name)
		}
		names[p.Scenario.Name] = true
	}
	if got, want := len(names), 5*(15+13); got != want {
		t.Errorf("got %d pairs, want %d", got, want)
	}
}
