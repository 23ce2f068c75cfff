// Package deploy has only tests: of the files in this directory and of
// docker-compose.yml. They run what the files are for: the real Docker engine,
// nginx, Debian's docker-compose.
package deploy
