package main

import (
	"context"
	"database/sql"
	"fmt"
	"io"

	"headcount.example/catalog/compreface"
)

// seed adds example data: an application with one service of each type, and
// collections of different sizes. It makes no account, so the first person is
// still asked about statistics, and nothing of it is counted.
func seed(ctx context.Context, db *store, out io.Writer) error {
	err := db.change(ctx, func(tx *sql.Tx) error {
		application, err := db.addApplication(ctx, tx, "Example: front door", true)
		if err != nil {
			return err
		}
		for _, s := range []struct {
			name, kind string
			faces      int
		}{
			{"Who is there", compreface.Detection, 0},
			{"Same person", compreface.Verification, 0},
			{"Staff", compreface.Recognition, 300},
			{"Visitors", compreface.Recognition, 700},
			{"Contractors", compreface.Recognition, 5},
			{"Night shift", compreface.Recognition, 0},
		} {
			id, err := db.addService(ctx, tx, application, s.name, s.kind)
			if err != nil {
				return err
			}
			for n := range s.faces {
				if err := db.addFace(ctx, tx, id, fmt.Sprintf("Person %03d", n+1)); err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err == nil {
		fmt.Fprintln(out, "faces: added an example application with 6 services and 1005 faces; examples are not counted in the statistics")
	}
	return err
}
