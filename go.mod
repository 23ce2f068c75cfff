module headcount.example

go 1.26.0

require (
	github.com/edsrzf/mmap-go v1.2.0
	github.com/gofrs/flock v0.13.1
	github.com/google/uuid v1.6.0
)

require golang.org/x/sys v0.48.0 // indirect
