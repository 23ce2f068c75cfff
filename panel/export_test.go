package panel

import "time"

// SetTimeout says how long one call of Config.Decisions may take.
func (p *Panel) SetTimeout(d time.Duration) { p.timeout = d }
