package web

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"ftplab/lab/oserror"
)

// command is the package that the worker runs.
const command = "ftplab/cmd/webworker"

// build compiles the worker to WebAssembly, and returns it and Go's support for it.
func build(ctx context.Context) (support, wasm []byte, err error) {
	goroot, err := run(ctx, "env", "GOROOT")
	if err != nil {
		return nil, nil, err
	}
	if _, err := run(ctx, "list", command); err != nil {
		return nil, nil, errors.New("the page is built from the source of ftplab, which is not here: run `go run ./cmd/ftplab web` in the folder of its module")
	}
	folder, err := os.MkdirTemp("", "ftplab-web-")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(folder)
	out := filepath.Join(folder, "lab.wasm")
	// gVisor's functions are not inlined, so that a browser has less to load.
	if _, err := run(ctx, "build", "-trimpath", "-gcflags=gvisor.dev/...=-l", "-ldflags=-s -w", "-o", out, command); err != nil {
		return nil, nil, err
	}
	if wasm, err = os.ReadFile(out); err != nil {
		return nil, nil, err
	}
	support, err = os.ReadFile(filepath.Join(goroot, "lib", "wasm", "wasm_exec.js"))
	return support, wasm, err
}

// run runs the go command for WebAssembly in a browser, and returns what it prints.
func run(ctx context.Context, args ...string) (string, error) {
	c := exec.CommandContext(ctx, "go", args...)
	c.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm", "CGO_ENABLED=0")
	var stderr bytes.Buffer
	c.Stderr = &stderr
	out, err := c.Output()
	switch {
	case ctx.Err() != nil:
		return "", fmt.Errorf("the page is not written: %w", context.Cause(ctx))
	case errors.Is(err, exec.ErrNotFound):
		return "", errors.New("the page is built with Go, which is not installed: see https://go.dev/dl")
	case err != nil:
		return "", fmt.Errorf("go %s: %w%s", args[0], err, oserror.Below(strings.TrimSpace(stderr.String())))
	}
	return strings.TrimSpace(string(out)), nil
}
