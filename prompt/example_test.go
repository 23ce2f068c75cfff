package prompt_test

import (
	"context"
	"fmt"
	"strings"

	"headcount.example/consent"
	"headcount.example/prompt"
)

// A program passes os.Stdin and os.Stderr. Here a person's keyboard and
// screen are texts.
func ExampleAsk() {
	question := prompt.Question{
		Product:   "Shop",
		Recipient: "Example GmbH",
		Summary:   "how many users exist, in ranges; which features are used",
		Change:    "shop settings telemetry on|off",
		Text:      "The whole notice.",
		Variable:  "SHOP_TELEMETRY",
		Notice:    1,
	}
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
	// Send usage statistics of Shop to Example GmbH?
	// At most once a day, with a random identifier: how many users exist, in ranges; which features are used.
	// Nothing else depends on your answer. Change it any time: shop settings telemetry on|off
	// y: yes, n: no, Enter: not now, ?: everything sent. [y/N]
	// "y\n": granted, to save: true
	// "n\n": denied, to save: true
	// "\n": undecided, to save: false
	// "y": undecided, to save: false
}
