package verifier

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

// farthest is beyond the point of every number that a double holds, whatever its digits are.
const farthest = 400

// nearest is the double nearest to 0.digits times 10 to the power of point and exponent. strconv.ParseFloat is given
// the point before all digits: of a whole number with more than 800 digits it loses those that follow, and it stops
// counting an exponent at 5 digits.
func nearest(sign, digits string, point int64, exponentSign, exponent string) (any, error) {
	significant := strings.TrimLeft(digits, "0")
	if significant == "" {
		return 0.0, nil
	}
	point -= int64(len(digits) - len(significant))
	// An exponent that int64 does not hold is infinite in comparison with a text that fits into memory.
	power, err := strconv.ParseInt("0"+exponent, 10, 64)
	if err != nil || power > math.MaxInt32 {
		power = math.MaxInt32
	}
	if exponentSign == "-" {
		power = -power
	}
	if point += power; point > farthest {
		point = farthest
	} else if point < -farthest {
		point = -farthest
	}
	number, err := strconv.ParseFloat(sign+"0."+significant+"e"+strconv.FormatInt(point, 10), 64)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return nil, errJSON
	}
	return number, nil
}
