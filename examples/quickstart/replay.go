package main

import (
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"strconv"
	"strings"

	"headcount.example/catalog"
	"headcount.example/catalog/compreface"
	"headcount.example/telemetry"
)

// replay stands for the product: what it does is read from a file.
type replay struct {
	stats   *telemetry.Client
	counted []catalog.Counter
	sizes   []int64
}

// actions are the events of the saved examples, and what counts them.
var actions = map[string]catalog.Counter{
	"USER_CREATE":              compreface.UserCreated,
	"APP_CREATE":               compreface.ApplicationCreated,
	"FACE_DETECTION_CREATE":    compreface.ServiceCreated.With(compreface.Detection),
	"FACE_RECOGNITION_CREATE":  compreface.ServiceCreated.With(compreface.Recognition),
	"FACE_VERIFICATION_CREATE": compreface.ServiceCreated.With(compreface.Verification),
}

func (r *replay) read(events, faces string) error {
	if events != "" {
		f, err := os.Open(events)
		if err != nil {
			return err
		}
		defer f.Close()
		lines := csv.NewReader(f)
		lines.FieldsPerRecord = 3
		rows, err := lines.ReadAll()
		if err != nil {
			return fmt.Errorf("%s: %w", events, err)
		}
		for i, row := range rows {
			counter, ok := actions[row[2]]
			if !ok {
				return fmt.Errorf("%s:%d: action %q is none of the saved examples'", events, i+1, row[2])
			}
			r.counted = append(r.counted, counter)
		}
	}
	if faces == "" {
		return nil
	}
	for _, word := range strings.Split(faces, ",") {
		n, err := strconv.ParseInt(word, 10, 64)
		if err != nil || n < 0 {
			return fmt.Errorf("faces: %q is not the number of faces of a collection", word)
		}
		r.sizes = append(r.sizes, n)
	}
	return nil
}

// run does what the product did.
func (r *replay) run() {
	for _, counter := range r.counted {
		r.stats.Add(counter, 1)
	}
}

// facesPerCollection stands for one query of the product's database.
func (r *replay) facesPerCollection(context.Context) ([]int64, error) { return r.sizes, nil }
