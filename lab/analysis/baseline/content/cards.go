// Numbers of payment cards.

package content

// manyCards is how many numbers of cards at the beginning of a file make it a list of them.
const manyCards = 8

// listsCards reports whether a text lists numbers of payment cards: most of its numbers with as many
// digits have the prefix and the check digit of a card.
func listsCards(text []byte) bool {
	cards, others := map[string]bool{}, 0
	var number []byte
	end := func() {
		switch {
		case isCard(number):
			cards[string(number)] = true
		case len(number) == 15 || len(number) == 16:
			others++
		}
		number = number[:0]
	}
	for _, c := range text {
		switch {
		case '0' <= c && c <= '9':
			number = append(number, c)
		case (c == ' ' || c == '-') && len(number) < 16 && len(number)%4 == 0: // as it is printed on the card
		case len(number) > 0:
			end()
		}
	}
	end()
	return len(cards) >= manyCards && len(cards) > 3*others
}

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
