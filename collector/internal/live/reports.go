package live

import (
	"bytes"
	"encoding/json"
)

// Reports takes apart what the file exporter wrote. A Collector that is killed in
// the middle of a report, or between a report and its end of line, leaves a line on
// which the next report follows. What is cut off was never acknowledged; torn counts
// it. Any other piece is returned as it is, whether it is a report or not.
func Reports(data []byte) (pieces [][]byte, torn int) {
	begin := []byte(`{"resourceMetrics":`)
	for line := range bytes.Lines(data) {
		text, ended := bytes.CutSuffix(line, []byte("\n"))
		all := bytes.Split(text, begin)
		for i, piece := range all {
			if i > 0 {
				piece = append(bytes.Clone(begin), piece...)
			}
			last := i == len(all)-1
			switch {
			case i == 0 && len(piece) == 0 && !last: // before the first report
			case json.Valid(piece), last && ended:
				pieces = append(pieces, piece)
			default:
				torn++
			}
		}
	}
	return pieces, torn
}
