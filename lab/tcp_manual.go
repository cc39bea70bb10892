package lab

// TCPManual describes the two TCP implementations and their differences, for users.
const TCPManual = `The hosts of a scenario use one of two TCP implementations.

linux    Linux's own TCP. Each host is in a network namespace of this machine, and time
         is real time. It needs a Linux that allows namespaces for this user.
gvisor   gVisor's TCP. All hosts are in this process, and time is virtual: it passes as
         fast as the packets can be computed. It needs nothing else, and runs on Linux,
         macOS, Windows and in a browser (js/wasm).

"ftplab run" uses linux if this system allows it, and gvisor otherwise, and says which.
--tcp chooses one for all scenarios of a run. A scenario that needs one of them has tcp=
in its line "network", and a comment that says why.

All scenarios that come with ftplab pass on both. With gvisor and the same --seed, they
give the same capture everywhere, byte for byte. The differences:

                            linux                            gvisor
time                        this machine's                   the scenario's start=, or
                                                             1 October 1985
a pause of an hour takes    an hour                          nothing
the same capture again      no: ports, numbers and times     yes
                            differ each time
programs, shell             yes                              no: they need the kernel's
                                                             sockets
congestion=                 reno, bbr                        reno
df=off                      not in a SYN-ACK                 in all packets
segments below a pathmtu=   fill it                          are up to 28 bytes shorter
before it sends, connects   the time that it needs on        20 microseconds
or closes, a program takes  this machine
what happens at the same    in either order, such as the     always in the same order
time                        two FINs at the end
checksums on loopback       partial                          complete
retransmission timeout      5 s if nothing is lost,          at least 1 s, and no probes
                            otherwise Linux's default
receive window              grows as in Linux                grows as in gVisor; the SYN
                                                             has that of Linux
delayed acknowledgements,   the kernel's                     the same, made so between
full segments, whether the                                   gVisor's TCP and the link
FIN has data, resets

If a want passes on only one of them, it describes that TCP, not FTP.
`
