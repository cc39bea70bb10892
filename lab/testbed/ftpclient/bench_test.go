package ftpclient_test

import (
	"context"
	"io"
	"net"
	"testing"
	"time"

	"ftplab/lab/testbed/content"
	"ftplab/lab/testbed/ftpclient"
	"ftplab/lab/testbed/ftpserver"
	"ftplab/lab/testbed/network/localhost"
)

const benchmarkSize = 256 << 20

// A transfer generates, sends, receives and hashes every byte, an upload
// hashes it twice. The peer is a bare TCP connection in the same process that
// does nothing but write and read. The ratio is what a transfer keeps of it.
func BenchmarkTransfer(b *testing.B) {
	for name, verb := range map[string]string{"download": "RETR", "upload": "STOR"} {
		b.Run(name, func(b *testing.B) {
			server := serve(b, "127.0.0.1", ftpserver.Config{Files: []ftpserver.File{{Path: "large", Size: benchmarkSize, Seed: 1}}})
			client := login(b, server, ftpclient.Config{})
			command(b, client, "TYPE I", 200)
			var bare, ftp time.Duration
			b.SetBytes(benchmarkSize)
			for b.Loop() {
				bare += bareTCP(b)
				begun := time.Now()
				if verb == "RETR" {
					discard(b, client, ftpclient.Download{Verb: verb, Argument: "large"})
				} else {
					put(b, client, ftpclient.Upload{Verb: verb, Argument: "new", From: content.New(1, benchmarkSize)}, 226)
				}
				ftp += time.Since(begun)
			}
			b.ReportMetric(bare.Seconds()/ftp.Seconds(), "ratio")
			quit(b, client)
		})
	}
}

// discard downloads a file and discards it.
func discard(b *testing.B, client ftpclient.Client, d ftpclient.Download) {
	b.Helper()
	transfer, err := client.Download(soon(b), d)
	if err != nil || !transfer.Done() {
		b.Fatalf("%s: got %v, %v", d.Verb, transfer.Replies, err)
	}
}

// bareTCP returns how long the same bytes take without FTP.
func bareTCP(b *testing.B) time.Duration {
	b.Helper()
	host := localhost.New("127.0.0.1")
	listener, err := host.ListenTCP(0)
	if err != nil {
		b.Fatal(err)
	}
	defer listener.Close()
	begun := time.Now()
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		piece := make([]byte, 256<<10)
		for range benchmarkSize / len(piece) {
			conn.Write(piece)
		}
	}()
	conn, err := host.DialTCP(context.Background(), 0, listener.Addr().(*net.TCPAddr).AddrPort())
	if err != nil {
		b.Fatal(err)
	}
	defer conn.Close()
	piece := make([]byte, 256<<10)
	for err == nil {
		_, err = conn.Read(piece)
	}
	if err != io.EOF {
		b.Fatal(err)
	}
	return time.Since(begun)
}
