package catalog

import "testing"

func TestMarkdown(t *testing.T) {
	got := markdown([]Block{
		{Heading: "Title"}, {Text: "Words."}, {Heading: "Part"}, {Items: []string{"a", "b"}}, {Head: []string{"x", "y"}, Rows: [][]string{{"1", "2"}}},
	})
	const want = "# Title\n\nWords.\n\n## Part\n\n- a\n- b\n\n| x | y |\n| --- | --- |\n| 1 | 2 |\n"
	if got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
