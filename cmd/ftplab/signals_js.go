package main

import "os"

// endSignals are the signals that ask a program to end.
var endSignals = []os.Signal{os.Interrupt}
