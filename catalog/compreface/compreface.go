// Package compreface is the catalog of a self-hosted face-recognition
// service: that a user, an application or a service was created, and how
// large its face collections are, in ranges. Names, images, embeddings and
// exact sizes are not on the list and cannot be sent.
package compreface

import (
	"embed"

	"headcount.example/bucketing"
	"headcount.example/catalog"
)

// texts are the translations of the sentences below.
//
//go:embed texts
var texts embed.FS

// About is who asks and why, as the product's page on statistics says it.
var About = catalog.About{
	Recipient: "Exadel",
	Purpose: "To understand which features should be added to CompreFace and how it can be improved: which services are popular, " +
		"how large face collections are, and how many installations are in use.",
	ReportDays: 30, FigureDays: 400, ErasureDays: 30,
	Contact: "compreface.support@exadel.com",
	Policy:  "https://exadel.com/privacy-policy",
}

// The kinds of service that can be created: the values of
// [ServiceCreated]'s label.
const (
	Detection    = "FACE_DETECTION"
	Recognition  = "FACE_RECOGNITION"
	Verification = "FACE_VERIFICATION"
)

var (
	// UserCreated is how many users were created. It has no label.
	UserCreated = catalog.NewCounter("compreface.user.created", "{user}", catalog.Text{
		Title: "Users created", Description: "A user was created.",
		Question: "How many people use CompreFace on an ongoing basis?"})

	// ApplicationCreated is how many applications were created. It has no
	// label.
	ApplicationCreated = catalog.NewCounter("compreface.application.created", "{application}", catalog.Text{
		Title: "Applications created", Description: "An application was created.",
		Question: "How many applications does an installation serve?"})

	// ServiceCreated is how many services were created, by type: count
	// ServiceCreated.With([Detection]), not ServiceCreated itself.
	ServiceCreated = catalog.NewCounter("compreface.service.created", "{service}", catalog.Text{
		Title: "Services created", Description: "A service was created, by type.",
		Question: "Which types of service are popular?"},
		catalog.OneOf("compreface.service.type", Detection, Recognition, Verification))

	// Collections are the face collections, by number of saved faces: observe
	// it with a function that returns one number for each collection, and only
	// the range that each falls in is counted. The sum over all ranges is the
	// number of collections.
	Collections = catalog.NewRangeGauge("compreface.collection.count", "{collection}",
		catalog.Text{
			Title: "Face collections by size", Description: "Face collections, by the range their number of saved faces falls in.",
			Question: "How many faces are usually saved in a collection?", Range: "Collections with {range} faces"},
		"compreface.faces.range", bucketing.Faces)

	// Catalog is the whole list.
	Catalog = catalog.New("CompreFace", 1, About, UserCreated, ApplicationCreated, ServiceCreated, Collections).WithTexts(texts, "texts")
)
