package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
)

// platform is the product: programs in one JSON file, payments in another
// that the bank's software picks up. It serves one person at a time.
type platform struct{ dir string }

// state is the JSON file: programs by name, their affiliates by name.
type state map[string]map[string]*account

type account struct {
	Referrals int   `json:"referrals"`
	Owed      int64 `json:"owed_cents"`
	Paid      int64 `json:"paid_cents"`
}

// A failure is an error with its kind in the catalog. Without a kind it is
// a slip, which no statistic counts.
type failure struct {
	kind string
	err  error
}

const slip = ""

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func failing(kind, format string, args ...any) error {
	return &failure{kind, fmt.Errorf(format, args...)}
}

func (p *platform) file(name string) string { return filepath.Join(p.dir, name) }

func (p *platform) load() (state, error) {
	all := state{}
	data, err := os.ReadFile(p.file("state.json"))
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err == nil {
		err = all.check()
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w: restore it from a backup", p.file("state.json"), err)
	}
	return all, nil
}

// check refuses a null, which JSON allows in every place, and which no command
// writes in any.
func (all state) check() error {
	if all == nil {
		return errors.New("it is null")
	}
	for program, affiliates := range all {
		if affiliates == nil {
			return fmt.Errorf("program %q is null", program)
		}
		for name, a := range affiliates {
			if a == nil {
				return fmt.Errorf("affiliate %q of %q is null", name, program)
			}
		}
	}
	return nil
}

func (p *platform) save(all state) error {
	data, err := json.MarshalIndent(all, "", "  ")
	temp := p.file("state.json.new")
	if err == nil {
		err = errors.Join(os.MkdirAll(p.dir, 0o700), os.WriteFile(temp, data, 0o600))
	}
	if err == nil {
		err = os.Rename(temp, p.file("state.json"))
	}
	if err != nil {
		return fmt.Errorf("not saved: %w: make room or permit writing in %s", err, p.dir)
	}
	return nil
}

func (p *platform) create(name string) error {
	all, err := p.load()
	if err != nil {
		return err
	}
	if name == "" || all[name] != nil {
		return failing(slip, "program %q: choose a name that is not taken", name)
	}
	all[name] = map[string]*account{}
	return p.save(all)
}

func (p *platform) join(program, name string) error {
	all, err := p.load()
	if err != nil {
		return err
	}
	if all[program] == nil {
		return failing(slip, "there is no program %q: create it first", program)
	}
	if name == "" || all[program][name] != nil {
		return failing(slip, "affiliate %q: choose a name that %q does not have yet", name, program)
	}
	all[program][name] = &account{}
	return p.save(all)
}

func (p *platform) refer(program, name string, cents int64) error {
	all, err := p.load()
	if err != nil {
		return err
	}
	who := all[program][name]
	if who == nil {
		return failing("REFERRAL_REJECTED", "referral rejected: %q is not an affiliate of %q: let them join first", name, program)
	}
	if cents <= 0 || who.Owed > math.MaxInt64-cents {
		return failing("REFERRAL_REJECTED", "referral rejected: %d cents: give a positive amount", cents)
	}
	who.Referrals++
	who.Owed += cents
	return p.save(all)
}

// pay writes the order before the account: whatever fails in between, the
// order is there for a person to see, and every partner is paid.
func (p *platform) pay(program, name string) (int64, error) {
	all, err := p.load()
	if err != nil {
		return 0, err
	}
	who := all[program][name]
	if who == nil || who.Owed == 0 {
		return 0, failing("PAYOUT_FAILED", "payout failed: %q is owed nothing by %q: see the report", name, program)
	}
	orders, err := os.OpenFile(p.file("payments.jsonl"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err == nil {
		err = errors.Join(json.NewEncoder(orders).Encode(map[string]any{"to": name, "cents": who.Owed}), orders.Close())
	}
	if err != nil {
		return 0, failing("PAYOUT_FAILED", "payout failed: the order cannot be written: %w", err)
	}
	cents := who.Owed
	who.Owed, who.Paid = 0, who.Paid+cents
	return cents, p.save(all)
}

// line is one program in the report.
type line struct {
	Name       string `json:"name"`
	Affiliates int    `json:"affiliates"`
	Referrals  int    `json:"referrals"`
	Owed       int64  `json:"owed_cents"`
	Paid       int64  `json:"paid_cents"`
}

func (p *platform) list() ([]line, error) {
	all, err := p.load()
	list := []line{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		l := line{Name: name, Affiliates: len(all[name])}
		for _, a := range all[name] {
			l.Referrals, l.Owed, l.Paid = l.Referrals+a.Referrals, l.Owed+a.Owed, l.Paid+a.Paid
		}
		list = append(list, l)
	}
	return list, err
}

// sizes are the numbers of affiliates, without a name.
func (p *platform) sizes() ([]int64, error) {
	all, err := p.load()
	var sizes []int64
	for _, affiliates := range all {
		sizes = append(sizes, int64(len(affiliates)))
	}
	return sizes, err
}
