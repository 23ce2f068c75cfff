package main

import (
	"context"

	"headcount.example/cmd/headcount/internal/answer"
	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/page/pagetest"
)

// fleetServer serves a made fleet, on the day after its last one.
func fleetServer(f *pagetest.Fleet) *server {
	return &server{today: func() day.Day { return pagetest.AsOf + 1 }, open: func() (*source, error) {
		return &source{list: f.List, answer: func(_ context.Context, asOf day.Day, window int) (*answer.Answer, error) {
			return answer.Compute(f.Counts, f.List, f.List, f.Beside, asOf, window), nil
		}}, nil
	}}
}
