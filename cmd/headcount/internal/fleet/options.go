package fleet

import (
	"errors"
	"fmt"

	"headcount.example/cmd/headcount/internal/day"
	"headcount.example/cmd/headcount/internal/schema"
)

// Bounds of Options.
const (
	MaxInstallations = 100_000_000
	MaxDays          = 3650
)

// Options say what fleet it is.
type Options struct {
	Schema        *schema.Schema // the product's list; not an open one
	Installations int            // that ever join
	Days          int            // from the first join to End
	Seed          uint64
	End           day.Day // the last day
	Clean         bool    // nothing goes wrong
	Grown         bool    // all are there on the first day, instead of joining over time
	WithoutEnd    bool    // Write leaves out the last day, for Send to send
	Rotate        int64   // bytes after which Write begins a new file; 0: one file
}

// Progress is how far a fleet has come.
type Progress struct {
	Day, Days int   // days done, of days
	Reports   int64 // written or sent
	Bytes     int64 // written
}

// first is the first day.
func (o *Options) first() day.Day { return o.End - day.Day(o.Days) + 1 }

// last is the last day that is written.
func (o *Options) last() day.Day {
	if o.WithoutEnd {
		return o.End - 1
	}
	return o.End
}

func (o *Options) check() error {
	if o.Schema == nil || o.Schema.Open || len(o.Schema.Series) == 0 {
		return errors.New("fleet: a catalog is needed: name a shipped one or a JSON file")
	}
	if o.Installations < 1 || o.Installations > MaxInstallations {
		return fmt.Errorf("fleet: %d installations; 1 to %d are possible", o.Installations, MaxInstallations)
	}
	if o.Days < 1 || o.Days > MaxDays {
		return fmt.Errorf("fleet: %d days; 1 to %d are possible", o.Days, MaxDays)
	}
	if o.WithoutEnd && o.Days < 2 {
		return fmt.Errorf("fleet: %d days without the last one are none; ask for 2 or more", o.Days)
	}
	if o.End > day.Last || o.first() < day.First {
		return fmt.Errorf("fleet: days from %s to %s; reports are from %s to %s", o.first(), o.End, day.First, day.Last)
	}
	if o.Rotate < 0 {
		return fmt.Errorf("fleet: rotation after %d bytes; 0 is none", o.Rotate)
	}
	return nil
}
