package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"

	"headcount.example/catalog/affiliate"
)

// app is the product with its statistics.
type app struct {
	shop  *platform
	stats *statistics
}

// command does one command and counts it after it succeeded.
func (a *app) command(ctx context.Context, args []string) error {
	words := func(n int, name string) bool {
		return len(args) == n && strings.HasPrefix(strings.Join(args, " ")+" ", name+" ")
	}
	switch {
	case words(3, "program create"):
		return a.createProgram(ctx, args[2])
	case words(3, "join"):
		if err := a.shop.join(args[1], args[2]); err != nil {
			return err
		}
		a.stats.Add(affiliate.Actions.With("AFFILIATE_JOIN"), 1)
	case words(4, "referral"):
		cents, err := strconv.ParseInt(args[3], 10, 64)
		if err != nil {
			return usage("%q is not a number of cents, such as 1250", args[3])
		}
		if err := a.shop.refer(args[1], args[2], cents); err != nil {
			return err
		}
		a.stats.Add(affiliate.Actions.With("REFERRAL_RECORD"), 1)
	case words(3, "payout"):
		return a.payout(args[1], args[2])
	case words(1, "report"), words(2, "report --json"):
		return a.report(len(args) == 2)
	case words(3, "settings telemetry"):
		return a.settings(ctx, args[2])
	default:
		return usage("%q is not a command, or not all of one", strings.Join(args, " "))
	}
	return nil
}

// createProgram asks for consent, because the person who creates a program runs the
// platform, and does not do so every day. What came before the yes is not
// counted, this program's creation included.
func (a *app) createProgram(ctx context.Context, name string) error {
	if err := a.shop.create(name); err != nil {
		return err
	}
	a.stats.Add(affiliate.Actions.With("PROGRAM_CREATE"), 1)
	fmt.Printf("program %q is open\n", name)
	return a.ask(ctx)
}

func (a *app) payout(program, name string) error {
	a.stats.Add(affiliate.Features.With("PAYOUTS"), 1) // used, whatever comes of it
	cents, err := a.shop.pay(program, name)
	if err != nil {
		return err
	}
	a.stats.Add(affiliate.Actions.With("PAYOUT_COMPLETE"), 1)
	fmt.Printf("%d cents go to %q\n", cents, name)
	return nil
}

func (a *app) report(asJSON bool) error {
	list, err := a.shop.list()
	if err != nil {
		return err
	}
	a.stats.Add(affiliate.Features.With("REPORTS"), 1)
	if asJSON {
		out := json.NewEncoder(os.Stdout)
		out.SetIndent("", "  ")
		return out.Encode(list)
	}
	for _, p := range list {
		fmt.Printf("%q: %d affiliates, %d referrals, %d cents owed, %d cents paid\n", p.Name, p.Affiliates, p.Referrals, p.Owed, p.Paid)
	}
	return nil
}
