package hours

import (
	"maps"
	"slices"
)

// weekdays are the days of a week as documents name them, from Sunday as time.Weekday counts.
var weekdays = []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}

// WeekOf is the week of a document: daily, and the days of own that differ. read reads a list of intervals that stands
// at a place in the document, such as week.mon. unknown are the names in own that are no days, sorted.
func WeekOf(daily []string, own map[string][]string, read func(place string, list []string) []Interval) (week [7][]Interval, unknown []string) {
	usual := read("daily", daily)
	for i, day := range weekdays {
		week[i] = usual
		if list, ok := own[day]; ok {
			week[i] = read("week."+day, list)
		}
	}
	for _, day := range slices.Sorted(maps.Keys(own)) {
		if !slices.Contains(weekdays, day) {
			unknown = append(unknown, day)
		}
	}
	return week, unknown
}
