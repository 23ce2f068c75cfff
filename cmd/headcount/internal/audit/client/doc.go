// Package client audits an application: it runs a command in a network of its
// own, where every connection and lookup is seen, in an environment that is
// full of what should not leave, and judges what left against the list.
package client
