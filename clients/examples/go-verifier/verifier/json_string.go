package verifier

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

const escapes = `"\/bfnrt`
const escaped = "\"\\/\b\f\n\r\t"

// string reads a string. A lone surrogate is kept as the three bytes that UTF-8 would have for it, so that two
// names with different ones differ, and utf8.ValidString shows that there is one: the text itself has none.
func (p *parser) string() (string, error) {
	if p.next() != '"' {
		return "", errJSON
	}
	p.at++
	var read strings.Builder
	for p.at < len(p.text) {
		char := p.text[p.at]
		p.at++
		switch {
		case char == '"':
			return read.String(), nil
		case char < 0x20:
			return "", errJSON
		case char != '\\':
			read.WriteByte(char)
		default:
			if err := p.escape(&read); err != nil {
				return "", err
			}
		}
	}
	return "", errJSON
}

func (p *parser) escape(read *strings.Builder) error {
	char := p.next()
	p.at++
	if char == 'u' {
		return p.unicode(read)
	}
	index := strings.IndexByte(escapes, char)
	if index < 0 {
		return errJSON
	}
	read.WriteByte(escaped[index])
	return nil
}

func (p *parser) unicode(read *strings.Builder) error {
	first, err := p.unit()
	if err != nil {
		return err
	}
	if !utf16.IsSurrogate(first) {
		read.WriteRune(first)
		return nil
	}
	if strings.HasPrefix(p.text[p.at:], `\u`) {
		before := p.at
		p.at += 2
		second, err := p.unit()
		if err != nil {
			return err
		}
		if both := utf16.DecodeRune(first, second); both != utf8.RuneError {
			read.WriteRune(both)
			return nil
		}
		p.at = before
	}
	read.Write([]byte{0xed, 0x80 | byte(first>>6)&0x3f, 0x80 | byte(first)&0x3f})
	return nil
}

// unit reads four hex digits.
func (p *parser) unit() (rune, error) {
	if p.at+4 > len(p.text) {
		return 0, errJSON
	}
	// ParseUint takes no sign, and underscores only with base 0.
	unit, err := strconv.ParseUint(p.text[p.at:p.at+4], 16, 16)
	if err != nil {
		return 0, errJSON
	}
	p.at += 4
	return rune(unit), nil
}
