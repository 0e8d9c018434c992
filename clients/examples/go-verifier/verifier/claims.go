package verifier

import (
	"math"
	"regexp"
	"strings"
	"unicode/utf8"
)

const (
	largestWhole = 1<<53 - 1
	latestDate   = 253402300799 // the last second of the year 9999
)

var uuidForm = regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)

// claims reads members of objects by their types (docs/token-format.md 1.2). broken is set by the first that is
// missing or has another type; what is read afterwards has no meaning.
type claims struct{ broken bool }

// place is where a revocation is published.
type place struct {
	index int64
	uri   string
}

func (c *claims) require(holds bool) {
	if !holds {
		c.broken = true
	}
}

func has(of object, name string) bool {
	_, there := of[name]
	return there
}

func (c *claims) string(of object, name string) string {
	value, is := of[name].(string)
	c.require(is)
	return value
}

// text reads a string without U+0000 and lone surrogates.
func (c *claims) text(of object, name string) string {
	value := c.string(of, name)
	c.require(isText(value))
	return value
}

// shortText reads a text of at most so many code points.
func (c *claims) shortText(of object, name string, most int) string {
	value := c.text(of, name)
	c.require(utf8.RuneCountInString(value) <= most)
	return value
}

func (c *claims) object(of object, name string) object {
	value, is := of[name].(object)
	c.require(is)
	return value
}

func (c *claims) array(of object, name string) []any {
	value, is := of[name].([]any)
	c.require(is)
	return value
}

func (c *claims) bool(of object, name string) bool {
	value, is := of[name].(bool)
	c.require(is)
	return value
}

func (c *claims) whole(of object, name string, least, most int64) int64 {
	value, is := wholeNumber(of[name])
	c.require(is && value >= least && value <= most)
	return value
}

func (c *claims) date(of object, name string) int64 {
	return c.whole(of, name, 0, latestDate)
}

func (c *claims) uuid(of object, name string) string {
	value := c.string(of, name)
	c.require(uuidForm.MatchString(value))
	return value
}

// status reads the place of the optional claim status: nil without the claim.
func (c *claims) status(of object) *place {
	if !has(of, "status") {
		return nil
	}
	list := c.object(c.object(of, "status"), "status_list")
	return &place{index: c.whole(list, "idx", -largestWhole, largestWhole), uri: c.text(list, "uri")}
}

func isText(value string) bool {
	return utf8.ValidString(value) && !strings.Contains(value, "\x00")
}

func wholeNumber(value any) (int64, bool) {
	number, is := value.(float64)
	if !is || math.Trunc(number) != number || math.Abs(number) > largestWhole {
		return 0, false
	}
	return int64(number), true
}

func oneOf(value string, of ...string) bool {
	for _, each := range of {
		if each == value {
			return true
		}
	}
	return false
}
