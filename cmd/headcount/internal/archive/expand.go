package archive

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// collectorFile are the names that the Collector and logrotate give.
var collectorFile = regexp.MustCompile(`\.jsonl(\.[0-9]+)?(\.gz)?$`)

// expand lists the files of the arguments: a directory stands for the files
// in it whose names end in .jsonl, .jsonl.gz or .jsonl.1, in the order of
// their names, in which the Collector's rotated files come before its live
// one. No file is listed twice.
func expand(args []string) (paths []string, err error) {
	seen := map[string]bool{}
	add := func(path string) {
		if clean := filepath.Clean(path); !seen[clean] {
			seen[clean] = true
			paths = append(paths, clean)
		}
	}
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, fmt.Errorf("%w: name the Collector's files, or their directory", err)
		}
		if !info.IsDir() {
			add(arg)
			continue
		}
		entries, err := os.ReadDir(arg)
		if err != nil {
			return nil, err
		}
		found := false
		for _, e := range entries {
			if !e.IsDir() && collectorFile.MatchString(e.Name()) {
				found = true
				add(filepath.Join(arg, e.Name()))
			}
		}
		if !found {
			return nil, fmt.Errorf("%s holds no file whose name ends in .jsonl, .jsonl.gz or .jsonl.1; name the Collector's files, or the directory that HEADCOUNT_FILE is in", arg)
		}
	}
	return paths, nil
}

// inputs lists the files to compact into an archive.
func inputs(dir string, args []string) ([]string, error) {
	paths, err := expand(args)
	if err != nil {
		return nil, err
	}
	if len(paths) == 0 {
		return nil, errors.New("no file to compact: name the Collector's files or their directory")
	}
	own, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	for _, path := range paths {
		if at, err := filepath.Abs(path); err == nil && (at == own || strings.HasPrefix(at, own+string(filepath.Separator))) {
			return nil, fmt.Errorf("%s is in the archive %s itself: name the Collector's files", path, dir)
		}
	}
	return paths, nil
}
