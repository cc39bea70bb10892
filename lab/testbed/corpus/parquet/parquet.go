// Package parquet writes the labels of generated sessions as Parquet, which programs
// that train on them read faster than CSV. The columns are those of the CSV files. What is an
// empty field there is NULL here.
package parquet

import (
	"errors"
	"io"
	"time"

	"github.com/parquet-go/parquet-go"

	"ftplab/lab/testbed/corpus"
	"ftplab/lab/testbed/generate"
)

// Format is the format of the tables, which name this version of ftplab as their maker.
func Format(version string) corpus.TableFormat {
	return corpus.TableFormat{Name: "parquet", New: func(flows, transfers io.Writer) (corpus.Table, error) {
		return newTable(flows, transfers, version), nil
	}}
}

// A flow is a row of the table of flows. Times are in nanoseconds since 1970, UTC.
type flow struct {
	Session    int64     `parquet:"session"`
	Label      string    `parquet:"label,dict"`
	Kind       string    `parquet:"kind,dict"`
	Why        string    `parquet:"why,dict"`
	User       string    `parquet:"user,dict,optional"`
	Role       string    `parquet:"role,dict"`
	Mode       string    `parquet:"mode,dict,optional"`
	Client     string    `parquet:"client,dict"`
	ClientPort int32     `parquet:"client_port"`
	Server     string    `parquet:"server,dict"`
	ServerPort int32     `parquet:"server_port"`
	OpenedBy   string    `parquet:"opened_by,dict"`
	Start      time.Time `parquet:"start,timestamp(nanosecond)"`
	End        time.Time `parquet:"end,timestamp(nanosecond)"`
	Frames     int64     `parquet:"frames"`
	Bytes      int64     `parquet:"bytes"`
}

// A transfer is a row of the table of transfers.
type transfer struct {
	Session    int64     `parquet:"session"`
	Label      string    `parquet:"label,dict"`
	Kind       string    `parquet:"kind,dict"`
	Why        string    `parquet:"why,dict"`
	User       string    `parquet:"user,dict,optional"`
	Command    string    `parquet:"command,dict"`
	Path       string    `parquet:"path,optional"`
	Type       string    `parquet:"type,dict"`
	Mode       string    `parquet:"mode,dict,optional"`
	Client     string    `parquet:"client,dict"`
	ClientPort int32     `parquet:"client_port"`
	Server     string    `parquet:"server,dict"`
	ServerPort int32     `parquet:"server_port"`
	Start      time.Time `parquet:"start,timestamp(nanosecond)"`
	End        time.Time `parquet:"end,timestamp(nanosecond)"`
	Code       int32     `parquet:"code,optional"`
	Result     string    `parquet:"result,dict"`
	Bytes      int64     `parquet:"bytes"`
	SHA256     string    `parquet:"sha256,optional"`
}

// rowsAtOnce are written together. They bound the memory.
const rowsAtOnce = 10_000

type table struct {
	flows     *parquet.GenericWriter[flow]
	transfers *parquet.GenericWriter[transfer]
	rows      int
}

func newTable(flows, transfers io.Writer, version string) *table {
	maker, compression := parquet.CreatedBy("ftplab", version, ""), parquet.Compression(&parquet.Zstd)
	return &table{
		flows:     parquet.NewGenericWriter[flow](flows, maker, compression),
		transfers: parquet.NewGenericWriter[transfer](transfers, maker, compression),
	}
}

// Flow implements [corpus.Table].
func (t *table) Flow(f *generate.Flow) error {
	_, err := t.flows.Write([]flow{{
		int64(f.Number), f.Label, f.Kind, f.Why, f.User, f.Role, f.Mode,
		f.Client.Addr().String(), int32(f.Client.Port()), f.Server.Addr().String(), int32(f.Server.Port()),
		f.OpenedBy, f.Start, f.End, f.Frames, f.Bytes,
	}})
	if t.rows++; err == nil && t.rows%rowsAtOnce == 0 {
		err = errors.Join(t.flows.Flush(), t.transfers.Flush())
	}
	return err
}

// Transfer implements [corpus.Table].
func (t *table) Transfer(x *generate.Transfer) error {
	_, err := t.transfers.Write([]transfer{{
		int64(x.Number), x.Label, x.Kind, x.Why, x.User, x.Command, x.Path, x.Type, x.Mode,
		x.Client.Addr().String(), int32(x.Client.Port()), x.Server.Addr().String(), int32(x.Server.Port()),
		x.Start, x.End, int32(x.Code), x.Result, x.Bytes, x.SHA256,
	}})
	return err
}

// Close implements [corpus.Table].
func (t *table) Close() error { return errors.Join(t.flows.Close(), t.transfers.Close()) }
