// Damage to one part of a capture excuses nothing in the others.

package baseline

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"ftplab/lab/internal/forge"
)

// refusedLogin is a greeting and a login that the server refuses.
const refusedLogin = "< 220 ready\n> USER ada\n< 331 and?\n> PASS x\n< 530 no"

// elsewhere are attacks in captures that lack something else.
var elsewhere = []lookalike{
	{"a scan after a login, with a lost reply", "no-scans", "", func(f *forge.Capture) {
		f.Control().Say(hello).Say("> PWD\n< 257 \"/\"\n> NOOP\n< 200 ok")
		f.Drop(2)
		highScan(f, 20)
	}},
	{"a scan after a login, with a data port that was cut off", "no-scans", "", func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)")
		f.Last(0).Cut(70)
		t.Say("> NOOP\n< 200 ok")
		highScan(f, 20)
	}},
	{"a transfer after refused logins, with a data port that was cut off", "login-before-transfer", "", func(f *forge.Capture) {
		t := f.Control().Say(refusedLogin).Say("> PASV\n< 227 (192,0,2,21,100,0)")
		f.Last(0).Cut(70)
		t.Say("> LIST\n< 150 here\n< 226 done").Say(bye).Peer.Close()
	}},
	{"a transfer after a refused login, without the greeting and the command", "login-before-transfer", "", func(f *forge.Capture) {
		t := f.Control().Say(refusedLogin).Say("> PWD\n< 257 \"/\"")
		f.Drop(1)
		f.Drop(5)
		t.Say("> RETR a\n< 150 here\n< 226 done").Say(bye).Peer.Close()
	}},
	{"replies without a command, after a greeting that was cut off", "reply-answers-command", "", func(f *forge.Capture) {
		t := f.Control().Say("< 220 ready")
		f.Last(0).Cut(60)
		t.Say("> USER ada\n< 331 and?\n> PASS x\n< 230 in\n< 227 (192,0,2,21,100,0)\n> PWD\n< 257 \"/\"").Say(bye).Peer.Close()
	}},
	{"replies without a command, in a session that had begun", "reply-answers-command", "", func(f *forge.Capture) {
		overhear(f, aClient, aServer+":21").Say("> NOOP\n< 200 ok\n> NOOP\n< 200 ok\n< 230 in\n> PWD\n< 257 \"/\"").Say(bye).Peer.Close()
	}},
	{"replies before any command, with a lost command", "reply-answers-command", "", func(f *forge.Capture) {
		t := f.Control()
		t.Peer.Segment("P.", "220 ready\r\n331 and?\r\n230 in\r\n227 (192,0,2,21,100,0)\r\n")
		t.Say("> USER ada\n> PASS x")
		f.Drop(1)
		t.Close()
	}},
	{"replies to other commands, with a lost reply", "reply-fits-command", "", func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> PWD\n< 257 \"/\"")
		f.Drop(0)
		t.Say("> NOOP\n< 200 ok\n> PASV\n< 230 in\n> CWD a\n< 215 UNIX").Say(bye).Peer.Close()
	}},
	{"a shell at port 21, without the handshake", "control-carries-dialogue", "", func(f *forge.Capture) {
		t := f.Control()
		t.Segment("P.", "Microsoft Windows [Version 10.0.19045.3803]\r\n(c) Microsoft Corporation.\r\n\r\nC:\\Users\\ada>")
		for _, command := range []string{"whoami", "net user /domain", "dir"} {
			t.Peer.Segment("P.", command+"\n")
			t.Segment("P.", command+"\r\nUser accounts for ada\r\n\r\nC:\\Users\\ada>")
		}
		t.Close()
		f.Frames = f.Frames[3:]
	}},
	{"a shell at port 21, without the handshake, and commands that are no words", "ftp-at-the-ftp-port", "", func(f *forge.Capture) {
		t := overhear(f, aClient, aServer+":21")
		t.Segment("P.", "Microsoft Windows [Version 10.0.19045.3803]\r\n\r\nC:\\Users\\ada>")
		t.Peer.Segment("P.", "tree\n")
	}},
	{"a shell at another port, without what was typed", "no-third-ports", "", func(f *forge.Capture) {
		t := f.Control().Say(hello)
		d := dial(f, aClient, aServer+":1524")
		d.Segment("P.", "id\n")
		f.Drop(0)
		d.Peer.Segment("P.", "uid=0(root) gid=0(root)\n# ")
		d.Close()
		t.Say(bye).Peer.Close()
	}},
	{"the logs of the system that are removed, without the replies", "files-are-kept", "", func(f *forge.Capture) {
		session1("> CWD /var/log\n< 250 ok\n> RETR auth.log\n< 150 here\n< 226 done\n> DELE wtmp\n< 250 ok\n> DELE lastlog\n< 250 ok\n> DELE /root/.bash_history\n< 250 ok")(f)
		f.Frames = slices.DeleteFunc(f.Frames, func(x forge.Frame) bool { return !fromClient(x) })
	}},
	{"a key that lets an intruder in, without the command", "no-sensitive-names", "", func(f *forge.Capture) { withoutSTOR(f, opener) }},
	{"a flood of which a connection is not there", "calls-are-meant", "", func(f *forge.Capture) {
		for range 49 {
			dial(f, aClient, aServer+":21").Peer.Segment("P.", "220 ready\r\n")
		}
		for range 30 {
			turnedAway(f)
		}
	}},
	{"orders, of which the last answer is cut off", "files-are-no-orders", "", func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range 3 {
			move(t, 40000+2*i, "RETR cmd.txt", "whoami")
			move(t, 40001+2*i, fmt.Sprintf("STOR out%d.txt", i), "ada")
		}
		f.Drop(0)
	}},
	{"orders, with data ports that are cut off", "files-are-no-orders", "", func(f *forge.Capture) {
		t := f.Control().Say(hello)
		for i := range 3 {
			move(t, 40000+512*i, "RETR cmd.txt", "whoami")
			move(t, 40256+512*i, fmt.Sprintf("STOR out%d.txt", i), "ada")
		}
		cutPorts(f)
	}},
}

