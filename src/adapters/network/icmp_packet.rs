//! Echo requests and replies of ICMP (RFC 792) and ICMPv6 (RFC 4443). Pure.

/// Bytes that a request carries besides its header: what it is known by when it comes back.
pub(super) const TOKEN: usize = 16;

const HEADER: usize = 8;

/// IPv4 or IPv6.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum IcmpFamily {
    /// Types 8 and 0.
    V4,
    /// Types 128 and 129.
    V6,
}

/// A request. Of IPv6 the kernel makes the checksum, and on an unprivileged socket also the identifier.
pub(super) fn request(family: IcmpFamily, identifier: u16, sequence: u16, token: &[u8; TOKEN]) -> [u8; HEADER + TOKEN] {
    let mut packet = [0; HEADER + TOKEN];
    packet[0] = if family == IcmpFamily::V4 { 8 } else { 128 };
    packet[4..6].copy_from_slice(&identifier.to_be_bytes());
    packet[6..8].copy_from_slice(&sequence.to_be_bytes());
    packet[HEADER..].copy_from_slice(token);
    if family == IcmpFamily::V4 {
        let sum = checksum(&packet);
        packet[2..4].copy_from_slice(&sum.to_be_bytes());
    }
    packet
}

/// The sequence number of a reply that carries this token; `None` for anything else. Raw sockets of IPv4 give the IP header too,
/// and every ICMP message that this host gets; an unprivileged one writes its own identifier over ours, which is why that is not asked.
pub(super) fn reply(family: IcmpFamily, packet: &[u8], token: &[u8; TOKEN]) -> Option<u16> {
    let message = match (family, packet.first()?) {
        (IcmpFamily::V4, first) if first >> 4 == 4 => packet.get(usize::from(first & 0xf) * 4..)?,
        _ => packet,
    };
    let wanted = if family == IcmpFamily::V4 { 0 } else { 129 };
    let carries = message.get(HEADER..HEADER + TOKEN)? == token;
    (message.first()? == &wanted && carries).then(|| u16::from_be_bytes([message[6], message[7]]))
}

/// RFC 1071.
fn checksum(packet: &[u8]) -> u16 {
    let words = packet.chunks(2).map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low)));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN_A: [u8; TOKEN] = *b"0123456789abcdef";

    #[test]
    fn the_checksum_of_a_whole_request_is_nothing() {
        assert_eq!(checksum(&request(IcmpFamily::V4, 7, 3, &TOKEN_A)), 0);
        assert_eq!(request(IcmpFamily::V6, 7, 3, &TOKEN_A)[..4], [128, 0, 0, 0]);
        assert_eq!(checksum(&[0x45, 0, 0]), !0x4500);
    }

    #[test]
    fn only_replies_to_our_own_requests_count() {
        let mut echoed = request(IcmpFamily::V4, 7, 3, &TOKEN_A).to_vec();
        assert_eq!(reply(IcmpFamily::V4, &echoed, &TOKEN_A), None, "a request, as raw sockets of this host see it");
        echoed[0] = 0;
        // Another identifier: an unprivileged socket.
        echoed[4] = 99;
        assert_eq!(reply(IcmpFamily::V4, &echoed, &TOKEN_A), Some(3));
        let mut behind_header = vec![0; 24];
        behind_header[0] = 0x46;
        behind_header.extend(&echoed);
        assert_eq!(reply(IcmpFamily::V4, &behind_header, &TOKEN_A), Some(3), "with options in the IP header");
        assert_eq!(reply(IcmpFamily::V4, &echoed, b"somebody else's!"), None);
        assert_eq!(reply(IcmpFamily::V6, &echoed, &TOKEN_A), None);
        let mut six = request(IcmpFamily::V6, 7, 9, &TOKEN_A);
        six[0] = 129;
        assert_eq!(reply(IcmpFamily::V6, &six, &TOKEN_A), Some(9));
        for cut in 0..six.len() {
            assert_eq!(reply(IcmpFamily::V6, &six[..cut], &TOKEN_A), None, "{cut}");
            assert_eq!(reply(IcmpFamily::V4, &behind_header[..cut], &TOKEN_A), None, "{cut}");
        }
        assert_eq!(reply(IcmpFamily::V4, &[0x4f; 30], &TOKEN_A), None);
    }
}
