package archive

// Earlier knows the totals that installations had reached in the months that
// prune has left as sums only: what comes before the first report that
// Archive.Reports gives of them. It is not safe for concurrent use.
type Earlier struct {
	s *states
}

// Earlier opens the totals of the months that are kept as sums only. The
// caller closes it. In an archive without such months it knows none.
func (a *Archive) Earlier() (*Earlier, error) {
	path := ""
	held := a.held.Load()
	for _, m := range held.Months {
		if m.Sums && m.Installations != "" {
			path = m.Installations
		}
	}
	if path == "" {
		return &Earlier{}, nil
	}
	s, err := held.openStates(a.dir, path)
	if err != nil {
		return nil, err
	}
	return &Earlier{s}, nil
}

// Totals returns the totals of an installation by the number of the series;
// nil if it had none. Installations must be asked for in the order of their
// identifiers, as Archive.Reports gives them.
func (e *Earlier) Totals(id [16]byte) ([]int64, error) {
	for x := e.s.peek(); x != nil && !less(id, x.id); x = e.s.peek() {
		totals, found := x.Totals, x.id == id
		if err := e.s.next(); err != nil {
			return nil, err
		}
		if found {
			return totals, nil
		}
	}
	return nil, nil
}

// Close ends the reading.
func (e *Earlier) Close() { e.s.close() }
