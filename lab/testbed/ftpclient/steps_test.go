package ftpclient_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"ftplab/lab/testbed/content"
	"ftplab/lab/testbed/ftpclient"
	"ftplab/lab/testbed/ftpserver"
	"ftplab/lab/testbed/network/localhost"
)

// clients runs a test with both clients, in passive mode, logged in.
func clients(t *testing.T, config ftpserver.Config, test func(*testing.T, ftpclient.Client, *ftpserver.Server)) {
	t.Run("scripted", func(t *testing.T) {
		server := serve(t, "127.0.0.1", config)
		client := login(t, server, ftpclient.Config{})
		command(t, client, "TYPE I", 200)
		test(t, client, server)
		quit(t, client)
	})
	t.Run("jlaffaye", func(t *testing.T) {
		server := serve(t, "127.0.0.1", config)
		client, err := ftpclient.DialJlaffaye(soon(t), localhost.New("127.0.0.1"), ftpclient.Config{Server: server.Addr()})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.Login(soon(t), "anonymous", "me@mypc.test"); err != nil {
			t.Fatal(err)
		}
		test(t, client, server)
		quit(t, client)
	})
}

// get downloads a file and wants the replies of the transfer to end with
// those codes.
func get(t testing.TB, client ftpclient.Client, d ftpclient.Download, want ...int) (string, ftpclient.Transfer) {
	t.Helper()
	var got bytes.Buffer
	d.To = &got
	transfer, err := client.Download(soon(t), d)
	if err != nil {
		t.Errorf("%s %s: %v", d.Verb, d.Argument, err)
	}
	wantEnd(t, d.Verb+" "+d.Argument, transfer, want)
	return got.String(), transfer
}

func put(t testing.TB, client ftpclient.Client, u ftpclient.Upload, want ...int) ftpclient.Transfer {
	t.Helper()
	transfer, err := client.Upload(soon(t), u)
	if err != nil {
		t.Errorf("%s %s: %v", u.Verb, u.Argument, err)
	}
	wantEnd(t, u.Verb+" "+u.Argument, transfer, want)
	return transfer
}

func wantEnd(t testing.TB, command string, transfer ftpclient.Transfer, want []int) {
	t.Helper()
	got := codes(transfer.Replies)
	if len(got) < len(want) || !slices.Equal(got[len(got)-len(want):], want) {
		t.Errorf("%s: got replies %v, want them to end with %v", command, got, want)
	}
}

func TestTourOfDirectories(t *testing.T) {
	config := ftpserver.Config{Files: files, Dirs: []string{"empty"}}
	clients(t, config, func(t *testing.T, client ftpclient.Client, server *ftpserver.Server) {
		command(t, client, "CWD pub", 250)
		if got, want := command(t, client, "PWD", 257).Text, `"/pub" is the current directory`; got != want {
			t.Errorf("PWD: got %q, want %q", got, want)
		}
		if got, want := command(t, client, "SIZE large", 213).Text, "3145728"; got != want {
			t.Errorf("SIZE: got %q, want %q", got, want)
		}
		if got, want := command(t, client, "MDTM large", 213).Text, "19851001000000"; got != want {
			t.Errorf("MDTM: got %q, want %q", got, want)
		}
		if _, transfer := get(t, client, ftpclient.Download{Verb: "RETR", Argument: "large"}, 150, 226); transfer.Path != "/pub/large" {
			t.Errorf("RETR large: got path %s, want /pub/large", transfer.Path)
		}
		command(t, client, "CDUP", 250)
		if _, transfer := get(t, client, ftpclient.Download{Verb: "RETR", Argument: "README"}, 150, 226); transfer.Path != "/README" {
			t.Errorf("RETR README: got path %s, want /README", transfer.Path)
		}
		command(t, client, "MKD new", 257)
		command(t, client, "MKD new", 550)
		command(t, client, "MKD none/new", 550)
		command(t, client, "RMD pub", 550)
		command(t, client, "RMD README", 550)
		command(t, client, "DELE new", 550)
		command(t, client, "RMD new", 250)
		for _, rename := range []struct {
			from, to string
			want     int
		}{{"pub", "public", 250}, {"pub", "x", 550}, {"README", "none/README", 550}, {"README", "public/READ ME", 250}} {
			if reply, err := client.Rename(soon(t), rename.from, rename.to); err != nil || reply.Code != rename.want {
				t.Errorf("rename %s to %s: got %v, %v, want %d", rename.from, rename.to, reply, err, rename.want)
			}
		}
		if got, _ := get(t, client, ftpclient.Download{Verb: "RETR", Argument: "public/READ ME"}, 150, 226); got != "Welcome.\n" {
			t.Errorf("after renaming: got %q, want %q", got, "Welcome.\n")
		}
		if got, want := len(read(t, server, "public/large")), 3<<20; got != want {
			t.Errorf("a generated file in a renamed directory has %d bytes, want %d", got, want)
		}
		command(t, client, "DELE public/READ ME", 250)
		command(t, client, "DELE public/READ ME", 550)
		command(t, client, "MLST public", 250)
		command(t, client, "NOOP", 200)
		names, _ := get(t, client, ftpclient.Download{Verb: "NLST"}, 150, 226)
		if want := "empty\r\npublic\r\n"; names != want {
			t.Errorf("NLST: got %q, want %q", names, want)
		}
		if got, _ := get(t, client, ftpclient.Download{Verb: "MLSD", Argument: "empty"}, 150, 226); got != "" {
			t.Errorf("MLSD of an empty directory: got %q", got)
		}
	})
}

