package fleet

// live is what happens to a machine between two reports.
func (f *fleet) live(i int) {
	m := &f.machines[i]
	totals := f.totals[i*len(f.counters) : (i+1)*len(f.counters)]
	sizes := f.sizes[i*f.ranges : (i+1)*f.ranges]
	days := float32(1)
	if !m.begun {
		m.begun = true
		days = 5 // the first days are busy
		if of := int(m.of); of != i {
			copy(totals, f.totals[of*len(f.counters):])
			copy(sizes, f.sizes[of*f.ranges:])
		}
	}
	if !f.o.Clean && f.rng.IntN(900) == 0 {
		f.restore(totals)
	}
	for c := range totals {
		if f.uses(int(m.of), c) {
			totals[c] += min(f.draw(m.rate*f.weights[c]*days), f.top-totals[c])
		}
	}
	f.mute = m.noSizes || f.rng.IntN(100) == 0 // the product could not say
	if f.mute {
		return
	}
	for _, series := range f.gauges {
		f.drift(sizes[:len(series)])
		sizes = sizes[len(series):]
	}
}

// restore puts back a backup, or an empty volume.
func (f *fleet) restore(totals []uint32) {
	keep := f.rng.Float64()
	if f.rng.IntN(8) == 0 {
		keep = 0
	}
	for c := range totals {
		totals[c] = uint32(float64(totals[c]) * keep)
	}
}

// uses is whether a machine's product ever uses a counter.
func (f *fleet) uses(machine, counter int) bool {
	x := (uint64(machine)<<20 + uint64(counter) + f.o.Seed) * 0x9e3779b97f4a7c15
	x ^= x >> 29
	x *= 0xbf58476d1ce4e5b9
	return uint8(x>>40) < f.likely[counter]
}

// draw is an irregular whole number with this mean: nothing on most days,
// then much at once.
func (f *fleet) draw(mean float32) uint32 {
	const quiet = 0.6
	if f.rng.Float64() < quiet {
		return 0
	}
	x := f.rng.ExpFloat64() * float64(mean) / (1 - quiet)
	return uint32(min(x, 1e9) + f.rng.Float64())
}

// drift changes the things of one range gauge: few at first, in small
// ranges; then new ones come, and old ones grow, shrink and go. One stays.
func (f *fleet) drift(sizes []uint32) {
	var things uint32
	for _, n := range sizes {
		things += n
	}
	if things == 0 {
		for range 1 + int(f.rng.ExpFloat64()*1.5) {
			sizes[f.small(len(sizes))]++
		}
		return
	}
	if f.rng.IntN(6) != 0 {
		return
	}
	at := f.rng.IntN(len(sizes))
	for sizes[at] == 0 {
		at = (at + 1) % len(sizes)
	}
	switch n := f.rng.IntN(20); {
	case n < 6 && things < f.top:
		sizes[f.small(len(sizes))]++
	case n < 15:
		sizes[at]--
		sizes[min(at+1, len(sizes)-1)]++
	case n < 18:
		sizes[at]--
		sizes[max(at-1, 0)]++
	case things > 1:
		sizes[at]--
	}
}

// small is a range, and a small one more likely than a large one.
func (f *fleet) small(ranges int) (at int) {
	for at < ranges-1 && f.rng.IntN(20) < 11 {
		at++
	}
	return at
}
