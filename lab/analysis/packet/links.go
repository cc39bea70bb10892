// The table of supported link types.

package packet

import "ftplab/lab/pcapng"

// Link types that only this package reads, by the numbers of
// https://www.tcpdump.org/linktypes.html.
const (
	linkAX25          pcapng.LinkType = 3 // amateur radio
	linkTokenRing     pcapng.LinkType = 6
	linkARCNET        pcapng.LinkType = 7
	linkSLIP          pcapng.LinkType = 8
	linkFDDI          pcapng.LinkType = 10
	linkATMOfOld      pcapng.LinkType = 11 // as older systems wrote it
	linkPPPoE         pcapng.LinkType = 51
	linkSymantec      pcapng.LinkType = 99  // of its firewalls
	linkATM           pcapng.LinkType = 100 // LLC, RFC 2684
	linkSLIPBSDOS     pcapng.LinkType = 102
	linkClassicalIP   pcapng.LinkType = 106 // on ATM, RFC 2225
	linkFrameRelay    pcapng.LinkType = 107
	linkEnc           pcapng.LinkType = 109 // of OpenBSD's IPsec
	linkPFLog         pcapng.LinkType = 117 // of OpenBSD's packet filter
	linkPrism         pcapng.LinkType = 119
	linkFibreChannel  pcapng.LinkType = 122 // RFC 2625
	linkSunATM        pcapng.LinkType = 123
	linkTZSP          pcapng.LinkType = 128
	linkARCNETLinux   pcapng.LinkType = 129
	linkJuniperMLPPP  pcapng.LinkType = 130
	linkJuniperMFR    pcapng.LinkType = 134 // multilink frame relay
	linkJuniperATM2   pcapng.LinkType = 135
	linkJuniperSvcs   pcapng.LinkType = 136 // services
	linkJuniperATM1   pcapng.LinkType = 137
	linkFireWire      pcapng.LinkType = 138
	linkDOCSIS        pcapng.LinkType = 143
	linkUser2         pcapng.LinkType = 149 // PKTAP of older systems of Apple
	linkAVS           pcapng.LinkType = 163
	linkJuniperMon    pcapng.LinkType = 164 // monitor
	linkPPPWithPeer   pcapng.LinkType = 166 // of pppd
	linkJuniperPPPoE  pcapng.LinkType = 167
	linkJuniperPPPoA  pcapng.LinkType = 168 // PPPoE on ATM
	linkJuniperEther  pcapng.LinkType = 178
	linkJuniperPPP    pcapng.LinkType = 179
	linkJuniperFrame  pcapng.LinkType = 180
	linkJuniperHDLC   pcapng.LinkType = 181
	linkMultilink     pcapng.LinkType = 182 // frame relay, FRF.16
	linkJuniperVoIP   pcapng.LinkType = 183
	linkERF           pcapng.LinkType = 197 // of Endace's cards
	linkAX25KISS      pcapng.LinkType = 202
	linkPPPWithDir    pcapng.LinkType = 204
	linkHDLCWithDir   pcapng.LinkType = 205
	linkFrameWithDir  pcapng.LinkType = 206
	linkMPLS          pcapng.LinkType = 219
	linkIPNet         pcapng.LinkType = 226 // of Solaris
	linkNFLog         pcapng.LinkType = 239 // of Linux's packet filter
	linkNetAnalyzer   pcapng.LinkType = 240
	linkNetAnalyzerT  pcapng.LinkType = 241 // with the preamble
	linkIPoverIB      pcapng.LinkType = 242
	linkUpperPDU      pcapng.LinkType = 252 // exported by Wireshark
	linkPKTAP         pcapng.LinkType = 258 // of Apple's systems
	linkEPON          pcapng.LinkType = 259
	linkMPacket       pcapng.LinkType = 274 // Ethernet with its preamble
	linkBroadcomTag   pcapng.LinkType = 281
	linkBroadcomFirst pcapng.LinkType = 282
	linkMarvellTag    pcapng.LinkType = 284
	linkMarvellType   pcapng.LinkType = 285 // with an EtherType before the tag
)

// links has the decoder of each link type, at its number.
var links []func(d *Decoder, p *Packet, b piece)

