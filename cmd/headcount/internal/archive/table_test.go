package archive

import "testing"

// A table of CompreFace has blocks and pages of full size. One with the most
// series holds no more than one with few.
func TestTableHoldsNoMoreWithMoreColumns(t *testing.T) {
	for _, c := range []struct{ columns, rows, page int }{
		{1, 4096, 256 << 10},
		{25, 4096, 256 << 10},
		{32, 4096, 256 << 10},
		{33, 3971, 256 << 10},
		{64, 2048, 256 << 10},
		{65, 2016, 258111},
		{258, 508, 65027},
		{1040, 126, 16131},
		{4096, 32, 4 << 10},
		{8192, 16, 4 << 10},
		{8193, 16, 4 << 10},
	} {
		if got := rowsOf(c.columns); got != c.rows {
			t.Errorf("%d columns: got blocks of %d rows, want %d", c.columns, got, c.rows)
		}
		if got := pageOf(c.columns); got != c.page {
			t.Errorf("%d columns: got pages of %d bytes, want %d", c.columns, got, c.page)
		}
	}
}
