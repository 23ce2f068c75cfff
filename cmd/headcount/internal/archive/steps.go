package archive

// step is called between the steps of a run. A test ends the process there.
var step = func(name string) {}
