package texts

import (
	"strconv"
	"strings"
	"time"
)

// Number writes a whole number with the language's mark between thousands, in
// Latin digits: 1,000,000 in English.
func (l *Language) Number(n int64) string {
	l = l.or()
	digits, sign := strconv.FormatInt(n, 10), ""
	if n < 0 {
		digits, sign = digits[1:], "-"
	}
	var b strings.Builder
	for i, d := range digits {
		if i > 0 && (len(digits)-i)%3 == 0 {
			b.WriteString(l.Text("common.thousands"))
		}
		b.WriteRune(d)
	}
	return sign + b.String()
}

// Range writes a label of package bucketing in words: "11 to 50" for "11-50",
// "1,000,001 or more" for "1000001+". The result keeps its order in text that runs
// from right to left. Any other text is returned as it is.
func (l *Language) Range(label string) string {
	l = l.or()
	number := func(digits string) (string, bool) {
		n, err := strconv.ParseInt(digits, 10, 64)
		return l.Number(n), err == nil && n >= 0 && strconv.FormatInt(n, 10) == digits
	}
	if first, isOpen := strings.CutSuffix(label, "+"); isOpen {
		if low, ok := number(first); ok {
			return l.isolate(l.Text("common.range.more", "from", low))
		}
		return label
	}
	first, second, isPair := strings.Cut(label, "-")
	low, ok := number(first)
	if !isPair && ok {
		return low
	}
	if high, valid := number(second); ok && valid {
		return l.isolate(l.Text("common.range.between", "from", low, "to", high))
	}
	return label
}

// Date writes the day of t in UTC: 26 November 2026.
func (l *Language) Date(t time.Time) string {
	l, t = l.or(), t.UTC()
	month := l.Text("common.month." + strconv.Itoa(int(t.Month())))
	return l.Text("common.date", "day", t.Day(), "month", month, "year", t.Year())
}

// Moment writes the day and the minute of t in UTC, and says UTC.
func (l *Language) Moment(t time.Time) string {
	l = l.or()
	return l.Text("common.moment", "date", l.Date(t), "time", t.UTC().Format("15:04"))
}
