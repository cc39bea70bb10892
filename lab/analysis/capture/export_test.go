package capture

// Tight returns options by which nothing is kept and little is done at the same time, as
// for a capture that is large.
func Tight(o Options) Options {
	o.limits = limits{kept: -1, live: 3, waiting: 2, batch: 1}
	return o
}

// KeepNothing returns options by which nothing is kept, but as much done at the same time
// as ever.
func KeepNothing(o Options) Options {
	o.limits = normal
	o.limits.kept = -1
	return o
}
