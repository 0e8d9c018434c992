module aegis.example/go-verifier

go 1.19