func TestNamesWithSpacesAndUTF8(t *testing.T) {
	config := ftpserver.Config{Files: []ftpserver.File{{Path: "über uns/日本.txt", Content: []byte("こんにちは")}}}
	clients(t, config, func(t *testing.T, client ftpclient.Client, server *ftpserver.Server) {
		command(t, client, "CWD über uns", 250)
		if got, _ := get(t, client, ftpclient.Download{Verb: "RETR", Argument: "日本.txt"}, 150, 226); got != "こんにちは" {
			t.Errorf("got %q", got)
		}
		if got, _ := get(t, client, ftpclient.Download{Verb: "NLST"}, 150, 226); got != "日本.txt\r\n" {
			t.Errorf("NLST: got %q", got)
		}
	})
}

func TestResumeAndAppend(t *testing.T) {
	config := ftpserver.Config{Files: []ftpserver.File{{Path: "large", Size: 100_000, Seed: 7}, {Path: "log", Content: []byte("one\n")}}}
	clients(t, config, func(t *testing.T, client ftpclient.Client, server *ftpserver.Server) {
		got, _ := get(t, client, ftpclient.Download{Verb: "RETR", Argument: "large", Offset: 33_333}, 350, 150, 226)
		if want := generated(7, 100_000)[33_333:]; got != string(want) {
			t.Errorf("resumed: got %d bytes, want the last %d", len(got), len(want))
		}
		put(t, client, ftpclient.Upload{Verb: "APPE", Argument: "log", From: strings.NewReader("two\n")}, 150, 226)
		put(t, client, ftpclient.Upload{Verb: "APPE", Argument: "new", From: strings.NewReader("three\n")}, 150, 226)
		put(t, client, ftpclient.Upload{Verb: "STOR", Argument: "log", Offset: 4, From: strings.NewReader("2")}, 350, 150, 226)
		if got, want := string(read(t, server, "log")), "one\n2wo\n"; got != want {
			t.Errorf("log: got %q, want %q", got, want)
		}
		if got, want := string(read(t, server, "new")), "three\n"; got != want {
			t.Errorf("new: got %q, want %q", got, want)
		}
		uploads := server.Uploads()
		if len(uploads) != 3 || uploads[0].Offset != 4 || uploads[1].Offset != 0 || uploads[2].Offset != 4 {
			t.Errorf("uploads: got %+v", uploads)
		}
		put(t, client, ftpclient.Upload{Verb: "STOR", Argument: "empty", From: strings.NewReader("")}, 150, 226)
		if got, _ := get(t, client, ftpclient.Download{Verb: "RETR", Argument: "empty"}, 150, 226); got != "" {
			t.Errorf("an empty file brought %q", got)
		}
	})
}

