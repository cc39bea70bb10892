package lab_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/google/gopacket/layers"

	"ftplab/lab"
	"ftplab/lab/analysis/baseline/profile"
	"ftplab/lab/scenario"
)

// A scenario is made, recorded and judged. What is wrong is reported as a
// compiler reports errors; here nothing is. It needs Linux.
func ExampleRun() {
	s, err := scenario.Parse("first.txtar", []byte(`# My first listing
# The server connects to the client, from its port 20.

open
login anonymous me@mypc.test
active
ls
quit

-- want --
ctl   client.*  > server.21
data  server.20 > client.*

ctl   ...
ctl   client > server  "LIST"      @list
ctl   ...
data  server > client  [S]  after @list
data  ...
`))
	if err != nil {
		log.Fatal(err)
	}
	results, err := os.MkdirTemp("", "ftplab-example-")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(results)

	result, err := lab.Run(context.Background(), s, lab.Options{Results: results})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Print(result.Outcome, "\n", result.Report)
}

// Check judges a capture of any origin, such as one of another
// server, by what a scenario wants.
func ExampleCheck() {
	s, err := scenario.Load("../scenarios/frederick_active.txtar")
	if err != nil {
		log.Fatal(err)
	}
	verdict, err := lab.Check(s, lab.File("../results/gallery/frederick_active/capture.pcapng"))
	if err != nil {
		log.Fatal(err)
	}
	line, _ := verdict.Want.Label("eof")
	fmt.Println(verdict.Pass, line.Comment)
	// Output: true This FIN is the end of the listing. Nothing else marks it.
}

// Explain says what happened in a capture. Here it writes the packets, as tcpdump
// prints them.
func ExampleExplain() {
	capture := lab.File("../results/gallery/frederick_active/capture.pcapng")
	var lines strings.Builder
	if err := lab.Explain(&lines, capture, lab.Explanation{Form: lab.PacketLines}); err != nil {
		log.Fatal(err)
	}
	first, _, _ := strings.Cut(lines.String(), "\n")
	fmt.Println(first)
	// Output:
	// 1    0.000000  IP 198.51.100.100.3170 > 198.51.100.53.53: 1+ A? ftp1.example.test. (35)
}

// Derive writes a want from a capture, to start from.
func ExampleDerive() {
	capture := lab.File("../results/gallery/frederick_active/capture.pcapng")
	var want strings.Builder
	if err := lab.Derive(&want, capture, nil); err != nil {
		log.Fatal(err)
	}
	declarations, _, _ := strings.Cut(want.String(), "\n\n")
	fmt.Println(declarations)
	// Output:
	// -- want --
	// ctl   client.3171 > server.21
	// data  server.20 > client.3172
	// dns   client.* > nameserver.53  udp
}

// Baseline compares a capture with normal FTP.
func ExampleBaseline() {
	assessment, err := lab.Baseline(lab.File("../results/gallery/frederick_active/capture.pcapng"), profile.Normal())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(assessment.Verdict)
	// Output: normal
}

// Learn learns from one capture what is normal, and Baseline compares another one
// with it, here the same.
func ExampleLearn() {
	capture := lab.File("../results/gallery/frederick_active/capture.pcapng")
	normal, err := lab.Learn(capture, "our network")
	if err != nil {
		log.Fatal(err)
	}
	assessment, err := lab.Baseline(capture, normal)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(assessment.Verdict)
	// Output: normal
}

// A check of your own: in active mode the server opens the data connections, so
// only its port 20 may send a SYN to the client. Package layers has the headers
// of the packets.
func ExamplePackets() {
	for packet, err := range lab.Packets("../results/gallery/frederick_active/capture.pcapng") {
		if err != nil {
			log.Fatal(err)
		}
		if tcp, ok := packet.Layer(layers.LayerTypeTCP).(*layers.TCP); ok && tcp.SYN && !tcp.ACK {
			fmt.Printf("port %d opens a connection to port %d\n", tcp.SrcPort, tcp.DstPort)
		}
	}
	// Output:
	// port 3171 opens a connection to port 21
	// port 20 opens a connection to port 3172
}
