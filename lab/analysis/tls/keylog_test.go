package tls

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/iotest"
)

func TestKeyLog(t *testing.T) {
	random, other := strings.Repeat("0a", 32), strings.Repeat("0B", 32)
	master, secret := strings.Repeat("11", 48), strings.Repeat("22", 32)
	log := strings.Join([]string{
		"# a comment", "",
		"CLIENT_RANDOM " + random + " " + master,
		"CLIENT_RANDOM " + random + " " + master + "\r", // once more
		"CLIENT_RANDOM " + random + " " + strings.Repeat("12", 48),
		"SERVER_TRAFFIC_SECRET_0 " + other + " " + secret,
		"EXPORTER_SECRET " + other + " " + secret,
		"CLIENT_RANDOM " + random,
		"CLIENT_RANDOM 0a " + master,
		"CLIENT_RANDOM " + random[1:] + "x " + master,
		"CLIENT_RANDOM " + other + " " + master + "0",
		"CLIENT_TRAFFIC_SECRET_0 " + other + " " + secret[2:],
		"CLIENT_RANDOM " + other + " " + secret,
		strings.Repeat("x", 5000),
		"CLIENT_TRAFFIC_SECRET_0 " + other + " " + secret,
	}, "\n")
	var keys Keys
	bad, err := keys.Read(strings.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"line 5: another line has a different secret with this label and client random",
		"line 8: it has 2 words; a line is LABEL CLIENT_RANDOM SECRET",
		"line 9: the client random is not 64 hexadecimal digits",
		"line 10: the client random is not 64 hexadecimal digits",
		"line 11: the secret is not hexadecimal",
		"line 12: the secret has 31 bytes; a CLIENT_TRAFFIC_SECRET_0 has 32 or 48",
		"line 13: the secret has 32 bytes; a CLIENT_RANDOM has 48",
		"line 14: it is longer than 1024 bytes",
	}
	var got []string
	for _, b := range bad {
		got = append(got, b.String())
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got bad lines\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if keys.Len() != 3 {
		t.Errorf("got %d secrets, want 3", keys.Len())
	}
	var id [32]byte
	for i := range id {
		id[i] = 0x0b
	}
	if got := fmt.Sprintf("%x", keys.secret(labelClientTraffic, id)); got != secret {
		t.Errorf("got secret %s", got)
	}
	if (*Keys)(nil).secret(labelClientTraffic, id) != nil || keys.secret(labelMaster, id) != nil {
		t.Error("got a secret that is not there")
	}
	broken := errors.New("broken")
	if _, err := keys.Read(iotest.ErrReader(broken)); err != broken {
		t.Errorf("got error %v", err)
	}
}

// A key log has keys of a session if it has a line with the random of its ClientHello.
func TestHasOf(t *testing.T) {
	var keys Keys
	if _, err := keys.Read(strings.NewReader("CLIENT_TRAFFIC_SECRET_0 " + strings.Repeat("11", 32) + " " + strings.Repeat("22", 32) + "\n")); err != nil {
		t.Fatal(err)
	}
	hello := func(random string) []byte { return []byte("\x16\x03\x01\x00\x40\x01\x00\x00\x3c\x03\x03" + random) }
	for _, test := range []struct {
		keys   *Keys
		record []byte
		want   bool
	}{
		{&keys, hello(strings.Repeat("\x11", 32)), true},
		{&keys, hello(strings.Repeat("\x33", 32)), false},
		{&keys, hello(strings.Repeat("\x11", 31)), false},
		{nil, hello(strings.Repeat("\x11", 32)), false},
	} {
		if got := test.keys.HasOf(test.record); got != test.want {
			t.Errorf("%x: got %v, want %v", test.record, got, test.want)
		}
	}
}
