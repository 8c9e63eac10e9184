//! The first question and answer of SRT: induction, by draft-sharabayko-srt (section 4.3.1). Pure.

/// Bytes of either: a header of 16 and a handshake of 48.
pub(super) const LENGTH: usize = 64;

const HANDSHAKE: u16 = 0x8000;
const INDUCTION: u32 = 1;
/// What a listener of version 5 writes into the field of extensions.
const MAGIC: u16 = 0x4A17;
/// Types of handshakes from here on are reasons of a rejection.
const REJECTED: u32 = 1000;

/// What a listener says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SrtAnswer {
    /// It would go on.
    Induction,
    /// It rejects us, for that reason (1000 and more).
    Rejected(u32),
}

/// The question of a caller with this socket id, which the answer is addressed to. Leaves no connection behind.
pub(super) fn induction(socket: u32, sequence: u32, microseconds: u32) -> [u8; LENGTH] {
    let mut packet = [0; LENGTH];
    let mut put = |at: usize, bytes: &[u8]| packet[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, &HANDSHAKE.to_be_bytes());
    put(8, &microseconds.to_be_bytes());
    // The handshake: version 4, no encryption, and 2 in place of extensions, as a caller begins.
    put(16, &4_u32.to_be_bytes());
    put(22, &2_u16.to_be_bytes());
    put(24, &(sequence & 0x7fff_ffff).to_be_bytes());
    put(28, &1500_u32.to_be_bytes());
    put(32, &8192_u32.to_be_bytes());
    put(36, &INDUCTION.to_be_bytes());
    put(40, &socket.to_be_bytes());
    packet
}

/// The answer to it; `None` for anything else.
pub(super) fn answer(packet: &[u8], socket: u32) -> Option<SrtAnswer> {
    let half = |at: usize| Some(u16::from_be_bytes(packet.get(at..at + 2)?.try_into().ok()?));
    let whole = |at: usize| Some(u32::from_be_bytes(packet.get(at..at + 4)?.try_into().ok()?));
    let is_to_us = packet.len() >= LENGTH && half(0)? == HANDSHAKE && whole(12)? == socket;
    if !is_to_us {
        return None;
    }
    match whole(36)? {
        reason if (REJECTED..REJECTED + 5000).contains(&reason) => Some(SrtAnswer::Rejected(reason)),
        INDUCTION if whole(16)? == 5 && half(22)? == MAGIC => Some(SrtAnswer::Induction),
        // SRT before 1.3 and plain UDT.
        INDUCTION if whole(16)? == 4 => Some(SrtAnswer::Induction),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(change: impl FnOnce(&mut Vec<u8>)) -> Option<SrtAnswer> {
        let mut packet = induction(0x0102_0304, 9, 0).to_vec();
        packet[12..16].copy_from_slice(&[1, 2, 3, 4]);
        packet[16..20].copy_from_slice(&5_u32.to_be_bytes());
        packet[22..24].copy_from_slice(&MAGIC.to_be_bytes());
        packet[44..48].copy_from_slice(b"cook");
        change(&mut packet);
        answer(&packet, 0x0102_0304)
    }

    #[test]
    fn only_an_answer_of_srt_to_us_counts() {
        type Change = fn(&mut Vec<u8>);
        let table: [(&str, Change, Option<SrtAnswer>); 8] = [
            ("a listener", |_| {}, Some(SrtAnswer::Induction)),
            ("an old listener", |it| (it[19], it[22], it[23]) = (4, 0, 2), Some(SrtAnswer::Induction)),
            (
                "rejected: backlog",
                |it| it[36..40].copy_from_slice(&1005_u32.to_be_bytes()),
                Some(SrtAnswer::Rejected(1005)),
            ),
            ("to somebody else", |it| it[15] = 9, None),
            ("data", |it| it[0] = 0, None),
            ("no magic", |it| it[22] = 0, None),
            ("our own question, echoed", |it| *it = induction(0x0102_0304, 9, 0).to_vec(), None),
            ("cut", |it| it.truncate(63), None),
        ];
        for (what, change, wanted) in table {
            assert_eq!(answered(change), wanted, "{what}");
        }
        assert_eq!(answer(&[], 0), None);
    }
}
