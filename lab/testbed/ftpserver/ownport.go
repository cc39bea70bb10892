package ftpserver

import (
	"context"
	"fmt"

	"ftplab/lab/testbed/network"
)

// listenAt listens at a port that the rule names, for one connection of any host. No
// command of FTP announced it, so a rule can do this before the login.
func (r *ruleRun) listenAt(port uint16) error {
	if r.own != nil {
		r.own.Close()
		r.own = nil
	}
	listener, err := r.session.server.host.ListenTCP(port)
	if err == nil {
		r.own = listener
	}
	return err
}

// acceptOwn waits for the connection to the port of listenAt, and listens no more.
func (r *ruleRun) acceptOwn() (*dataConn, error) {
	ctx, stop := network.WithTimeout(r.life, r.session.server.host.Clock(), dataTimeout)
	defer stop()
	listener := r.own
	r.own = nil
	defer listener.Close()
	defer context.AfterFunc(ctx, func() { listener.Close() })()
	conn, err := listener.Accept()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errNoConnection, err)
	}
	return newDataConn(r.session, conn)
}
