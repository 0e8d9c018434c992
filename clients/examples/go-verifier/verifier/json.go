package verifier

import (
	"errors"
	"strings"
	"unicode/utf8"
)

// object is a JSON object. Its values are nil, bool, float64, string, []any or object.
type object map[string]any

const deepest = 16

var errJSON = errors.New("not strict JSON")

// parser reads strict JSON (docs/token-format.md 1.1). encoding/json is not used here: it takes the last of two
// members of one name, replaces wrong UTF-8 and lone surrogates, and finds the member EXP for the name exp.
type parser struct {
	text  string
	at    int
	depth int
}

// parseObject reads a text whose outermost value must be an object.
func parseObject(text string) (object, error) {
	if !utf8.ValidString(text) {
		return nil, errJSON
	}
	p := &parser{text: text}
	value, err := p.value()
	if err != nil {
		return nil, err
	}
	p.space()
	outermost, is := value.(object)
	if !is || p.at != len(text) {
		return nil, errJSON
	}
	return outermost, nil
}

func (p *parser) space() {
	for p.at < len(p.text) && strings.IndexByte(" \t\n\r", p.text[p.at]) >= 0 {
		p.at++
	}
}

// next is the byte at which the parser is, 0 at the end of the text.
func (p *parser) next() byte {
	if p.at == len(p.text) {
		return 0
	}
	return p.text[p.at]
}

// takes says whether what is next is this byte, after white space, and goes past it.
func (p *parser) takes(char byte) bool {
	p.space()
	if p.at == len(p.text) || p.text[p.at] != char {
		return false
	}
	p.at++
	return true
}

func (p *parser) value() (any, error) {
	p.space()
	switch p.next() {
	case '{':
		return p.nested(p.object)
	case '[':
		return p.nested(p.array)
	case '"':
		return p.string()
	case 't':
		return true, p.word("true")
	case 'f':
		return false, p.word("false")
	case 'n':
		return nil, p.word("null")
	}
	return p.number()
}

func (p *parser) word(word string) error {
	if !strings.HasPrefix(p.text[p.at:], word) {
		return errJSON
	}
	p.at += len(word)
	return nil
}

func (p *parser) nested(read func() (any, error)) (any, error) {
	if p.depth == deepest {
		return nil, errJSON
	}
	p.depth++
	p.at++
	value, err := read()
	p.depth--
	return value, err
}

func (p *parser) object() (any, error) {
	members := object{}
	if p.takes('}') {
		return members, nil
	}
	for {
		p.space()
		name, err := p.string()
		if err != nil {
			return nil, err
		}
		if _, twice := members[name]; twice || !p.takes(':') {
			return nil, errJSON
		}
		if members[name], err = p.value(); err != nil {
			return nil, err
		}
		if p.takes('}') {
			return members, nil
		}
		if !p.takes(',') {
			return nil, errJSON
		}
	}
}

func (p *parser) array() (any, error) {
	items := []any{}
	if p.takes(']') {
		return items, nil
	}
	for {
		item, err := p.value()
		if err != nil {
			return nil, err
		}
		items = append(items, item)
		if p.takes(']') {
			return items, nil
		}
		if !p.takes(',') {
			return nil, errJSON
		}
	}
}

// number reads what the grammar of RFC 8259 allows, as the nearest double: infinite where none holds it.
func (p *parser) number() (any, error) {
	sign := p.either("-")
	whole, is := p.digits()
	if !is || len(whole) > 1 && whole[0] == '0' {
		return nil, errJSON
	}
	fraction, exponentSign, exponent := "", "", ""
	if p.either(".") != "" {
		if fraction, is = p.digits(); !is {
			return nil, errJSON
		}
	}
	if p.either("eE") != "" {
		exponentSign = p.either("+-")
		if exponent, is = p.digits(); !is {
			return nil, errJSON
		}
	}
	return nearest(sign, whole+fraction, int64(len(whole)), exponentSign, exponent)
}

// either goes past one of these characters: empty if none of them is next.
func (p *parser) either(chars string) string {
	if p.at == len(p.text) || strings.IndexByte(chars, p.text[p.at]) < 0 {
		return ""
	}
	p.at++
	return p.text[p.at-1 : p.at]
}

// digits goes past one or more digits.
func (p *parser) digits() (string, bool) {
	start := p.at
	for p.next() >= '0' && p.next() <= '9' {
		p.at++
	}
	return p.text[start:p.at], p.at > start
}
