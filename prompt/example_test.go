package prompt_test

import (
	"context"
	"fmt"
	"strings"

	"headcount.example/catalog/compreface"
	"headcount.example/consent"
	"headcount.example/prompt"
)

// A program passes os.Stdin and os.Stderr. Here a person's keyboard and
// screen are texts.
func ExampleAsk() {
	question := prompt.Question{Catalog: compreface.Catalog, Change: "compreface settings telemetry on|off", Language: "en"}
	for _, typed := range []string{"y\n", "n\n", "\n", "y"} {
		var screen strings.Builder
		record, err := prompt.Ask(context.Background(), question, strings.NewReader(typed), &screen)
		if err != nil {
			fmt.Println(err)
		}
		if typed == "y\n" {
			fmt.Println(strings.TrimSpace(screen.String()))
		}
		fmt.Printf("%q: %s, to save: %t\n", typed, record.Decision, record.Decision != consent.Undecided)
	}
	// Output:
	// Exadel asks for usage statistics of CompreFace.
	// Why: To understand which features should be added to CompreFace and how it can
	// be improved: which services are popular, how large face collections are, and how
	// many installations are in use.
	// What: Users created; Applications created; Services created; Face collections by
	// size. Once a day, and when an administrator asks, with a random identifier, so
	// that each installation counts once.
	// Never: names, texts, pictures or addresses.
	// Kept: reports for 30 days, figures of a single installation for 400 days.
	// Nothing else depends on your answer. Change it any time: compreface settings
	// telemetry on|off
	//
	// Send usage statistics to Exadel?
	// y: yes, n: no, Enter: not now, ?: everything that would be sent [y/N] On. Reports go to Exadel. Change it any time: compreface settings telemetry
	// on|off
	// "y\n": granted, to save: true
	// "n\n": denied, to save: true
	// "\n": undecided, to save: false
	// "y": undecided, to save: false
}
