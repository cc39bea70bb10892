package ftp

import "ftplab/lab/internal/replycode"

// What package replycode knows, under short names.
var (
	allowed     = replycode.Allowed
	fits        = replycode.Fits
	general     = replycode.General
	completes   = replycode.Completes
	preliminary = replycode.Preliminary
)
