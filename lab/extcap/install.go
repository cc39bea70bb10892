package extcap

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// Install puts a small program into the user's extcap folder that starts this one, and
// returns its path. It replaces the one of an earlier Install, and nothing else.
func Install() (path string, err error) {
	program, err := os.Executable()
	if err != nil {
		return "", err
	}
	if strings.Contains(program, "go-build") && filepath.Base(filepath.Dir(program)) == "exe" {
		return "", errors.New("this ftplab is removed when it ends, because `go run` made it: run `go install ./cmd/ftplab`, and then `ftplab extcap --install`")
	}
	folder, err := userFolder()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(folder, 0o777); err != nil {
		return "", err
	}
	name, text := "ftplab", fmt.Sprintf("#!/bin/sh\n%s\nexec '%s' extcap \"$@\"\n", mark, strings.ReplaceAll(program, "'", `'\''`))
	if runtime.GOOS == "windows" {
		name, text = "ftplab.bat", fmt.Sprintf("@echo off\r\nrem %s\r\n\"%s\" extcap %%*\r\n", mark, program)
	}
	path = filepath.Join(folder, name)
	if old, err := os.ReadFile(path); err == nil && !strings.Contains(string(old), mark) {
		return "", fmt.Errorf("%s is there, and not from ftplab; move it away first", path)
	}
	if err := os.WriteFile(path, []byte(text), 0o755); err != nil {
		os.Remove(path) // a part of it would not be taken for ours
		return "", err
	}
	return path, nil
}

// mark is in every file that Install writes.
const mark = "# Written by ftplab extcap --install."

// userFolder is where Wireshark looks for the user's own extcap programs: what tshark
// says, or else the place that the version before 4.2 has on this system.
func userFolder() (string, error) {
	if out, err := exec.Command("tshark", "-G", "folders").Output(); err == nil {
		personal := ""
		for _, line := range strings.Split(string(out), "\n") {
			name, path, _ := strings.Cut(line, ":")
			switch path = strings.TrimSpace(path); name {
			case "Personal Extcap path":
				return path, nil
			case "Personal configuration":
				personal = path
			}
		}
		if personal != "" {
			return filepath.Join(personal, "extcap"), nil
		}
	}
	if runtime.GOOS == "windows" {
		folder, err := os.UserConfigDir()
		return filepath.Join(folder, "Wireshark", "extcap"), err
	}
	home, err := os.UserHomeDir()
	return filepath.Join(home, ".local", "lib", "wireshark", "extcap"), err
}
