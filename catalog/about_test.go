package catalog_test

import (
	"fmt"
	"strings"
	"testing"

	"headcount.example/bucketing"
	"headcount.example/catalog"
)

func TestAbout(t *testing.T) {
	type field func(*catalog.About) *string
	recipient := func(a *catalog.About) *string { return &a.Recipient }
	purpose := func(a *catalog.About) *string { return &a.Purpose }
	contact := func(a *catalog.About) *string { return &a.Contact }
	policy := func(a *catalog.About) *string { return &a.Policy }
	results := func(a *catalog.About) *string { return &a.Results }
	others := func(a *catalog.About) *string { return &a.Others }
	for i, test := range []struct {
		field field
		value string
		fault string // "" for none
	}{
		{recipient, "", "About.Recipient"},
		{recipient, " Shop", "About.Recipient"},
		{recipient, "Shop\nLtd", "About.Recipient"},
		{recipient, "Shop | Ltd", "About.Recipient"},
		{recipient, "<b>Shop</b>", "About.Recipient"},
		{recipient, strings.Repeat("x", 80), ""},
		{recipient, strings.Repeat("x", 81), "About.Recipient"},
		{recipient, "Müller & Söhne GmbH", ""},
		{purpose, "", "About.Purpose"},
		{purpose, "to see.", "About.Purpose"},
		{purpose, "To see", "About.Purpose"},
		{purpose, "To " + strings.Repeat("x", 296) + ".", ""},
		{purpose, "To " + strings.Repeat("x", 297) + ".", "About.Purpose"},
		{contact, "", "About.Contact"},
		{contact, "shop.example", "About.Contact"},
		{contact, "http://shop.example/contact", "About.Contact"},
		{contact, "Shop <privacy@shop.example>", "About.Contact"},
		{contact, "javascript:alert(1)", "About.Contact"},
		{contact, "https://shop.example/contact", ""},
		{policy, "", "About.Policy"},
		{policy, "privacy@shop.example", "About.Policy"},
		{policy, "http://shop.example", "About.Policy"},
		{policy, "https://user:password@shop.example", "About.Policy"},
		{policy, "https:///privacy", "About.Policy"},
		{policy, "https://shop.example/a b", "About.Policy"},
		{policy, "https://shop.example/" + strings.Repeat("x", 179), ""},
		{policy, "https://shop.example/" + strings.Repeat("x", 180), "About.Policy"},
		{recipient, "Anonymous Ltd", "says that the statistics are anonymous"},
		{purpose, "To gather an\u00f3nima data.", "says that the statistics are anonymous"},
		{others, "A company gets anonymised numbers.", "says that the statistics are anonymous"},
		{results, "", ""},
		{results, "https://shop.example/usage", ""},
		{results, "ftp://shop.example/usage", "About.Results"},
		{others, "", ""},
		{others, "A company that runs the server keeps them for us.", ""},
		{others, "a company", "About.Others"},
	} {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			a := about
			*test.field(&a) = test.value
			c := catalog.New("Shop", 1, a, counter())
			if test.fault != "" {
				refused(t, c, test.fault)
				return
			}
			sound(t, c)
			notice, err := c.Notice()
			if err != nil || !strings.Contains(string(notice), test.value) {
				t.Errorf("got error %v and no %q in the notice", err, test.value)
			}
		})
	}
}

func TestAboutDays(t *testing.T) {
	for n, fault := range map[int]bool{-1: true, 0: true, 1: false, 3650: false, 3651: true} {
		for name, set := range map[string]func(*catalog.About){
			"ReportDays":  func(a *catalog.About) { a.ReportDays = n },
			"FigureDays":  func(a *catalog.About) { a.FigureDays = n },
			"ErasureDays": func(a *catalog.About) { a.ErasureDays = n },
		} {
			a := about
			set(&a)
			c := catalog.New("Shop", 1, a, counter())
			if fault {
				refused(t, c, fmt.Sprintf("About.%s is %d", name, n))
			} else {
				sound(t, c)
			}
		}
	}
}

// TestNoAbout: every field that people must know is named.
func TestNoAbout(t *testing.T) {
	refused(t, catalog.New("Shop", 1, catalog.About{}, counter()), "About.Recipient", "About.Purpose",
		"About.ReportDays", "About.FigureDays", "About.ErasureDays", "About.Contact", "About.Policy")
}

func TestText(t *testing.T) {
	sound := func(text catalog.Text) catalog.Text {
		if text.Title == "" {
			text.Title = "Things"
		}
		if text.Description == "" {
			text.Description = "Things."
		}
		if text.Question == "" {
			text.Question = "How many?"
		}
		return text
	}
	for name, test := range map[string]struct {
		text  catalog.Text
		fault string
	}{
		"title with a full stop":        {catalog.Text{Title: "Users."}, `title "Users."`},
		"title in lower case":           {catalog.Text{Title: "users"}, `title "users"`},
		"title that promises":           {catalog.Text{Title: "Anonymous users"}, `text "Anonymous users" says that the statistics are anonymous`},
		"question that promises":        {catalog.Text{Question: "How many anonymous users?"}, `text "How many anonymous users?" says`},
		"title with markup":             {catalog.Text{Title: "Users <b>"}, `title "Users <b>"`},
		"title at the limit":            {catalog.Text{Title: strings.Repeat("X", 60)}, ""},
		"title over the limit":          {catalog.Text{Title: strings.Repeat("X", 61)}, "title"},
		"question without its mark":     {catalog.Text{Question: "How many"}, `question "How many"`},
		"question at the limit":         {catalog.Text{Question: strings.Repeat("X", 119) + "?"}, ""},
		"question over the limit":       {catalog.Text{Question: strings.Repeat("X", 120) + "?"}, "question"},
		"range":                         {catalog.Text{Range: "Baskets with {range} goods"}, ""},
		"range without a place":         {catalog.Text{Range: "Baskets with goods"}, "range"},
		"range with two places":         {catalog.Text{Range: "{range} or {range}"}, "range"},
		"range with markup":             {catalog.Text{Range: "<b>{range}</b>"}, "range"},
		"range turned around by a mark": {catalog.Text{Range: "\u202e{range}"}, "range"},
	} {
		t.Run(name, func(t *testing.T) {
			c := catalog.New("Shop", 1, about, catalog.NewRangeGauge("shop.basket.count", "{basket}", sound(test.text), "shop.range", bucketing.Faces))
			if test.fault == "" {
				if err := c.Err(); err != nil {
					t.Error(err)
				}
				return
			}
			refused(t, c, `metric "shop.basket.count": `+test.fault)
		})
	}
	refused(t, catalog.New("Shop", 1, about, catalog.NewCounter("shop.user", "1", sound(catalog.Text{Range: "{range}"}))),
		`metric "shop.user": a counter has no ranges`)
	refused(t, catalog.New("Shop", 1, about, catalog.NewCounter("shop.user", "1", catalog.Text{})), "title", "description", "question")
}
