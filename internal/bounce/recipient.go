package bounce

import "strings"

// DeliveredTo returns the addresses that a message came to, as the servers that
// delivered it wrote into its header, what is most exact first.
func DeliveredTo(message []byte) (found []string) {
	head := message[:min(len(message), MaxSize)]
	header, _ := readFields(strings.TrimLeft(unix(string(head)), "\n"))
	for _, name := range []string{"delivered-to", "x-original-to", "envelope-to", "to"} {
		for _, f := range header {
			if a := address(f.value); f.name == name && a != "" && len(found) < maxRecipients {
				found = append(found, a)
			}
		}
	}
	return found
}

// At returns the addresses of the same key at the host of an address. A code
// proves a mail whatever the host is: it is for who does not know the host.
func (a Addresses) At(address string) Addresses {
	return NewAddresses(a.key, address[strings.LastIndexByte(address, '@')+1:])
}
