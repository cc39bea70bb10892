// Numbers of payment cards.

package content

import (
	"bytes"

	"ftplab/lab/analysis/internal/pattern"
)

// manyCards is how many numbers of cards at the beginning of a file make it a list of them.
const manyCards = 8

// cardsIn reports whether a text lists numbers of payment cards: most of its numbers with as many digits have
// the prefix and the check digit of a card, or many are followed by the codes of one. It also reports whether a
// number is followed by what follows it on the stripe of a card, or as many of them by the codes that nobody may
// keep (PCI DSS, 3.3).
func cardsIn(text []byte) (listed, stripes bool) {
	cards, others, codes, likely := map[string]bool{}, 0, 0, 0
	var number []byte
	end := func(rest []byte) {
		switch {
		case isCard(number):
			cards[string(number)] = true
			stripes = stripes || isStripe(rest)
			if withCode.Match(rest[:min(len(rest), longestOwner)]) {
				codes++
			}
		case len(number) == 15 || len(number) == 16:
			others++
			if '3' <= number[0] && number[0] <= '6' && withCode.Match(rest[:min(len(rest), longestOwner)]) {
				likely++
			}
		}
		number = number[:0]
	}
	for i, c := range text {
		switch {
		case '0' <= c && c <= '9':
			number = append(number, c)
		case (c == ' ' || c == '-') && len(number) < 16 && len(number)%4 == 0: // as it is printed on the card
		case len(number) > 0:
			end(text[i:])
		}
	}
	end(nil)
	listed = len(cards) >= manyCards && len(cards) > 3*others
	return listed || codes+likely >= manyCards, stripes || listed && codes >= manyCards
}

// withCode matches what follows the number of a card if its code does: the code and the month of its end, in any order.
var withCode = pattern.New(`^[ \t]*[;,|:\t][ \t]*(\d{3}[ \t]*[;,|:\t][ \t]*(0[1-9]|1[0-2])[/-](20)?\d\d|(0[1-9]|1[0-2])[/-](20)?\d\d[ \t]*[;,|:\t][ \t]*\d{3})\b`)

// isStripe reports whether a text goes on as track 1 or track 2 of a card does after its number (ISO/IEC 7813):
// the name of the owner between two ^, or =, and then the year, the month and the code of the services.
func isStripe(text []byte) bool {
	if len(text) == 0 || text[0] != '^' && text[0] != '=' {
		return false
	}
	rest := text[1:]
	if text[0] == '^' {
		name, after, found := bytes.Cut(rest[:min(len(rest), longestOwner+10)], []byte("^"))
		if rest = after; !found || len(name) < 2 || bytes.ContainsAny(name, "\r\n") {
			return false
		}
	}
	if len(rest) < 7 || bytes.ContainsFunc(rest[:7], func(r rune) bool { return r < '0' || r > '9' }) {
		return false
	}
	month, services := string(rest[2:4]), rest[4:7]
	return "01" <= month && month <= "12" && bytes.IndexByte([]byte("125679"), services[0]) >= 0 && bytes.IndexByte([]byte("024"), services[1]) >= 0
}

// longestOwner is how long the name of the owner may be on a stripe.
const longestOwner = 26

// isCard reports whether digits are the number of a card of one of the large networks (ISO/IEC
// 7812-1).
func isCard(digits []byte) bool {
	if len(digits) < 15 {
		return false
	}
	sixteen, two := len(digits) == 16, string(digits[:2])
	switch {
	case len(digits) == 15 && (two == "34" || two == "37"):
	case sixteen && (digits[0] == '4' || "51" <= two && two <= "55" || "22" <= two && two <= "27"):
	case sixteen && (two == "35" || two == "65" || string(digits[:4]) == "6011"):
	default:
		return false
	}
	sum := 0
	for i, c := range digits {
		d := int(c - '0')
		if (len(digits)-i)%2 == 0 { // every second one from the right counts double
			d = d*2%10 + d/5
		}
		sum += d
	}
	return sum%10 == 0
}
