# Three images: the lab itself, one static program; and a client, the classic
# FTP programs, for those who play with the lab by hand.

FROM golang:1.26-bookworm AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
# Without HTTP/2, which the lab does not speak, and with libraries whose functions are not inlined, the image
# stays below 30 MB. Its results folder and /tmp are for any user.
RUN CGO_ENABLED=0 go build -trimpath -tags nethttpomithttp2 -gcflags=github.com/...=-l -gcflags=gvisor.dev/...=-l -ldflags="-s -w" -o /image/ftplab ./cmd/ftplab \
 && mkdir -m 1777 /image/tmp /image/lab

FROM scratch AS lab
COPY --from=build /image /
# Any user will do; this is the first ordinary one of most systems.
USER 1000:1000
WORKDIR /lab
ENTRYPOINT ["/ftplab"]
CMD ["run"]

FROM debian:bookworm-slim AS client
RUN apt-get update \
 && apt-get install -y --no-install-recommends ftp tnftp lftp ncftp curl \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --create-home student
# Debian's ftp, which is tnftp, takes a new size of its terminal for the end of the
# connection, and engines set one when they have started it. Here it hears of none.
RUN printf '#!/bin/sh\nexec env --block-signal=WINCH /usr/bin/tnftp "$@"\n' > /usr/local/bin/tnftp \
 && chmod +x /usr/local/bin/tnftp \
 && ln -s tnftp /usr/local/bin/ftp
USER student
WORKDIR /home/student
CMD ["sleep", "infinity"]
