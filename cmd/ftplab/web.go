package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"

	"github.com/spf13/cobra"

	"ftplab/lab/web"
)

func webCommand() *cobra.Command {
	var folder string
	var open bool
	c := &cobra.Command{
		Use:   "web",
		Short: "Write the lab as a web page: the course, and any capture explained",
		Long: `Web writes a folder of static files: the lab for a browser. It has the course with
an editor, and explains any capture that is dropped on it. All of that happens in
the browser, with the lab's own server and client; the page sends nothing anywhere.

Any web server can serve the folder, under any path. It is built with Go from the
source of ftplab, so run this in the folder of its module.`,
		Example: `  ftplab web -o site
  ftplab web --open`,
		Args: takesNothing,
		RunE: func(c *cobra.Command, _ []string) error {
			ctx, stop := interruptible(c)
			defer stop()
			if !open {
				if err := web.Write(ctx, folder); err != nil {
					return err
				}
				err := printLine(c.OutOrStdout(), "%s is written. Next: put it on a web server, or look at it with ftplab web --open", folder)
				return err
			}
			if !c.Flags().Changed("output") {
				var err error
				if folder, err = os.MkdirTemp("", "ftplab-web-"); err != nil {
					return err
				}
				defer os.RemoveAll(folder)
			}
			return serveWeb(ctx, c, folder)
		},
	}
	folderFlag(c.Flags(), &folder, "output", "o", "site", "the folder to write")
	c.Flags().BoolVar(&open, "open", false, "serve it to this machine, until Ctrl-C, and open it in the browser")
	return c
}

// serveWeb writes the site and serves it on loopback.
func serveWeb(ctx context.Context, c *cobra.Command, folder string) error {
	if err := web.Write(ctx, folder); err != nil {
		return err
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.FileServer(http.Dir(folder))}
	stop := context.AfterFunc(ctx, func() { server.Close() })
	defer stop()
	address := fmt.Sprintf("http://%s/", listener.Addr())
	fmt.Fprintln(c.OutOrStdout(), address)
	if err := browse(address); err != nil {
		printError(c.ErrOrStderr(), err)
	}
	if err := server.Serve(listener); err != http.ErrServerClosed {
		return err
	}
	return nil
}
