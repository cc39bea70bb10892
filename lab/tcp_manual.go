package lab

// TCPManual says what the two TCPs have in common and where they differ, for
// users.
const TCPManual = `The hosts of a scenario have one of two TCPs.

linux    Linux's own. Each host is in a network namespace of this machine, and packets
         cross in real time. It needs a Linux that grants namespaces to this user.
gvisor   gVisor's. All hosts are in this process, and packets cross in a time of its
         own, which passes as fast as they can be computed. It needs nothing, and runs on
         Linux, macOS, Windows and in a browser (js/wasm).

"ftplab run" takes linux where this system allows it, and gvisor elsewhere, and says so.
--tcp chooses for all scenarios of a run. A scenario that needs one of them says tcp= in
its line "network", and in a comment why.

All scenarios that come with ftplab pass on both. With gvisor they give the same capture
to the byte, everywhere, from the same --seed. What differs:

                            linux                            gvisor
time                        this machine's                   the scenario's start=, or
                                                             1 October 1985
a pause of an hour takes    an hour                          nothing
the same capture again      no: ports, numbers and times     yes; with TLS there are two:
                            differ each time                 one where the processor has
                                                             instructions for AES, the
                                                             other elsewhere and in a
                                                             browser, as Go then takes
                                                             another cipher
programs, shell             yes                              no: they need the kernel's
                                                             sockets
congestion=                 reno, bbr                        reno
a program takes             as long as the machine does      20 microseconds before it
                                                             sends, connects or closes
what happens at the same    in either order, such as the     always in the same order
time                        two FINs at the end
checksums on loopback       partial                          complete
retransmission timeout      5 s where nothing is lost,       1 s at least, and no probes
                            and as Linux has it elsewhere
receive window              grows as Linux has it            grows as gVisor has it; the
                                                             SYN announces Linux's
delayed acknowledgements,   the kernel's                     as the kernel's, made so between
full segments, a FIN with                                    gVisor's TCP and the link
the last data or before
it, resets

A want that holds on one of them alone says something about that TCP, and not about FTP.
`
