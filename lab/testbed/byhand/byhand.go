// Package byhand lets a person with an FTP program take the client's place.
//
// There are two ways, and both record what happens:
//
//   - [Shell] is a shell on the client's host of a cell, beside the scenario's
//     server. The machine's own programs, such as ftp, lftp and curl, are the
//     clients.
//   - [Serve] runs the scenario's server on this machine until it is stopped,
//     and [Record] records a network device. With both in containers, a class
//     has a network.
package byhand