// cutPorts cuts replies with an address off after the comma in front of the last number.
func cutPorts(f *forge.Capture) {
	for i := range f.Frames {
		if at := bytes.Index(f.Frames[i].Data, []byte("227 (")); at > 0 {
			f.Frames[i].Cut(bytes.LastIndexByte(f.Frames[i].Data, ',') + 1)
		}
	}
}

// highScan connects to so many closed ports above those of the system.
func highScan(f *forge.Capture, n int) {
	for i := range n {
		refuse(f, aClient, addrPort(aServer, 40000+7*i))
	}
}

// turnedAway is a client that a full server turns away.
func turnedAway(f *forge.Capture) {
	t := dial(f, aClient, aServer+":21")
	t.Peer.Segment("P.", "421 too many\r\n")
	t.Peer.Close()
}

// absent are captures in which only what they lack would be held against somebody.
var absent = []lookalike{
	{"a job with an outdated password, of which only the replies are seen", "no-guessing", IsNormal, func(f *forge.Capture) {
		for range 24 {
			f.Control().Say(refusedLogin).Say(bye).Peer.Close()
			f.Pass(time.Hour)
		}
		f.Frames = slices.DeleteFunc(f.Frames, fromClient)
	}},
	{"sizes of files whose names are cut off", "bytes-agree", IsNormal, func(f *forge.Capture) {
		t := f.Control().Say(hello).Say("> TYPE I\n< 200 ok\n> SIZE I1\n< 213 10\n> SIZE I2\n< 213 20")
		for i := range f.Frames {
			f.Frames[i].Cut(54 + len("RETR I"))
		}
		t.Say("> PASV\n< 227 (192,0,2,21,100,0)\n> RETR I1")
		f.Last(0).Cut(54 + len("RETR I"))
		t.Say("< 150 here")
		download(f, aClient, aServer+":25600", answerer, 10)
		t.Say("< 226 done").Say(bye).Peer.Close()
	}},
	{"logs that are fetched and removed, without the replies", "files-are-kept", IsNormal, func(f *forge.Capture) {
		session1("> CWD /var/log\n< 250 ok\n> RETR wtmp\n< 150 here\n< 226 done\n> RETR lastlog\n< 150 here\n< 226 done\n> DELE wtmp\n< 250 ok\n> DELE lastlog\n< 250 ok")(f)
		f.Frames = slices.DeleteFunc(f.Frames, func(x forge.Frame) bool { return !fromClient(x) })
	}},
	{"a list of keys that is fetched, without the command", "no-sensitive-names", IsNormal, func(f *forge.Capture) { withoutSTOR(f, answerer) }},
	{"devices that get the password of their maker, without the replies", "no-guessing", IsUnusual, func(f *forge.Capture) { atDevices(f, "admin", 12) }},
	{"devices that get a password, without the replies", "no-guessing", IsNormal, func(f *forge.Capture) { atDevices(f, "Lens-42", 12) }},
	{"servers that greet a client of which nothing was recorded", "no-scans", IsNormal, func(f *forge.Capture) {
		for i := range 20 {
			dial(f, aClient, fmt.Sprintf("192.0.2.%d:21", i+1)).Say("< 220 ready\n> QUIT\n< 221 bye").Close()
		}
		f.Frames = slices.DeleteFunc(f.Frames, fromClient)
	}},
	{"a full server that turns clients away, beside a few that wait", "calls-are-meant", IsNormal, func(f *forge.Capture) {
		for i := range 70 {
			if turnedAway(f); i < 5 {
				f.Control().Peer.Segment("P.", "220 ready\r\n")
			}
		}
	}},
}

// withoutSTOR is a session with a transfer of a list of keys, of which the capture lacks the command.
func withoutSTOR(f *forge.Capture, sender int) {
	t := f.Control().Say(hello).Say("> PASV\n< 227 (192,0,2,21,100,0)")
	t.Send("STOR authorized_keys\r\n")
	f.Drop(0)
	f.Drop(0)
	t.Peer.Send("150 Opening BINARY mode data connection for authorized_keys\r\n")
	download(f, aClient, aServer+":25600", sender, 90)
	t.Peer.Send("226 Transfer complete\r\n")
	t.Say(bye).Peer.Close()
}

// atDevices logs in at many devices with one password. Only the client was recorded.
func atDevices(f *forge.Capture, password string, n int) {
	for i := range n {
		t := dial(f, aClient, fmt.Sprintf("192.0.2.%d:21", i+10)).Say("< 220 hi\n> USER admin\n< 331 and?\n> PASS " + password + "\n< 230 in")
		t.Close()
	}
	f.Frames = slices.DeleteFunc(f.Frames, func(x forge.Frame) bool { return !fromClient(x) })
}
