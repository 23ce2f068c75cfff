// Package compreface is the catalog of a self-hosted face-recognition
// service: that a user, an application or a service was created, and how
// large its face collections are, in ranges. Names, images, embeddings and
// exact sizes are not on the list and cannot be sent.
package compreface

import (
	"headcount.example/bucketing"
	"headcount.example/catalog"
)

// The kinds of service that can be created: the values of
// [ServiceCreated]'s label.
const (
	Detection    = "FACE_DETECTION"
	Recognition  = "FACE_RECOGNITION"
	Verification = "FACE_VERIFICATION"
)

var (
	// UserCreated is how many users were created. It has no label.
	UserCreated = catalog.NewCounter("compreface.user.created", "{user}", "A user was created.")

	// ApplicationCreated is how many applications were created. It has no
	// label.
	ApplicationCreated = catalog.NewCounter("compreface.application.created", "{application}", "An application was created.")

	// ServiceCreated is how many services were created, by type: count
	// ServiceCreated.With([Detection]), not ServiceCreated itself.
	ServiceCreated = catalog.NewCounter("compreface.service.created", "{service}", "A service was created, by type.",
		catalog.OneOf("compreface.service.type", Detection, Recognition, Verification))

	// Collections are the face collections, by number of saved faces: observe
	// it with a function that returns one number for each collection, and only
	// the range that each falls in is counted. The sum over all ranges is the
	// number of collections.
	Collections = catalog.NewRangeGauge("compreface.collection.count", "{collection}",
		"Face collections, by the range their number of saved faces falls in.", "compreface.faces.range", bucketing.Faces)

	// Catalog is the whole list.
	Catalog = catalog.New("CompreFace", 1, UserCreated, ApplicationCreated, ServiceCreated, Collections)
)
