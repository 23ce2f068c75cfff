package collector_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
)

// canary is in every text that should not arrive, canaryID in every id of 16
// bytes, canaryNumber in every number.
const (
	canary       = "Canary-Tweety"
	canaryNumber = 1_234_554_321_012
)

var canaryID = []byte("canary-tweety-id")

// canaries looks for what was hidden in hostile reports, as it was written
// and in the encodings that OTLP's JSON has for bytes.
func canaries(data []byte) (found []string) {
	for _, sign := range []string{
		"canary", "tweety", // any case, also cut by a mutation
		hex.EncodeToString([]byte("tweety")),
		base64.StdEncoding.EncodeToString([]byte("Canary-Tweety"))[:16],
		base64.StdEncoding.EncodeToString(canaryID)[:16],
		"1234554321012",
	} {
		if bytes.Contains(bytes.ToLower(data), bytes.ToLower([]byte(sign))) {
			found = append(found, sign)
		}
	}
	return found
}
