package ledger

// Windows has no such flags, and its modes say nothing about other users:
// there the directory's access list decides.
const (
	openFlags = 0
	unixModes = false
)

func syncDir(string) {}
