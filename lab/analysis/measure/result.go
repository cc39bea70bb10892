package measure

// A Result is one figure, measured.
type Result struct {
	// Line is its line in the scenario's file, Text the line as written,
	// without its comment, and Comment the comment.
	Line    int    `json:"line"`
	Text    string `json:"text"`
	Comment string `json:"comment,omitempty"`
	// Name is what was measured, such as "ctl.rtt".
	Name string `json:"name"`
	// Wanted is what the line asks for, such as "= 107ms ± 5ms", and Measured
	// what the capture shows, in the same unit: "107.2ms". Measured is "" if
	// the capture does not show it; Why says why.
	Wanted   string `json:"wanted"`
	Measured string `json:"measured"`
	Why      string `json:"why,omitempty"`
	// OK says that the figure is as wanted.
	OK bool `json:"ok"`
}
