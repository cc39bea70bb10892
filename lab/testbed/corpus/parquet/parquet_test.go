package parquet

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"ftplab/lab/testbed/generate"
)

// TestNull reads a row of each table in which there is nothing to say in some columns.
func TestNull(t *testing.T) {
	var flows, transfers bytes.Buffer
	table, err := Format("1.2.3").New(&flows, &transfers)
	if err != nil {
		t.Fatal(err)
	}
	session := generate.Session{Label: generate.Abnormal, Kind: "nohost", Why: "An address that nobody has"}
	if err := errors.Join(
		table.Flow(&generate.Flow{Session: session, Role: generate.Control, OpenedBy: generate.Client}),
		table.Transfer(&generate.Transfer{Session: session, Command: "RETR", Type: "I", Result: "timeout"}),
		table.Close(),
	); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[*bytes.Buffer][]string{&flows: {"user", "mode"}, &transfers: {"user", "path", "mode", "code", "sha256"}} {
		f, err := parquet.OpenFile(bytes.NewReader(file.Bytes()), int64(file.Len()))
		if err != nil {
			t.Fatal(err)
		}
		rows := make([]parquet.Row, 1)
		if n, err := f.RowGroups()[0].Rows().ReadRows(rows); n != 1 {
			t.Fatalf("got %d rows, %v, want 1", n, err)
		}
		var got []string
		for _, value := range rows[0] {
			if value.IsNull() {
				got = append(got, f.Schema().Columns()[value.Column()][0])
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("got NULL in %v, want it in %v", got, want)
		}
	}
}

// TestTable reads back what was written.
func TestTable(t *testing.T) {
	var flows, transfers bytes.Buffer
	table, err := Format("1.2.3").New(&flows, &transfers)
	if err != nil {
		t.Fatal(err)
	}
	client, server := netip.MustParseAddrPort("10.0.0.20:4000"), netip.MustParseAddrPort("192.0.2.21:21")
	start := time.Date(2026, time.January, 5, 8, 0, 0, 123456789, time.UTC)
	session := generate.Session{Number: 7, Label: generate.Normal, Kind: "person", Why: "because", User: "anna"}
	for range 3 {
		f := generate.Flow{Session: session, Role: generate.Control, Client: client, Server: server, OpenedBy: generate.Client,
			Start: start, End: start.Add(time.Second), Frames: 20, Bytes: 1500}
		if err := table.Flow(&f); err != nil {
			t.Fatal(err)
		}
	}
	x := generate.Transfer{Session: session, Command: "RETR", Path: "/a", Type: "I", Mode: generate.Passive, Client: client, Server: server,
		Start: start, End: start.Add(time.Second), Code: 226, Bytes: 10, SHA256: "ab"}
	if err := table.Transfer(&x); err != nil {
		t.Fatal(err)
	}
	if err := table.Close(); err != nil {
		t.Fatal(err)
	}
	gotFlows, err := parquet.Read[flow](bytes.NewReader(flows.Bytes()), int64(flows.Len()))
	if err != nil || len(gotFlows) != 3 {
		t.Fatalf("got %d flows, %v, want 3", len(gotFlows), err)
	}
	want := flow{7, "normal", "person", "because", "anna", "control", "", "10.0.0.20", 4000, "192.0.2.21", 21, "client", start, start.Add(time.Second), 20, 1500}
	got := gotFlows[2]
	got.Start, got.End = got.Start.UTC(), got.End.UTC()
	if got != want {
		t.Errorf("got %+v\nwant %+v", got, want)
	}
	if !bytes.Contains(flows.Bytes(), []byte("ftplab version 1.2.3")) {
		t.Error("got tables that do not name the version of ftplab")
	}
	gotTransfers, err := parquet.Read[transfer](bytes.NewReader(transfers.Bytes()), int64(transfers.Len()))
	if err != nil || len(gotTransfers) != 1 || gotTransfers[0].Path != "/a" || gotTransfers[0].Bytes != 10 {
		t.Errorf("got %+v, %v, want the transfer of /a", gotTransfers, err)
	}
}
