module headcount.example/sqlstate

go 1.26.0

replace headcount.example => ../

require headcount.example v0.0.0

require (
	github.com/gofrs/flock v0.13.1 // indirect
	github.com/google/uuid v1.6.0 // indirect
	golang.org/x/sys v0.48.0 // indirect
)
