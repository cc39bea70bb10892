package ftpclient_test

import (
	"bytes"
	"context"
	"io"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ftplab/lab/content"
	"ftplab/lab/ftpclient"
	"ftplab/lab/ftpserver"
	"ftplab/lab/network/localhost"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs a server for one test.
func serve(t testing.TB, address string, config ftpserver.Config) *ftpserver.Server {
	t.Helper()
	host := localhost.New(address)
	config.Port = host.ControlPort()
	server, err := ftpserver.Start(host, config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := server.Close(ctx); err != nil {
			t.Error(err)
		}
	})
	return server
}

// soon is a context that ends before a test that hangs is a nuisance.
func soon(t testing.TB) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// login opens a session and logs in.
func login(t testing.TB, server *ftpserver.Server, config ftpclient.Config) *ftpclient.Scripted {
	t.Helper()
	config.Server = server.Addr()
	client, err := ftpclient.Dial(soon(t), localhost.New(server.Addr().Addr().String()), config)
	if err != nil {
		t.Fatal(err)
	}
	if reply, err := client.Login(soon(t), "anonymous", "me@mypc.test"); err != nil || reply.Code != 230 {
		t.Fatalf("login: got %v, %v, want 230", reply, err)
	}
	return client
}

// command sends a command and wants a reply with that code.
func command(t testing.TB, client ftpclient.Client, line string, want int) ftpclient.Reply {
	t.Helper()
	verb, argument, _ := strings.Cut(line, " ")
	reply, err := client.Command(soon(t), verb, argument)
	if err != nil || reply.Code != want {
		t.Errorf("%s: got %v, %v, want %d", line, reply, err, want)
	}
	return reply
}

func quit(t testing.TB, client ftpclient.Client) {
	t.Helper()
	if reply, err := client.Quit(soon(t)); err != nil || reply.Code != 221 {
		t.Errorf("QUIT: got %v, %v, want 221", reply, err)
	}
}

func codes(replies []ftpclient.Reply) (codes []int) {
	for _, r := range replies {
		codes = append(codes, r.Code)
	}
	return codes
}

var modes = []struct {
	address string
	mode    ftpclient.Mode
}{
	{"127.0.0.1", ftpclient.PORT}, {"127.0.0.1", ftpclient.EPRT}, {"127.0.0.1", ftpclient.PASV}, {"127.0.0.1", ftpclient.EPSV},
	{"::1", ftpclient.EPRT}, {"::1", ftpclient.EPSV},
}

func TestEveryModeListsDownloadsAndUploads(t *testing.T) {
	for _, m := range modes {
		for _, commandFirst := range []bool{false, true} {
			t.Run(m.address+" "+string(m.mode), func(t *testing.T) {
				server := serve(t, m.address, ftpserver.Config{Files: []ftpserver.File{
					{Path: "README", Content: []byte("Welcome.\n")},
					{Path: "pub/large", Size: 3 << 20, Seed: 7},
				}})
				client := login(t, server, ftpclient.Config{CommandFirst: commandFirst})
				if err := client.SetMode(m.mode, 0); err != nil {
					t.Fatal(err)
				}
				command(t, client, "TYPE I", 200)
				list(t, client, m.mode)
				download(t, client, server)
				upload(t, client, server)
				quit(t, client)
				if err := server.Wait(soon(t)); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func list(t *testing.T, client ftpclient.Client, mode ftpclient.Mode) {
	t.Helper()
	var got bytes.Buffer
	transfer, err := client.Download(soon(t), ftpclient.Download{Verb: "LIST", To: &got})
	if err != nil || !transfer.Done() {
		t.Fatalf("LIST: got %v, %v", transfer.Replies, err)
	}
	want := "-rw-r--r-- 1 ftp ftp            9 Oct  1  1985 README\r\n" +
		"drwxr-xr-x 1 ftp ftp         4096 Oct  1  1985 pub\r\n"
	if got.String() != want {
		t.Errorf("LIST: got\n%s\nwant\n%s", got.String(), want)
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
	file, err := server.Open("/new")
	if err != nil {
		t.Fatal(err)
	}
	got, _ := io.ReadAll(file)
	if want, _ := io.ReadAll(content.New(8, 1<<20)); !bytes.Equal(got, want) {
		t.Errorf("STOR: the server's file differs from the client's")
	}
}
