// Package byhand lets somebody sit in the client's place.
//
// The client of a scenario follows its steps. Here it is a person with an FTP
// program, and what they do is recorded just the same. There are two ways:
//
//   - [Shell] is a shell on the client's host of a cell, beside the scenario's
//     server. The programs that the machine has, such as ftp, lftp and curl,
//     are the clients.
//   - [Serve] is the scenario's server as a program that runs on, and [Record]
//     is a recorder. Between containers they make a network for a class.
package byhand
