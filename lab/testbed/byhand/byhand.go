// Package byhand records sessions in which a person runs an FTP program instead
// of the scenario's client.
//
// [Shell] is a shell on the client's host of a cell, whose network has the
// scenario's server. The user runs this machine's own FTP programs in it, such
// as ftp, lftp and curl.
//
// [Serve] runs the scenario's server on this machine until it is stopped, and
// [Record] records a network device. With both in containers, the members of a
// class can use one server over a network.
package byhand
