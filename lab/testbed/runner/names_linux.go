package runner

import (
	"context"
	"net/netip"

	"ftplab/lab/testbed/nameserver"
	"ftplab/lab/testbed/network"
)

// startNameserver starts the scenario's name server, if it has names.
func (st *stage) startNameserver() (err error) {
	if len(st.scenario.Names) == 0 {
		return nil
	}
	if st.names, err = st.network.Host("nameserver").ListenUDP(nameserver.Port); err != nil {
		return err
	}
	return nameserver.Serve(st.names, st.scenario.Names)
}

// lookUp asks the scenario's name server for a name.
func (st *stage) lookUp(ctx context.Context, client network.Host, name string) (netip.Addr, error) {
	conn, err := client.ListenUDP(client.NextPort())
	if err != nil {
		return netip.Addr{}, err
	}
	defer conn.Close()
	st.lookups++
	server := netip.AddrPortFrom(st.network.Host("nameserver").Addr(), nameserver.Port)
	return nameserver.LookUp(ctx, conn, server, name, st.lookups)
}
