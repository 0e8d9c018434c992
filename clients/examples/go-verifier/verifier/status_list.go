package verifier

import (
	"bytes"
	"compress/zlib"
	"io"
)

const (
	largestList = 1_048_576 // bytes

	statusValid     = 0
	statusRevoked   = 1
	statusSuspended = 2
)

// answer is what a status list that is not invalid says of one place (docs/token-format.md 5).
type answer struct {
	status            byte
	issuedAt, expires int64
	ttl               *int64
}

// statusUnknown is no status that a list may say.
const statusUnknown = 255

// ask reads the status of a place from the newest of the lists that are given; a nil among them is none. nil: none is
// valid for that place.
func ask(texts []*string, at place, keys Keys, now int64) *answer {
	var newest *answer
	for _, text := range texts {
		if text == nil {
			continue
		}
		read := readList(*text, at, keys, now)
		if read != nil && (newest == nil || newest.issuedAt < read.issuedAt) {
			newest = read
		}
	}
	if newest == nil || newest.status > statusSuspended {
		return nil
	}
	return newest
}

// readList reads one list. nil: it is wrong, or another list.
func readList(text string, at place, keys Keys, now int64) *answer {
	signed, reads := readSignedText(text, statusListKind)
	if !reads || keys.judge(signed, now) != trusted {
		return nil
	}
	c := &claims{}
	list := c.object(signed.payload, "status_list")
	read := &answer{issuedAt: c.date(signed.payload, "iat"), expires: c.date(signed.payload, "exp")}
	c.require(c.text(signed.payload, "sub") == at.uri)
	if has(signed.payload, "ttl") {
		ttl := c.whole(signed.payload, "ttl", 1, largestWhole)
		read.ttl = &ttl
	}
	bits := c.whole(list, "bits", 1, 8)
	c.require(bits&(bits-1) == 0)
	compressed := c.text(list, "lst")
	if c.broken {
		return nil
	}
	statuses, inflates := inflate(compressed)
	perByte := 8 / bits
	if !inflates {
		return nil
	}
	read.status = statusUnknown
	if at.index >= 0 && at.index/perByte < int64(len(statuses)) {
		read.status = statuses[at.index/perByte] >> (at.index % perByte * bits) & byte(1<<bits-1)
	}
	return read
}

// inflate decodes zlib data. The checksum is compared at the end of the data, so it is read up to there; nothing may
// follow it, which Go leaves to the caller.
func inflate(text string) ([]byte, bool) {
	data, decodes := decodeBase64URL(text)
	if !decodes {
		return nil, false
	}
	source := bytes.NewReader(data)
	reader, err := zlib.NewReader(source)
	if err != nil {
		return nil, false
	}
	statuses, err := io.ReadAll(io.LimitReader(reader, largestList+1))
	return statuses, err == nil && len(statuses) <= largestList && source.Len() == 0
}

// isStale says whether the list has reached its end. maxOffline in seconds, nil: without a limit.
func (a *answer) isStale(now int64, maxOffline *int64) bool {
	return now >= a.expires || maxOffline != nil && now >= a.issuedAt+*maxOffline
}

func (a *answer) revocation(now int64) string {
	if now < a.expires && (a.ttl == nil || now < a.issuedAt+*a.ttl) {
		return "fresh"
	}
	return "stale"
}
