// Package worker answers what the lab's web page asks: it makes sessions, judges them, and
// reads captures. In the browser it runs in a Web Worker, compiled to WebAssembly; nothing
// in it knows that.
//
// Each call has a name and takes and returns JSON; see [Names].
package worker

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// A Worker has the folder of its results and the capture that is open. It answers one call
// at a time.
type Worker struct {
	results string
	opened  *opened
}

// New returns a worker that writes results to a folder.
func New(results string) *Worker { return &Worker{results: results} }

// calls are what a worker can be asked.
var calls = map[string]func(*Worker, []byte) (any, error){
	"contents":    call((*Worker).contents),
	"lesson":      call((*Worker).lesson),
	"run":         call((*Worker).run),
	"complete":    call((*Worker).complete),
	"open":        call((*Worker).open),
	"story":       call((*Worker).story),
	"sketch":      call((*Worker).sketch),
	"moments":     call((*Worker).moments),
	"walkthrough": call((*Worker).walkthrough),
	"verdict":     call((*Worker).verdict),
	"connections": call((*Worker).connections),
	"packets":     call((*Worker).packets),
	"files":       call((*Worker).files),
	"extract":     call((*Worker).extract),
}

// call reads the argument of a call.
func call[A, R any](f func(*Worker, A) (R, error)) func(*Worker, []byte) (any, error) {
	return func(w *Worker, argument []byte) (any, error) {
		var a A
		if err := json.Unmarshal(argument, &a); err != nil {
			return nil, fmt.Errorf("the argument makes no sense: %w", err)
		}
		return f(w, a)
	}
}

// nothing is the argument of a call that takes none.
type nothing struct{}

// Names are the names of the calls.
func Names() []string { return slices.Sorted(maps.Keys(calls)) }

// Call answers a call: the argument and the result are JSON.
func (w *Worker) Call(name string, argument []byte) ([]byte, error) {
	f, ok := calls[name]
	if !ok {
		return nil, fmt.Errorf("there is no call %q", name)
	}
	result, err := f(w, argument)
	if err != nil {
		return nil, err
	}
	return json.Marshal(result)
}
