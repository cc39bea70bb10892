package expect

import (
	"strings"

	"ftplab/lab/internal/forge"
)

// packetJudgements are the rules about a packet and its bytes.
var packetJudgements = []judgement{
	{
		name:  "Telnet bytes in packets of their own, and the text after them",
		want:  telnetDeclared + "ctl client > server [.U] length 2\nctl client > server [P.] length 8\n",
		forge: forgeTelnet,
	},
	{
		name:  "Telnet bytes in a packet of their own, and the text as a text",
		want:  telnetDeclared + "ctl client > server [.U] length 2\nctl client > server \"ABOR\"\n",
		forge: forgeTelnet,
	},
	{
		name:  "Telnet bytes as part of the text",
		want:  telnetDeclared + "ctl client > server \"ABOR\"\n",
		forge: forgeTelnet,
	},
	{
		name:  "Telnet bytes in the length of the text",
		want:  telnetDeclared + "ctl client > server \"ABOR\" length 10\n",
		forge: forgeTelnet,
	},
	{
		name:  "Telnet bytes in the length of the text, except those with a line",
		want:  telnetDeclared + "ctl client > server [.U] length 2\nctl client > server \"ABOR\" length 8\n",
		forge: forgeTelnet,
	},
	{
		name:  "length of the text without Telnet bytes",
		want:  telnetDeclared + "ctl client > server \"ABOR\" length 6\n",
		forge: forgeTelnet,
		wrong: "different 4 @13",
	},
	{
		name:  "Telnet bytes in a packet of another length",
		want:  telnetDeclared + "ctl client > server [.U] length 3\nctl client > server \"ABOR\"\n",
		forge: forgeTelnet,
		wrong: "different 4 @12",
	},
	{
		name: "a missing line that says less than the one before it",
		want: "ctl client.* > server.21\nctl ...\nctl server > client \"230 *\"\nctl client > server \"NOOP\"\nctl client > server [P.] length 6\nctl ...\n",
		forge: func(g *recording) {
			ctl := login(g)
			ctl.Segment("P.", "NOOP\r\n")
			ctl.Peer.Segment("P.", "200 Fine\r\n")
		},
		wrong: "missing 5",
	},
	{
		name: "a missing line that says less than the one after it",
		want: "ctl client.* > server.21\nctl ...\nctl server > client \"230 *\"\nctl client > server [P.] length 6\nctl client > server \"NOOP\"\nctl ...\n",
		forge: func(g *recording) {
			ctl := login(g)
			ctl.Segment("P.", "NOOP\r\n")
			ctl.Peer.Segment("P.", "200 Fine\r\n")
		},
		wrong: "missing 4",
	},
	{
		name:  "range in one segment, written in two",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:31\ndata server > client seq 31:56\n",
		forge: func(g *recording) { dataConn(g) },
	},
	{
		name: "range in two segments, written in one",
		want: dataDeclared + dataHandshake + "data server > client seq 1:111\n",
		forge: func(g *recording) {
			dataConn(g).Segment(".", strings.Repeat("y", 55))
		},
	},
	{
		name:  "open-ended range",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:* length 55\ndata server > client [F.] seq 56\n",
		forge: func(g *recording) { dataConn(g).Segment("F.", "") },
	},
	{
		name:  "range of a length",
		want:  dataDeclared + dataHandshake + "data server > client length 110\n",
		forge: func(g *recording) { dataConn(g).Segment(".", strings.Repeat("y", 55)) },
	},
	{
		name:  "range that is too long",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:57\n",
		forge: func(g *recording) { dataConn(g) },
		wrong: "different 5 @4",
	},
	{
		name:  "range that is too short",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:55\n",
		forge: func(g *recording) { dataConn(g) },
		wrong: "different 5 @4",
	},
	{
		name:  "one packet with exactly these bytes",
		want:  dataDeclared + dataHandshake + "data server > client [P.] seq 1:56\n",
		forge: func(g *recording) { dataConn(g) },
	},
	{
		name:  "two packets where one was wanted",
		want:  dataDeclared + dataHandshake + "data server > client [.] seq 1:111\n",
		forge: func(g *recording) { dataConn(g).Segment("P.", strings.Repeat("y", 55)) },
		wrong: "different 5 @4, unwanted 5 @5",
	},
	{
		name: "a reset in answer to an ACK after the end",
		want: dataDeclared + dataHandshake + dataClosed,
		forge: func(g *recording) {
			c := closedDataConn(g)
			c.Segment(".", "") // once more, to a connection that is gone
			c.Peer.Segment("R", "")
		},
	},
	{
		name: "a reset in answer to a late copy of a FIN, which acknowledges less than the end",
		want: dataDeclared + dataHandshake + dataClosed + "data server > client [F.] seq 56 ack 1\n",
		forge: func(g *recording) {
			c := closedDataConn(g)
			c.Peer.Seq-- // as it was when the FIN was sent
			c.SegmentAt(-1, "F.", "")
			c.Peer.Segment("R", "")
		},
	},
	{
		name: "a reset after the end that answers nothing",
		want: dataDeclared + dataHandshake + dataClosed,
		forge: func(g *recording) {
			c := closedDataConn(g)
			c.Peer.SegmentAt(3000, "R", "")
		},
		wrong: "unwanted 7 @8",
	},
	{
		name: "a reset after the end that acknowledges something",
		want: dataDeclared + dataHandshake + dataClosed,
		forge: func(g *recording) {
			c := closedDataConn(g)
			c.Peer.Segment("R.", "")
		},
		wrong: "unwanted 7 @8",
	},
	{
		name: "a reset before the end is acknowledged",
		want: dataDeclared + dataHandshake + dataClosed,
		forge: func(g *recording) {
			c := dataConn(g)
			c.Segment("F.", "")
			c.Peer.Segment("F.", "")
			c.Peer.Segment("R", "")
		},
		wrong: "unwanted 7 @7",
	},
	{
		name:  "a keep-alive probe between what came before and after it",
		want:  probedWant + "ctl server > client \"230 *\"\nctl client > server [.] seq 35 length 0\nctl client > server \"NOOP\"\n",
		forge: func(g *recording) { probed(g, "") },
	},
	{
		name:  "a keep-alive probe, wanted before the text whose last byte it has the number of",
		want:  probedWant + "ctl ...\nctl client > server [.] seq 35 length 0\nctl client > server \"PASS *\"\nctl ...\n",
		forge: func(g *recording) { probed(g, "") },
		wrong: "missing 4",
	},
	{
		name: "a keep-alive probe after many packets",
		want: dataDeclared + "data ...\ndata server > client seq 1000:1001\ndata server > client [.] seq 1000 length 0\ndata server > client seq 1001:1002\n",
		forge: func(g *recording) {
			c := acknowledged(g, 1000)
			c.SegmentAt(-1, ".", "")
			c.Peer.ACK()
			c.Segment("P.", "x")
		},
	},
	{
		name:  "a keep-alive probe with a byte",
		want:  probedWant + "ctl server > client \"230 *\"\nctl client > server [.] seq 35 length 1\nctl client > server \"NOOP\"\n",
		forge: func(g *recording) { probed(g, "\x00") },
	},
	{
		name: "a bare ACK that the FIN overtook",
		want: dataDeclared + dataHandshake + "data server > client seq 1:56\ndata client > server [.] ack 56\ndata client > server [F.] ack 56\n",
		forge: func(g *recording) {
			c := dataConn(g)
			c.Peer.Segment("F.", "")
			c.Peer.SegmentAt(-1, ".", "")
		},
	},
	{
		name: "a reset in answer to a late copy of a FIN, which has a line",
		want: dataDeclared + dataHandshake + dataClosed + "data server > client [F.] seq 56\ndata client > server [R] seq 1\n",
		forge: func(g *recording) {
			c := closedDataConn(g)
			c.Peer.Seq-- // as it was when the FIN was sent
			c.SegmentAt(-1, "F.", "")
			c.Peer.Segment("R", "")
		},
	},
	{
		name: "a reset in answer to an ACK after the end of many packets, which has a line",
		want: dataDeclared + "data ...\ndata server > client [F.]\ndata client > server [F.]\ndata client > server [R]\n",
		forge: func(g *recording) {
			c := acknowledged(g, 1000)
			c.Segment("F.", "")
			c.Peer.Segment("F.", "")
			c.Segment(".", "")
			c.Peer.Segment("R", "")
		},
	},
	{
		name: "packets by their length",
		want: dataDeclared + dataHandshake + "data server > client [P.] length 55\ndata server > client [P.] length 7\n",
		forge: func(g *recording) {
			dataConn(g).Segment("P.", "yyyyyyy")
		},
	},
	{
		name:  "any length, of data and of a bare ACK",
		want:  dataDeclared + dataHandshake + "data server > client [P.] length *\ndata client > server [.] length * ack 56\n",
		forge: func(g *recording) { dataConn(g).Peer.ACK() },
	},
	{
		name:  "any length, of the bare ACK among many",
		want:  dataDeclared + dataHandshake + "data ...\ndata client > server [.] length * ack 500 @here\ndata ...\ndata server > client seq 700:701\ndata ...\n",
		forge: func(g *recording) { acknowledged(g, 1000) },
	},
	{
		name:  "any length, and data that must be in the packet",
		want:  dataDeclared + dataHandshake + "data ...\ndata client > server [.] length * content \"*\"\n",
		forge: func(g *recording) { dataConn(g).Peer.ACK() },
		wrong: "missing 6",
	},
	{
		name:  "everything that a side sends, which is nothing",
		want:  dataDeclared + dataHandshake + "data client > server content \"*\"\ndata server > client content \"\"\ndata server > client [F.]\ndata client > server [F.]\n",
		forge: func(g *recording) { c := connect(g, "192.0.2.21:20", "198.51.100.100:3172"); c.FIN(); c.Peer.FIN() },
	},
	{
		name:  "everything that a side sends before it resets the connection, which is nothing",
		want:  dataDeclared + dataHandshake + "data server > client [R.] @reset\ndata server > client content \"*\"\ndata client > server content \"\"\n",
		forge: func(g *recording) { connect(g, "192.0.2.21:20", "198.51.100.100:3172").RST() },
	},
	{
		name:  "nothing, of a side that sends something, and something, of a side that sends nothing",
		want:  dataDeclared + dataHandshake + "data server > client content \"\"\ndata client > server content \"x*\"\n",
		forge: func(g *recording) { dataConn(g) },
		wrong: "different 5 @4, missing 6",
	},
	{
		name:  "nothing, after the FIN",
		want:  dataDeclared + dataHandshake + "data server > client [F.] @fin\ndata server > client content \"\" after @fin\n",
		forge: func(g *recording) { connect(g, "192.0.2.21:20", "198.51.100.100:3172").FIN() },
		wrong: "missing 6",
	},
	{
		name:  "P without data",
		want:  dataDeclared + dataHandshake + "data server > client [P.] length 55\ndata server > client [P.] length 0\ndata server > client [P.]\n",
		forge: func(g *recording) { c := dataConn(g); c.ACK(); c.Segment("P.", ""); c.Segment("P.", "") },
	},
	{
		name:  "P without data that is wanted, and an ACK without P",
		want:  dataDeclared + dataHandshake + "data server > client [P.] length 55\ndata server > client [P.] length 0\n",
		forge: func(g *recording) { dataConn(g).ACK() },
		wrong: "missing 6",
	},
	{
		name:  "P is not looked at unless written",
		want:  dataDeclared + dataHandshake + "data server > client [.] seq 1:56\n",
		forge: func(g *recording) { dataConn(g) },
	},
	{
		name:  "P is looked at when written",
		want:  dataDeclared + dataHandshake + "data server > client [P.] seq 1:56\ndata server > client [P.] seq 56:57\n",
		forge: func(g *recording) { dataConn(g).Segment(".", "y") },
		wrong: "different 6 @5",
	},
	{
		name:  "FIN that rides on data, where that is free",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:61\ndata server > client [F.] seq 61\n",
		forge: func(g *recording) { dataConn(g).Segment("F.", "yyyyy") },
	},
	{
		name:  "FIN that rides on data, where that is wanted",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:56\ndata server > client [F.] seq 56:61\n",
		forge: func(g *recording) { dataConn(g).Segment("F.", "yyyyy") },
	},
	{
		name:  "FIN that rides on so many bytes",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:61\ndata server > client [F.] seq 61 length 5\n",
		forge: func(g *recording) { dataConn(g).Segment("F.", "yyyyy") },
	},
	{
		name:  "FIN that rides on so many bytes, with the number of the bytes",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:61\ndata server > client [F.] seq 56 length 5\n",
		forge: func(g *recording) { dataConn(g).Segment("F.", "yyyyy") },
		wrong: "different 6 @5",
	},
	{
		name:  "FIN that rides on so many bytes, which have no line",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:56\ndata server > client [F.] length 5\n",
		forge: func(g *recording) { dataConn(g).Segment("F.", "yyyyy") },
		wrong: "unwanted 5 @5",
	},
	{
		name:  "FIN that comes alone, where it should ride",
		want:  dataDeclared + dataHandshake + "data server > client [F.] seq 1:56\n",
		forge: func(g *recording) { dataConn(g).Segment("F.", "") },
		wrong: "different 5 @4, unwanted 5 @5",
	},
	{
		name:  "FIN that rides, where it should come alone",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:61\ndata server > client [F.] length 0\n",
		forge: func(g *recording) { dataConn(g).Segment("F.", "yyyyy") },
		wrong: "different 6 @5",
	},
	{
		name: "FIN that overtakes its data",
		want: dataDeclared + dataHandshake + "data server > client seq 1:6 after @fin\ndata server > client [F.] seq 6 @fin\n" +
			"data client > server [.] ack 1\ndata client > server [.] ack 7\n",
		forge: overtaken,
	},
	{
		name: "FIN that overtakes its data, in the order of the packets",
		want: dataDeclared + dataHandshake + "data server > client [F.] seq 6\ndata client > server [.] ack 1\n" +
			"data server > client seq 1:6\ndata client > server [.] ack 7\n",
		forge: overtaken,
	},
	{
		name:  "late data, wanted before an ACK that came earlier",
		want:  dataDeclared + "data ...\ndata server > client seq 1:6\ndata ...\ndata client > server [.] ack 1\ndata ...\n",
		forge: overtaken,
		wrong: "different 5 @7",
	},
	{
		name:  "a late reply, after a command that came earlier",
		want:  lateWant + "ctl client > server \"NOOP\"\nctl ...\nctl server > client \"257 *\"\nctl ...\n",
		forge: func(g *recording) { lateReply(g) },
	},
	{
		name:  "a late reply, wanted before a command that came earlier",
		want:  lateWant + "ctl server > client \"257 *\"\nctl ...\nctl client > server \"NOOP\"\nctl ...\n",
		forge: func(g *recording) { lateReply(g) },
		wrong: "missing 5",
	},
	{
		name:  "a late reply, before the second of two commands that a line can match",
		want:  lateWant + "ctl server > client \"257 *\"\nctl ...\nctl client > server \"*O*\"\nctl ...\n",
		forge: func(g *recording) { lateReply(g) },
	},
	{
		name:  "a late reply and what overtook it, in the order of the stream",
		want:  lateWant + "ctl server > client \"257 *\"\nctl server > client \"215 *\"\nctl ...\n",
		forge: func(g *recording) { lateReply(g) },
	},
	{
		name: "a late reply and what overtook it, in the order of the packets",
		want: lateWant + "ctl client > server \"SYST\"\nctl server > client \"215 *\"\nctl client > server \"NOOP\"\n" +
			"ctl server > client \"257 *\"\nctl ...\n",
		forge: func(g *recording) { lateReply(g) },
	},
	{
		name: "a late reply beside a command that came earlier, in any order",
		want: lateWant + "ctl client > server \"SYST\"\n|ctl server > client \"257 *\"\n|ctl server > client \"215 *\"\n|ctl client > server \"NOOP\"\n\n" +
			"ctl ...\n",
		forge: func(g *recording) { lateReply(g) },
	},
	{
		name: "one late reply in the order of the stream, another in that of the packets",
		want: lateWant + "ctl server > client \"257 *\"\nctl server > client \"215 *\"\nctl client > server \"NOOP\"\nctl client > server \"MODE S\"\n" +
			"ctl client > server \"PWD\"\nctl client > server \"SYST\"\nctl server > client \"215 *\"\nctl client > server \"NOOP\"\nctl server > client \"257 *\"\nctl ...\n",
		forge: func(g *recording) { lateReplies(lateReply(g)) },
	},
	{
		name: "one late reply in the order of the packets, another in that of the stream",
		want: lateWant + "ctl client > server \"SYST\"\nctl server > client \"215 *\"\nctl client > server \"NOOP\"\nctl server > client \"257 *\"\nctl client > server \"MODE S\"\n" +
			"ctl client > server \"PWD\"\nctl client > server \"SYST\"\nctl server > client \"257 *\"\nctl server > client \"215 *\"\n|ctl client > server \"NOOP\" @noop\n|ctl client > server \"MODE *\" after @noop\n\nctl ...\n",
		forge: func(g *recording) { lateReplies(lateReply(g)) },
	},
	{
		name:  "FIN that overtakes its data, and should not",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:6 @data\ndata server > client [F.] seq 6 after @data\n",
		forge: overtaken,
		wrong: "too early 6 @4",
	},
	{
		name: "bare ACK that is wanted and did not come",
		want: dataDeclared + dataHandshake + "data server > client seq 1:56\ndata client > server [.] ack 56\n",
		forge: func(g *recording) {
			dataConn(g)
		},
		wrong: "missing 6",
	},
	{
		name: "retransmission",
		want: dataDeclared + dataHandshake + "data server > client seq 1:56\n",
		forge: func(g *recording) {
			c := dataConn(g)
			c.SegmentAt(-55, "P.", strings.Repeat("x", 55))
		},
		wrong: "unwanted 5 @5",
	},
	{
		name: "retransmission that is expected",
		want: dataDeclared + dataHandshake + "data server > client seq 1:56\ndata server > client [P.] seq 1:56\n",
		forge: func(g *recording) {
			c := dataConn(g)
			c.SegmentAt(-55, "P.", strings.Repeat("x", 55))
		},
	},
	{
		name:  "reset",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:56\n",
		forge: func(g *recording) { dataConn(g).Peer.Segment("R.", "") },
		wrong: "unwanted 5 @5",
	},
	{
		name:  "reset that is expected",
		want:  dataDeclared + dataHandshake + "data server > client seq 1:56\ndata client > server [R.]\n",
		forge: func(g *recording) { dataConn(g).Peer.Segment("R.", "") },
	},
	{
		name: "bytes that the capture lacks",
		want: dataDeclared + dataHandshake + "data server > client seq 1:56\n",
		forge: func(g *recording) {
			c := dataConn(g)
			c.Seq++
			c.Peer.Segment(".", "")
		},
		wrong: "unwanted 5",
	},
}

