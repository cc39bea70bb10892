package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"ftplab/lab"
	"ftplab/lab/scenario"
	"ftplab/lab/testbed/byhand"
)

// serveFlags are the flags of `ftplab serve`.
type serveFlags struct {
	listen string
	port   uint16
	check  bool
}

func serveCommand() *cobra.Command {
	var f serveFlags
	c := &cobra.Command{
		Use:   "serve NAME | FILE",
		Short: "Run a scenario's server for your own clients",
		Long: `Serve runs the server of a scenario, with its files, users and wording, until you
stop it with Ctrl-C or SIGTERM. Only this machine can connect to it, unless
--listen names another address of this machine. The command capture can record it. The
scenario's network, with its distances and losses, is not used, and a note names the
settings without effect. If the server is a program and ends by itself, serve says how,
and its exit status is 1.`,
		Example: `  ftplab serve --port 2121 passive_list
  ftplab serve --listen 198.51.100.21 my_scenario.txtar`,
		Args:              takesScenario,
		ValidArgsFunction: completeScenarios,
		RunE: func(c *cobra.Command, args []string) error {
			s, err := selectScenario(args[0])
			if err != nil {
				return err
			}
			addr, err := netip.ParseAddr(f.listen)
			if err != nil {
				return fmt.Errorf("--listen %s: an address of this machine was expected, such as 127.0.0.1", f.listen)
			}
			if f.check {
				return check(c.Context(), s, addr, f.port)
			}
			ctx, stop := interruptible(c)
			defer stop()
			err = lab.Serve(ctx, s, addr, f.port, func(at netip.AddrPort) {
				fmt.Fprintf(c.OutOrStdout(), "serving %s at %v\n", s.Name, at)
				if unused := s.NetworkSettings(); len(unused) > 0 {
					printLine(c.ErrOrStderr(), "note: serve uses this machine's network, so these settings of the scenario have no effect: %s", strings.Join(unused, ", "))
				}
			})
			if _, ended := errors.AsType[lab.ServerEnded](err); ended {
				printError(c.ErrOrStderr(), err)
				return errFailed
			}
			return err
		},
	}
	c.Flags().StringVar(&f.listen, "listen", "127.0.0.1", "the address to serve on")
	c.Flags().Var((*portValue)(&f.port), "port", "the control `port`, from 1 to 65535, instead of the scenario's; active data connections come from the port one lower")
	c.Flags().BoolVar(&f.check, "check", false, "only check whether such a server, already running, is ready")
	return c
}

// check fails unless the server is ready for clients.
func check(ctx context.Context, s *scenario.Scenario, addr netip.Addr, port uint16) error {
	const timeout = 5 * time.Second
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if port == 0 {
		port = s.Server.Port
	}
	return byhand.Greet(ctx, netip.AddrPortFrom(addr, port))
}
