package main

import (
	"bytes"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
)

const recorded = "../../lab/analysis/capture/testdata/"

// explained runs explain as a user would.
func explained(t *testing.T, stdin []byte, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	status = run(t.Context(), append([]string{"explain"}, args...), bytes.NewReader(stdin), &out, &errs)
	return status, out.String(), errs.String()
}

func TestExplain(t *testing.T) {
	capture, err := os.ReadFile(recorded + "active_list.pcapng")
	if err != nil {
		t.Fatal(err)
	}
	cut := filepath.Join(t.TempDir(), "cut.pcapng")
	if err := os.WriteFile(cut, capture[:len(capture)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args   []string
		stdin  []byte
		status int
		stdout string // is part of the standard output
		stderr string // is all of the standard error
	}{
		{args: []string{recorded + "active_list.pcapng"}, stdout: "the server connects from 127.0.0.1:20 to 127.0.0.1:45235, as packet 11 said"},
		{args: []string{"-"}, stdin: capture, stdout: "standard input: 31 packets, 2 TCP connections, 1 FTP session"},
		{args: []string{"--json", "-"}, stdin: capture, stdout: `"sha256":"09092b34`},
		{args: []string{"--packets", "-"}, stdin: capture,
			stdout: "    13    0.000779  IP 127.0.0.1.49429 > 127.0.0.1.21: Flags [P.], seq 60:66, ack 88, win 24561, options"},
		{args: []string{"--packets", "--delta", "--absolute", "-"}, stdin: capture, stdout: "    13    0.000011  IP 127.0.0.1.49429 > 127.0.0.1.21: Flags [P.], seq "},
		{args: []string{"--html", recorded + "active_list.pcapng"}, stdout: "<h1>What active_list.pcapng shows</h1>"},
		{args: []string{"--md", recorded + "active_list.pcapng"}, stdout: "```\nftplab explain --md active_list.pcapng\n```"},
		{args: []string{"--html", recorded + "active_list.pcapng"}, stdout: "ftplab explain --html active_list.pcapng<"},
		{args: []string{"--md", "-"}, stdin: capture, stdout: "# What standard input shows\n\nThe client 127.0.0.1 talks to the FTP server 127.0.0.1 on port 21, logs in as"},
		{args: []string{"--lengths", "-"}, stdin: capture, stdout: "40-79       20  64.52 %    68.60   66   74"},
		{args: []string{"--time-sequence", "-"}, stdin: capture, stdout: "No connection has carried 4 segments.\n"},
		{args: []string{cut}, stdout: "The file is cut off in the middle of a packet (packet "},
		{args: []string{"--json", cut}, stdout: `"packets":1`,
			stderr: "ftplab: " + cut + ": the file is cut off in the middle of a packet (packet 14, byte 1968 of the file); what comes before it is complete\n"},
		{args: []string{"--delta", "-"}, status: 2, stderr: "ftplab: --absolute and --delta go with --packets\n"},
	} {
		status, stdout, stderr := explained(t, c.stdin, c.args...)
		if status != c.status || !strings.Contains(stdout, c.stdout) || stderr != c.stderr {
			t.Errorf("explain %q: got status %d, want %d\nstdout %s\nwant %s\nstderr %s\nwant %s", c.args, status, c.status, stdout, c.stdout, stderr, c.stderr)
		}
	}
}

func TestExplainWithoutHash(t *testing.T) {
	if _, stdout, _ := explained(t, nil, "--json", "--no-hash", recorded+"active_list.pcapng"); strings.Contains(stdout, "sha256") {
		t.Errorf("a hash in %s", stdout)
	}
}

// TestSpareMemory asks that the memory limit follows the capture's size, that a lower limit of
// the user stays, and that the limit is restored when the capture has been explained.
func TestSpareMemory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "capture.pcap")
	if err := os.WriteFile(file, make([]byte, 5<<20), 0o666); err != nil {
		t.Fatal(err)
	}
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(-1))
	for _, test := range []struct {
		name      string
		set, want int64
	}{
		{file, math.MaxInt64, (5 + 64 - 40) << 20},
		{file, 20 << 20, 20 << 20},
		{"-", math.MaxInt64, math.MaxInt64},
		{filepath.Dir(file), math.MaxInt64, math.MaxInt64},
	} {
		debug.SetMemoryLimit(test.set)
		end := spareMemory(test.name)
		if got := debug.SetMemoryLimit(-1); got != test.want {
			t.Errorf("%s with a limit of %d: got %d bytes, want %d", test.name, test.set, got, test.want)
		}
		if end(); debug.SetMemoryLimit(-1) != test.set {
			t.Errorf("%s: the limit is %d in the end, want %d", test.name, debug.SetMemoryLimit(-1), test.set)
		}
	}
}