// What TYPE A does to a file is said by package content and done by the
// library: they must agree, for any bytes at all.
func TestTypeADoesWhatContentSays(t *testing.T) {
	server := serve(t, "127.0.0.1", ftpserver.Config{})
	client := login(t, server, ftpclient.Config{})
	rapid.Check(t, func(rt *rapid.T) {
		file := rapid.OneOf(
			rapid.StringOf(rapid.SampledFrom([]rune{'\r', '\n', 'a'})),
			rapid.Map(rapid.IntRange(4080, 4100), func(n int) string { return strings.Repeat("b", n) + "\r\n\rc\n" }),
		).Draw(rt, "file")
		command(t, client, "TYPE I", 200)
		put(t, client, ftpclient.Upload{Verb: "STOR", Argument: "text", From: strings.NewReader(file)}, 226)

		command(t, client, "TYPE A", 200)
		got, transfer := get(t, client, ftpclient.Download{Verb: "RETR", Argument: "text"}, 226)
		want, _ := io.ReadAll(content.ToNVT(strings.NewReader(file)))
		if got != string(want) || !transfer.ASCII {
			rt.Errorf("download of %q: got %q, want %q", file, got, want)
		}
		sum, _ := content.Sum(bytes.NewReader(want))
		if up := put(t, client, ftpclient.Upload{Verb: "STOR", Argument: "back", From: strings.NewReader(file)}, 226); up.Wire != sum {
			rt.Errorf("upload of %q: what crossed the network is not %q", file, want)
		}
		want, _ = io.ReadAll(content.FromNVT(bytes.NewReader(want)))
		if got := read(t, server, "back"); string(got) != string(want) {
			rt.Errorf("upload of %q: got %q, want %q", file, got, want)
		}
	})
	quit(t, client)
}

