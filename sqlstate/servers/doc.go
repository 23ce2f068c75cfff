// Package servers tests sqlstate with real servers, PostgreSQL and MariaDB. It
// is a module of its own, so that requiring sqlstate raises nobody's driver.
package servers
