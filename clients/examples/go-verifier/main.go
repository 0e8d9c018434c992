// The program answers the test vectors of the files that it is given, and prints each difference.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

// schema is in the folder of the vectors, and has none.
const schema = "vector.schema.json"

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: go run . FILE…")
		os.Exit(2)
	}
	vectors, differences := 0, 0
	for _, path := range os.Args[1:] {
		if filepath.Base(path) == schema {
			continue
		}
		read, err := readVectors(path)
		if err != nil {
			fmt.Fprintf(os.Stderr, "%s: %v\n", path, err)
			os.Exit(2)
		}
		vectors += len(read)
		for _, vector := range read {
			for _, difference := range vector.differences() {
				differences++
				fmt.Printf("%s: %s\n", vector.ID, difference)
			}
		}
	}
	fmt.Printf("%d vectors, %d differences\n", vectors, differences)
	if vectors == 0 || differences > 0 {
		os.Exit(1)
	}
}
