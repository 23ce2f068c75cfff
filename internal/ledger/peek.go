package ledger

import "path/filepath"

// Peek returns the identity that is kept in dir, and changes nothing. An
// error says that there is none, or none that can be trusted.
func Peek(dir string) (Identity, error) {
	file, err := read(filepath.Join(dir, fileName))
	if err != nil {
		return Identity{}, err
	}
	if _, err := file.check(); err != nil {
		return Identity{}, err
	}
	return file.identity(), nil
}