// init fills links. Some decoders use links themselves, for the frames they
// contain.
func init() {
	links = []func(*Decoder, *Packet, piece){
		pcapng.LinkNull:            (*Decoder).loopback,
		pcapng.LinkOpenBSDLoopback: (*Decoder).loopback,
		pcapng.LinkRaw:             (*Decoder).rawIP,
		pcapng.LinkRawBSD:          (*Decoder).rawIP,
		pcapng.LinkRawOpenBSD:      (*Decoder).rawIP,
		pcapng.LinkIPv4:            (*Decoder).rawIP,
		pcapng.LinkIPv6:            (*Decoder).rawIP,
		linkSLIP:                   skip(16, (*Decoder).rawIP),
		linkSLIPBSDOS:              skip(24, (*Decoder).rawIP),
		linkIPNet:                  skip(24, (*Decoder).rawIP),
		linkEnc:                    skip(12, (*Decoder).rawIP),
		linkPFLog:                  (*Decoder).pflog,
		linkNFLog:                  (*Decoder).nflog,

		pcapng.LinkEthernet: (*Decoder).ethernet,
		linkNetAnalyzer:     skip(4, (*Decoder).ethernet),
		linkNetAnalyzerT:    skip(12, (*Decoder).ethernet),
		linkEPON:            skip(8, (*Decoder).ethernet),
		linkMPacket:         (*Decoder).mpacket,
		linkDOCSIS:          (*Decoder).docsis,
		linkBroadcomFirst:   skip(4, (*Decoder).ethernet),
		linkBroadcomTag:     func(d *Decoder, p *Packet, b piece) { d.taggedEthernet(p, b, 4) },
		linkMarvellTag:      func(d *Decoder, p *Packet, b piece) { d.marvell(p, b, 4) },
		linkMarvellType:     func(d *Decoder, p *Packet, b piece) { d.marvell(p, b, 8) },
		linkSymantec:        skipWithType(6, 44),
		linkTZSP:            func(d *Decoder, p *Packet, b piece) { d.tzsp(p, b) },

		pcapng.LinkCooked:  (*Decoder).cooked,
		pcapng.LinkCooked2: (*Decoder).cooked2,
		pcapng.LinkPPI:     (*Decoder).ppi,
		linkPKTAP:          (*Decoder).pktap,
		linkUser2:          (*Decoder).pktap,
		linkERF:            (*Decoder).erf,
		linkUpperPDU:       (*Decoder).upperPDU,

		pcapng.LinkPPP:       (*Decoder).ppp,
		pcapng.LinkPPPHDLC:   (*Decoder).ppp,
		linkPPPWithPeer:      (*Decoder).ppp,
		linkPPPWithDir:       skip(1, (*Decoder).ppp),
		linkPPPoE:            skip(6, (*Decoder).ppp),
		pcapng.LinkCiscoHDLC: (*Decoder).ciscoHDLC,
		linkHDLCWithDir:      skip(1, (*Decoder).ciscoHDLC),
		linkFrameRelay:       (*Decoder).frameRelay,
		linkFrameWithDir:     skip(1, (*Decoder).frameRelay),
		linkMultilink:        (*Decoder).multilink,
		linkMPLS:             (*Decoder).mpls,
		linkATM:              (*Decoder).atm,
		linkATMOfOld:         (*Decoder).atm,
		linkClassicalIP:      (*Decoder).atm,
		linkSunATM:           (*Decoder).sunATM,

		linkFDDI:         (*Decoder).fddi,
		linkTokenRing:    (*Decoder).tokenRing,
		linkARCNET:       func(d *Decoder, p *Packet, b piece) { d.arcnet(p, b.from(2)) },
		linkARCNETLinux:  func(d *Decoder, p *Packet, b piece) { d.arcnet(p, b.from(4)) },
		linkAX25:         (*Decoder).ax25,
		linkAX25KISS:     skip(1, (*Decoder).ax25),
		linkFibreChannel: skip(16, (*Decoder).llc),
		linkFireWire:     skipWithType(16, 18),
		linkIPoverIB:     skipWithType(40, 44),

		pcapng.LinkWiFi:     (*Decoder).wifi,
		pcapng.LinkRadiotap: (*Decoder).radiotap,
		linkPrism:           (*Decoder).prism,
		linkAVS:             (*Decoder).prism,

		linkJuniperEther: juniper((*Decoder).ethernet),
		linkJuniperPPPoE: juniper((*Decoder).ethernet),
		linkJuniperPPPoA: juniper(skipWithType(0, 2)),
		linkJuniperSvcs:  juniper(skip(8, (*Decoder).rawIP)),
		linkJuniperMon:   juniper(skip(8, (*Decoder).rawIP)),
		linkJuniperVoIP:  juniper(skip(18, (*Decoder).rawIP)),
		linkJuniperMFR:   juniper((*Decoder).multilink),
		linkJuniperPPP:   juniper((*Decoder).ppp),
		linkJuniperHDLC:  juniper((*Decoder).ciscoHDLC),
		linkJuniperMLPPP: juniper((*Decoder).ppp),
		linkJuniperATM1:  juniper(skip(4, (*Decoder).atm)),
		linkJuniperATM2:  juniper(skip(8, (*Decoder).atm)),
		linkJuniperFrame: juniper((*Decoder).frameRelay),
	}
}

// skip returns a decoder that skips a header of a fixed size.
func skip(size int, read func(*Decoder, *Packet, piece)) func(*Decoder, *Packet, piece) {
	return func(d *Decoder, p *Packet, b piece) { read(d, p, b.from(size)) }
}

// skipWithType returns a decoder that skips a header of a fixed size, which has an
// EtherType at the given offset.
func skipWithType(at, size int) func(*Decoder, *Packet, piece) {
	return func(d *Decoder, p *Packet, b piece) {
		if len(b.data) >= size {
			d.ether(p, b.uint16(at), b.from(size))
		}
	}
}
