package catalog_test

import (
	"fmt"
	"strings"
	"testing"

	"headcount.example/bucketing"
	"headcount.example/catalog"
)

// The same rule holds for the names of statistics and of labels.
func TestNames(t *testing.T) {
	const syntax, space = " is not an OpenTelemetry name", " is in OpenTelemetry's own name space"
	for name, test := range map[string]struct{ name, fault string }{
		"a letter":              {"a", ""},
		"words and name spaces": {"shop.user_account.created2", ""},
		"begins with otel":      {"otelier.created", ""},
		"otel inside":           {"shop.otel.created", ""},
		"digits in a part":      {"shop.2fa", ""},
		"254 bytes":             {a(254), ""},
		"255 bytes":             {a(255), ""},
		"256 bytes":             {a(256), " is longer than 255 bytes"},
		"empty":                 {"", syntax},
		"upper case":            {"shop.User", syntax},
		"begins with a digit":   {"2shop", syntax},
		"begins with a dot":     {".shop", syntax},
		"begins with _":         {"_shop", syntax},
		"ends with a dot":       {"shop.", syntax},
		"ends with _":           {"shop_", syntax},
		"ends with a line":      {"shop\n", syntax},
		"two dots":              {"shop..user", syntax},
		"two _":                 {"shop__user", syntax},
		"dot and _":             {"shop._user", syntax},
		"dash":                  {"shop-user", syntax},
		"slash":                 {"shop/user", syntax},
		"space":                 {"shop user", syntax},
		"quote":                 {`shop"user`, syntax},
		"backtick":              {"shop`user", syntax},
		"bar":                   {"shop|user", syntax},
		"colon":                 {"shop: user", syntax},
		"variable":              {"${shop}", syntax},
		"not ASCII":             {"käse", syntax},
		"looks like ASCII":      {"shоp", syntax}, // Cyrillic о
		"NUL":                   {"shop\x00", syntax},
		"not UTF-8":             {"shop\xff", syntax},
		"otel":                  {"otel", space},
		"in otel":               {"otel.shop", space},
		"OTEL":                  {"OTEL.shop", syntax},
	} {
		for what, c := range map[string]*catalog.Catalog{
			`metric name`:                           catalog.New("Shop", 1, about, catalog.NewCounter(test.name, "1", says(sentence))),
			`metric "shop.user.created": attribute`: catalog.New("Shop", 1, about, counter(catalog.OneOf(test.name, "A"))),
			`metric "shop.goods": attribute`:        catalog.New("Shop", 1, about, catalog.NewRangeGauge("shop.goods", "1", says(sentence), test.name, bucketing.Faces)),
		} {
			t.Run(name+" as "+what, func(t *testing.T) {
				if test.fault == "" {
					sound(t, c)
				} else {
					refused(t, c, fmt.Sprintf("%s %q%s", what, test.name, test.fault))
				}
			})
		}
	}
}

func TestUnits(t *testing.T) {
	for name, test := range map[string]struct {
		unit  string
		sound bool
	}{
		"one":                 {"1", true},
		"annotation":          {"{user}", true},
		"unit":                {"By", true},
		"unit and annotation": {"By{stored}", true},
		"quotient":            {"m/s2", true},
		"percent":             {"%", true},
		"62 bytes":            {a(62), true},
		"63 bytes":            {a(63), true},
		"64 bytes":            {a(64), false},
		"63 in braces":        {"{" + a(61) + "}", true},
		"64 in braces":        {"{" + a(62) + "}", false},
		"empty":               {"", false},
		"space":               {"{two words}", false},
		"line end":            {"1\n", false},
		"tab":                 {"1\t", false},
		"DEL":                 {"1\x7f", false},
		"not ASCII":           {"µs", false},
		"not UTF-8":           {"\xff", false},
		"empty braces":        {"{}", false},
		"not closed":          {"{user", false},
		"not opened":          {"user}", false},
		"wrong way round":     {"}user{", false},
		"twice open":          {"{{user}", false},
		"twice closed":        {"{user}}", false},
		"braces in braces":    {"{a{b}}", false},
		"two annotations":     {"{a}{b}", false},
		"after annotation":    {"{a}b", false},
		"variable":            {"${env:HOME}", false},
		"dollar":              {"$", false},
		"double quote":        {`{"}`, false},
		"single quote":        {"{'}", false},
		"backtick":            {"{`}", false},
		"backslash":           {`{\}`, false},
		"bar":                 {"{a|b}", false},
		"markup":              {"{<b>}", false},
		"comment":             {"#", false},
	} {
		t.Run(name, func(t *testing.T) {
			c := catalog.New("Shop", 1, about, catalog.NewCounter("shop.user.created", test.unit, says(sentence)))
			if test.sound {
				sound(t, c)
			} else {
				refused(t, c, fmt.Sprintf(`metric "shop.user.created": unit %q is not a unit`, test.unit))
			}
		})
	}
}