func TestExplainRedacted(t *testing.T) {
	const name = recorded + "active_list.pcapng"
	out := t.TempDir() + "/public.pcapng"
	if status, stdout, stderr := explained(t, nil, "--redact", "--redact-key", "k", "-w", out, name); status != exitPassed || stdout+stderr != "" {
		t.Fatalf("got status %d and %q", status, stdout+stderr)
	}
	_, plain, _ := explained(t, nil, out)
	for _, form := range []string{"", "--json", "--jsonl", "--packets", "--md", "--html"} {
		args := []string{"--redact", "--redact-key", "k", name}
		if form != "" {
			args = append(args, form)
		}
		status, stdout, stderr := explained(t, nil, args...)
		if status != exitPassed || stderr != "" || strings.Contains(stdout, "192.0.2.21") || strings.Contains(stdout, "issle") || strings.Contains(stdout, "active_list") {
			t.Errorf("%v: got status %d, %q and\n%.2000s", args, status, stderr, stdout)
		}
		if _, want, _ := strings.Cut(plain, ":"); form == "" && !strings.HasSuffix(stdout, want) {
			t.Errorf("got\n%s\nwant what the written capture shows:\n%s", stdout, want)
		}
	}
	for _, test := range []struct{ args, want string }{
		{"-w x.pcapng", "-w and --redact-key go with --redact"},
		{"--redact --keylog x", "--keylog do not go together"},
		{"--redact --extract x", "--extract do not go together"},
		{"--redact --json -w x", "do not go together"},
	} {
		if status, _, stderr := explained(t, nil, append(strings.Fields(test.args), name)...); status != exitError || !strings.Contains(stderr, test.want) {
			t.Errorf("%s: got status %d and %q, want %q", test.args, status, stderr, test.want)
		}
	}
}

func TestMistakesInKeyLogs(t *testing.T) {
	for _, test := range []struct{ log, want string }{
		{"CLIENT_RANDOM 01 02\n", ":1: "},
		{"\n", ": there is no key of TLS in this file"},
		{"\xff\xfe#\x00\n\x00", ":1: the file is in UTF-16; save it as UTF-8"},
	} {
		path := t.TempDir() + "/keys.log"
		if err := os.WriteFile(path, []byte(test.log), 0o666); err != nil {
			t.Fatal(err)
		}
		if status, _, stderr := explained(t, nil, "--keylog", path, recorded+"active_list.pcapng"); status != exitError || !strings.Contains(stderr, path+test.want) {
			t.Errorf("%q: got status %d and %q, want %q", test.log, status, stderr, test.want)
		}
	}
}

func TestExplainExtract(t *testing.T) {
	dir := t.TempDir() + "/files"
	status, stdout, stderr := explained(t, nil, "--extract", dir, recorded+"active_list.pcapng")
	if status != exitPassed || stderr != "" || !strings.HasPrefix(stdout, "connection 1, LIST: 00001-LIST.txt; ") {
		t.Errorf("got status %d, %q and %q", status, stderr, stdout)
	}
	if listing, err := os.ReadFile(dir + "/00001-LIST.txt"); err != nil || len(listing) == 0 {
		t.Errorf("got %q, %v", listing, err)
	}
	status, _, stderr = explained(t, nil, "--extract", dir, recorded+"active_list.pcapng")
	if status != exitError || !strings.Contains(stderr, "00001-LIST.txt already; extract into an empty folder") {
		t.Errorf("got status %d and %q for a folder that has the file", status, stderr)
	}
}
