package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"reflect"
	"sort"

	"aegis.example/go-verifier/verifier"
)

// vector is a question and its answer (clients/vectors/README.md).
type vector struct {
	ID          string               `json:"id"`
	Description string               `json:"description"`
	Token       string               `json:"token"`
	Question    verifier.Question    `json:"question"`
	Issuers     []string             `json:"issuers"`
	Keys        json.RawMessage      `json:"keys"`
	Now         int64                `json:"now"`
	MaxOffline  *int64               `json:"max_offline"`
	StatusList  *string              `json:"status_list"`
	Guard       json.RawMessage      `json:"guard"`
	Activation  *verifier.Activation `json:"activation"`
	Expect      map[string]any       `json:"expect"`
}

// readVectors reads a file. A field that is not known here is an error: the answer may depend on it.
func readVectors(path string) ([]vector, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var file struct {
		Schema  string   `json:"$schema"`
		Vectors []vector `json:"vectors"`
	}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	err = decoder.Decode(&file)
	return file.Vectors, err
}

// differences answers the vector, and compares each field that it expects. A crash is a difference.
func (v vector) differences() (found []string) {
	defer func() {
		if reason := recover(); reason != nil {
			found = append(found, fmt.Sprintf("crashed: %v", reason))
		}
	}()
	answer, err := v.answer()
	if err != nil {
		return []string{err.Error()}
	}
	for name, expected := range v.Expect {
		if got, there := answer[name]; !there || !reflect.DeepEqual(got, expected) {
			found = append(found, fmt.Sprintf("%s is %v, expected %v", name, got, expected))
		}
	}
	sort.Strings(found)
	return found
}

// answer gives the verdict as it is read back from JSON, so that types are compared as well.
func (v vector) answer() (map[string]any, error) {
	keys, err := v.keys()
	if err != nil {
		return nil, err
	}
	input := verifier.Input{
		Token:      v.Token,
		Question:   v.Question,
		Issuers:    v.Issuers,
		Keys:       keys,
		Now:        v.Now,
		MaxOffline: v.MaxOffline,
		StatusList: v.StatusList,
		Activation: v.Activation,
	}
	if v.Guard != nil {
		input.Guard = &verifier.Guard{}
		if err := json.Unmarshal(v.Guard, &input.Guard.State); err != nil {
			return nil, err
		}
	}
	written, err := json.Marshal(verifier.Verify(input))
	if err != nil {
		return nil, err
	}
	var answer map[string]any
	err = json.Unmarshal(written, &answer)
	return answer, err
}

// keys reads pinned keys or a signed key set. One that is not trusted has no keys: that is not an error here.
func (v vector) keys() (verifier.Keys, error) {
	var pinned []verifier.JWK
	if json.Unmarshal(v.Keys, &pinned) == nil {
		return verifier.Pinned(pinned)
	}
	var signed struct {
		KeySet string       `json:"key_set"`
		Root   verifier.JWK `json:"root"`
	}
	if err := json.Unmarshal(v.Keys, &signed); err != nil {
		return verifier.Keys{}, err
	}
	keys, _ := verifier.FromKeySet(signed.KeySet, signed.Root)
	return keys, nil
}
