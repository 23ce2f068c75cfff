package consent

import (
	"bytes"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

// line is a record as it stands in a file.
func line(decision string, notice any, at, where string) string {
	return fmt.Sprintf(`{"decision":%q,"notice":%v,"time":%q,"where":%q}`, decision, notice, at, where)
}

func file(lines ...string) string {
	return `{"version":1,"records":[` + strings.Join(lines, ",") + `]}`
}

var one = line("granted", 1, "2026-11-21T11:00:00Z", "settings")

// TestParseBy: who decided is read as it was written.
func TestParseBy(t *testing.T) {
	for _, by := range []string{"account 7", "Jürgen <j@example.org>", strings.Repeat("x", 100)} {
		text := file(strings.Replace(one, `"settings"`, fmt.Sprintf(`"settings","by":%q`, by), 1))
		if records, err := parse([]byte(text), noon); err != nil || records[0].By != by {
			t.Errorf("%s: got %+v, %v", text, records, err)
		}
	}
}

func TestParseAccepts(t *testing.T) {
	want := Record{Decision: Granted, Notice: 1, Time: noon.Add(-time.Hour), Where: "settings"}
	for name, text := range map[string]string{
		"on one line":           file(one),
		"with other space":      strings.NewReplacer(":", " :\t", ",", "\r\n ,").Replace(`{"version":1,"records":[`) + one + "]}\n\n",
		"two records":           file(line("denied", 1, "2026-11-21T10:00:00Z", ""), one),
		"100 records":           file(strings.Split(strings.Repeat(one+"\n", 100), "\n")[:100]...),
		"oldest time":           file(line("denied", 1, "1970-01-01T00:00:00Z", ""), one),
		"a day ahead":           file(line("denied", 1, "2026-11-22T12:00:00Z", ""), one),
		"largest notice":        file(line("denied", math.MaxInt, "2026-11-21T10:00:00Z", ""), one),
		"where of 100 bytes":    file(line("denied", 1, "2026-11-21T10:00:00Z", strings.Repeat("x", 100)), one),
		"where with < and \"":   file(line("denied", 1, "2026-11-21T10:00:00Z", `<b>"&\`), one),
		"exactly 131072 bytes":  file(one) + strings.Repeat(" ", maxFile-len(file(one))),
		"one byte less than":    file(one) + strings.Repeat(" ", maxFile-len(file(one))-1),
		"order is not enforced": file(line("denied", 1, "2026-11-21T11:30:00Z", ""), one),
	} {
		t.Run(name, func(t *testing.T) {
			records, err := parse([]byte(text), noon)
			if err != nil {
				t.Fatal(err)
			}
			if got := records[len(records)-1]; got != want {
				t.Errorf("got %+v, want %+v", got, want)
			}
		})
	}
}

// damaged are files that must not be read; TestDamagedFiles has them on disk.
var damaged = map[string]string{
	"empty":                 "",
	"space":                 " \n",
	"null":                  "null",
	"empty object":          "{}",
	"array":                 "[]",
	"string":                `"granted"`,
	"another program's":     `{"telemetry":{"enabled":true}}`,
	"binary":                "\x7fELF\x00\x01\x02",
	"version 0":             strings.Replace(file(one), `"version":1`, `"version":0`, 1),
	"version 2":             strings.Replace(file(one), `"version":1`, `"version":2`, 1),
	"version -1":            strings.Replace(file(one), `"version":1`, `"version":-1`, 1),
	"version 1.0":           strings.Replace(file(one), `"version":1`, `"version":1.0`, 1),
	"version 1e0":           strings.Replace(file(one), `"version":1`, `"version":1e0`, 1),
	"version null":          strings.Replace(file(one), `"version":1`, `"version":null`, 1),
	"version as text":       strings.Replace(file(one), `"version":1`, `"version":"1"`, 1),
	"no version":            strings.Replace(file(one), `"version":1,`, ``, 1),
	"two versions":          strings.Replace(file(one), `"version":1`, `"version":2,"version":1`, 1),
	"VERSION":               strings.Replace(file(one), `"version":1`, `"VERSION":1`, 1),
	"fields in disorder":    `{"records":[` + one + `],"version":1}`,
	"unknown field":         strings.Replace(file(one), `"version":1`, `"version":1,"expires":"never"`, 1),
	"unknown in record":     strings.Replace(file(one), `"notice":1`, `"notice":1,"language":"en"`, 1),
	"for before where":      strings.Replace(file(one), `"where"`, `"for":"SHOP_TELEMETRY","where"`, 1),
	"for after by":          strings.Replace(file(one), `"settings"`, `"settings","by":"me","for":"SHOP_TELEMETRY"`, 1),
	"for twice":             strings.Replace(file(one), `"settings"`, `"settings","for":"SHOP_TELEMETRY","for":"FACES_TELEMETRY"`, 1),
	"FOR":                   strings.Replace(file(one), `"settings"`, `"settings","FOR":"SHOP_TELEMETRY"`, 1),
	"for empty":             strings.Replace(file(one), `"settings"`, `"settings","for":""`, 1),
	"for null":              strings.Replace(file(one), `"settings"`, `"settings","for":null`, 1),
	"for in lower case":     strings.Replace(file(one), `"settings"`, `"settings","for":"shop_telemetry"`, 1),
	"for of 101 bytes":      strings.Replace(file(one), `"settings"`, `"settings","for":"`+strings.Repeat("X", 101)+`"`, 1),
	"by before where":       strings.Replace(file(one), `"where"`, `"by":"me","where"`, 1),
	"by twice":              strings.Replace(file(one), `"settings"`, `"settings","by":"me","by":"you"`, 1),
	"BY":                    strings.Replace(file(one), `"settings"`, `"settings","BY":"me"`, 1),
	"by empty":              strings.Replace(file(one), `"settings"`, `"settings","by":""`, 1),
	"by null":               strings.Replace(file(one), `"settings"`, `"settings","by":null`, 1),
	"by a number":           strings.Replace(file(one), `"settings"`, `"settings","by":7`, 1),
	"by of 101 bytes":       strings.Replace(file(one), `"settings"`, `"settings","by":"`+strings.Repeat("x", 101)+`"`, 1),
	"by with escape":        strings.Replace(file(one), `"settings"`, `"settings","by":"\u001b"`, 1),
	"no records":            file(),
	"records null":          `{"version":1,"records":null}`,
	"record null":           file("null"),
	"records missing":       `{"version":1}`,
	"records as object":     `{"version":1,"records":` + one + `}`,
	"two lists":             `{"version":1,"records":[` + line("denied", 1, "2026-11-21T11:00:00Z", "") + `],"records":[` + one + `]}`,
	"101 records":           file(strings.Split(strings.Repeat(one+"\n", 101), "\n")[:101]...),
	"131073 bytes":          file(one) + strings.Repeat(" ", maxFile-len(file(one))+1),
	"a megabyte":            file(one) + strings.Repeat(" ", 1<<20),
	"garbage after":         file(one) + "x",
	"zero byte after":       file(one) + "\x00",
	"second document":       file(one) + file(one),
	"byte order mark":       "\ufeff" + file(one),
	"comment":               "// consent\n" + file(one),
	"decision twice":        strings.Replace(file(one), `"decision"`, `"decision":"denied","decision"`, 1),
	"decision and DECISION": strings.Replace(file(one), `"notice"`, `"DECISION":"granted","notice"`, 1),
	"Decision":              strings.Replace(file(one), `"decision"`, `"Decision"`, 1),
	"deciſion":              strings.Replace(file(one), `"decision"`, `"deciſion"`, 1),
	"escaped field":         strings.Replace(file(one), `"decision"`, `"\u0064ecision"`, 1),
	"escaped word":          strings.Replace(file(one), `"granted"`, `"\u0067ranted"`, 1),
	"GRANTED":               file(line("GRANTED", 1, "2026-11-21T11:00:00Z", "")),
	"undecided":             file(line("undecided", 1, "2026-11-21T11:00:00Z", "")),
	"decision true":         strings.Replace(file(one), `"granted"`, `true`, 1),
	"decision 1":            strings.Replace(file(one), `"granted"`, `1`, 1),
	"decision null":         strings.Replace(file(one), `"granted"`, `null`, 1),
	"no decision":           strings.Replace(file(one), `"decision":"granted",`, ``, 1),
	"notice 0":              file(line("granted", 0, "2026-11-21T11:00:00Z", "")),
	"notice -1":             file(line("granted", -1, "2026-11-21T11:00:00Z", "")),
	"notice 1.0":            file(line("granted", "1.0", "2026-11-21T11:00:00Z", "")),
	"notice 01":             file(line("granted", "01", "2026-11-21T11:00:00Z", "")),
	"notice 1e0":            file(line("granted", "1e0", "2026-11-21T11:00:00Z", "")),
	"notice too large":      file(line("granted", "9223372036854775808", "2026-11-21T11:00:00Z", "")),
	"notice as text":        file(line("granted", `"1"`, "2026-11-21T11:00:00Z", "")),
	"notice null":           file(line("granted", "null", "2026-11-21T11:00:00Z", "")),
	"no time":               file(`{"decision":"granted","notice":1,"where":""}`),
	"empty time":            file(line("granted", 1, "", "")),
	"zero time":             file(line("granted", 1, "0001-01-01T00:00:00Z", "")),
	"1969":                  file(line("granted", 1, "1969-12-31T23:59:59Z", "")),
	"a time of day":         file(line("granted", 1, "11:00", "")),
	"fractions":             file(line("granted", 1, "2026-11-21T11:00:00.5Z", "")),
	"empty fractions":       file(line("granted", 1, "2026-11-21T11:00:00.000Z", "")),
	"offset":                file(line("granted", 1, "2026-11-21T12:00:00+01:00", "")),
	"offset of zero":        file(line("granted", 1, "2026-11-21T11:00:00+00:00", "")),
	"30 February":           file(line("granted", 1, "2026-02-30T11:00:00Z", "")),
	"a century ahead":       file(line("granted", 1, "2126-11-21T11:00:00Z", "")),
	"older record ahead":    file(line("granted", 1, "2126-11-21T11:00:00Z", ""), one),
	"older record broken":   file(line("granted", 0, "2026-11-21T11:00:00Z", ""), one),
	"where of 101 bytes":    file(line("granted", 1, "2026-11-21T11:00:00Z", strings.Repeat("x", 101))),
	"where with escape":     file(line("granted", 1, "2026-11-21T11:00:00Z", "\x1b")),
	"where null":            strings.Replace(file(one), `"settings"`, `null`, 1),
	"where not UTF-8":       strings.Replace(file(one), `settings`, "\xff", 1),
	"where half a pair":     strings.Replace(file(one), `settings`, `\ud800`, 1),
	"deep":                  strings.Repeat("[", 60_000),
}

func TestParseRefuses(t *testing.T) {
	for name, text := range damaged {
		t.Run(name, func(t *testing.T) {
			if len(text) > maxFile {
				return // TestDamagedFiles: it is not read
			}
			if records, err := parse([]byte(text), noon); err == nil {
				t.Errorf("accepted as %+v", records)
			}
		})
	}
	if _, err := parse([]byte(file(line("granted", 1, "2026-11-22T12:00:01Z", ""))), noon); err == nil {
		t.Error("a day and a second ahead was accepted")
	}
	for name, want := range map[string]string{
		"empty": "unexpected end", "version 2": "version 2 is not 1", "no records": "0 records", "101 records": "101 records",
		"unknown field": "not written the way Save", "decision twice": "not written the way Save",
		"a century ahead": "record 1: time 2126-11-21T11:00:00Z is in the future", "GRANTED": `"GRANTED" is not undecided`,
	} {
		if _, err := parse([]byte(damaged[name]), noon); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: error %v, want %q", name, err, want)
		}
	}
}

func TestParseTruncatedAndFlipped(t *testing.T) {
	good, err := encode([]Record{{Decision: Denied, Notice: 1, Time: noon, Where: "first", By: "me"}, {Decision: Granted, Notice: 2, Time: noon, Where: "second", For: "SHOP_TELEMETRY", By: "you"}})
	if err != nil {
		t.Fatal(err)
	}
	end := len(bytes.TrimRight(good, "\n"))
	for n := range end {
		if records, err := parse(good[:n], noon); err == nil {
			t.Errorf("the first %d bytes were accepted as %+v", n, records)
		}
	}
	// A flipped bit may make another valid file ("sesond"), but none that says
	// granted where it said denied.
	for i := range end {
		for bit := range 8 {
			flipped := bytes.Clone(good)
			flipped[i] ^= 1 << bit
			records, err := parse(flipped, noon)
			if err == nil && (len(records) != 2 || records[0].Decision != Denied) {
				t.Errorf("bit %d of byte %d made it %+v", bit, i, records)
			}
		}
	}
}

func TestEncode(t *testing.T) {
	at := time.Date(2026, 11, 21, 18, 2, 7, 0, time.UTC)
	got, err := encode([]Record{{Decision: Granted, Notice: 1, Time: at, Where: "sign-up form", For: "COMPREFACE_TELEMETRY", By: "account 7", Since: at}})
	if err != nil {
		t.Fatal(err)
	}
	// The same text is in doc.go.
	const want = `{
  "version": 1,
  "records": [
    {
      "decision": "granted",
      "notice": 1,
      "time": "2026-11-21T18:02:07Z",
      "where": "sign-up form",
      "for": "COMPREFACE_TELEMETRY",
      "by": "account 7",
      "since": "2026-11-21T18:02:07Z"
    }
  ]
}
`
	if string(got) != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestEncodeLimits(t *testing.T) {
	// The largest records there can be: every byte of where and by needs an escape.
	var records, all []Record
	var err error
	for i := range 250 {
		r := Record{Decision: Granted, Notice: math.MaxInt - i, Time: noon, Where: strings.Repeat(`"`, maxText), For: strings.Repeat("X", maxText), By: strings.Repeat(`"`, maxText)}
		records, err = Append(records, r, noon)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, newest(records))
		data, err := encode(records)
		if err != nil || len(data) > maxFile {
			t.Fatalf("%d records: %d bytes, %v", len(records), len(data), err)
		}
		got, err := parse(data, noon)
		if err != nil {
			t.Fatalf("%d records: %v", len(records), err)
		}
		if want := all[max(0, len(all)-100):]; !reflect.DeepEqual(got, want) {
			t.Fatalf("%d records: not the newest 100 came back", len(records))
		}
	}
}

func FuzzFile(f *testing.F) {
	for _, text := range damaged {
		if len(text) < 4096 {
			f.Add([]byte(text))
		}
	}
	f.Add([]byte(file(one)))
	f.Add([]byte(file(strings.Replace(one, `"settings"`, `"settings","for":"SHOP_TELEMETRY","by":"account 7","since":"2026-11-21T11:00:00Z"`, 1))))
	f.Add([]byte(file(line("denied", 3, "2026-11-21T10:00:00Z", `<b>"&\é`), one)))
	f.Fuzz(func(t *testing.T, data []byte) {
		records, err := parse(data, noon)
		if err != nil {
			if len(plain(err)) > 1000 {
				t.Fatalf("endless error: %d bytes", len(plain(err)))
			}
			return
		}
		if len(records) < 1 || len(records) > maxRecords {
			t.Fatalf("%d records in %d bytes", len(records), len(data))
		}
		granted := 0
		for _, r := range records {
			if err := check(r, noon); err != nil || r != normal(r) {
				t.Fatalf("%+v: %v", r, err)
			}
			if r.Decision == Granted {
				granted++
			}
		}
		// Each yes is spelled out, once.
		if n := bytes.Count(data, []byte(`"granted"`)); n < granted || bytes.Count(data, []byte(`"decision"`)) < len(records) {
			t.Fatalf("%d grants from %d words", granted, n)
		}
		again, err := encode(records)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := parse(again, noon); err != nil || !reflect.DeepEqual(back, records) {
			t.Fatalf("%q came back as %+v, %v", data, back, err)
		}
	})
}
