package ftpclient_test

import (
	"bytes"
	"fmt"
	"io"
	"slices"
	"testing"

	"ftplab/lab/testbed/content"
	"ftplab/lab/testbed/ftpclient"
	"ftplab/lab/testbed/ftpserver"
	"ftplab/lab/testbed/network/localhost"
)

var modes = []struct {
	address string
	mode    ftpclient.Mode
}{
	{"127.0.0.1", ftpclient.PORT}, {"127.0.0.1", ftpclient.EPRT}, {"127.0.0.1", ftpclient.PASV}, {"127.0.0.1", ftpclient.EPSV},
	{"::1", ftpclient.EPRT}, {"::1", ftpclient.EPSV},
}

var files = []ftpserver.File{
	{Path: "README", Content: []byte("Welcome.\n")},
	{Path: "pub/large", Size: 3 << 20, Seed: 7},
}

func TestEveryModeListsDownloadsAndUploads(t *testing.T) {
	for _, m := range modes {
		for _, commandFirst := range []bool{false, true} {
			for _, cork := range []bool{false, true} {
				for _, awaitFIN := range []bool{false, true} {
					name := fmt.Sprintf("%s %s commandFirst=%v cork=%v awaitFIN=%v", m.address, m.mode, commandFirst, cork, awaitFIN)
					t.Run(name, func(t *testing.T) {
						server := serve(t, m.address, ftpserver.Config{Files: files, Cork: cork, AwaitFIN: awaitFIN})
						client := login(t, server, ftpclient.Config{CommandFirst: commandFirst, Mode: m.mode})
						command(t, client, "TYPE I", 200)
						listDownloadAndUpload(t, client, server)
					})
				}
			}
		}
	}
}

func TestJlaffayeListsDownloadsAndUploads(t *testing.T) {
	for _, m := range modes {
		if m.mode.Active() {
			continue
		}
		t.Run(m.address+" "+string(m.mode), func(t *testing.T) {
			server := serve(t, m.address, ftpserver.Config{Files: files})
			client, err := ftpclient.DialJlaffaye(soon(t), localhost.New(m.address), ftpclient.Config{Server: server.Addr(), Mode: m.mode})
			if err != nil {
				t.Fatal(err)
			}
			if got := client.Greeting().Code; got != 220 {
				t.Errorf("greeting: got %d, want 220", got)
			}
			if reply, err := client.Login(soon(t), "anonymous", "me@mypc.test"); err != nil || reply.Code != 230 {
				t.Fatalf("login: got %v, %v, want 230, the reply to PASS", reply, err)
			}
			listDownloadAndUpload(t, client, server)
		})
	}
}

func listDownloadAndUpload(t *testing.T, client ftpclient.Client, server *ftpserver.Server) {
	t.Helper()
	list(t, client)
	download(t, client, server)
	upload(t, client, server)
	quit(t, client)
	if err := server.Wait(soon(t)); err != nil {
		t.Error(err)
	}
}

func list(t *testing.T, client ftpclient.Client) {
	t.Helper()
	var got bytes.Buffer
	transfer, err := client.Download(soon(t), ftpclient.Download{Verb: "LIST", To: &got})
	if err != nil || !transfer.Done() {
		t.Fatalf("LIST: got %v, %v", transfer.Replies, err)
	}
	if code := transfer.Replies[0].Code; code != 200 && code != 227 && code != 229 {
		t.Errorf("LIST: the first reply is %d, want that to PORT, EPRT, PASV or EPSV", code)
	}
	if got, want := codes(transfer.Replies)[1:], []int{150, 226}; !slices.Equal(got, want) {
		t.Errorf("LIST: got replies %v after the first, want %v", got, want)
	}
	want := "-rw-r--r-- 1 ftp ftp            9 Oct  1  1985 README\r\n" +
		"drwxr-xr-x 1 ftp ftp         4096 Oct  1  1985 pub\r\n"
	if _, ok := client.(*ftpclient.Jlaffaye); ok { // it prefers MLSD
		want = "Type=file;Size=9;Modify=19851001000000; README\r\n" +
			"Type=dir;Size=4096;Modify=19851001000000; pub\r\n"
	}
	if got.String() != want {
		t.Errorf("LIST: got\n%s\nwant\n%s", got.String(), want)
	}
	if transfer.Wire.Size != int64(len(want)) {
		t.Errorf("LIST: counted %d bytes, want %d", transfer.Wire.Size, len(want))
	}
}

func download(t *testing.T, client ftpclient.Client, server *ftpserver.Server) {
	t.Helper()
	transfer, err := client.Download(soon(t), ftpclient.Download{Verb: "RETR", Argument: "pub/large"})
	if err != nil || !transfer.Done() {
		t.Fatalf("RETR: got %v, %v", transfer.Replies, err)
	}
	file, err := server.Open(transfer.Path)
	if err != nil {
		t.Fatal(err)
	}
	want, _ := content.Sum(file)
	if transfer.Wire != want || want.Size != 3<<20 {
		t.Errorf("RETR: got %d bytes, SHA-256 %s; want %d bytes, %s", transfer.Wire.Size, transfer.Wire, want.Size, want)
	}
}

func upload(t *testing.T, client ftpclient.Client, server *ftpserver.Server) {
	t.Helper()
	transfer, err := client.Upload(soon(t), ftpclient.Upload{Verb: "STOR", Argument: "new", From: content.New(8, 1<<20)})
	if err != nil || !transfer.Done() {
		t.Fatalf("STOR: got %v, %v", transfer.Replies, err)
	}
	uploads := server.Uploads()
	if len(uploads) != 1 || uploads[0].Path != "/new" || uploads[0].Content != transfer.Wire || uploads[0].Err != nil {
		t.Errorf("STOR: got %+v, want /new of %s", uploads, transfer.Wire)
	}
	if got, want := read(t, server, "/new"), generated(8, 1<<20); !bytes.Equal(got, want) {
		t.Errorf("STOR: the server's file differs from the client's")
	}
}

// read returns the content of a file of the server.
func read(t testing.TB, server *ftpserver.Server, name string) []byte {
	t.Helper()
	file, err := server.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(file)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func generated(seed uint64, size int64) []byte {
	data, _ := io.ReadAll(content.New(seed, size))
	return data
}
