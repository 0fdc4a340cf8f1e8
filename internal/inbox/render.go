package inbox

import (
	netmail "net/mail"
	"regexp"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// withBase makes the links of a mail open in the whole window: in the frame
// that shows the mail, most pages refuse to appear.
func withBase(mail string) string {
	doc, err := html.Parse(strings.NewReader(mail))
	if err != nil { // it nests too deep
		return ""
	}
	for n := range doc.Descendants() {
		if n.DataAtom == atom.Head { // there always is one
			base := &html.Node{Type: html.ElementNode, Data: "base", DataAtom: atom.Base, Attr: []html.Attribute{{Key: "target", Val: "_top"}}}
			n.InsertBefore(base, n.FirstChild)
			break
		}
	}
	var b strings.Builder
	if err := html.Render(&b, doc); err != nil {
		return ""
	}
	return b.String()
}

// piece is a run of text, or a link.
type piece struct {
	Text string
	Link bool
}

// pieces finds the web addresses in a text. A full stop, comma or bracket at
// the end of one belongs to the sentence around it.
func pieces(text string) []piece {
	links := regexp.MustCompile(`https?://[^\s<>"]+`)
	var out []piece
	at := 0
	for _, found := range links.FindAllStringIndex(text, -1) {
		link := strings.TrimRight(text[found[0]:found[1]], `.,;:!?)]}'`)
		out = append(out, piece{Text: text[at:found[0]]}, piece{Text: link, Link: true})
		at = found[0] + len(link)
	}
	return append(out, piece{Text: text[at:]})
}

// address shows a mailbox list of a header, decoded.
func address(value string) string {
	list, err := netmail.ParseAddressList(value)
	if err != nil {
		return decode(value)
	}
	var out []string
	for _, a := range list {
		if a.Name == "" {
			out = append(out, a.Address)
			continue
		}
		out = append(out, a.Name+" <"+a.Address+">")
	}
	return strings.Join(out, ", ")
}
