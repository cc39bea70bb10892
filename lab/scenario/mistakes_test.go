package scenario

import (
	"fmt"
	"strings"
	"testing"
)

// TestErrors holds every message to its form, file:line: what, and to the words
// that tell how to mend it.
func TestErrors(t *testing.T) {
	for _, test := range []struct{ name, source, want string }{
		{"UTF-16", "\xff\xfe#\x00 \x00x\x00", "1: the file is in UTF-16; save it as UTF-8"},
		{"line ends of old Macs", "# Title\ropen\rquit\r", "1: the lines end in CR alone, as on old Macs; save the file with LF or CR LF as line ends"},
		{"UTF-16 without a mark", "\x00o\x00p\x00e\x00n", "1: the file is in UTF-16; save it as UTF-8"},
		{"a title in Latin-1", "# Gr\xfc\xdfe\nopen\n", "1: this line is not in UTF-8; save the file as UTF-8"},
		{"a step in Latin-1", "# x\nopen\nget Gr\xfc\xdfe\n-- files/a --\n\xff\n", "3: this line is not in UTF-8; save the file as UTF-8, and write a byte that is not UTF-8 in quotes, such as \"\\xfc\""},
		{"a comment of the want in Latin-1", "open\n-- files/a --\n\xff\n-- config --\n\xff\n-- replies --\n220 \xff\n-- want --\nc client > server\nc ... # Gr\xfc\xdfe\n", "10: this line is not in UTF-8"},
		{"a capture", "\x0a\x0d\x0d\x0a\xc8\x00\x00\x00", "1: the file is a capture; a scenario was expected"},
		{"blank after a section", "open\n-- files/a --\nx\n-- want -- \nctl client > server\n", "4: \"-- want -- \" does not begin a section; write \"-- want --\" at the margin"},
		{"blank before a section", "open\n -- files/a/b --\n", "2: \" -- files/a/b --\" does not begin a section; write \"-- files/a/b --\""},
		{"section without blanks", "open\n-- files/a --\nx\n--server--\n", "4: \"--server--\" does not begin a section"},
		{"section without its end", "open\n-- files/a --\nx\n-- want\n", "4: \"-- want\" does not begin a section"},
		{"section with long dashes", "open\n-- files/a --\nx\n\u2014 figures \u2014\n", "4: \"\u2014 figures \u2014\" does not begin a section"},
		{"section with many dashes", "open\n-- files/a --\nx\n---- questions ----\n", "4: \"---- questions ----\" does not begin a section"},
		{"section added to a file", "open\n-- files/a --\nWelcome.-- want --\nctl ...\n", "3: \"Welcome.-- want --\" does not begin a section; write \"-- want --\" at the margin"},
		{"section added to a step", "open\nquit-- figures --\n", "2: \"quit-- figures --\" does not begin a section; write \"-- figures --\" at the margin"},
		{"section added to a comment", "# t\nopen\n# The end.-- want --\n", "3: \"# The end.-- want --\" does not begin a section"},
		{"file added to a want", "open\n-- want --\nctl ...-- files/a b --\n-- files/x --\nx-- files/a --\n", "5: \"x-- files/a --\" does not begin a section"},
		{"user twice", "user alice a\nuser bob b\nuser alice b\nopen\n", "3: user alice appears twice, first at line 1"},
		{"deadline twice", "deadline 5s\ndeadline 6s\nopen\n", "2: deadline appears twice, first at line 1"},
		{"name twice", "network wire\nname a.test 192.0.2.21\nname a.test 192.0.2.22\nopen\n", "3: name a.test appears twice, first at line 2"},
		{"option twice", "server port=21 port=22\nopen\n", "1: port= appears twice"},
		{"file and folder", "open\n-- files/a/b --\nx\n-- files/a --\ny\n", "4: \"a\" and \"a/b\", of line 2, cannot both be there"},
		{"nat on loopback", "nat client 203.0.113.7\nopen\n", "1: nat: network loopback has no routers; network wire has them"},
		{"nat of nobody", "network wire\nnat mirror 203.0.113.7\nopen\n", "2: nat: there is no host \"mirror\""},
		{"nat twice", "network wire\nnat client 203.0.113.7\nnat client 203.0.113.8\nopen\n", "3: nat: host client is behind a NAT already"},
		{"one address for two", "network wire\nnat client 203.0.113.7\nnat server 203.0.113.7\nopen\n", "3: nat server: the NAT of host client has the address 203.0.113.7"},
		{"nat in a network", "network wire\nnat client 192.0.2.7\nopen\n", "2: nat client: 192.0.2.7 is in the network of host server, 192.0.2.0/24"},
		{"nat with IPv6", "network wire ipv6\nnat client 203.0.113.7\nopen\n", "2: nat: a NAT is for IPv4, and the network is ipv6"},
		{"nat with the host's address", "network wire\nnat client 198.51.100.100\nopen\n", "2: nat client: 198.51.100.100 is the host's own address"},
		{"typo", "open\nlgin anonymous\n", "2: unknown setting or step \"lgin\"; did you mean login?"},
		{"no step at all", "open\nteleport\n", "2: unknown setting or step \"teleport\"; settings are client"},
		{"a title without #", "A listing\nopen\n", "1: unknown setting or step \"A\"; a title or a comment begins with #"},
		{"typo in a setting", "netwrok wire\nopen\n", "1: unknown setting or step \"netwrok\"; did you mean network?"},
		{"typo in a refused step", "open\n! gte x\n", "2: unknown setting or step \"gte\"; did you mean get?"},
		{"long garbage", "open\n" + strings.Repeat("x", 1<<20) + "\n", "2: unknown setting or step"},
		{"user as a step", "open\nuser anonymous x\n", "2: user is a setting, and settings come before the steps; the step to log in is login"},
		{"typo in a section", "open\n-- wants --\n", "2: unknown section \"wants\"; did you mean want?"},
		{"typo in a file's section", "open\n-- file/README --\n", "2: unknown section \"file/README\"; did you mean files/README?"},
		{"section without a path", "open\n-- files --\n", "2: unknown section \"files\"; did you mean files/PATH?"},
		{"unknown section", "open\n-- README --\n", "2: unknown section \"README\"; a scenario has want"},
		{"section twice", "open\n-- want --\nctl ...\n\n-- want --\n", "5: section \"want\" appears twice, first at line 2; remove lines 2-4 or line 5"},
		{"setting after step", "open\nnetwork wire\n", "2: the setting \"network\" comes after a step"},
		{"network twice", "network wire\nnetwork wire\nopen\n", "2: a scenario has one network"},
		{"network unknown", "network tokenring\nopen\n", "1: network \"tokenring\": loopback or wire was expected"},
		{"network option", "network wire speed=3\nopen\n", "1: unknown option \"speed=3\" of network"},
		{"rtt on loopback", "host server 127.0.0.1 rtt=3ms\nopen\n", "1: host server: on network loopback a host takes ports= and cork= only"},
		{"a session of TLS without TLS", "client scripted reuse=off\nopen\n", "1: client: notify=, version= and reuse= are about TLS"},
		{"cork of a client", "network wire\nhost client 198.51.100.100 cork=on\nopen\n", "2: host client: cork= is about the data that the server sends"},
		{"active connections from the control port", "server activeport=21\nopen\n", "1: server: at activeport=21 the server listens for control connections"},
		{"active connections from a control port of its own", "network wire\nserver port=2121 activeport=2121\nopen\n", "2: server: at activeport=2121 the server listens"},
		{"passive connections to the control port", "server dataports=21\nopen\n", "1: server: at dataports=21 the server listens for control connections"},
		{"only the control port for a server", "network wire\nhost server 192.0.2.21 ports=21\nopen\n", "2: host server: at ports=21 the server listens for control connections"},
		{"only the control port for a replica", "network wire\nhost mirror 203.0.113.9 ports=21\nreplica mirror\nopen\n", "2: host mirror: at ports=21 the server listens"},
		{"only the control port for a client on loopback", "host client 127.0.0.1 ports=21\nopen\n", "1: host client: at ports=21 the server listens for control connections"},
		{"active mode with the control port", "open\nactive 21\n", "2: active 21: on network loopback the server listens at this port"},
		{"a queue without a rate", "network wire queue=64KiB\nopen\n", "1: queue=: without a rate nothing waits for a link"},
		{"a path wider than its links", "network wire pathmtu=9000\nopen\n", "1: pathmtu=9000: no link carries packets of more than 1500 bytes"},
		{"a path wider than the links of the network", "network wire mtu=1400 pathmtu=1450\nhost server 192.0.2.21 mtu=1420\nopen\n", "1: pathmtu=1450: no link carries packets of more than 1420 bytes"},
		{"a silent router without a reason", "network wire icmp=off\nopen\n", "1: icmp=off: no packet is too big for the middle of the path"},
		{"a time of this machine", "network wire tcp=linux start=2001-09-11T09:00:00Z\nopen\n", "1: start= is for gVisor's TCP, and tcp=linux has the time of this machine"},
		{"rate on loopback", "network loopback rate=8Mbit\nopen\n", "1: network loopback has no path between the hosts, so it takes"},
		{"address off loopback", "host server 192.0.2.21\nopen\n", "1: host server: 192.0.2.21 is not a loopback address"},
		{"address", "host server 192.0.2.321\nopen\n", "1: address \"192.0.2.321\""},
		{"address family", "network wire ipv6\nhost server 192.0.2.21\nopen\n", "2: host server has the address 192.0.2.21: the network is IPv6"},
		{"address twice", "network wire\nhost a 192.0.2.30\nhost b 192.0.2.30\nopen\n", "3: host b: the host a has the address 192.0.2.30 already"},
		{"server misspelt", "network wire\nhost sever 192.0.2.21\nopen\n", "2: host sever: the host server, which every scenario has, has the address 192.0.2.21, too; if this line is about the host server, write its name"},
		{"host misspelt", "network wire\ndrop clint > server\nopen\n", `2: drop: there is no host "clint"; did you mean client?`},
		{"rule among the steps", "open\non NOOP: reply 200 Fine.\n", "2: unknown setting or step \"on\"; a rule of the server belongs into the section -- server --"},
		{"setting among the rules", "open\n-- server --\nserver port=21\n", "3: server is a setting, which comes before the steps, and this section has rules"},
		{"action misspelt", "open\n-- server --\non NOOP: replay 200 Fine.\n", `3: the server has no action "replay 200 Fine."; did you mean reply?`},
		{"repeat without an action", "open\n-- server --\non LIST: repeat 3\n", "3: repeat 3: repeat N ACTION was expected"},
		{"repeat alone", "open\n-- server --\non LIST: repeat; close\n", "3: repeat; close: repeat N ACTION was expected"},
		{"repeat before a semicolon", "open\n-- server --\non LIST: repeat 3 ; close\n", "3: repeat 3 ; close: repeat N ACTION was expected"},
		{"a semicolon without an action", "open\n-- server --\non LIST: ; close\n", "3: an action was expected before the semicolon"},
		{"actions misspelt", "open\n-- server --\non RETR: rest data\n", `3: the server has no action "rest data"; did you mean reset data?`},
		{"ordinal with another suffix", "open\n-- server --\non 1th NOOP: nothing\n", `3: "1th": write 1st`},
		{"ordinal of twelve", "open\n-- server --\non 111th NOOP: nothing\non 23rd NOOP: nothing\non 12nd NOOP: nothing\n", `5: "12nd": write 12th`},
		{"rule without a command", "open\n-- server --\n: reply 200 Fine.\n", "3: \": reply 200 Fine.\": a rule was expected, such as"},
		{"rule without on", "open\n-- server --\n1st NOOP: reply 200 Fine.\n", "3: a rule begins with on: on 1st NOOP: reply 200 Fine."},
		{"blank in a duration", "open\npause 5 s\n", "2: pause: write 5s without the blank"},
		{"blank in a size", "file a.bin 20 kB\nopen\n", "1: file: write 20kB without the blank"},
		{"blank in an offset", "open\nresume a.bin 4 KiB\n", "2: resume: write 4KiB without the blank"},
		{"no-break space", "open\nlogin\u00a0anonymous\n", "2: there is a no-break space in this line; type an ordinary space"},
		{"typographic quotes", "file a \u201chello\u201d\nopen\n", "1: there is a typographic quote \u201c in this line; type an ordinary quote \""},
		{"an arrow", "network wire\ndrop client -> server\nopen\n", `2: "->": write > for the direction`},
		{"host twice", "host a 127.0.0.1\nhost a 127.0.0.1\nopen\n", "2: host \"a\" appears twice, first at line 1"},
		{"host option", "network wire\nhost server 192.0.2.21 mss=3\nopen\n", "2: unknown option \"mss=3\" of host"},
		{"on or off", "network wire\nhost server 192.0.2.21 sack=no\nopen\n", "2: sack=no: on or off was expected"},
		{"1 EiB", "file big 1EiB\nopen\n", "1: size 1EiB is more than the 64GiB"},
		{"size", "file big many\nopen\n", "1: size \"many\": a number of bytes"},
		{"size, NaN", "file big NaN\nopen\n", "1: size \"NaN\": a number of bytes"},
		{"half a byte", "file big 0.5B\nopen\n", "1: size \"0.5B\": a number of bytes"},
		{"port 0", "open\nactive 0\n", "2: port \"0\": a number from 1 to 65535"},
		{"port 65536", "open\nactive 65536\n", "2: port \"65536\""},
		{"ports", "host client 127.0.0.1 ports=9-3\nopen\n", "1: ports \"9-3\": the first port is larger than the last"},
		{"loss", "network wire loss=NaN%\nopen\n", "1: loss \"NaN%\": a percentage"},
		{"rate", "network wire rate=fast\nopen\n", "1: rate \"fast\": a number of bits per"},
		{"no time", "server idle=0s\nopen\n", "1: idle 0s: a duration above 0 was expected"},
		{"duration", "open\npause forever\n", "2: pause \"forever\": a duration up to 1h"},
		{"late by", "late server > client [F.] x=3\nopen\n", "1: unknown option \"x=3\" of late"},
		{"late host", "late server > moon [F.] by=3ms\nopen\n", "1: late: there is no host \"moon\""},
		{"path above the root", "open\n-- files/../x --\n", "2: file path \"../x\""},
		{"file twice", "file x 3\nopen\n-- files/x --\n", "3: file \"x\" appears twice"},
		{"folder with content", "open\n-- files/x/ --\ntext\n", "2: \"x/\" ends in a slash, so it"},
		{"quote", "open\nget \"x\n", "2: \"x: the closing quote is missing"},
		{"quote after a backslash at the end", "open\nget \"x\\\n", "2: \"x\\: the closing quote is missing"},
		{"escaped quote at the end", "open\nget \"x\\\"\n", "2: \"x\\\": the closing quote is missing"},
		{"escape", "open\nlogin alice \"pa\\$s\"\n", "2: \\$s\": this is not one of Go's escapes"},
		{"escape in a command", "run sh -c \"echo \\$HOME\"\n", "1: \\$HOME\": this is not one of Go's escapes"},
		{"escape in an action", "open\n-- server --\non RETR: write \"\\xfg\"; close\n", "3: \\xfg\"; close: this is not one of Go's escapes"},
		{"line end in a path", "open\nget \"x\\r\\nDELE y\"\n", "2: \"x\\r\\nDELE y\": a command cannot"},
		{"typo in how a step breaks", "open\nexpect timout: noop\n", "2: expect timout: a reply code was expected, or how the step breaks; did you mean timeout?"},
		{"how no step breaks", "open\nexpect 2x0: noop\n", "2: expect 2x0: a reply code was expected, or how the step breaks: timeout, reset"},
		{"too few", "open\nget\n", "2: get PATH was expected, and there are 0 arguments"},
		{"too many", "open\npwd x\n", "2: pwd was expected, and there is 1 argument"},
		{"nothing and another", "open\n-- server --\non RETR: nothing; pause 1s\n", "3: nothing must be the only action of its rule, and there is 1 other"},
		{"nothing refused", "open\n!\n", "2: a step was expected after the !"},
		{"before open", "login anonymous\n", "1: login: the session is not open; a step open comes first"},
		{"session without open", "open\nsession b\nls\n", "3: ls: the session is not open; a step open comes first"},
		{"after quit", "open\nquit\nls\n", "3: ls: the session is not open; a step open comes first"},
		{"TLS by a rule", "open\n-- server --\non AUTH: reply 234 Go.; begin TLS\n", "3: begin TLS: the server has no certificate"},
		{"TLS twice", "server tls=implicit\nopen\n-- server --\non AUTH: begin TLS\n", "4: begin TLS: with tls=implicit, TLS has begun"},
		{"TLS in a way that there is not", "server tls=explicit\nopen\n-- server --\non AUTH: begin TLS soon\n", "4: begin TLS \"soon\": pipelined was expected"},
		{"two times of the data connection", "server replyfirst connectfirst\nopen\n", "1: server: with connectfirst the data connection is open long before"},
		{"a version of TLS without TLS", "client scripted version=1.2\nopen\n", "1: client: notify=, version= and reuse= are about TLS"},
		{"two addresses of one kind", "network wire\nhost two 192.0.3.21 of=server\nopen\n", "2: host two: server has the address 192.0.2.21 already; the other address must be of the other IP version"},
		{"three addresses", "network wire\nhost server6 2001:db8:2::21 of=server\nhost three 2001:db8:3::21 of=server\nopen\n", "3: host three: server6 is the other address of server already"},
		{"an address of nobody", "network wire\nhost x 2001:db8:2::21 of=nobody\nopen\n", "2: host x: of=nobody is not a host of its own"},
		{"an address with a TCP", "network wire\nhost server6 2001:db8:2::21 of=server ttl=9\nopen\n", "2: host server6: an address has no options but of="},
		{"two addresses on loopback", "host server6 ::1 of=server\nopen\n", "1: host server6: on network loopback a host has one address"},
		{"an address as a place", "network wire capture=server6\nhost server6 2001:db8:2::21 of=server\nopen\n", "2: capture=server6: this is an address of host server"},
		{"two addresses behind a NAT", "network wire\nhost server6 2001:db8:2::21 of=server\nnat server 203.0.113.7\nopen\n", "2: host server6: server is behind a NAT, which has IPv4 only"},
		{"a rule for both IP versions", "network wire\nhost server6 2001:db8:2::21 of=server\ndrop client > server6\nopen\n", "3: drop: of client and server6, one is an IPv4 and one an IPv6 address"},
		{"a server at an address", "network wire\nhost server6 2001:db8:2::21 of=server\nreplica server6\nopen\n", "3: replica: server6 is an address of host server"},
		{"a name with two IPv6 addresses", "network wire\nhost server6 2001:db8:2::21 of=server\nname a.test 2001:db8:2::21\nname a.test 2001:db8:2::22\nopen\n", "4: name a.test with an IPv6 address appears twice, first at line 3"},
		{"listening at another host", "network wire\nhost server6 2001:db8:2::21 of=server\nopen\n-- server --\non PASV: listen client; reply 227 ({hostport})\n", "5: listen client: \"client\" is not an address of the host server"},
		{"TLS by hand", "open\nsend AUTH TLS\nawait\ntls\n", "4: tls: the client has no TLS"},
		{"plain without bytes", "server tls=explicit\nopen\n-- server --\non STAT: plain 211 Fine.\n", "4: plain needs bytes in quotes, such as: plain \"200 Fi\""},
		{"TLS in a transfer", "server tls=explicit\nopen\n-- server --\non RETR: begin TLS; send\n", "4: begin TLS: TLS does not begin during a transfer"},
		{"close_notify without TLS", "server readonly\nclient scripted notify=none\nopen\n", "2: client: notify=, version= and reuse= are about TLS"},
		{"rate on loopback", "host client 127.0.0.1 rate=1Mbit\nopen\n", "1: host client: on network loopback a host takes ports= and cork= only"},
		{"open twice", "open\nlogin a\nopen\n", "3: open: the session is open already"},
		{"open twice after data", "open\nclose data\nopen\n", "3: open: the session is open already"},
		{"quit twice", "open\nquit nowait\nquit\n", "3: quit: the session is not open"},
		{"after hangup", "open\nhangup\npwd\n", "3: pwd: the session is not open"},
		{"session host", "open\nsession b moon\nopen\n", "2: session b: there is no host \"moon\"; the hosts are client, server"},
		{"session host misspelt", "network wire\nopen\nsession b sevrer\nopen\n", "3: session b: there is no host \"sevrer\"; did you mean server?"},
		{"session on a second host of one address", "host laptop 127.0.0.1\nopen\nsession b laptop\nopen\n", "3: session b: laptop has the address of client, 127.0.0.1, so no capture would tell them apart; write `host laptop 127.0.0.2`"},
		{"session on a second host of IPv6's address", "network loopback ipv6\nhost laptop ::1\nopen\nsession b laptop\nopen\n", "4: session b: laptop has the address of client, ::1, so no capture would tell them apart; IPv6 has no second loopback address; use network wire"},
		{"session on the server", "network wire\nsession b server\nopen\n", "3: open: session b is on host server, which it connects to, so no packet would cross the network; put the session on another host"},
		{"session on the server, by name", "network wire\nhost server 192.0.2.9\nname ftp.test 192.0.2.9\nsession b server\nopen ftp.test\n", "5: open: session b is on host server, which it connects to"},
		{"session on the server's other address", "network wire\nhost server6 2001:db8::21 of=server\nsession b server6\nopen\n", "4: open: session b is on host server6, which it connects to"},
		{"session on a replica", "network wire\nhost mirror 192.0.7.9\nreplica mirror\nsession b mirror\nopen\nsession c mirror\nopen mirror\n", "7: open: session c is on host mirror, which it connects to"},
		{"program on the server", "network wire\nsession b server\nrun curl ftp://$SERVER/x\n", "3: run: session b is on host server, which it connects to"},
		{"shell on the server", "network wire\nsession b server\nrun sh -c 'curl ftp://${SERVER}/x'\n", "3: run: session b is on host server, which it connects to"},
		{"program on the server that brings a file", "network wire\nhost server6 2001:db8::21 of=server\nsession b server6\nrun ./get brings x\n", "4: run: session b is on host server6, which it connects to"},
		{"dial oneself", "network wire\nopen\ndial client.40000\n", "3: dial: session first is on host client, which it connects to"},
		{"a section for a file", "open\n-- README --\n", "2: unknown section \"README\"; a scenario has want, figures, questions, twin, server, replies, config, etc/PATH, files/PATH and local/PATH; a file of the server is files/README"},
		{"a file that only the server has", "open\nput x\n-- files/x --\n", "2: put: the client has no file \"x\"; a section -- local/x -- or a setting local makes one, and the server's file of this name is not the client's"},
		{"a local file misspelt", "open\nput reprot.txt\n-- local/report.txt --\n", "2: put: the client has no file \"reprot.txt\"; did you mean report.txt?"},
		{"no local file", "open\nput x\n", "2: put: the client has no file \"x\""},
		{"name", "open ftp.example.test\n", "1: open ftp.example.test: no setting `name"},
		{"jlaffaye active", "client jlaffaye\nopen\nactive\n", "3: active: client jlaffaye cannot"},
		{"reply", "open\n-- replies --\nhello\n", "3: reply \"hello\": a code of three digits"},
		{"reply code", "open\n-- replies --\n999 hello\n", "3: reply code \"999\""},
		{"reply without end", "open\n-- replies --\n220-hello\n220-you\n", "3: reply 220 has no last line"},
		{"reply 227", "open\n-- replies --\n220 Hello.\n227 Entering passive mode\n", "4: reply 227 \"Entering passive mode\": the address of the data port is missing: {hostport}"},
		{"reply 229", "open\n-- replies --\n229-Call\n229 me\n", "3: reply 229 \"Call\\nme\": the data port is missing: (|||{port}|) (RFC 2428, 3)"},
		{"reply with CR", "open\n-- replies --\n220 Hel\rlo\n", "3: reply 220 \"Hel\\rlo\": a line of a reply cannot contain CR"},
		{"empty name", "name a..b 127.0.0.1\nopen\n", "1: name a..b: "},
		{"long label", "name " + strings.Repeat("a", 64) + " 127.0.0.1\nopen\n", "1: name aaaa"},
		{"name's size", "network loopback\nname ftp.example.test 127.0.0.1 size=12\nopen\n", "2: name ftp.example.test: an answer with 0 authority and 0 additional records has between 50 and 50 bytes, so size=12 is not possible"},
		{"name's records", "name " + strings.Repeat("a.", 120) + "b 127.0.0.1 authority=15 additional=15\nopen\n", "1: name a.a."},
		{"name's family", "name ftp.example.test 2001:db8::1\nopen\n", "1: name ftp.example.test has the address 2001:db8::1: the network is IPv4"},
		{"mtu of a veth", "network wire mtu=65536\nopen\n", "1: mtu 65536: on network wire a link carries packets of at most 65535 bytes"},
		{"mtu of IPv6", "\nnetwork loopback mtu=600 ipv6\nopen\n", "2: mtu 600: with ipv6 a link carries packets of 1280 bytes or more"},
		{"host's mtu of IPv6", "network wire ipv6\nhost server 2001:db8::1 mtu=1279\nopen\n", "2: mtu 1279: with ipv6"},
		{"neighbours", "network wire\nhost a 192.0.2.20\nhost b 203.0.113.1\nopen\n", "2: host a at 192.0.2.20: too close to host server at 192.0.2.21, which every scenario has: there is a router between"},
		{"neighbours of two lines", "network wire\nhost a 203.0.113.2\nhost b 203.0.113.3\nopen\n", "2: host a at 203.0.113.2: too close to host b at 203.0.113.3 of line 3: there is a router between"},
		{"the edge of a small network", "network wire\nhost a 203.0.113.20\nhost b 203.0.113.24\nopen\n", "3: host b at 203.0.113.24: no host can have the first or the last address of its network, 203.0.113.24/29, which is that small because of host a at 203.0.113.20 of line 2"},
		{"REST without a transfer", "open\nrest 4\nsize x\nquit\n", "2: rest: the session has no transfer after it, such as get or put, to begin there, so REST would never be sent; `quote REST 4` sends it at once"},
		{"REST before the transfer of another session", "open\nrest 4\nsession second\nopen\nls\n", "2: rest: the session has no transfer after it"},
		{"REST before a transfer by hand", "open\nrest 4\nsend RETR x\ndial\nread\n", "2: rest: the session has no transfer after it"},
		{"REST before another REST", "open\nrest 4\nrest 5\nls\n", "2: rest: the session has no transfer after it"},
		{"REST before another connection", "open\nrest 4\nquit\nopen\nls\n", "2: rest: the session has no transfer after it"},
		{"REST 0", "open\nrest 0\nls\n", "2: rest 0: a transfer begins there without REST; `quote REST 0` sends it"},
		{"single quote that is not closed", "run sh -c 'echo x\n", "1: 'echo x: the closing quote is missing"},
		{"neighbour of the client", "network wire\nhost server 198.51.100.101\nopen\n", "2: host server at 198.51.100.101: too close to host client at 198.51.100.100, which every scenario has: "},
		{"broadcast address", "network wire\nhost client 198.51.100.255\nhost server 192.0.2.21\nopen\n", "2: host client at 198.51.100.255: no host can have the first or the last address of"},
		{"flag", "network wire\nlate server > client [Z] by=3ms\nopen\n", "2: late: 'Z' in [Z] is not a flag; the flags are F S R P . U E W"},
		{"late to itself", "network wire\nlate server > server [F.] by=3ms\nopen\n", "2: late: there is no path from server to itself"},
		{"late for ever", "network wire\nlate server > client [F.] by=10m\nopen\n", "2: late: by=10m0s is longer than a step may take, 30s; the setting deadline allows more"},
		{"late on loopback", "late server > client [F.] by=3ms\nopen\n", "1: late: on network loopback nothing comes late"},
		{"buffer of a byte", "network wire\nhost client 198.51.100.100 buffer=1\nopen\n", "2: buffer 1: 4KiB to 512MiB were expected"},
		{"buffer of 1 GiB", "network wire\nhost client 198.51.100.100 buffer=1GiB\nopen\n", "2: buffer 1GiB: 4KiB to 512MiB"},
		{"congestion", "network wire\nhost client 198.51.100.100 congestion=cubic\nopen\n", "2: congestion \"cubic\": reno or bbr was expected"},
		{"reply never said", "open\n-- replies --\n125 Data connection already open.\n", "3: reply 125: the lab's server never sends this code, so nobody would see its text; it sends 150 200 202 211 212 213 215 220 221 226 227 229 230 234 250"},
		{"reply about TLS", "open\n-- replies --\n234 Go.\n", "3: reply 234: only a server with TLS sends this code, so nobody would see its text; `server tls=explicit` has TLS"},
		{"reply about TLS that is required", "server tls=explicit\nopen\n-- replies --\n534 No.\n", "4: reply 534: only a server that requires TLS sends this code, so nobody would see its text; `server tls=required` requires it"},
		{"rtt of a network", "network wire rtt=85ms\nopen\n", "1: unknown option \"rtt=85ms\" of network; it belongs to host, as in: host NAME ADDRESS rtt=85ms"},
		{"typo in an option", "network wire raet=8Mbit\nopen\n", "1: unknown option \"raet=8Mbit\" of network; did you mean rate=?"},
		{"option without its value", "network wire rate\nopen\n", "1: \"rate\": rate= was expected, such as rate=8Mbit"},
		{"value of a word", "server readonly=no\nopen\n", "1: \"readonly=no\": readonly was expected"},
		{"keyword", "open\nquit now\n", "2: quit \"now\": nowait was expected"},
		{"argument after the last", "open\nactive 3170 eprt\n", "2: active [eprt] [PORT] was expected"},
		{"session's arguments", "session\nopen\n", "1: session NAME [HOST] was expected, and there are 0 arguments"},
		{"reply to a command by hand", "open\nsend NOOP\nexpect 200: pwd\nawait 257\n", "3: pwd: the reply to the command of line 2 comes first; put a step await before this one, or send this command by hand, too"},
		{"reply of a rule to a command by hand", "open\nsend NOOP\npwd\n-- server --\non NOOP: pause 1s; reply 200 Late.\non NOOP x: nothing\n", "3: pwd: the reply to the command of line 2 comes first"},
		{"reply instead of the greeting", "open nowait\nexpect 220: noop\n", "2: noop: the greeting of the step open nowait in line 1 comes first; put a step await before this one"},
		{"login before the greeting", "server tls=explicit\nopen nowait\nsend NOOP\nawait 120\ntls\nlogin a b\n", "6: login: the greeting of the step open nowait in line 2 comes first"},
		{"reply after the greeting", "open nowait\nsend NOOP\nawait 220\npwd\n", "4: pwd: the reply to the command of line 2 comes first"},
		{"QUIT after a command by hand", "open\nsend NOOP\nquit\n", "3: quit: the reply to the command of line 2 comes first"},
		{"replies to two commands by hand", "open\nwrite \"NO\"\nwrite \"OP\\r\\nPWD\\r\\n\"\nawait 200\n! cd pub\n", "5: cd: the reply to the command of line 3 comes first"},
		{"preliminary reply by hand", "open\nsend RETR x\nawait 150\nread\nnoop\n", "5: noop: the reply to the command of line 2 comes first"},
		{"file without a name", "file \"\" 5\nopen\n", `1: file: "" is empty; file PATH`},
		{"local file without a name", "local \"\" 5\nopen\n", `1: local: "" is empty; local PATH`},
		{"user without a name", "user \"\" b\nopen\n", `1: user: "" is empty; user NAME PASSWORD was expected`},
		{"host without a name", "network wire\nhost \"\" 192.0.3.30\nopen\n", `2: host: "" is empty; host NAME ADDRESS`},
		{"option without a value", "network wire capture=\nopen\n", "1: capture=: a value was expected, such as capture=client,server"},
		{"host without its other address", "network wire\nhost server 192.0.2.21 of=\nopen\n", "2: of=: a value was expected, such as of=server"},
		{"no bytes", "open\nwrite \"\"\n", `2: write: "" is empty; write "BYTES" was expected`},
		{"no urgent bytes", "open\nurgent \"\"\n", `2: urgent: "" is empty; urgent "BYTES" was expected`},
		{"no bytes in a rule", "open\n-- server --\non NOOP: write \"\"\n", "3: write needs bytes in quotes, such as: write \"200 Fi\""},
		{"no path", "open\nlogin a \"\"\ncd \"\"\n", `3: cd: "" is empty; cd PATH was expected`},
		{"path that is left out", "open\nls \"\"\n", `2: ls: "" is empty; ls [PATH] was expected`},
		{"session without a name", "open\nsession \"\"\n", `2: session: "" is empty; session NAME [HOST] was expected`},
		{"login without a name", "open\nlogin \"\" x\n", `2: login: "" is empty; login USER [PASSWORD] was expected`},
		{"a program that brings no name", "run sh \"\" brings \"\"\n", "1: brings: a FILE of the server was expected after it"},
		{"await beside a transfer", "open\nget x &\nsend NOOP\nawait 200\nwait\n", "4: await: a step with & runs in this session, and either of the two could take the reply; put a step wait before it"},
		{"jlaffaye beside a transfer", "client jlaffaye\nopen\nget x &\nnoop\nwait\nnoop\n", "4: noop: client jlaffaye cannot send anything while a step with & runs in its session; put a step"},
		{"wait for nobody", "open\nget x &\nwait moon\n", "3: wait moon: there is no session of this name"},
		{"expects nothing", "open\nexpect moon: ls\n", "2: expect moon: a reply code was expected, or how the step breaks: timeout, reset, refused,"},
		{"! and expect", "open\n! expect 550: get a\n", "2: ! expect 550: a step has ! or expect, not both"},
		{"!expect", "open\n!expect 550: get a\n", "2: ! expect 550: a step has ! or expect, not both"},
		{"expect and !", "open\nexpect 550: ! ls\n", "2: expect 550: !: a step has ! or expect, not both"},
		{"expect without a colon", "open\n! expect 550 ls\n", "2: unknown setting or step \"expect\"; did you mean `expect timeout: STEP`, with a colon?"},
		{"expects a step", "open\nexpect timeout:\n", "2: a step was expected after the expect timeout:"},
		{"two programs that bring one file", "program x\nrun a brings b/c x &\nsession two\nrun a brings x &\nsession first\nrun a brings /x\n", "6: run: the program of line 2 may still run, and brings x to the folder of this session, too; put a step wait before"},
		{"send in the background", "open\nsend NOOP &\nawait\n", "2: send: & has no effect on this step; leave it out, as & is for steps that take time, such as get"},
		{"write in the background", "open\nwrite \"NOOP\\r\\n\" &\nawait\n", "2: write: & has no effect"},
		{"session in the background", "session second &\nopen\n", "1: session: & has no effect"},
		{"wait in the background", "open\nget x &\nwait &\n", "3: wait: & has no effect"},
		{"break in the background", "open\nexpect timeout: ls &\n", "2: expect: a step that should break cannot run in the"},
		{"break of jlaffaye", "client jlaffaye\nopen\nexpect timeout: ls\n", "3: expect timeout: client jlaffaye cannot continue after that; client"},
		{"closed after a break", "expect reset: open\nls\n", "2: ls: the session is not open"},
		{"dial nobody", "open\ndial moon.21\n", `2: dial: there is no host "moon"`},
		{"dial no port", "open\ndial server\n", "2: dial server: a host and a port were expected"},
		{"upload nothing", "open\nupload x STOU\n", `2: upload: the client has no file "x"`},
		{"upload without a command", "local x 1\nopen\nupload x\n", "3: upload LOCAL COMMAND... was expected"},
		{"drop from nobody", "network wire\ndrop moon > client\nopen\n", `2: drop: there is no host "moon"`},
		{"drop to itself", "network wire\ndrop client > client\nopen\n", "2: drop: there is no path from client to itself"},
		{"drop on loopback", "drop server > client\nopen\n", "1: drop: network loopback has no path"},
		{"two lines of a rule", "network wire\ndrop client > server \"PORT *\" \"EPRT *\"\nopen\n", `2: drop: "EPRT *": one pattern of a line was expected`},
		{"drop with an answer", "network wire\ndrop client > server with=reset\nopen\n", `2: unknown option "with=reset" of drop; it belongs to reject`},
		{"a message that gVisor ignores", "network wire ipv6\nreject client > server with=host\nopen\n", "2: reject: with=host is for IPv4"},
		{"drop without a direction", "network wire\ndrop server to client\nopen\n", `2: "to": drop HOST[.PORT] >|<> HOST[.PORT] [FLAGS] [`},
		{"a way that is too long", "network wire\nhost server 192.0.2.21 rtt=20ms way=30ms\nopen\n", "2: host server: the one-way delay, way=30ms, cannot be longer than the"},
		{"seed of a content", "file x \"y\" seed=1\nopen\n", "1: seed=1: x has its content in quotes; seed= is"},
		{"replica nowhere", "network wire\nreplica moon\nopen\n", `2: replica: there is no host "moon"`},
		{"replica on loopback", "replica client\nopen\n", "1: replica: on network loopback all hosts are one"},
		{"replica of a program", "network wire\nhost two 203.0.113.7\nreplica two\nprogram true\nopen\n", "4: program: a program has its own replies"},
		{"pieces of nothing", "open\n-- server --\non RETR: send every 3s\n", "3: send \"every 3s\": a number of bytes was expected"},
		{"pieces without a time", "open\n-- server --\non RETR: send 10 every 0s\n", "3: send 10 every 0s: a number of bytes and a time were expected"},
		{"reply to nothing", "open\n! send NOOP\n", "2: send does not wait for a reply, so it cannot expect one; use the step await"},
		{"keepalive", "client scripted keepalive=50ms\nopen\n", "1: keepalive 50ms: whole seconds were expected"},
		{"no rule", "open\n-- server --\nRETR: close\n", `3: "RETR: close": a rule was expected, such as`},
		{"no colon", "open\n-- server --\non RETR close\n", `3: "on RETR close": a colon and a space come before the actions: on RETR: close`},
		{"no colon before several actions", "open\n-- server --\non 2nd LIST a b, reply 150 x; send\n", `3: "on 2nd LIST a b, reply 150 x; send": a colon and a space come before the actions: on 2nd LIST a b: reply 150 x; send`},
		{"no space after the colon", "open\n-- server --\non LIST :reply 150 x\n", `3: "on LIST :reply 150 x": a colon and a space come before the actions: on LIST: reply 150 x`},
		{"no colon and no command", "open\n-- server --\non reply 150 x\n", `3: "on reply 150 x": a rule was expected`},
		{"rule twice", "open\n-- server --\non 2nd RETR: close\non 2nd retr: reset\n", `4: "on 2nd retr" appears twice, first at line 3`},
		{"no action", "open\n-- server --\non RETR: dance\n", `3: the server has no action "dance"; its actions are at once, as usual, nothing, reply,`},
		{"no actions", "open\n-- server --\non RETR:\n", "3: on RETR: an action was expected after the colon,"},
		{"no command", "open\n-- server --\non 2: close\n", `3: "2" is not a command; a rule`},
		{"words after an action", "open\n-- server --\non RETR: reply 150 Go\n  close data now\n", `4: close data has no argument, and "now" follows it; separate`},
		{"after the end", "open\n-- server --\non QUIT: close; reply 221 Bye\n", `3: close: this is the last action of a rule, and "reply 221 Bye"`},
		{"nothing and something", "open\n-- server --\non NOOP: nothing; close\n", "3: nothing must be the only action"},
		{"placeholder too early", "open\n-- server --\non PASV: reply 227 {hostport}; listen\n", "3: reply 227 {hostport}: {hostport} has no value without the action listen before it"},
		{"port of listen", "open\n-- server --\non USER: listen 65536\n", `3: listen "65536": a number from 1 to 65535 was expected`},
		{"port announced by itself", "open\n-- server --\non PASV: listen 6200; reply 227 {hostport}\n", "3: reply 227 {hostport}: {hostport} has no value without the action listen before it"},
		{"port of its own for a transfer", "open\n-- server --\non RETR: listen 6200; send\n", "3: listen 6200: a rule for RETR has the data connection that"},
		{"by hand after a bad greeting", "expect unreadable: open\nsend NOOP\n", "2: send: the session is not open, as its open was expected to break; open nowait, and then expect unreadable: await, leaves it open"},
		{"placeholder", "open\n-- server --\non NOOP: reply 200 {moon}\n", "3: reply 200 {moon}: unknown placeholder {moon}; there"},
		{"rule's data on connect", "open\n-- server --\non connect: send \"x\"\n", `3: send "x": a client that has just connected has neither a data connection nor`},
		{"data and as usual", "open\n-- server --\non RETR: as usual; close data\n", "3: as usual: with as usual, the server uses the data connection itself; use"},
		{"at once in the end", "open\n-- server --\non QUIT: reply 221 Bye.; at once\n", "3: at once comes before the other actions"},
		{"data at once", "open\n-- server --\non RETR: at once; send\n", "3: send: a rule that begins with at once uses no data connection of its own"},
		{"jlaffaye does not wait", "client jlaffaye\nopen nowait\n", "2: open: client jlaffaye cannot do that"},
		{"twice as usual", "open\n-- server --\non NOOP: as usual; as usual\n", "3: as usual: a rule can have only one of as usual, listen and log in, and only once"},
		{"nothing to send", "open\n-- server --\non NOOP: send\n", "3: send: for NOOP the server has no data to send; it has"},
		{"two lines in a reply", "open\n-- server --\non NOOP: reply \"200 a\\r\\n200 b\"\n", `3: "200 a\r\n200 b": reply sends one line; use another`},
		{"reply of a rule without end", "open\n-- server --\non connect: reply 220-Hello; reply 220-you\n", "3: reply 220-Hello: the reply has no last line, which begins with \"220 \", so the client would wait for it in vain; end it, or"},
		{"bytes of a rule without end", "open\n-- server --\non NOOP: reply 200-One; reply 200 Two.\n  write \"200-Th\"; pause 1s\n  write \"ree\\r\\n\"\n", "4: write \"200-Th\": the reply has no last line"},
		{"wording of a program", "server wording=vsftpd\nprogram true\nopen\n", "2: program: a program has its own replies"},
		{"rule of a program", "program true\nopen\n-- server --\non NOOP: close\n", "1: program: a program has its own replies"},
		{"capture", "network wire capture=moon\nopen\n", "1: capture=moon: there is no host"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("bad.txtar", []byte(test.source))
			if err == nil {
				t.Fatalf("no error, want %q", test.want)
			}
			if got := err.Error(); !strings.HasPrefix(got, "bad.txtar:"+test.want) || strings.Contains(got, "\n") {
				t.Errorf("got  %s\nwant bad.txtar:%s...", got, test.want)
			}
		})
	}
}

