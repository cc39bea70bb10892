package generate

import "context"

// An Output takes what a corpus consists of. A function that returns an error ends it.
type Output struct {
	Frame    func(at int64, data []byte) error // in the order of time, nanoseconds since 1970
	Flow     func(*Flow) error                 // session after session
	Transfer func(*Transfer) error
	Made     func(session int) // called behind each session; may be nil
}

// A Maker makes sessions of a corpus. It is not safe for concurrent use, and there is one
// at work in a process: see [gvisor.New].
type Maker struct {
	corpus  *Corpus
	plotter *plotter
}

// NewMaker returns a maker. The error says what is wrong with the corpus.
func NewMaker(c *Corpus) (*Maker, error) {
	if err := c.Check(); err != nil {
		return nil, err
	}
	return &Maker{c, newPlotter(c)}, nil
}

// Make makes the sessions from the number first to the one before end. Memory depends on
// how many of them overlap in time, and not on how many there are.
func (m *Maker) Make(ctx context.Context, first, end int, out Output) error {
	merge := &merge{write: func(f frame) error { return out.Frame(f.at, f.data) }}
	for number := first; number < end; number++ {
		s, err := m.corpus.run(ctx, m.plotter.session(number))
		if err != nil {
			return err
		}
		if err := s.labels(out.Flow, out.Transfer); err != nil {
			return err
		}
		if err := merge.add(s); err != nil {
			return err
		}
		if out.Made != nil {
			out.Made(number)
		}
	}
	return merge.flush()
}
