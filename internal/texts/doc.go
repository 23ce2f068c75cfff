// Package texts holds the texts for people: one JSON file a language, embedded.
// The panel, the terminal prompt and the notice take every sentence from here.
//
// English is the source: en.json has every key. A key begins with what it is for, as in
// panel.turnOff. A key that begins with common is for more than one of them. A text has
// the names of its values in braces, as in "Notice {notice}". A plural text has one
// key for each form that its language distinguishes, such as x.one and
// x.other. A language is shipped when its file is complete: a test compares
// each file with English.
//
// Package words chooses a language by what a person prefers. It needs the tables
// of golang.org/x/text for that. This package needs no other, because every
// application links it with its catalog.
//
// The package keeps no state besides the parsed files, and everything in it is
// safe for concurrent use.
package texts
