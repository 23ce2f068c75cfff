package publish

import (
	"math/rand/v2"
	"testing"

	"headcount.example/cmd/headcount/internal/day"
)

// A chain is seven pages. Few join and leave between them, and between the
// last two exactly one joins. It is seen in three ways: with a last page on
// which changes of earlier periods do not count, with one on which they do,
// and by a rule by which they count on every page.
type chain [3]pair

func newChain(t testing.TB, r *rand.Rand) (c chain) {
	const pages = 7
	m := &memory{list: testList(t, len(distribution))}
	var days []day.Day
	for i := range pages {
		days = append(days, page1+day.Day(i*DefaultPeriod))
	}
	live := func(first, end int) int {
		at := draw(r)
		m.add(1, m.size(at), days[first:end]...)
		return at
	}
	for range []int{60, 200}[r.IntN(2)] {
		live(0, pages)
	}
	for i := 1; i < pages-1; i++ {
		for range between(r, [2]int{1, 10}) {
			live(i, pages)
		}
		for range between(r, [2]int{1, 10}) {
			live(0, i)
		}
	}
	joined := make([]float64, len(distribution))
	joined[live(pages-1, pages)] = 1

	ruled, always := record{}, record{}
	for _, d := range days[:pages-1] {
		ruled = next(t, m, ruled, d)
		always.Pages = 0
		always = next(t, m, always, d)
	}
	seen := func(before record, counted int) pair {
		before.Pages = counted
		one, two := ranges(before), ranges(next(t, m, before, days[pages-1]))
		p := pair{joined: joined}
		for i := range distribution {
			v := viewOf(one[i], two[i])
			v.joiners = 1
			p.published = append(p.published, v)
		}
		return p
	}
	return chain{seen(ruled, gathering+1), seen(ruled, gathering), seen(always, 0)}
}

func next(t testing.TB, m *memory, before record, d day.Day) record {
	t.Helper()
	r, err := compute(t.Context(), m, m.list, before, d, DefaultPeriod)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAttackOverTime(t *testing.T) {
	var list, training [3][]pair
	r := rand.New(rand.NewPCG(8, 1))
	for range pairs {
		for way, p := range newChain(t, r) {
			list[way] = append(list[way], p)
		}
	}
	for range pairs {
		for way, p := range newChain(t, r) {
			training[way] = append(training[way], p)
		}
	}
	baseline := rate(attacker{pick: func([]view) int { return commonest }}, list[0], ways[0])
	t.Logf("sees no page: %.3f (expected %.3f)", baseline, distribution[commonest])
	t.Logf("%-32s %9s %9s %14s", "attacker", "ordinary", "gathering", "always gathers")
	for _, a := range append(attackers[:len(attackers):len(attackers)], attacker{name: "trained on other pairs"}) {
		var by [3]float64
		for way := range by {
			if a.name == "trained on other pairs" {
				a.pick = learn(training[way], ways[0]).pick
			}
			by[way] = rate(a, list[way], ways[0])
			if way < 2 && by[way] > baseline+tolerance {
				t.Errorf("%s, way %d: right in %.3f of pairs, want at most %.3f + %.4f", a.name, way, by[way], baseline, tolerance)
			}
		}
		t.Logf("%-32s %9.3f %9.3f %14.3f", a.name, by[0], by[1], by[2])
	}
	for way, want := range []struct{ pairs, right [2]float64 }{
		{pairs: [2]float64{0, 0}},
		{pairs: [2]float64{100, pairs}, right: [2]float64{0, .35}},
		// The test can fail: if changes of earlier periods counted on every
		// page, a range that is renewed would give the joiner away.
		{pairs: [2]float64{30, pairs}, right: [2]float64{1, 1}},
	} {
		n, right := whenRenewed(list[way])
		t.Logf("way %d: a range is renewed in %.0f pairs, and the joiner is in the commonest such range in %.3f of them", way, n, right)
		if n < want.pairs[0] || n > want.pairs[1] || right < want.right[0] || right > want.right[1] {
			t.Errorf("way %d: got %.0f pairs, %.3f right; want between %v and %v", way, n, right, want.pairs, want.right)
		}
	}
}

// whenRenewed counts the pairs in which a range is renewed, and in what share
// of them it is the joiner's.
func whenRenewed(list []pair) (n, right float64) {
	pick := first(func(v view) int64 { return yes(v.renewed) })
	for _, p := range list {
		for _, v := range p.published {
			if v.renewed {
				n++
				right += p.joined[pick(p.published)]
				break
			}
		}
	}
	return n, right / max(n, 1)
}
