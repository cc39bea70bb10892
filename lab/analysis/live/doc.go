// Package live reads a capture while it grows, and reports each FTP session when it ends.
//
// A [Reader] takes packets as they come, from an [io.Reader] or from files that a recorder
// writes one after the other ([Follow]). It keeps the packets of connections that may be
// control connections, of all connections between the same two hosts, since one of these
// may be a data connection, and of those to an address that a session announced. When a control connection has ended, and the data
// connections beside it, these packets become a capture of their own, which package capture
// reads like any other. Its packets have the numbers that they have in the whole stream.
// All sessions between two hosts are read to find out what belongs to each. So if many of
// them go on, a session that has ended waits until others have ended, too.
//
// Memory is bounded: packets are kept in a temporary file, up to limits beyond which their
// contents are cut off. Connections between hosts that speak no FTP are not kept.
//
// So a session has the connections between its two hosts and those that it announced, such
// as a transfer between two servers. It has no fragments of IP, and no packets that are not
// TCP.
package live
