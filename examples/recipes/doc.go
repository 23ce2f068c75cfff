// Package recipes are the code blocks of docs/recipes.md: how the settings page
// is mounted in other frameworks, and how programs of other kinds count. Its
// tests run each, and hold the document to them.
package recipes
