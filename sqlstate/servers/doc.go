// Package servers tests sqlstate with real servers, PostgreSQL and MariaDB. It
// is a module of its own, so that requiring sqlstate does not raise the version of a product's driver.
package servers
