package worker

import (
	"path/filepath"
	"strings"

	"ftplab/lab/analysis/capture"
	"ftplab/lab/analysis/extract"
	"ftplab/lab/analysis/ftp"
	"ftplab/lab/analysis/report/text"
)

// A file is the data of a data connection.
type file struct {
	Connection int    `json:"connection"`
	Command    string `json:"command"` // the command that asked for it; "" if it was not seen
	Packet     int    `json:"packet"`  // of the command, or of the connection's first packet
	Bytes      int64  `json:"bytes"`
	Lacks      string `json:"lacks,omitempty"` // what of it the capture lacks
	SHA256     string `json:"sha256,omitempty"`
}

// files returns the transferred files. It reads the capture again, to compute the
// digests.
func (w *Worker) files(nothing) ([]file, error) {
	o, err := w.capture()
	if err != nil {
		return nil, err
	}
	c, err := capture.Open(o.path, capture.Options{})
	if err != nil {
		return nil, err
	}
	defer c.Close()
	list := []file{}
	for k := range c.Connections() {
		if k.Role != ftp.Data || len(list) == mostConnections {
			continue
		}
		f := file{Connection: k.ID, Packet: k.FirstPacket, Bytes: k.ClientFlow.Bytes + k.ServerFlow.Bytes, SHA256: k.SHA256}
		f.Lacks = strings.Join(k.Lacks(k.Sender()).Clauses(text.Counted), "; ")
		if k.Transfer != nil {
			f.Command, f.Packet = commandText(k.Transfer), k.Transfer.Packet
		}
		list = append(list, f)
	}
	return list, c.Err()
}

// An extracted file is a file that the worker has written.
type extracted struct {
	Connection int          `json:"connection"`
	Name       string       `json:"name"`
	Path       string       `json:"path"`
	Kind       extract.Kind `json:"kind"`
}

// extractFolder is the folder of the files that were extracted from the open capture.
func (w *Worker) extractFolder() string { return filepath.Join(w.results, "of the capture") }

// extract writes the transferred data to files.
func (w *Worker) extract(nothing) ([]extracted, error) {
	o, err := w.capture()
	if err != nil {
		return nil, err
	}
	folder := w.extractFolder()
	list := []extracted{}
	err = extract.Write(folder, o.Capture, func(f *extract.File) {
		if f.Name != "" {
			list = append(list, extracted{f.Connection.ID, f.Name, filepath.ToSlash(filepath.Join(folder, f.Name)), f.Kind})
		}
	})
	return list, err
}
