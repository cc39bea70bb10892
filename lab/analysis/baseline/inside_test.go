package baseline

import (
	"archive/tar"
	"bytes"
	"crypto/rand"
	"encoding/binary"
	"fmt"
	"net"
	"strings"
	"testing"

	"ftplab/lab/internal/forge"
)

const shadowFile = "root:$6$ab$Kxx9yPQ:19000:0:99999:7:::\nadm:$6$cd$Zyy1aaaa:19000:0:99999:7:::\n"

// tarOf is an archive with n small files, and with one more.
func tarOf(t *testing.T, n int, name, content string) string {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := range n + 1 {
		h := tar.Header{Name: fmt.Sprintf("etc/conf.d/file%d", i), Mode: 0o600}
		if i == n {
			h.Name, h.Size = name, int64(len(content))
		}
		if err := w.WriteHeader(&h); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// storesBetween is a session of two hosts that stores a file.
func storesBetween(client, server, command, content string) func(*forge.Capture) {
	return func(f *forge.Capture) {
		t := dial(f, client, net.JoinHostPort(server, "21")).Say(hello).Say(passiveAt(server) + "> " + command + "\n< 150 here")
		d := dial(f, client, net.JoinHostPort(server, "25600"))
		for rest := content; len(rest) > 0; {
			n := min(len(rest), 1000)
			end(d, opener).Segment("P.", rest[:n])
			rest = rest[n:]
		}
		end(d, opener).Close()
		t.Say("< 226 done").Say(bye).Peer.Close()
	}
}

// noiseOf are n random bytes, as those of a compressed file.
func noiseOf(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return "\x00\x01" + string(b)
}

// TestInside stores binary files with texts in them.
func TestInside(t *testing.T) {
	key := "-----BEGIN RSA PRIVATE KEY-----\nMIIEow\n-----END RSA PRIVATE KEY-----\n"
	backup, few := tarOf(t, 60, "etc/shadow", shadowFile), tarOf(t, 1, "etc/shadow", shadowFile)
	shell := "\n#!/bin/sh\n/sbin/insmod wl.ko\n/usr/sbin/telnetd -p 2323 -l /bin/sh &\niptables -F INPUT\n"
	for _, c := range []struct {
		what, client, server, content string
		want                          Verdict
	}{
		{"accounts in an archive", aClient, aServer, few, NotNormal},
		{"accounts in an archive, of cpio", aClient, aServer, "070701" + strings.Repeat("0", 104) + "etc/shadow\x00\x00" + shadowFile + "\x00", NotNormal},
		{"accounts in an archive, to a server nearby", "10.0.0.5", "10.0.0.9", few, IsUnusual},
		{"a copy of a system, to a server far away", aClient, aServer, backup, IsUnusual},
		{"a copy of a system, to a server nearby", "10.0.0.5", "10.0.0.9", backup, IsNormal},
		{"a key in an archive", aClient, aServer, tarOf(t, 1, "id_rsa", key), IsUnusual},
		{"an archive", aClient, aServer, tarOf(t, 1, "etc/passwd", "ada:x:1000:1000::/home/ada:/bin/sh\n"), IsNormal},
		{"a key in a program", aClient, aServer, noiseOf(2000) + "\x00\x00" + key, IsNormal},

		{"an image with a script that lets everybody in", aClient, aServer, "\x27\x05\x19\x56" + noiseOf(3000) + shell + noiseOf(500), NotNormal},
		{"an image with scripts", aClient, aServer, noiseOf(100) + "\x00#!/bin/sh\ntelnetd -l /bin/login\n\x00" + noiseOf(600) + "\x00iptables -F INPUT\n", IsNormal},
		{"a program that is a bot", aClient, aServer, "\x00\x7f" + noiseOf(200) + "\x00NICK %s\nUSER %s localhost\x00UDPFLOOD started, PRIVMSG \x00connect: cannot open\x00", NotNormal},
		{"an archive that fills the disk", aClient, aServer, zipHead(40<<20, 40<<10) + noiseOf(2000), IsUnusual},
		{"a log in an archive", aClient, aServer, zipHead(40<<20, 1<<20) + noiseOf(2000), IsNormal},
		{"an empty file in an archive", aClient, aServer, zipHead(0, 0), IsNormal},
		{"random bytes", aClient, aServer, noiseOf(20_000), IsNormal},
	} {
		if got := forged(t, storesBetween(c.client, c.server, "STOR a", c.content)); got.Verdict != c.want {
			t.Errorf("%s: got %v\nwant %s", c.what, got, c.want)
		}
	}
}

// zipHead is the head of the first file in an archive of zip.
func zipHead(size, packed uint32) string {
	b := append([]byte("PK\x03\x04"), make([]byte, 14)...)
	b = binary.LittleEndian.AppendUint32(b, packed)
	b = binary.LittleEndian.AppendUint32(b, size)
	return string(b) + "\x05\x00\x00\x00a.dll"
}

// TestDisguise stores archives under the names of pictures, and of archives.
func TestDisguise(t *testing.T) {
	for name, want := range map[string]Verdict{"a.jpg": IsUnusual, "a.MP4": IsUnusual, "a.pdf": IsUnusual, "a.rar": IsNormal, "a": IsNormal, "a.jpg.rar": IsNormal, "a.docx": IsNormal} {
		for _, content := range []string{"Rar!\x1a\x07\x01\x00 and so on", "7z\xbc\xaf\x27\x1c\x00\x04", "PK\x03\x04\x14\x00\x00\x00"} {
			if got := forged(t, moved("STOR "+name, opener, content)); got.Verdict != want {
				t.Errorf("%q as %s: got %v\nwant %s", content, name, got, want)
			}
		}
	}
	for _, picture := range []string{"\xff\xd8\xff\xe0", "\x89PNG\r\n\x1a\n", "words"} {
		if got := forged(t, moved("STOR a.jpg", opener, picture)); got.Verdict != IsNormal {
			t.Errorf("%q: got %v", picture, got)
		}
	}
}
