// Measurements whose values are words or codes: facts of the dialogue and of the
// connection, as `explain` prints them.

package measure

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"ftplab/lab/analysis/ftp"
)

var factMeasurements = []measurement{
	{"NAME.opened-by", words, func(s *scope) (value, error) { return word(string(s.conn.OpenedBy)) }},
	{"NAME.first-fin", words, firstFIN},
	{"NAME.reset-by", words, func(s *scope) (value, error) { return word(cmp.Or(string(s.conn.ResetBy), "none")) }},
	{"NAME.address.SIDE", words, func(s *scope) (value, error) { return word(s.conn.Addr(s.side()).Addr().String()) }},
	{"NAME.mode", words, func(s *scope) (value, error) {
		if s.conn.Mode == "" {
			return value{}, s.noTransfer()
		}
		return word(string(s.conn.Mode))
	}},
	{"NAME.command", words, func(s *scope) (value, error) {
		if s.conn.Transfer == nil {
			return value{}, s.noTransfer()
		}
		return word(s.conn.Transfer.Command)
	}},
	{"NAME.argument", words, func(s *scope) (value, error) {
		if s.conn.Transfer == nil {
			return value{}, s.noTransfer()
		}
		if session := s.capture.sessions[s.conn.Control]; session != nil {
			for _, x := range session.Exchanges {
				if x.Packet == s.conn.Transfer.Packet && !x.Complete {
					return value{}, unrecorded(s.conn.Control)
				}
			}
		}
		return word(s.conn.Transfer.Argument)
	}},
	{"NAME.user", words, func(s *scope) (value, error) {
		session, err := s.wholeSession()
		if err != nil {
			return value{}, err
		}
		switch {
		case session.LoggedIn():
			return word(session.User)
		case lacks(&s.conn.ServerFlow):
			return value{}, unrecorded(s.conn.ID)
		}
		return word("none")
	}},
	{"NAME.commands", count, func(s *scope) (value, error) {
		session, err := s.wholeSession()
		if err != nil {
			return value{}, err
		}
		return number(len(session.Exchanges))
	}},
	{"NAME.reply.code.COMMAND", count, replyCode},
}

// firstFIN is the side whose FIN came first.
func firstFIN(s *scope) (value, error) {
	first := s.conn.ClosedFirst()
	if first == "" && s.conn.FirstFIN != "" {
		return value{}, unjudgedError{errors.New("an earlier FIN may be missing in the capture")}
	}
	return word(cmp.Or(string(first), "none"))
}

// word makes a value of text that the capture may lack.
func word(text string) (value, error) {
	if text == "" {
		return value{}, errNothing
	}
	return value{words: text}, nil
}

// session is the dialogue of the scope's connection.
func (s *scope) session() (*ftp.Session, error) {
	if session := s.capture.sessions[s.conn.ID]; session != nil {
		return session, nil
	}
	if slices.Contains(s.capture.lacking, s.conn.ID) {
		return nil, unrecorded(s.conn.ID)
	}
	return nil, fmt.Errorf("it is not a control connection")
}

// wholeSession is the dialogue of the scope's connection, of which all commands can be read.
func (s *scope) wholeSession() (*ftp.Session, error) {
	session, err := s.session()
	if err == nil {
		err = s.capture.hidden.of(s.conn.ID)
	}
	if err == nil && lacks(&s.conn.ClientFlow) {
		err = unrecorded(s.conn.ID)
	}
	return session, err
}

// userPacket is the number of the packet with the USER that named the session's user, 0 for none.
func (s *scope) userPacket() (number int) {
	session, err := s.session()
	if err != nil {
		return 0
	}
	for _, x := range session.Exchanges {
		if x.Command == "USER" && x.Argument == session.User {
			number = x.Packet
		}
	}
	return number
}

// noTransfer says why the command of a data connection is not known.
func (s *scope) noTransfer() error {
	if err := s.capture.unread(s.conn.Control); err != nil {
		return err
	}
	return s.unknownRole()
}

// unknownRole says why something of a data connection is not known: the dialogue that announces
// it may be what the capture lacks.
func (s *scope) unknownRole() error {
	if all := s.capture.lacking; (s.conn.Role == ftp.Other || s.conn.Role == ftp.Data && s.conn.Control == ftp.NoConnection) && len(all) > 0 {
		return unrecorded(all[0])
	}
	return errNothing
}

// replyCode is the code of the final reply to the first command with the given name.
func replyCode(s *scope) (value, error) {
	x, err := s.exchange()
	if err != nil {
		return value{}, err
	}
	if x.Final() == 0 {
		return value{}, fmt.Errorf("no reply completed %s", s.args[0])
	}
	return number(x.Final())
}

// exchange is the first exchange whose command the scope's argument names.
func (s *scope) exchange() (*ftp.Exchange, error) {
	session, err := s.session()
	if err != nil {
		return nil, err
	}
	hidden, lacking := s.capture.hidden[s.conn.ID].from, slices.Contains(s.capture.lacking, s.conn.ID)
	for _, x := range session.Exchanges {
		if hidden > 0 && x.Packet > hidden || s.capture.lost[s.conn.ID] && x.Line.AfterGap {
			break // an earlier one may be in what cannot be read
		}
		if x.Command == s.args[0] && (len(x.Replies) > 0 || lacking) {
			if len(x.Replies) == 0 {
				break
			}
			return x, nil
		}
	}
	if err := s.capture.unread(s.conn.ID); err != nil {
		return nil, err
	}
	return nil, fmt.Errorf("there is no %s with a reply", s.args[0])
}
