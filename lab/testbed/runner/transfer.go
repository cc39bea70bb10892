package runner

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"strings"

	"ftplab/lab/scenario"
	"ftplab/lab/testbed/content"
	"ftplab/lab/testbed/ftpclient"
)

// A Transfer is a transfer of a file or listing, as a client of the lab saw it.
type Transfer struct {
	Command        string         // such as RETR
	Path           string         // on the server, absolute
	ASCII          bool           // TYPE A
	Client, Server netip.AddrPort // the ends of the data connection; zero if there was none
	Wire           content.Digest // of the bytes on the data connection
	Code           int            // of the final reply
	Result         string         // Complete, Failed, Aborted, Broken, or how it broke: one of scenario.Breaks
}

// Results of a transfer that do not come from how a connection broke.
const (
	Complete = "complete" // the client saw the end of the data, and the final reply is 2yz
	Failed   = "failed"   // the final reply is 4yz or 5yz
	Aborted  = "aborted"  // the client sent ABOR
	Broken   = "broken"   // a connection broke in another way than scenario.Breaks has
)

// took reports a transfer that has ended, with the error of the client.
func (r *script) took(command string, t ftpclient.Transfer, err error) {
	if r.transfer != nil {
		r.transfer(Transfer{command, t.Path, t.ASCII, t.Client, t.Server, t.Wire, t.Reply().Code, result(t, err)})
	}
}

// result is how a transfer ended for the client. A final reply of 226 alone does not say
// that the data arrived: the server sends it when its system has taken the data.
func result(t ftpclient.Transfer, err error) string {
	switch {
	case err == nil && t.Aborted:
		return Aborted
	case err == nil && t.Done():
		return Complete
	case err == nil:
		return Failed
	}
	for _, kind := range scenario.Breaks() {
		if breaks[kind](err) {
			return kind
		}
	}
	return Broken
}

// get downloads a file, from an offset if the step has one, and compares the data with
// the server's file.
func get(ctx context.Context, a action) (ftpclient.Reply, error) {
	var first beginning
	d := ftpclient.Download{Verb: "RETR", Argument: a.Path, Offset: max(a.Size, a.session.offset), To: io.MultiWriter(a.script.meter, &first), Begun: a.begun}
	a.session.offset = 0
	t, err := a.session.client.Download(ctx, d)
	*a.broke = t.Broke
	a.script.took(d.Verb, t, err)
	if err != nil || !t.Done() {
		return t.Reply(), err
	}
	source, err := a.openServed(a.server(), t.Path)
	if err != nil {
		return t.Reply(), err
	}
	defer closeIfCloser(source)
	if _, err := source.Seek(d.Offset, io.SeekStart); err != nil {
		return t.Reply(), fmt.Errorf("the server's file cannot be compared: %w", err)
	}
	err = compare(source, t.ASCII, t.Wire)
	if errors.Is(err, errOther) {
		if _, seekErr := source.Seek(d.Offset, io.SeekStart); seekErr == nil {
			err = fmt.Errorf("%w; %s", err, first.difference(source, t.ASCII))
		}
	}
	return t.Reply(), err
}

// openServed opens a file of a server, to compare with it what was downloaded.
func (a action) openServed(of server, name string) (io.ReadSeeker, error) {
	source, err := of.Open(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		name = strings.TrimPrefix(name, "/")
		return nil, fmt.Errorf("%s is not among the server's files, so nothing can be compared with it; a section -- files/%s -- or a setting file makes it (ftplab help scenario)%s",
			name, name, meantFile(a.script.scenario, name))
	case err != nil:
		return nil, fmt.Errorf("the server's file cannot be compared: %w", err)
	}
	return source, nil
}

// A beginning keeps the first bytes that are written to it, to show where a file differs.
type beginning struct{ bytes []byte }

// mostBeginning is how many bytes a beginning keeps.
const mostBeginning = 64 << 10

// Write implements [io.Writer].
func (b *beginning) Write(p []byte) (int, error) {
	b.bytes = append(b.bytes, p[:min(len(p), mostBeginning-len(b.bytes))]...)
	return len(p), nil
}

// difference says where a file first differs from what was received.
func (b *beginning) difference(file io.Reader, ascii bool) string {
	if ascii {
		file = content.ToNVT(file)
	}
	want := make([]byte, len(b.bytes))
	n, _ := io.ReadFull(file, want)
	for i := range n {
		if got := b.bytes[i]; got != want[i] {
			return fmt.Sprintf("the first difference is at byte %d: got %q, want %q", i+1, b.bytes[i:min(i+8, len(b.bytes))], want[i:min(i+8, n)])
		}
	}
	return fmt.Sprintf("the first %d bytes are equal", n)
}

// closeIfCloser closes a file of the server, if it can be closed.
func closeIfCloser(source io.Reader) {
	if c, ok := source.(io.Closer); ok {
		c.Close()
	}
}

// abort begins a download and aborts it after the step's number of bytes.
func abort(ctx context.Context, a action) (ftpclient.Reply, error) {
	d := ftpclient.Download{Verb: "RETR", Argument: a.Path, Offset: a.session.offset, To: a.script.meter, AbortAfter: max(1, a.Size), Telnet: a.Telnet, Begun: a.begun}
	a.session.offset = 0
	t, err := a.session.client.Download(ctx, d)
	a.script.took(d.Verb, t, err)
	return t.Reply(), err
}

