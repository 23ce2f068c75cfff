// Package receiver audits a real Collector: it starts one with the given
// configuration in a scratch directory, or uses one that runs, sends the
// corpus, and judges what is left in the output, the queue, the log and the
// Collector's own metrics.
package receiver
