package main

import (
	"embed"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"strings"
)

//go:embed clients
var scripts embed.FS

// script is the text of a script of the folder clients.
func script(name string) string {
	text, err := scripts.ReadFile("clients/" + name)
	if err != nil {
		panic(err) // it is embedded
	}
	return string(text)
}

// A client is a program, and the commands that it is given.
type client struct {
	name     string
	commands []string // of a shell
	files    map[string]string
	steps    string // of the lab's own client, in the place of commands
}

// jlaffaye is the client of a Go library.
var jlaffaye = client{name: "jlaffaye", steps: script("jlaffaye.txt")}

// clients are those that visit a server. What people type differs from server to server.
func clients(server string) []client {
	const url = "ftp://$USER:$PASSWORD@$SERVER"
	all := []client{
		{"curl", []string{
			"curl -sS " + url + "/", "curl -sSl " + url + "/pub/", "curl -sSO " + url + "/README", "curl -sSO " + url + "/pub/picture.bin",
			"curl -sSO -P - " + url + "/pub/picture.bin", "curl -sS --disable-epsv " + url + "/pub/old/", "curl -sS --disable-eprt -P - " + url + "/pub/",
			"curl -sST report.txt " + url + "/up/ --ftp-create-dirs", "curl -sST report.txt --append " + url + "/up/report.txt", "curl -sSI " + url + "/README",
			"curl -sSO -C 20000 " + url + "/pub/picture.bin", "curl -sS " + url + "/nothing", "curl -sS " + url + "/nowhere/", "curl -sSB " + url + "/README",
			"curl -sS --ftp-method nocwd " + url + "/pub/old/notes.txt", "curl -sS --ftp-method singlecwd " + url + "/pub/old/notes.txt", "curl -sSR -O " + url + "/README",
			"curl -sS -z 2020-01-01 " + url + "/README", "curl -sS --ssl " + url + "/README", "curl -sSQ 'MKD neu' -Q 'RMD neu' " + url + "/",
			"curl -sSQ '-DELE up/report.txt' " + url + "/", "curl -sS ftp://$USER:wrong@$SERVER/", "curl -sS " + url + "/README " + url + "/pub/hello.txt " + url + "/pub/",
		}, nil, ""},
		{"lftp", []string{lftp("l1"), lftp("l2"), "lftp -u $USER,wrong -e 'ls; exit' $SERVER", "lftp -u $USER,$PASSWORD -e 'set ftp:passive-mode off; ls; get README; exit' $SERVER"},
			map[string]string{"l1": script("lftp.txt"), "l2": script("lftp_mirror.txt")}, ""},
		{"ncftp", []string{
			"ncftpls ftp://$USER:$PASSWORD@$SERVER/", "ncftpls -l -u $USER -p $PASSWORD ftp://$SERVER/pub/", "ncftpget -u $USER -p $PASSWORD $SERVER . README pub/picture.bin",
			"ncftpget -R -u $USER -p $PASSWORD $SERVER . pub", "ncftpput -u $USER -p $PASSWORD $SERVER . report.txt", "ncftpput -m -u $USER -p $PASSWORD $SERVER neu/tief report.txt second.txt",
			"ncftpget -E -u $USER -p $PASSWORD $SERVER . README", "ncftpget -u $USER -p $PASSWORD $SERVER . nothing", "ncftpput -A -u $USER -p $PASSWORD $SERVER . report.txt",
			"ncftp -u $USER -p $PASSWORD $SERVER <n",
		}, map[string]string{"n": script("ncftp.txt")}, ""},
		{"wget", []string{
			"wget -q " + url + "/README", "wget -q -c " + url + "/pub/picture.bin", "wget -qr -np " + url + "/pub/", "wget -qN " + url + "/README", "wget -q --no-passive-ftp " + url + "/pub/hello.txt",
			"wget -q " + url + "/nothing", "wget -q " + url + "/pub/*.txt", "wget -q --spider " + url + "/README", "wget -q " + url + "/pub/", "wget -q --no-remove-listing " + url + "/",
		}, nil, ""},
		{"python", []string{"python3 tour.py"}, map[string]string{"tour.py": script("tour.py")}, ""},
		{"windows", []string{"python3 windows.py"}, map[string]string{"windows.py": script("windows.py")}, ""},
	}
	for i, program := range []string{"tnftp -n", "inetutils-ftp -n", "tnftp -A -n", "inetutils-ftp -A -n"} {
		c := client{name: fmt.Sprintf("by_hand_%d", i+1), files: map[string]string{}}
		random := rand.New(rand.NewPCG(seedOf(server), uint64(i)))
		for j := range 10 {
			name := fmt.Sprintf("typed%d", j)
			c.commands = append(c.commands, program+" $SERVER <"+name)
			c.files[name] = byHand(random)
		}
		all = append(all, c)
	}
	return all
}

func seedOf(name string) uint64 {
	h := fnv.New64()
	h.Write([]byte(name))
	return h.Sum64()
}

func lftp(name string) string { return "lftp -f " + name }

// things are what a person does with a client of the command line.
var things = strings.Split(strings.TrimSpace(script("by_hand.txt")), "\n")

// byHand is what a person who looks around types in a session.
func byHand(random *rand.Rand) string {
	var b strings.Builder
	b.WriteString("user alice secret\n")
	for range random.IntN(50) {
		b.WriteString(things[random.IntN(len(things))] + "\n")
	}
	return b.String() + "quit\n"
}
