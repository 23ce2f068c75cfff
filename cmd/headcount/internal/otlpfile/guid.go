package otlpfile

// guidKey is the resource attribute that names the installation.
const guidKey = "install_guid"

const guidLength = 36

// nibble is the value of a hexadecimal digit in lower case, 0xFF of another byte.
var nibble = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xFF
	}
	for i, c := range []byte("0123456789abcdef") {
		t[c] = byte(i)
	}
	return t
}()

// parseGUID reads a UUID of version 4 in its canonical form, in lower case.
// The same pattern is in the Collector's configuration.
func parseGUID[T string | []byte](text T, guid *[16]byte) bool {
	if len(text) != guidLength || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return false
	}
	var bad byte
	at := 0
	for i := range guid {
		switch i {
		case 4, 6, 8, 10:
			at++
		}
		high, low := nibble[text[at]], nibble[text[at+1]]
		bad |= high | low
		guid[i] = high<<4 | low
		at += 2
	}
	return bad < 0x10 && guid[6]>>4 == 4 && guid[8]>>6 == 2
}
