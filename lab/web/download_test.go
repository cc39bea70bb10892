//go:build !js

package web

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"ftplab/lab"
	"ftplab/lab/internal/forge"
	"ftplab/lab/scenario"
)

// recorded runs a scenario and returns the path of its capture.
func recorded(t testing.TB, source string) string {
	t.Helper()
	s, err := scenario.Parse("made.txtar", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	result, err := lab.Run(context.Background(), s, lab.Options{Results: t.TempDir(), TCP: scenario.GVisorTCP, NoWalkthrough: true})
	if err != nil {
		t.Fatal(err)
	}
	return result.Capture
}

// download writes a capture of a session that downloads a file of a size.
func download(t testing.TB, size int) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "large.pcap")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	c := forge.New()
	file.Write(c.PCAP()) // the header of the file
	client, _ := c.Dial("192.0.2.1:40000", "192.0.2.2:21")
	client.Say(`
		< 220 ready
		> USER anonymous
		< 230 welcome
		> PASV
		< 227 Entering Passive Mode (192,0,2,2,195,80)`)
	to, from := c.Dial("192.0.2.1:40001", "192.0.2.2:50000")
	client.Say(`
		> RETR large.bin
		< 150 here`)
	segment := strings.Repeat("0123456789abcdef", 90)
	for sent := 0; sent < size; sent += len(segment) {
		from.Segment(".", segment)
		if sent/len(segment)%2 == 1 {
			to.ACK()
		}
		if len(c.Frames) > 1000 {
			if err := c.Flush(file); err != nil {
				t.Fatal(err)
			}
		}
	}
	from.Close()
	client.Say(`
		< 226 done
		> QUIT
		< 221 bye`)
	if err := c.Flush(file); err != nil {
		t.Fatal(err)
	}
	return path
}
