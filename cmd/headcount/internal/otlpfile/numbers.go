package otlpfile

import (
	"bytes"
	"regexp"
	"strconv"
)

// number is a field of a point with its value. In JSON a quote inside a text
// is escaped, so this is never inside one.
var number = regexp.MustCompile(`"(asInt|as_int|asDouble|as_double|timeUnixNano|time_unix_nano)"\s*:\s*("(?:[^"\\]|\\.)*"|[^\s,\]}"{\[]+)`)

// mended is a JSON object with every number of a point that does not fit into
// its type replaced by one that no report may have. pdata reads nothing of an
// object with such a number; so the report has its own kind of fault, and a
// request to erase is one with any value.
func mended(object []byte) []byte {
	var b []byte
	done := 0
	for _, at := range number.FindAllSubmatchIndex(object, -1) {
		field, value := object[at[2]:at[3]], object[at[4]:at[5]]
		if instead := insteadOf(field, string(bytes.Trim(value, `"`))); instead != "" {
			b = append(append(b, object[done:at[4]]...), instead...)
			done = at[5]
		}
	}
	return append(b, object[done:]...)
}

func insteadOf(field []byte, value string) string {
	switch field[len(field)-1] {
	case 't': // asInt
		if _, err := strconv.ParseInt(value, 10, 64); err != nil {
			return "-1"
		}
	case 'e': // asDouble: no double is an integer
		if _, err := strconv.ParseFloat(value, 64); err != nil {
			return "0"
		}
	case 'o': // timeUnixNano
		if _, err := strconv.ParseUint(value, 10, 64); err != nil {
			return "18446744073709551615"
		}
	}
	return ""
}
