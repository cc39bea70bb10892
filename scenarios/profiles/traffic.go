package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"ftplab/lab/analysis/baseline/profile"
)

// programServers are the real servers, by the name of their scenarios.
var programServers = []string{"vsftpd", "proftpd", "pureftpd", "inetutils", "pyftpdlib"}

// A programClient is a real client.
type programClient struct {
	name string
	from []string // the scenarios that it is learned from, without the name of their server
}

// programClients are the real clients.
var programClients = []programClient{
	{"curl", []string{"curl"}},
	{"lftp", []string{"lftp"}},
	{"ncftp", []string{"ncftp"}},
	{"wget", []string{"wget"}},
	{"python", []string{"python"}},
	{"tnftp", []string{"by_hand_1", "by_hand_3"}},
	{"inetutils", []string{"by_hand_2", "by_hand_4"}},
	{"jlaffaye", []string{jlaffaye.name}},
}

// isTraffic reports whether a profile for the generator is learned from a scenario.
func isTraffic(scenario string) bool {
	server, client, _ := strings.Cut(scenario, "_")
	return slices.Contains(programServers, server) && slices.ContainsFunc(programClients, func(c programClient) bool { return slices.Contains(c.from, client) })
}

// working are sessions an hour in working hours. A script that runs at once cannot show them.
var working = [24]int64{2, 1, 1, 1, 1, 2, 5, 14, 38, 55, 60, 52, 34, 46, 58, 56, 48, 32, 18, 12, 9, 7, 5, 3}

// writeTraffic writes a profile for each server with each client: what the generator draws
// from, and nothing else.
func writeTraffic(folder string, learned map[string]*profile.Profile) error {
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return err
	}
	for _, server := range programServers {
		for _, client := range programClients {
			all := profile.New()
			for _, name := range client.from {
				all.Merge(learned[server+"_"+name])
			}
			p := &profile.Profile{Format: all.Format, Version: all.Version, Sources: all.Sources, Traffic: all.Traffic}
			p.Traffic.Hours = working
			p.Source = fmt.Sprintf("%s as the client of %s, in %d sessions of a script, on Linux's TCP and a path of 4 ms. "+
				"Learned: the commands and their order, the codes of the replies, times, sizes, TCP. Assumed: working hours. "+
				"Not in it: arguments, the format of listings, who closes first, and how replies are divided into segments.",
				client.name, server, p.Traffic.Sessions()+p.Traffic.Unread)
			if err := writePacked(filepath.Join(folder, server+"-"+client.name+".json.gz"), p); err != nil {
				return err
			}
		}
	}
	return nil
}

// writePacked writes a profile that is compressed.
func writePacked(name string, p *profile.Profile) error {
	var packed bytes.Buffer
	z, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return err
	}
	if err := errors.Join(p.Write(z), z.Close()); err != nil {
		return err
	}
	return os.WriteFile(name, packed.Bytes(), 0o644)
}
