// Package number writes whole numbers for people to read.
package number

import (
	"strconv"
	"strings"
)

// Grouped writes a number with commas: 8,762.
func Grouped(n int64) string { return Digits(strconv.FormatInt(n, 10)) }

// Digits is Grouped for a number of any length that is text.
func Digits(text string) string {
	start := 0
	if strings.HasPrefix(text, "-") {
		start = 1
	}
	for i := len(text) - 3; i > start; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}
