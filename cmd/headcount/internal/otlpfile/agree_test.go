package otlpfile

import (
	"bytes"
	"math/rand/v2"
	"os"
	"slices"
	"testing"

	"headcount.example/cmd/headcount/internal/schema"
)

// agree fails the test if the scanner takes a piece and pdata does not give
// the same report of it. It returns whether the scanner took it.
func agree(t testing.TB, s *schema.Schema, piece []byte) bool {
	t.Helper()
	c := newScanner(s)
	end, ok := c.scan(piece)
	if !ok {
		return false
	}
	object := piece[:end]
	if bytes.Contains(object[1:], []byte(marker)) || bytes.ContainsAny(object, "\n\x00") || objectEnd(object) != end {
		t.Fatalf("the scanner took more than a piece: %s", object)
	}
	md, ok := decode(object)
	if !ok || md.ResourceMetrics().Len() != 1 {
		t.Fatalf("pdata does not read one report from %s", object)
	}
	j := newJudge(s)
	if kind := j.verdict(md.ResourceMetrics().At(0)); kind != "" {
		t.Fatalf("pdata refuses as %s what the scanner takes: %s", kind, object)
	}
	a, b := c.report, j.report
	if a.GUID != b.GUID || a.Day != b.Day || a.Erasure != b.Erasure || !slices.Equal(a.Values, b.Values) {
		t.Fatalf("got %s, want %s, from %s", describe(s, &a), describe(s, &b), object)
	}
	return true
}

// seeds are reports of a catalog as the Collector writes them.
func seeds(t testing.TB, name string, s *schema.Schema) (list [][]byte) {
	t.Helper()
	data := fleet(t, s, 20)
	if name == "compreface" {
		more, err := os.ReadFile("testdata/torn-then-whole.jsonl")
		if err != nil {
			t.Fatal(err)
		}
		data = append(data, more...)
	}
	for line := range bytes.Lines(data) {
		list = append(list, bytes.TrimSuffix(line, []byte("\n")))
	}
	return list
}

// tokens are parts of a report that a mutation puts in another place.
var tokens = []string{`"`, `\"`, `\`, `{`, `}`, `[`, `]`, `,`, `:`, `0`, `9`, `-`, ` `, "\x00", "\n", "\xFF", "e5", ".0", "null", "true",
	`"1"`, `"0"`, `"1000000000000"`, `"1000000000001"`, `1795651200000000000`, `0000000000000000000`, `9999999999999999999`, someGUID,
	`"flags":1,`, `"asDouble":1`, `"asInt":"7"`, `"unit":"{user}",`, `"isMonotonic":false`, `{},`, `,{}`, `"x":{},`, `"":{},`,
	marker, beforeKey, beforeLabel, afterLabel, beforeLabels, afterLabels, afterSum, afterGauge, afterMetrics, beforeMetrics,
	schema.Erasure, "compreface.user.created", "affiliate.action", "FACE_DETECTION", "11-50"}

// mutate changes a few places of a report.
func mutate(random *rand.Rand, piece []byte) []byte {
	b := bytes.Clone(piece)
	for range 1 + random.IntN(3) {
		i := random.IntN(len(b) + 1)
		k := min(len(b), i+random.IntN(1+[]int{0, 1, 8, 200}[random.IntN(4)]))
		token := []byte(tokens[random.IntN(len(tokens))])
		switch random.IntN(7) {
		case 0: // cut
			b = slices.Delete(b, i, k)
		case 1: // repeat
			b = slices.Insert(b, i, b[i:k]...)
		case 2: // put in
			b = slices.Insert(b, i, token...)
		case 3: // replace
			b = slices.Replace(b, i, k, token...)
		case 4: // change a byte, often a digit for a digit
			if i < len(b) {
				b[i] ^= 1 << random.IntN(4)
			}
		case 5: // cut off
			b = b[:i]
		case 6: // exchange one token for another wherever it is
			b = bytes.Replace(b, []byte(tokens[random.IntN(len(tokens))]), token, 1+random.IntN(3))
		}
	}
	return b
}

// Wherever the scanner takes a report, pdata reads the same from it: real
// reports of both catalogs, and many mutations of each.
func TestParsersAgree(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for _, name := range []string{"compreface", "affiliate"} {
		s := load(t, name)
		taken, all := 0, 0
		for _, seed := range seeds(t, name, s) {
			if whole := bytes.Count(seed, []byte(marker)) == 1; agree(t, s, seed) != whole {
				t.Errorf("%s: the scanner does not take %s", name, seed)
			}
			for range 500 {
				if all++; agree(t, s, mutate(random, seed)) {
					taken++
				}
			}
		}
		if taken < all/50 {
			t.Errorf("%s: the scanner took %d of %d mutations; too few to prove anything", name, taken, all)
		}
	}
}

func FuzzParsersAgree(f *testing.F) {
	list := map[bool]*schema.Schema{false: load(f, "compreface"), true: load(f, "affiliate")}
	random := rand.New(rand.NewPCG(5, 6))
	for _, affiliate := range []bool{false, true} {
		for _, seed := range seeds(f, map[bool]string{false: "compreface", true: "affiliate"}[affiliate], list[affiliate])[:8] {
			f.Add(seed, affiliate)
			f.Add(mutate(random, seed), affiliate)
		}
	}
	f.Fuzz(func(t *testing.T, piece []byte, affiliate bool) {
		agree(t, list[affiliate], piece)
	})
}