func TestRefusedTransferLeavesNothingOpen(t *testing.T) {
	for _, m := range modes {
		t.Run(m.address+" "+string(m.mode), func(t *testing.T) {
			for _, commandFirst := range []bool{false, true} {
				server := serve(t, m.address, ftpserver.Config{Files: files, ReadOnly: true})
				client := login(t, server, ftpclient.Config{Mode: m.mode, CommandFirst: commandFirst})
				get(t, client, ftpclient.Download{Verb: "RETR", Argument: "none"}, 550)
				get(t, client, ftpclient.Download{Verb: "RETR", Argument: "pub"}, 550)
				get(t, client, ftpclient.Download{Verb: "LIST", Argument: "none"}, 450)
				put(t, client, ftpclient.Upload{Verb: "STOR", Argument: "new", From: strings.NewReader("x")}, 550)
				put(t, client, ftpclient.Upload{Verb: "APPE", Argument: "README", From: strings.NewReader("x")}, 550)
				if got, _ := get(t, client, ftpclient.Download{Verb: "RETR", Argument: "README"}, 150, 226); got != "Welcome.\r\n" {
					t.Errorf("after refusals: got %q", got)
				}
				quit(t, client)
				if err := server.Wait(soon(t)); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

func TestAbort(t *testing.T) {
	for _, m := range modes {
		t.Run(m.address+" "+string(m.mode), func(t *testing.T) {
			server := serve(t, m.address, ftpserver.Config{Files: []ftpserver.File{{Path: "huge", Size: 1 << 40}}})
			client := login(t, server, ftpclient.Config{Mode: m.mode})
			command(t, client, "TYPE I", 200)
			transfer, err := client.Download(soon(t), ftpclient.Download{Verb: "RETR", Argument: "huge", AbortAfter: 100_000})
			if err != nil {
				t.Fatal(err)
			}
			wantEnd(t, "ABOR", transfer, []int{150, 426, 226})
			if transfer.Wire.Size < 100_000 {
				t.Errorf("got %d bytes, want 100000 at least", transfer.Wire.Size)
			}
			command(t, client, "NOOP", 200)
			quit(t, client)
		})
	}
}

func TestCommandsOfTheScriptedClient(t *testing.T) {
	server := serve(t, "127.0.0.1", ftpserver.Config{})
	client := login(t, server, ftpclient.Config{})
	command(t, client, "AUTH TLS", 550)
	command(t, client, "SYST", 215)
	if got := command(t, client, "FEAT", 211).Text; !strings.Contains(got, "\n MLST\n") {
		t.Errorf("FEAT: got %q, want MLST on a line of its own", got)
	}
	command(t, client, "OPTS UTF8 ON", 200)
	command(t, client, "PBSZ 0", 502)
	command(t, client, "PROT P", 502)
	command(t, client, "XYZZY", 500)
	command(t, client, "SITE CHMOD", 500)
	if _, err := client.Command(soon(t), "NOOP", "a\r\nQUIT"); err == nil {
		t.Error("a command of two lines is sent")
	}
	quit(t, client)
}

func TestPortsAreTheOnesThatWereAskedFor(t *testing.T) {
	server := serve(t, "127.0.0.1", ftpserver.Config{Files: files})
	host := localhost.New("127.0.0.1")
	control, data := host.ControlPort(), host.ControlPort()
	client := login(t, server, ftpclient.Config{Port: control})
	if err := client.SetMode(ftpclient.PORT, data); err != nil {
		t.Fatal(err)
	}
	for i := range uint16(2) {
		_, transfer := get(t, client, ftpclient.Download{Verb: "LIST"}, 200, 150, 226)
		if got, want := transfer.Client.Port(), data+i; got != want {
			t.Errorf("data connection %d: got the client's port %d, want %d", i, got, want)
		}
		if got, want := transfer.Server.Port(), server.Addr().Port()-1; got != want {
			t.Errorf("data connection %d: got the server's port %d, want %d", i, got, want)
		}
	}
	quit(t, client)
}

func TestModesThatCannotBe(t *testing.T) {
	server := serve(t, "::1", ftpserver.Config{})
	client := login(t, server, ftpclient.Config{})
	for _, mode := range []ftpclient.Mode{ftpclient.PORT, ftpclient.PASV, "LPSV"} {
		if err := client.SetMode(mode, 0); err == nil {
			t.Errorf("%s on IPv6 is accepted", mode)
		}
	}
	command(t, client, "PASV", 502)
	quit(t, client)
	for _, mode := range []ftpclient.Mode{ftpclient.PORT, ftpclient.EPRT} {
		_, err := ftpclient.DialJlaffaye(soon(t), localhost.New("127.0.0.1"), ftpclient.Config{Server: server.Addr(), Mode: mode})
		if err == nil {
			t.Errorf("jlaffaye in mode %s is accepted", mode)
		}
	}
}

func TestErrorsSayWhoWaitedForWhat(t *testing.T) {
	listener, err := localhost.New("127.0.0.1").ListenTCP(0)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	go func() { // a server that greets and then says nothing
		conn, err := listener.Accept()
		if err == nil {
			defer conn.Close()
			io.WriteString(conn, "220 Hello.\r\n")
			io.Copy(io.Discard, conn)
		}
	}()
	client, err := ftpclient.Dial(soon(t), localhost.New("127.0.0.1"), ftpclient.Config{Server: listener.Addr().(*net.TCPAddr).AddrPort()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Millisecond)
	defer cancel()
	_, err = client.Command(ctx, "SYST", "")
	if err == nil || !strings.HasPrefix(err.Error(), "SYST: waited ") || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want SYST: waited ... for the reply: context deadline exceeded", err)
	}
	if err := client.Close(soon(t)); err != nil {
		t.Error(err)
	}
}

func TestQuitAtOnce(t *testing.T) {
	clients(t, ftpserver.Config{}, func(t *testing.T, _ ftpclient.Client, server *ftpserver.Server) {
		hasty := login(t, server, ftpclient.Config{})
		if err := hasty.QuitAtOnce(soon(t)); err != nil {
			t.Error(err)
		}
		jlaffaye, err := ftpclient.DialJlaffaye(soon(t), localhost.New("127.0.0.1"), ftpclient.Config{Server: server.Addr()})
		if err != nil {
			t.Fatal(err)
		}
		if err := jlaffaye.QuitAtOnce(soon(t)); err != nil {
			t.Error(err)
		}
		for _, client := range []ftpclient.Client{hasty, jlaffaye} {
			if err := client.Close(soon(t)); err != nil {
				t.Errorf("Close after QuitAtOnce: %v", err)
			}
		}
	})
}

func TestCloseWithoutQuit(t *testing.T) {
	server := serve(t, "127.0.0.1", ftpserver.Config{})
	scripted := login(t, server, ftpclient.Config{})
	jlaffaye, err := ftpclient.DialJlaffaye(soon(t), localhost.New("127.0.0.1"), ftpclient.Config{Server: server.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	for _, client := range []ftpclient.Client{scripted, jlaffaye} {
		if err := client.Close(soon(t)); err != nil {
			t.Error(err)
		}
	}
	if err := server.Wait(soon(t)); err != nil {
		t.Error(err)
	}
}

func TestIdleTimeout(t *testing.T) {
	server := serve(t, "127.0.0.1", ftpserver.Config{Idle: 20 * time.Millisecond})
	client, err := ftpclient.Dial(soon(t), localhost.New("127.0.0.1"), ftpclient.Config{Server: server.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	if reply, err := client.Await(soon(t)); err != nil || reply.Code != 421 {
		t.Errorf("got %v, %v, want 421", reply, err)
	}
	if err := client.Close(soon(t)); err != nil {
		t.Error(err)
	}
	if err := server.Wait(soon(t)); err != nil {
		t.Error(err)
	}
}

func TestRefusedLogin(t *testing.T) {
	server := serve(t, "127.0.0.1", ftpserver.Config{})
	scripted, err := ftpclient.Dial(soon(t), localhost.New("127.0.0.1"), ftpclient.Config{Server: server.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	jlaffaye, err := ftpclient.DialJlaffaye(soon(t), localhost.New("127.0.0.1"), ftpclient.Config{Server: server.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	for _, client := range []ftpclient.Client{scripted, jlaffaye} {
		if reply, err := client.Login(soon(t), "root", "root"); err != nil || reply.Code != 530 {
			t.Errorf("got %v, %v, want 530", reply, err)
		}
		quit(t, client)
	}
}

func TestWhatJlaffayeCannotDo(t *testing.T) {
	server := serve(t, "127.0.0.1", ftpserver.Config{Files: files})
	client, err := ftpclient.DialJlaffaye(soon(t), localhost.New("127.0.0.1"), ftpclient.Config{Server: server.Addr()})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.Command(soon(t), "SYST", ""); !errors.Is(err, ftpclient.ErrUnable) {
		t.Errorf("SYST: got %v, want %v", err, ftpclient.ErrUnable)
	}
	if _, err := client.Command(soon(t), "MDTM", "README"); !errors.Is(err, ftpclient.ErrUnable) {
		t.Errorf("MDTM before FEAT: got %v, want %v", err, ftpclient.ErrUnable)
	}
	if err := client.SetMode(ftpclient.PORT, 0); !errors.Is(err, ftpclient.ErrUnable) {
		t.Errorf("PORT: got %v, want %v", err, ftpclient.ErrUnable)
	}
	if _, err := client.Download(soon(t), ftpclient.Download{Verb: "RETR", AbortAfter: 1}); !errors.Is(err, ftpclient.ErrUnable) {
		t.Errorf("ABOR: got %v, want %v", err, ftpclient.ErrUnable)
	}
	quit(t, client)
}

// Linger is a time that at least passes between the server's FIN and the
// client's.
func TestLinger(t *testing.T) {
	const linger = 30 * time.Millisecond
	server := serve(t, "127.0.0.1", ftpserver.Config{Files: files})
	client := login(t, server, ftpclient.Config{Linger: linger})
	begun := time.Now()
	get(t, client, ftpclient.Download{Verb: "LIST"}, 150, 226)
	put(t, client, ftpclient.Upload{Verb: "STOR", Argument: "new", From: strings.NewReader("x")}, 150, 226)
	if took := time.Since(begun); took < 2*linger {
		t.Errorf("two transfers took %v, want %v at least", took, 2*linger)
	}
	quit(t, client)
}
