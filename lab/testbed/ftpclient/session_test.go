package ftpclient_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ftplab/lab/testbed/ftpclient"
	"ftplab/lab/testbed/ftpserver"
	"ftplab/lab/testbed/network/localhost"
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
		if err := server.Close(soon(t)); err != nil {
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
