// Package sqlstate keeps an installation's state in the application's own
// database.
package sqlstate
