// Package tutorial has the test that follows docs/tutorial.md word by word. The
// code stands in the document alone.
package tutorial
