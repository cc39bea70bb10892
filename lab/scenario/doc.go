// Package scenario reads the files in which somebody writes down an FTP
// session: who takes part, what is done, and what should be seen.
//
// A scenario is a text file, NAME.txtar. This is a whole one:
//
//	# Active-mode listing
//	# The server calls the client back, from its port 20.
//
//	open
//	login anonymous me@mypc.test
//	active
//	ls
//	quit
//
//	-- files/README --
//	Welcome.
//
// Its first comment line is the title, the comment lines after that tell the
// story. Then come settings, then steps, one a line. A word that has spaces in
// it stands in double quotes, with the escapes of Go (`"caf\u00e9 menu"`); a #
// that begins a word begins a comment. Below stand the sections, each under a
// line `-- NAME --`.
//
// # Sections
//
//	files/PATH   a file on the server; its text stands below. A PATH that ends
//	             in a slash is an empty folder.
//	local/PATH   a file at the client, for uploads.
//	replies      the server's own wording, as it stands on the wire: `code text`,
//	             or several lines `code-text` and a last one `code text`. Texts of
//	             one code are used in the order written, the last from then on.
//	             {hostport} in a 227 and (|||{port}|) in a 229 stand for the
//	             address, and must be there.
//	want         the packets that should be seen: see `ftplab help want`.
//	figures      measurements of the capture: see `ftplab help figures`.
//
// # Settings of the network
//
//	network loopback [ipv6] [mtu=BYTES]
//	network wire     [ipv6] [mtu=BYTES] [rate=] [queue=BYTES] [loss=PERCENT]
//	                 [seed=N] [arp=ask|cached] [capture=HOST]
//
// On loopback, the default, every host is 127.0.0.1, or ::1 with ipv6. On the
// wire each host has a TCP of its own, and what lies between them takes time:
// rate is in bits a second (8Mbit), queue is what waits at most, loss is the
// share of packets that get lost, the same ones for the same seed. The hosts ask
// for their gateway's address first (ARP), unless arp=cached. The capture is
// taken at the end of the named host; the client's, unless said.
//
//	host NAME ADDRESS [rtt=85ms] [mtu=] [window=] [buffer=] [timestamps=off]
//	     [wscale=off] [sack=off] [df=off] [ttl=] [congestion=reno|bbr]
//	     [cwnd=] [cork=on|apart] [ports=3170-]
//
// The hosts client (198.51.100.100) and server (192.0.2.21) exist without being
// named; with ipv6 they are 2001:db8:1::100 and 2001:db8:2::21. Each host is in a
// network of its own, so no two addresses can be neighbours. rtt is the round-trip
// time of the path between this host and the client. window is what the host's SYN
// advertises, buffer, of 4KiB to 512MiB, bounds its receive window later on;
// wscale, timestamps and sack are TCP options (RFC 7323, RFC 2018); df is IP's
// Don't Fragment; cwnd holds the congestion window at that many segments. cork
// makes a server send full segments up to the last, on which the FIN rides; with
// cork=apart it comes in a packet of its own. ports are taken in order whenever
// the host needs a port that nobody names: `3170-`, `28348,24626`, `50000-50010`.
// On loopback a host takes only ports and cork.
//
//	name NAME ADDRESS [authority=N] [additional=N] [size=BYTES]
//
// The host nameserver (198.51.100.53, or 2001:db8:3::53 with ipv6) answers for
// this name, in an answer of that shape; `open NAME` asks it first.
//
//	late HOST[.PORT] > HOST[.PORT] [FLAGS] [length=] [count=1] by=2ms
//
// On the wire, the first packets that match arrive so much behind their turn;
// flags as tcpdump prints them, [P.] or [F.], length of the payload.
//
// # Settings of server and client
//
//	server [port=21] [idle=15m]     idle: how long a client may be silent
//	       [readonly]               refuses uploads and every other change
//	       [replyfirst]             says 150 before it opens an active data connection
//	       [awaitfin]               says 226 only when the client has closed, too
//	program COMMAND [ARGUMENT]...   another server: it is started in a folder with
//	                                the scenario's files, and has to listen on the
//	                                port of its own accord
//	user NAME PASSWORD              who may log in; anonymous may without
//	file PATH SIZE [seed=N]         a generated file on the server
//	local PATH SIZE [seed=N]        a generated file at the client
//	client scripted                 the lab's own
//	       [linger=50ms]            the time from the end of data to its own close
//	       [commandfirst]           passive: sends RETR and the like, then connects
//	client jlaffaye                 github.com/jlaffaye/ftp, passive mode only
//	deadline 30s                    for each step; transfers have more, by their size
//
// Sizes are in bytes or with a unit: 164, 36KiB, 10MiB, 1GB.
//
// # Steps
//
// A step sends exactly what it says. The server must say yes, or the scenario
// fails at that line; after a ! it must say no:
//
//	! get missing.txt
//
//	open [NAME]             the control connection, and the greeting
//	auth [MECHANISM]        AUTH TLS; when refused, the session goes on in clear
//	login USER [PASSWORD]   USER and PASS
//	active [eprt] [PORT]    from here on data connections are opened by the server
//	                        (PORT or EPRT), to PORT, PORT+1, ...
//	passive [epsv]          from here on by the client (PASV or EPSV); the default
//	ls [PATH]               LIST
//	nlst [PATH]             NLST
//	mlsd [PATH]             MLSD
//	mlst [PATH]             MLST
//	get PATH                RETR; what arrives is compared with the file
//	resume PATH OFFSET      REST and RETR
//	abort PATH BYTES        RETR, and ABOR after so many bytes have come
//	put LOCAL [PATH]        STOR; what arrived is compared with the file
//	append LOCAL [PATH]     APPE
//	cd PATH                 CWD
//	cdup, pwd               CDUP, PWD
//	mkdir, rmdir PATH       MKD, RMD
//	delete PATH             DELE
//	rename FROM TO          RNFR and RNTO
//	size, mdtm PATH         SIZE, MDTM
//	type a|i                TYPE: a is text, which every session begins with and
//	                        of which a server tells no size, i is binary
//	syst, feat, noop        SYST, FEAT, NOOP
//	quote COMMAND           any command, as it stands
//	quit [nowait]           QUIT; nowait closes without waiting for the reply
//	hangup                  waits until the server ends the session; after this
//	                        or quit, another open may follow
//	pause DURATION          does nothing, for so long
//
// On IPv6 active means EPRT and passive means EPSV (RFC 2428).
//
//	session NAME [HOST]     the steps below are those of another client program;
//	                        "session NAME" again goes back to it. Who wants to go
//	                        back to the first one begins with "session first"
//	STEP &                  the next step does not wait for the end of this one
//	wait                    waits for all that was begun with &
package scenario
