package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"ftplab/lab/testbed/network/localhost"
)

// TestServe serves a scenario until it is stopped, as Ctrl-C does.
func TestServe(t *testing.T) {
	port := strconv.Itoa(int(localhost.New("127.0.0.1").ControlPort()))
	ask := func() int {
		return run(t.Context(), []string{"serve", "--check", "--port", port, "passive_list"}, nil, io.Discard, io.Discard)
	}
	if status := ask(); status != exitError {
		t.Errorf("before: got status %d, want %d", status, exitError)
	}
	ctx, stop := context.WithCancel(t.Context())
	out, in := io.Pipe()
	var errOut bytes.Buffer
	ended := make(chan int)
	go func() {
		status := run(ctx, []string{"serve", "--port", port, "passive_list"}, nil, in, &errOut)
		in.Close()
		ended <- status
	}()
	var line [100]byte
	n, err := out.Read(line[:])
	if want := fmt.Sprintf("serving passive_list at 127.0.0.1:%s\n", port); err != nil || string(line[:n]) != want {
		t.Fatalf("got %q, error %v, want %q (%s)", line[:n], err, want, errOut.String())
	}
	if status := ask(); status != exitPassed {
		t.Errorf("while it serves: got status %d, want %d", status, exitPassed)
	}
	stop()
	if status := <-ended; status != exitPassed || errOut.Len() > 0 {
		t.Errorf("stopped: got status %d, stderr %q, want %d and silence", status, errOut.String(), exitPassed)
	}
}

// TestByHandBadInput asks that each mistake gives one line that says what it is.
func TestByHandBadInput(t *testing.T) {
	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"serve"}, "serve takes one scenario"},
		{[]string{"serve", "no_such"}, `there is no scenario "no_such"`},
		{[]string{"serve", "odd/fxp"}, "odd/fxp.txtar:6: replica: serve has one address for one server"},
		{[]string{"serve", "--listen", "home", "passive_list"}, "--listen home: an address of this machine was expected"},
		{[]string{"serve", "--listen", "192.0.2.77", "--port", "2121", "passive_list"}, "port 2121"},
		{[]string{"shell", "passive_list", "--", "curl ftp://server/"}, `"curl ftp://server/" is one word, and no program has this name; leave out the quotes`},
		{[]string{"capture"}, "capture takes one network device"},
		{[]string{"capture", "-o", t.TempDir(), "no-such-device"}, "no-such-device"},
		{[]string{"capture", "--check", "no-such-device"}, "no-such-device"},
	} {
		var out, errOut bytes.Buffer
		status := run(t.Context(), test.args, nil, &out, &errOut)
		want := test.want
		if want == "no-such-device" && runtime.GOOS != "linux" {
			want = "need Linux"
		}
		if status != exitError || !strings.Contains(errOut.String(), want) || strings.Count(errOut.String(), "\n") != 1 {
			t.Errorf("%q: got status %d, stderr %q, want %d and one line with %q", test.args, status, errOut.String(), exitError, want)
		}
	}
}
