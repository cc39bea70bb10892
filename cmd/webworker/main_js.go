// Command webworker is what the lab's web page runs in a Web Worker: package worker, bound
// to JavaScript. `ftplab web` builds it.
//
// It calls ftplabReady(call). Each call(name, argument, done) is answered by
// done(error, result), one of which is null; argument and result are JSON. The next call may
// come when the one before has been answered.
package main

import (
	"syscall/js"

	"ftplab/lab/oserror"
	"ftplab/lab/web/worker"
)

func main() {
	w := worker.New("/results")
	call := js.FuncOf(func(_ js.Value, args []js.Value) any {
		name, argument, done := args[0].String(), args[1].String(), args[2]
		go answer(w, name, argument, done) // as it waits for files
		return nil
	})
	js.Global().Call("ftplabReady", call)
	select {}
}

// answer answers one call.
func answer(w *worker.Worker, name, argument string, done js.Value) {
	result, err := w.Call(name, []byte(argument))
	if err != nil {
		done.Invoke(oserror.Text(err), nil)
		return
	}
	done.Invoke(nil, string(result))
}
