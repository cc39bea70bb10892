package runner

import (
	"context"
	"errors"
	"io"
	"net/netip"

	"ftplab/lab/testbed/content"
	"ftplab/lab/testbed/ftpserver"
)

// A server answers the clients: the lab's own, or a program.
type server interface {
	// Addr is the address of its control port.
	Addr() netip.AddrPort

	// Open opens a file as the server has it now.
	Open(path string) (io.ReadSeeker, error)

	// Received is the digest of what the last upload to a file brought,
	// which was so many bytes.
	Received(path string, size int64) (content.Digest, error)

	// Wait waits until no client is connected, and Close ends the server.
	// The error of either is that of ctx.
	Wait(ctx context.Context) error
	Close(ctx context.Context) error
}

// embedded is the lab's own server.
type embedded struct{ *ftpserver.Server }

// Received implements server.
func (e embedded) Received(path string, _ int64) (content.Digest, error) {
	uploads := e.Uploads()
	for i := len(uploads) - 1; i >= 0; i-- {
		if uploads[i].Path == path {
			return uploads[i].Content, nil
		}
	}
	return content.Digest{}, errors.New("the server says that the upload is complete, but has no file of it")
}

// startServer starts the scenario's server on its host.
func (st *stage) startServer(ctx context.Context, files string) (err error) {
	host := st.network.Host("server")
	if len(st.scenario.Server.Program) > 0 {
		st.server, err = startProgram(ctx, host, st.scenario, files)
		return err
	}
	own, err := ftpserver.Start(host, ServerConfig(st.scenario))
	st.server = embedded{own}
	return err
}