// TestAllErrors has several mistakes: each is said, in the order of the lines,
// and twenty at most.
func TestAllErrors(t *testing.T) {
	_, options := Parse("bad.txtar", []byte("server x=1 port=a readonly=2 idle=\nopen\n"))
	for _, want := range []string{`unknown option "x=1" of server`, `port "a": a number`, `"readonly=2": readonly was expected`, "idle=: a value was expected"} {
		if options == nil || strings.Count(options.Error(), "bad.txtar:1: "+want) != 1 || strings.Count(options.Error(), "\n") != 3 {
			t.Errorf("four options with mistakes: got %v, want also %s", options, want)
		}
	}
	_, err := Parse("bad.txtar", []byte("netwrok wire\nopen\nlgin x\n-- wants --\n"))
	want := "bad.txtar:1: unknown setting or step \"netwrok\"; did you mean network?\n" +
		"bad.txtar:3: unknown setting or step \"lgin\"; did you mean login?\n" +
		"bad.txtar:4: unknown section \"wants\"; did you mean want?"
	if err == nil || err.Error() != want {
		t.Errorf("got\n%v\nwant\n%s", err, want)
	}
	_, err = Parse("bad.txtar", []byte("name a..b 127.0.0.1\nlate server > client [F.] by=3ms\nopen\nquit\nls\nput x\n"))
	var lines []string
	for _, e := range err.(Errors) {
		lines = append(lines, fmt.Sprint(e.Line))
	}
	if got := strings.Join(lines, " "); got != "1 2 5 6" {
		t.Errorf("got mistakes in lines %s, want 1 2 5 6:\n%v", got, err)
	}
	for _, test := range []struct{ text, lines string }{
		// Steps and sections with mistakes do not hide those of settings.
		{"network wire\nhost server 192.0.2.21 rtt=5ms way=9ms\nhost b 192.0.2.21\ndrop clent > server\nreject server > server\nlgin x\n-- wants --\n", "2 3 4 5 6 7"},
		// What a mistake leaves unknown is not a second mistake.
		{"netwrok wire\nhost server 192.0.2.21\nhost client 192.0.2.99 rtt=5ms\ndrop server > client\nopen\n", "1"},
		{"network wire\nhost a 192.0.2.99 rtt=5parsec\ndrop a > client\nopen\nreplica a\n", "2 5"},
		{"x wire\nhost server 192.0.2.21\nput x\n", "1"},
		{"opne\nls\nquit\n", "1"},
	} {
		_, err := Parse("bad.txtar", []byte(test.text))
		var lines []string
		for _, e := range err.(Errors) {
			lines = append(lines, fmt.Sprint(e.Line))
		}
		if got := strings.Join(lines, " "); got != test.lines {
			t.Errorf("%q: got mistakes in lines %s, want %s:\n%v", test.text, got, test.lines, err)
		}
	}
	_, err = Parse("bad.txtar", []byte(strings.Repeat("x\n", 1000)))
	if got := strings.Split(err.Error(), "\n"); len(got) != 21 || got[20] != "and 980 more mistakes" {
		t.Errorf("1000 mistakes: got %d lines, the last of them %s", len(got), got[len(got)-1])
	}
}

