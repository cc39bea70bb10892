package main

// The gallery has the results of a few scenarios, for readers of the repository.
// It is made by `go generate ./cmd/ftplab`, which needs
// chromium for the picture in the README, and the servers and clients of the matrix. It
// leaves out the capture of ten mebibytes, which is too large for a repository (a run of a
// minute makes it), and index.json, which only later runs in the same folder need.
//
//go:generate rm -f ../../results/gallery/index.html
//go:generate go run . run -o ../../results/gallery frederick_active frederick_passive frederick_looks_like_a_scan two_clients el_2019
//go:generate rm ../../results/gallery/el_2019/capture.pcapng ../../results/gallery/index.json
//go:generate sed -i "s|<a href=.el_2019/capture.pcapng.>\\([^<]*\\)</a>|\\1|" ../../results/gallery/index.html
//go:generate sh -c "go run . articles > ../../results/gallery/articles.md"
//go:generate go run . matrix -o ../../results/matrix --table ../../results/gallery/matrix.md
//go:generate go test ../../lab/analysis/report -run Gallery -picture ../../../results/gallery/walkthrough.png
