package lab

import (
	"bytes"
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/expect"
	"ftplab/lab/analysis/export"
	"ftplab/lab/internal/newfiles"
	"ftplab/lab/pcapng"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/gvisor"
	"ftplab/lab/testbed/runner"
)

// A Project is one for whose tests [Export] writes.
type Project string

// The projects.
const (
	Suricata    Project = "suricata" // OISF/suricata-verify
	ZeekProject Project = "zeek"
)

// Export runs the session of a scenario on gVisor's TCP, and writes it to a new folder as a
// test of a project: with the capture, what it expects, a README, and the script that makes
// the capture again. It returns the files' paths.
func Export(ctx context.Context, project Project, s *scenario.Scenario, folder string) ([]string, error) {
	pcap, err := microPCAP(ctx, s)
	if err != nil {
		return nil, inFile(s, err)
	}
	c, err := capture.Read(bytes.NewReader(pcap), capture.Options{NoHash: true, ControlPorts: expect.ControlPorts(s)})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	t := export.Test{Name: s.Name, Title: s.Title, Story: s.Story, Source: s.Source, Capture: pcap, Damaged: damaged(c)}
	var files []export.File
	switch project {
	case Suricata:
		t.Command = CommandLine("ftplab", "export", "suricata", fileArgument(s.Name+scenario.Extension), "--capture", "input.pcap")
		files = export.Suricata(t, c)
	case ZeekProject:
		t.Command = CommandLine("ftplab", "export", "zeek", fileArgument(s.Name+scenario.Extension), "--capture", t.Dashed()+".pcap")
		if files, err = export.Zeek(t); err != nil {
			return nil, inFile(s, err)
		}
	default:
		return nil, fmt.Errorf("%s: %s or %s was expected", project, Suricata, ZeekProject)
	}
	if _, err := os.Stat(folder); err == nil {
		return nil, fmt.Errorf("%s is there already; choose another folder with -o", folder)
	}
	return writeFiles(folder, files)
}

// damaged returns the packets with a wrong checksum. gVisor's TCP computes each, so that the scenario made those.
func damaged(c *capture.Capture) (packets []int) {
	for p := range c.Packets() {
		if p.TCP != nil && p.ChecksumWrong() {
			packets = append(packets, p.Number)
		}
	}
	return packets
}

// writeFiles writes all files to a new folder, or none.
func writeFiles(folder string, files []export.File) (paths []string, err error) {
	var made newfiles.List
	defer func() {
		if err != nil {
			made.Remove()
		}
	}()
	for _, f := range files {
		path := filepath.Join(folder, filepath.FromSlash(f.Path))
		mode := os.FileMode(0o644)
		if f.Run {
			mode = 0o755
		}
		if err := made.Folder(filepath.Dir(path)); err != nil {
			return nil, err
		}
		if err := made.File(path, f.Data, mode); err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

// ExportCapture writes only the capture of an export.
func ExportCapture(ctx context.Context, w io.Writer, s *scenario.Scenario) error {
	pcap, err := microPCAP(ctx, s)
	if err != nil {
		return inFile(s, err)
	}
	_, err = w.Write(pcap)
	return err
}

// microPCAP runs a session and returns its frames as classic pcap with microseconds, without
// ARP: the projects of sensors accept nothing else.
func microPCAP(ctx context.Context, s *scenario.Scenario) ([]byte, error) {
	if err := cmp.Or(checkTCP(s, scenario.GVisorTCP), checkGVisor(s), checkPlaces(s, "export a copy of the scenario with")); err != nil {
		return nil, err
	}
	done, err := takeTurn(ctx)
	if err != nil {
		return nil, err
	}
	defer done()
	own := *s
	own.Network.ARP = scenario.ARPCached
	if own.Network.MTU == 0 {
		own.Network.MTU = 1500 // frames as an Ethernet has them, on the loopback device, too
	}
	b := binary.LittleEndian.AppendUint32(nil, 0xa1b2c3d4)
	for _, word := range []uint32{2 | 4<<16, 0, 0, 1 << 18, 1} { // version 2.4, snap length, Ethernet
		b = binary.LittleEndian.AppendUint32(b, word)
	}
	builder := gvisor.Builder{Seed: DefaultSeed, Start: exportStart, Frame: func(at int64, frame []byte) {
		n := uint32(len(frame))
		for _, word := range []uint32{uint32(at / 1e9), uint32(at % 1e9 / 1e3), n, n} {
			b = binary.LittleEndian.AppendUint32(b, word)
		}
		b = append(b, frame...)
	}}
	outcome, err := runner.Run(ctx, &own, builder, runner.Recording{File: io.Discard, Format: pcapng.PCAP}, runner.Steps(nil))
	if err != nil {
		return nil, err
	}
	if len(outcome.Failures) > 0 {
		return nil, errors.New(outcome.Failures[0].In(s.File))
	}
	return b, nil
}

// exportStart is when an exported session begins.
var exportStart = time.Date(2026, time.January, 5, 8, 0, 0, 0, time.UTC)