// download downloads data without comparing it.
func (a action) download(ctx context.Context, d ftpclient.Download) (ftpclient.Reply, error) {
	d.Offset, d.To, d.Begun = a.session.offset, a.script.meter, a.begun
	a.session.offset = 0
	t, err := a.session.client.Download(ctx, d)
	*a.broke = t.Broke
	a.script.took(d.Verb, t, err)
	return t.Reply(), err
}

// upload sends a file.
func (a action) upload(ctx context.Context, verb, argument string, file scenario.File) (ftpclient.Transfer, error) {
	u := ftpclient.Upload{Verb: verb, Argument: argument, Offset: a.session.offset, From: a.script.meter.reader(ContentOf(file)), Begun: a.begun}
	a.session.offset = 0
	t, err := a.session.client.Upload(ctx, u)
	*a.broke = t.Broke
	a.script.took(verb, t, err)
	return t, err
}

// upload returns a function that sends a local file and compares what the server
// received with it.
func upload(name string) stepFunc {
	return func(ctx context.Context, a action) (ftpclient.Reply, error) {
		file, _ := a.script.scenario.LocalFile(a.Local) // package scenario has checked that it is there
		var before *content.Digest
		if name == "APPE" {
			before = a.stored(a.session.client.Path(a.Path))
		}
		t, err := a.upload(ctx, name, a.Path, file)
		if err != nil || !t.Done() {
			return t.Reply(), err
		}
		if err := compare(ContentOf(file), t.ASCII, t.Wire); err != nil {
			return t.Reply(), err
		}
		return t.Reply(), a.compareStored(file, t, before)
	}
}

// ContentOf returns the content of a scenario's file.
func ContentOf(f scenario.File) io.Reader {
	if f.Literal {
		return bytes.NewReader(f.Content)
	}
	return content.New(f.Seed, f.Size)
}

// compare returns how the bytes on the network differ from their source, or nil. TYPE A
// sends text with network line ends (RFC 959, 3.1.1.1).
func compare(source io.Reader, ascii bool, got content.Digest) error {
	unchanged := content.NewDigester()
	if ascii {
		source = content.ToNVT(io.TeeReader(source, unchanged))
	}
	want, err := content.Sum(source)
	if err != nil {
		return err
	}
	err = same(want, got, "what crossed the network")
	if err != nil && ascii && got == unchanged.Digest() {
		err = fmt.Errorf("%w; the file came unchanged, and this is TYPE A, in which each line ends with CR LF on the network (RFC 959, 3.1.1.1); type i is the one that changes nothing", err)
	}
	return err
}

// server returns the server of the session.
func (a action) server() server {
	if r, ok := a.script.replicas[a.session.with]; ok {
		return r
	}
	return a.script.server
}

// stored returns the digest of a file of the server, which is that of no bytes if the file is not
// there; nil if it cannot be read.
func (a action) stored(path string) *content.Digest {
	file, err := a.server().Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		file, err = strings.NewReader(""), nil
	}
	if err != nil {
		return nil
	}
	defer closeIfCloser(file)
	d, err := content.Sum(file)
	if err != nil {
		return nil
	}
	return &d
}

// compareAppended returns how a file of the server differs from what it had before an APPE, and the
// number of bytes that were added, or nil. A file that cannot be read is not compared.
func (a action) compareAppended(path string, before content.Digest, added int64) error {
	file, err := a.server().Open(path)
	if err != nil {
		return nil
	}
	defer closeIfCloser(file)
	first, err := content.Sum(io.LimitReader(file, before.Size))
	if err != nil {
		return nil
	}
	rest, err := io.Copy(io.Discard, file)
	switch size := first.Size + rest; {
	case err != nil:
		return nil
	case size != before.Size+added:
		return fmt.Errorf("after APPE, %s has %d bytes; it had %d, and %d were to be added: %w", path, size, before.Size, added, wrongSize(size, before.Size+added))
	case first != before:
		return fmt.Errorf("APPE has changed the %d bytes that %s had before: %w", before.Size, path, errOther)
	}
	return nil
}

// compareStored returns how the stored file of an upload differs from its source, or
// nil. TYPE A changes line ends to those of the network and back. Before is the file before an
// APPE; nil if it is not known, or another command uploads.
func (a action) compareStored(file scenario.File, t ftpclient.Transfer, before *content.Digest) error {
	source := ContentOf(file)
	if t.ASCII {
		source = content.FromNVT(content.ToNVT(source))
	}
	want, err := content.Sum(source)
	if err != nil {
		return err
	}
	if before != nil {
		if err := a.compareAppended(t.Path, *before, want.Size); err != nil {
			return err
		}
	}
	got, err := a.server().Received(t.Path, want.Size)
	if err != nil {
		return err
	}
	return same(want, got, "what the server stored")
}

func same(want, got content.Digest, what string) error {
	if got != want && got.Size == want.Size {
		return fmt.Errorf("%s has %d bytes as the file has, but %w: SHA-256 %s, want %s", what, got.Size, errOther, got, want)
	}
	if got != want {
		return fmt.Errorf("%s is %w: got %d bytes, SHA-256 %s; want %d bytes, %s", what, wrongSize(got.Size, want.Size), got.Size, got, want.Size, want)
	}
	return nil
}
