module headcount.example/deploy/grafana

go 1.26.0

replace headcount.example => ../..

require (
	github.com/grafana/grafana-foundation-sdk/go v0.0.22
	headcount.example v0.0.0
)
