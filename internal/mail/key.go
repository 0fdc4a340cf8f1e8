package mail

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
)

// The sizes of an RSA key in bits: what every receiver must be able to verify,
// less the 1024 that are too few by now (RFC 8301, 3.2).
const (
	minRSA = 2048
	maxRSA = 4096
)

// NewKey makes a private key for DKIM as the text of a PEM file: RSA with 2048
// bits, which every receiver knows, or Ed25519, which is small and quick and
// which many do not know.
func NewKey(ed bool) ([]byte, error) {
	var key crypto.Signer
	var err error
	if ed {
		_, key, err = ed25519.GenerateKey(rand.Reader)
	} else {
		key, err = rsa.GenerateKey(rand.Reader, minRSA)
	}
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), err
}

// readKey takes a private key from a PEM file and checks that it can be used.
func readKey(file []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(file)
	if block == nil {
		return nil, errors.New("is not a PEM file")
	}
	var key any
	var err error
	switch block.Type {
	case "PRIVATE KEY":
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	case "RSA PRIVATE KEY":
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	default:
		return nil, fmt.Errorf("holds %q, and not a PRIVATE KEY or RSA PRIVATE KEY", block.Type)
	}
	if err != nil {
		return nil, fmt.Errorf("holds a key that cannot be read: %w", err)
	}
	return usable(key)
}

func usable(key any) (crypto.Signer, error) {
	switch key := key.(type) {
	case ed25519.PrivateKey:
		return key, nil
	case *rsa.PrivateKey:
		if bits := key.N.BitLen(); bits < minRSA || bits > maxRSA {
			return nil, fmt.Errorf("holds an RSA key of %d bits; receivers want %d to %d", bits, minRSA, maxRSA)
		}
		return key, nil
	}
	return nil, fmt.Errorf("holds a key of the wrong kind (%T); it must be RSA or Ed25519", key)
}
