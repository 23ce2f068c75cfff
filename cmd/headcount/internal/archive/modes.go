package archive

// Only the owner writes, and the owner's group reads: figures of single
// installations are not for everybody on the machine.
const (
	dirMode  = 0o750
	fileMode = 0o640
)
