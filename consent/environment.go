package consent

import (
	"fmt"
	"strconv"
	"strings"
)

// This file is the only one that reads words from the environment.

const (
	doNotTrack  = "DO_NOT_TRACK"
	sdkDisabled = "OTEL_SDK_DISABLED"
	exporter    = "OTEL_METRICS_EXPORTER"
)

// words is what the environment says, all variables together.
type words struct {
	veto     string // which variable denies; empty when none does
	off      bool   // it is the product's own, and says exactly off: a no like any other
	reason   string // how it says so
	accepted int    // the notice that is accepted; 0 when none is
}

// readEnvironment asks lookup for the four variables. A malformed variable
// name is not looked up; Evaluate refuses it.
func readEnvironment(variable string, lookup func(string) (string, bool)) words {
	if value, _ := lookup(doNotTrack); tracksNot(value) {
		return words{veto: doNotTrack, reason: doNotTrack + " is set"}
	}
	// Stricter than OpenTelemetry, which warns about words that are not booleans and
	// ignores them. Its booleans ignore case, so False does not deny.
	if value, _ := lookup(sdkDisabled); tracksNot(strings.ToLower(value)) {
		return words{veto: sdkDisabled, reason: sdkDisabled + " is set"}
	}
	if value, _ := lookup(exporter); strings.EqualFold(strings.TrimSpace(value), "none") {
		// Every other word chooses where the operator's own metrics go, and
		// says nothing about these.
		return words{veto: exporter, reason: exporter + " is none"}
	}
	if !variableName(variable) {
		return words{}
	}
	value, set := lookup(variable)
	if value == "" {
		return words{}
	}
	if notice, ok := accept(value); ok && set {
		return words{accepted: notice}
	}
	if value == "off" {
		return words{veto: variable, reason: variable + " is off", off: true}
	}
	// A word that is not known may well be a no: on a typing error,
	// "of" or "disable" must not send.
	return words{veto: variable, reason: fmt.Sprintf("%s is %.40q, which means off: the only yes is accept:<notice>", variable, value)}
}

// tracksNot says whether a word denies: all do but those of DO_NOT_TRACK that do
// not.
func tracksNot(value string) bool {
	return value != "" && value != "0" && value != "false"
}

// accept parses accept:<notice>. The number must be written as we would write
// it, which leaves no room for signs, spaces, leading zeros or other digits.
func accept(value string) (notice int, ok bool) {
	digits, found := strings.CutPrefix(value, "accept:")
	notice, err := strconv.Atoi(digits)
	if !found || err != nil || notice < 1 || strconv.Itoa(notice) != digits {
		return 0, false
	}
	return notice, true
}

// variableName accepts A-Z, 0-9 and _, starting with a letter. A name that no
// shell can set, or that differs from the documented one by its case, would
// lose the administrator's veto without a sign.
func variableName(name string) bool {
	for i, c := range []byte(name) {
		letter := c >= 'A' && c <= 'Z'
		later := c == '_' || c >= '0' && c <= '9'
		if !letter && (i == 0 || !later) {
			return false
		}
	}
	return name != ""
}
