package generate

import "context"

// An Output receives a corpus. A function that returns an error ends the generation.
type Output struct {
	// Frame takes the frames of all sessions in the order of time, nanoseconds since 1970.
	// Keys are those of the frame's session in TLS, lines of a key log; "" for others.
	Frame    func(at int64, data []byte, keys string) error
	Flow     func(*Flow) error // session after session
	Transfer func(*Transfer) error
	Made     func(session int) // called after each session; may be nil
}

// Keys are those that a capture has. It remembers the last few thousand sessions: what it
// has forgotten is written once more, which does no harm.
type Keys map[string]bool

// Lacks reports whether a capture lacks the keys of a frame's session, and notes that it
// gets them now. Without TLS there is nothing to lack.
func (k Keys) Lacks(keys string) bool {
	const most = 4096 // sessions
	if keys == "" || k[keys] {
		return false
	}
	if len(k) >= most {
		clear(k)
	}
	k[keys] = true
	return true
}

// A Maker makes sessions of a corpus. It is not safe for concurrent use, and there is one
// at work in a process: see [gvisor.New].
type Maker struct {
	corpus  *Corpus
	plotter *plotter
}

// NewMaker returns a maker. The error says what is wrong with the corpus.
func NewMaker(c *Corpus) (*Maker, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	return &Maker{c, newPlotter(c)}, nil
}

// Make makes the sessions from the number first to the one before end. Memory depends on
// how many of them overlap in time, and not on how many there are.
func (m *Maker) Make(ctx context.Context, first, end int, out Output) error {
	merge := &merge{write: func(s *session, f frame) error { return out.Frame(f.at, f.data, s.keys) }}
	for number := first; number < end; number++ {
		p, err := m.plotter.session(number)
		if err != nil {
			return err
		}
		s, err := m.corpus.run(ctx, p)
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
