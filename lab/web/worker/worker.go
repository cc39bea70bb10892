// Package worker is the part of the lab's web page that is written in Go: it runs
// scenarios, judges their captures, and reads captures of the user. In the browser it
// runs in a Web Worker, compiled to WebAssembly, but it does not depend on that.
//
// The page calls it by name. Each call takes and returns JSON; see calls.
package worker

import (
	"encoding/json"
	"errors"
	"fmt"
	"syscall"
)

// A Worker has a folder for results and the open capture. It answers one call at a
// time.
type Worker struct {
	results string
	opened  *opened
}

// New returns a worker that writes results to a folder.
func New(results string) *Worker { return &Worker{results: results} }

// calls are the calls of a worker, by name.
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

// nothing is the argument of a call without an argument.
type nothing struct{}

// Call makes a call by name. The argument and the result are JSON.
func (w *Worker) Call(name string, argument []byte) ([]byte, error) {
	f, ok := calls[name]
	if !ok {
		return nil, fmt.Errorf("there is no call %q", name)
	}
	result, err := f(w, argument)
	switch {
	case errors.Is(err, syscall.EIO):
		return nil, errors.New("the browser cannot read the file any more: it has been changed or moved; choose it again")
	case err != nil:
		return nil, err
	}
	return json.Marshal(result)
}
