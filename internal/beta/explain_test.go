package beta_test

import "slices"

// wantExplained looks for an order that explains everything.
func (p *play) wantExplained() {
	var lanes [][]event
	of := map[string]int{}
	for _, e := range p.log {
		if _, known := of[e.lane]; !known {
			of[e.lane] = len(lanes)
			lanes = append(lanes, nil)
		}
		lanes[of[e.lane]] = append(lanes[of[e.lane]], e)
	}
	seen, now := p.shown(), p.clock.Now()
	if !explain(truth{}, lanes, func(t truth) bool { return t.shows(now) == seen }) {
		p.t.Errorf("no order explains that %+v is seen after%s", seen, p.story())
	}
}

// explain reports whether some order of what is left in the lanes leads from
// here to an end that fits.
func explain(here truth, lanes [][]event, fits func(truth) bool) bool {
	finished := true
	for i, lane := range lanes {
		if len(lane) == 0 {
			continue
		}
		finished = false
		next := here.clone()
		if !mayBeNext(lane[0], lanes) || next.expect(lane[0]) != lane[0].got {
			continue
		}
		rest := slices.Clone(lanes)
		rest[i] = lane[1:]
		if explain(next, rest, fits) {
			return true
		}
	}
	return finished && fits(here)
}

// mayBeNext reports whether nothing that is left was over before e began.
func mayBeNext(e event, lanes [][]event) bool {
	return !slices.ContainsFunc(lanes, func(lane []event) bool { return len(lane) > 0 && lane[0].done < e.begun })
}
