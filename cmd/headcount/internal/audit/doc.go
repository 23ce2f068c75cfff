// Package audit judges what a Collector wrote against the one list of what
// may leave an installation. It reads the list from the catalog's JSON, and
// shares no code with the template that renders the Collector's configuration.
//
// The parts: [List] is the list, [List.Judge] reads one written report,
// package corpus makes valid and hostile requests, and package receiver sends
// them to a real Collector and searches what it left behind.
package audit
