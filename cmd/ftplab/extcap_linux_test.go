package main

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"ftplab/lab/extcap"
	"ftplab/lab/labtest/optional"
)

// The lab is an interface of tshark: it is listed, its scenario can be chosen, and the
// packets have the comments of the walkthrough.
func TestExtcap(t *testing.T) {
	optional.Tool(t, "tshark", "tshark")
	home := t.TempDir()
	install := command(home, "/bin/sh", "extcap", "--install")
	out, err := install.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	tshark := func(args ...string) string {
		t.Helper()
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		cmd := exec.CommandContext(ctx, "tshark", args...)
		cmd.Env = append(environ("HOME", "XDG_CONFIG_HOME"), "HOME="+home, asCommand+"=1")
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("tshark %s: %v\n%s", strings.Join(args, " "), err, out)
		}
		return string(out)
	}
	if got := tshark("-D"); !strings.Contains(got, extcap.Interface+" (FTP lab") {
		t.Fatalf("got the interfaces\n%s", got)
	}
	got := tshark("-i", extcap.Interface, "-o", "extcap.ftplab.scenario:active_list", "-o", "extcap.ftplab.pace:once",
		"-T", "fields", "-e", "ftp.request.command", "-e", "frame.comment")
	if !strings.Contains(got, "LIST\tThe listing, please.") {
		t.Errorf("got\n%s\nwant LIST with its comment", got)
	}
	again := command(home, "/bin/sh", "extcap", "--install")
	if out, err := again.CombinedOutput(); err != nil {
		t.Errorf("a second time: %v\n%s", err, out)
	}
	path := strings.Fields(string(out))[0]
	if err := os.WriteFile(path, []byte("somebody else's"), 0o755); err != nil {
		t.Fatal(err)
	}
	foreign := command(home, "/bin/sh", "extcap", "--install")
	if out, err := foreign.CombinedOutput(); err == nil || !strings.Contains(string(out), "move it away first") {
		t.Errorf("got %v, %s, want that the file is not from ftplab", err, out)
	}
}

// What Wireshark asks is answered in its notation.
func TestExtcapAnswers(t *testing.T) {
	for _, test := range []struct{ flag, want string }{
		{"--extcap-interfaces", "interface {value=ftplab}{display=FTP lab"},
		{"--extcap-dlts", "dlt {number=1}{name=EN10MB}{display=Ethernet}\n"},
		{"--extcap-capture-filter=port 20", "the interface of ftplab has no capture filters: leave the filter out"},
		{"--extcap-config", "value {arg=0}{value=passive_list}{display=First sessions, on loopback – "},
	} {
		if status, out, errOut := ftplab(t.Context(), "extcap", "--extcap-interface", "ftplab", test.flag); status != exitPassed || !strings.Contains(out, test.want) {
			t.Errorf("%s: got status %d, %s%s, want %s", test.flag, status, out, errOut, test.want)
		}
	}
	if status, _, errOut := ftplab(t.Context(), "extcap"); status != exitError || !strings.Contains(errOut, "extcap --install") {
		t.Errorf("got status %d, %s", status, errOut)
	}
	if status, _, errOut := ftplab(t.Context(), "extcap", "--capture", "--fifo", "/dev/null", "--pace", "slow"); status != exitError || !strings.Contains(errOut, "--pace slow: real or once was expected") {
		t.Errorf("got status %d, %s", status, errOut)
	}
	if status, _, errOut := ftplab(t.Context(), "extcap", "--capture", "--fifo", "/dev/null", "--extcap-capture-filter", "port 20"); status != exitError || !strings.Contains(errOut, "no capture filters: leave the filter out") {
		t.Errorf("got status %d, %s", status, errOut)
	}
}
