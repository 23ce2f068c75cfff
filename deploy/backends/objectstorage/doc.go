// Package objectstorage tests, with the real rclone and its S3 server, that
// answers and erasure survive a way through a bucket.
package objectstorage
