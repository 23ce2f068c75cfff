package terminal

import "strings"

var (
	eighths = []rune(" ▏▎▍▌▋▊▉")
	heights = []rune("▁▂▃▄▅▆▇█")
)

// bar draws a part of the whole in so many columns, in steps of an eighth of
// one. What is above zero can be seen.
func bar(part, whole int64, width int) string {
	if whole <= 0 || part <= 0 || width <= 0 {
		return ""
	}
	n := int(float64(min(part, whole)) / float64(whole) * float64(width*8))
	n = max(n, 1)
	s := strings.Repeat("█", n/8)
	if n%8 > 0 {
		s += string(eighths[n%8])
	}
	return s
}

// spark draws a series in at most so many columns, from 0 to its largest
// value. A column stands for the newest of the values that share it.
func spark(values []int64, width int) string {
	if len(values) == 0 || width <= 0 {
		return ""
	}
	columns := min(width, len(values))
	largest := int64(0)
	for _, v := range values {
		largest = max(largest, v)
	}
	line := make([]rune, columns)
	for i := range line {
		v := values[(i+1)*len(values)/columns-1]
		switch {
		case v <= 0:
			line[i] = '·' // nothing at all
		default:
			at := int(float64(v) / float64(largest) * float64(len(heights)))
			line[i] = heights[min(at, len(heights)-1)]
		}
	}
	return string(line)
}
