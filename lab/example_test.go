package lab_test

import (
	"context"
	"fmt"
	"log"
	"os"

	"github.com/google/gopacket/layers"

	"ftplab/lab"
	"ftplab/lab/scenario"
)

// A scenario is made, recorded and judged. What is wrong is reported as a
// compiler reports errors; here nothing is. It needs Linux.
func ExampleRun() {
	s, err := scenario.Parse("first.txtar", []byte(`# My first listing
# The server calls the client back, from its port 20.

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

// Check judges a capture that somebody else made, such as one of another
// server, by what a scenario wants.
func ExampleCheck() {
	s, err := scenario.Load("../scenarios/frederick_active.txtar")
	if err != nil {
		log.Fatal(err)
	}
	verdict, err := lab.Check(s, "../results/gallery/frederick_active/capture.pcapng")
	if err != nil {
		log.Fatal(err)
	}
	line, _ := verdict.Want.Label("eof")
	fmt.Println(verdict.Pass, line.Comment)
	// Output: true This FIN is the end of the listing. Nothing else marks it.
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
