// Package catalogtest is for the test of an application's own catalog. It
// fails when what is sent or what people are told has changed and the notice
// number has not risen.
//
//	func TestGolden(t *testing.T) {
//		catalogtest.Golden(t, faces.Catalog, ".")
//
//		config, err := faces.Catalog.CollectorConfig()
//		if err != nil {
//			t.Fatal(err)
//		}
//		catalogtest.File(t, "collector-config.yaml", config)
//	}
//
// [Golden] keeps two files beside the catalog, to be committed: notice.md,
// the text for people, and fingerprints.txt, one line for every notice there
// ever was. [File] keeps any other file that is rendered from the catalog.
// Reviewers see in them what a change to the catalog does.
//
// # Writing the files
//
//	UPDATE_GOLDEN=1 go test ./...
//
// It is an environment variable and not a flag: a flag of this package would
// end every test binary whose application has an -update of its own ("flag
// redefined"), and go test ./... -update fails in every package that has
// none. Only the value 1 writes; everything else checks.
//
// A line of fingerprints.txt is never rewritten, because people may have
// agreed to that notice. To change a notice that was never shown, delete
// its line by hand and write the files again.
package catalogtest
