module headcount.example/sqlstate

go 1.25.0

replace headcount.example => ../

require headcount.example v0.0.0

require (
	github.com/gofrs/flock v0.13.0 // indirect
	github.com/google/uuid v1.6.0 // indirect
	golang.org/x/sys v0.42.0 // indirect
)