// TestNoName has files that have a name for the shell only: their results would
// not lie in a folder of their own.
func TestNoName(t *testing.T) {
	for _, file := range []string{".txtar", "dir/.txtar", "..txtar", "dir/...txtar", ""} {
		_, err := Parse(file, []byte("open\nquit\n"))
		if want := file + ":1: the scenario has no name"; err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got error %v, want %s", file, err, want)
		}
	}
}

// A name with control characters would break the lines of messages and reports.
func TestControlCharactersInName(t *testing.T) {
	for _, name := range []string{"a\nb", "a\x1b[31mb", "a\u0085b"} {
		_, err := Parse("dir/"+name+".txtar", []byte("open\nquit\n"))
		if want := fmt.Sprintf("%q:1: the name of the file has a control character", "dir/"+name+".txtar"); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: got error %v, want %s", name, err, want)
		}
	}
}

// TestReservedName has files whose results would be where other results are, which a run of
// another scenario or of all removes or replaces.
func TestReservedName(t *testing.T) {
	for name, taken := range map[string]bool{
		"a.unfinished": true, "a.unfinished-2": true, ".Unfinished": true, "by-hand": true, "a-by-hand-12": true, "index.html": true, "Index.json": true,
		"unfinished": false, "a.unfinished.b": false, "standby-handler": false, "a_by-hand": false, "index": false, "my-index.html": false,
	} {
		_, err := Parse("dir/"+name+".txtar", []byte("open\nquit\n"))
		want := "dir/" + name + ".txtar:1: the folder of the results would be " + name + ", a name that ftplab uses for other results"
		if got := err != nil && strings.HasPrefix(err.Error(), want); got != taken || !taken && err != nil {
			t.Errorf("%q: got error %v; taken %v", name, err, taken)
		}
	}
}