const telnetDeclared = "ctl client.* > server.21\nctl ...\nctl server > client \"230 *\"\n"

// forgeTelnet logs in and sends IAC IP as urgent data, and IAC DM ABOR in another packet.
func forgeTelnet(g *recording) {
	ctl := login(g)
	ctl.Segment(".U", "\xff\xf4")
	ctl.Segment("P.", "\xff\xf2ABOR\r\n")
}

// acknowledged is a data connection with a number of bytes, each in a packet that is acknowledged.
func acknowledged(g *recording, bytes int) *forge.End {
	c := connect(g, "192.0.2.21:20", "198.51.100.100:3172")
	for range bytes {
		c.Segment("P.", "x")
		c.Peer.ACK()
	}
	return c
}

const probedWant = "ctl client.* > server.21\nctl ...\n"

// probed is a login, a keep-alive probe of the client that carries a number of bytes, its answer,
// and a command.
func probed(g *recording, bytes string) {
	ctl := login(g)
	ctl.SegmentAt(-1, ".", bytes)
	ctl.Peer.ACK()
	ctl.Segment("P.", "NOOP\r\n")
}

const lateWant = "ctl client.* > server.21\nctl ...\n"

// lateReply is a login and two commands. The reply to the first one comes after that to the second
// one, and after another command.
func lateReply(g *recording) *forge.End {
	ctl := login(g)
	lateReplies(ctl)
	return ctl
}

// lateReplies are the two commands and their replies.
func lateReplies(ctl *forge.End) {
	ctl.Segment("P.", "PWD\r\n")
	ctl.Segment("P.", "SYST\r\n")
	ctl.Peer.SegmentAt(9, "P.", "215 UNIX\r\n")
	ctl.Segment("P.", "NOOP\r\n")
	ctl.Peer.Segment("P.", "257 \"/\"\r\n")
	ctl.Peer.Seq += 10
	ctl.Segment("P.", "MODE S\r\n")
}

// overtaken is a data connection whose FIN came before its five bytes.
func overtaken(g *recording) {
	c := connect(g, "192.0.2.21:20", "198.51.100.100:3172")
	c.SegmentAt(5, "F.", "")
	c.Peer.ACK()
	c.SegmentAt(0, "P.", "xxxxx")
	c.Seq += 6
	c.Peer.ACK()
}