func TestDescriptions(t *testing.T) {
	for name, test := range map[string]struct {
		text  string
		sound bool
	}{
		"sentence":              {sentence, true},
		"begins with a digit":   {"3 users met.", true},
		"apostrophe":            {"A user's \"own\" thing; (so: what?).", true},
		"letters of the world":  {"A café in 日本.", true},
		"199 bytes":             {"A" + a(197) + ".", true},
		"200 bytes":             {"A" + a(198) + ".", true},
		"201 bytes":             {"A" + a(199) + ".", false},
		"200 bytes of é":        {"A" + strings.Repeat("é", 99) + ".", true},
		"202 bytes of é":        {"A" + strings.Repeat("é", 100) + ".", false},
		"empty":                 {"", false},
		"full stop":             {".", false},
		"no full stop":          {"A user was created", false},
		"small letter":          {"a user.", false},
		"space before":          {" A user.", false},
		"space after":           {"A user. ", false},
		"line end after":        {"A user.\n", false},
		"line end inside":       {"A\nuser.", false},
		"return":                {"A\ruser.", false},
		"tab":                   {"A\tuser.", false},
		"NUL":                   {"A\x00.", false},
		"DEL":                   {"A\x7f.", false},
		"bar":                   {"A | B.", false},
		"markup":                {"A <b>user.", false},
		"closing":               {"A > B.", false},
		"backtick":              {"A `user`.", false},
		"link":                  {"A [user](x).", false},
		"backslash":             {`A \ B.`, false},
		"variable":              {"A ${HOME}.", false},
		"not UTF-8":             {"A \xff.", false},
		"turned around":         {"A \u202e resu.", false},
		"invisible":             {"A\u200b user.", false},
		"line separator":        {"A\u2028user.", false},
		"next line":             {"A\u0085user.", false},
		"space of another kind": {"A\u00a0user.", false},
		"byte order mark":       {"A\ufeff.", false},
	} {
		t.Run(name, func(t *testing.T) {
			c := catalog.New("Shop", 1, about, catalog.NewCounter("shop.user.created", "{user}", says(test.text)))
			if test.sound {
				sound(t, c)
			} else {
				refused(t, c, fmt.Sprintf(`metric "shop.user.created": description %q is not one plain sentence`, test.text))
			}
		})
	}
}

func TestValues(t *testing.T) {
	for name, test := range map[string]struct {
		value string
		sound bool
	}{
		"word":                {"FACE_DETECTION", true},
		"range":               {"1-10", true},
		"open range":          {"1000001+", true},
		"path":                {"a/b.c", true},
		"a digit":             {"0", true},
		"63 bytes":            {a(63), true},
		"64 bytes":            {a(64), true},
		"65 bytes":            {a(65), false},
		"empty":               {"", false},
		"space":               {"two words", false},
		"begins with a dash":  {"-1", false},
		"begins with a dot":   {".a", false},
		"begins with a slash": {"/etc", false},
		"line end":            {"A\n", false},
		"comma":               {"A,B", false},
		"equals sign":         {"A=B", false},
		"brace":               {"A}", false},
		"double quote":        {`A"`, false},
		"single quote":        {"A'", false},
		"backtick":            {"A`", false},
		"bar":                 {"A|B", false},
		"backslash":           {`A\B`, false},
		"variable":            {"A${B}", false},
		"dollar":              {"A$", false},
		"e-mail address":      {"a@b.example", false},
		"not ASCII":           {"Käse", false},
		"not UTF-8":           {"A\xff", false},
		"NUL":                 {"A\x00", false},
	} {
		t.Run(name, func(t *testing.T) {
			c := catalog.New("Shop", 1, about, counter(catalog.OneOf("shop.kind", "GOOD", test.value)))
			if test.sound {
				sound(t, c)
			} else {
				refused(t, c, fmt.Sprintf(`metric "shop.user.created": attribute "shop.kind": value %q is not 1 to 64`, test.value))
			}
		})
	}
}
