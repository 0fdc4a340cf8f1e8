package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"
	"unicode"

	"tryout/internal/beta"
	"tryout/internal/lwa"
)

type envCmd struct {
	Data      string        `help:"Data directory of the server. Default: the demo's." type:"path" placeholder:"DIR"`
	Database  string        `help:"As for serve; --url is needed then." placeholder:"URL"`
	MasterKey string        `help:"As for serve." placeholder:"HEX"`
	URL       string        `name:"url" help:"Where the server is. Default: where the one on that directory last listened." placeholder:"URL"`
	Vendor    string        `help:"Id of the vendor to act for." default:"VDEMO"`
	TTL       time.Duration `name:"ttl" help:"How long the token is good." default:"24h"`
}

// Run issues a token and prints the environment that points ask-cli here.
func (c envCmd) Run(ctx context.Context, io streams) error {
	dir, err := demoData(c.Data)
	if err != nil {
		return err
	}
	if c.URL == "" && c.Database != "" {
		return usageError{errors.New("--url: is needed with --database")}
	}
	if c.URL == "" {
		if c.URL, err = readURL(dir); err != nil {
			return err
		}
	}
	s, err := dataFlag{Data: dir, Database: c.Database, MasterKey: c.MasterKey}.open(ctx)
	if err != nil {
		return err
	}
	defer s.Close()
	token, err := issue(ctx, s, beta.VendorID(c.Vendor), lwa.ScopeWrite, c.TTL)
	if err != nil {
		return err
	}
	return envText.Execute(io.out, map[string]string{"URL": c.URL, "Token": token, "Vendor": c.Vendor})
}

// envText has what ask-cli 2 reads. The AWS pair switches on the profile that
// it takes from the environment; it is not used for anything.
var envText = template.Must(template.New("env").Funcs(template.FuncMap{"q": quote}).Parse(`export ASK_SMAPI_SERVER_BASE_URL={{q .URL}}
export ASK_LWA_TOKEN_HOST={{q .URL}}
export ASK_LWA_AUTHORIZE_HOST={{q .URL}}
export ASK_LWA_CLIENT_ID=tryout
export ASK_LWA_CLIENT_CONFIRMATION=tryout
export ASK_ACCESS_TOKEN={{q .Token}}
export ASK_VENDOR_ID={{q .Vendor}}
export ASK_SHARE_USAGE=false
export ASK_SKIP_NEW_VERSION_REMINDER=true
export AWS_ACCESS_KEY_ID=none
export AWS_SECRET_ACCESS_KEY=none
# Set up so, ask-cli reports its use to Amazon whatever ASK_SHARE_USAGE says. To keep it from that:
# export HTTPS_PROXY=http://127.0.0.1:9 NO_PROXY=127.0.0.1,localhost
`))

// quote makes one word of s for a shell; most are one already.
func quote(s string) string {
	if s != "" && !strings.ContainsFunc(s, special) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

func special(r rune) bool {
	return !strings.ContainsRune("-_./:@%+,=", r) && !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

// urlFile is where a server leaves its address for readURL.
const urlFile = "url"

func readURL(dir string) (string, error) {
	text, err := os.ReadFile(filepath.Join(dir, urlFile))
	if err != nil {
		return "", fmt.Errorf("no server has used %s yet; start one, or name its address with --url", dir)
	}
	return strings.TrimSpace(string(text)), nil
}

func writeURL(dir, url string) error {
	return os.WriteFile(filepath.Join(dir, urlFile), []byte(url+"\n"), 0o600)
}
