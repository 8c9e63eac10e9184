//! Squeezed samples before and after they got their time.

use super::*;

/// Distances as `each` or `(count, each)`, fragment by fragment; a fragment of equal ones has a single place for them.
fn pieces(start: i64, fragments: &[&[(u64, u32)]]) -> Vec<Piece> {
    let mut begin = start;
    let piece = |spans: &&[(u64, u32)]| {
        let is_uniform = spans.len() == 1;
        let one = |(count, each): &(u64, u32)| {
            let span =
                SampleSpan { count: if is_uniform { *count } else { 1 }, each: *each, at: Some(8), is_plain: true };
            std::iter::repeat_n(span, if is_uniform { 1 } else { *count as usize })
        };
        let piece = Piece { start: begin, start_at: Some(8), spans: spans.iter().flat_map(one).collect() };
        begin = piece.end();
        piece
    };
    fragments.iter().map(piece).collect()
}

/// `start: distances` of each fragment, equal ones as `count*distance`.
fn shown(pieces: &[Piece]) -> String {
    let piece = |piece: &Piece| {
        let each = piece
            .spans
            .chunk_by(|one, other| one.each == other.each)
            .map(|alike| format!(" {}*{}", alike.iter().map(|span| span.count).sum::<u64>(), alike[0].each));
        format!("{}:{}", piece.start, each.collect::<String>())
    };
    pieces.iter().map(piece).collect::<Vec<_>>().join(" | ")
}

/// 25 pictures in a second of 12,800 ticks.
const BOUNDS: Bounds = Bounds { timescale: 12_800, before: None, came_for: None };

#[test]
fn squeezed_samples_get_the_time_they_took() {
    let none = BOUNDS;
    for (what, bounds, given, wanted, count) in [
        ("in time", none, pieces(0, &[&[(25, 512)], &[(10, 500), (15, 520)]]), "0: 25*512 | 12800: 10*500 15*520", 0),
        (
            "back for good: the end of one fragment, a whole one, and the last, whose end is a guess",
            none,
            pieces(0, &[&[(9, 512), (16, 1)], &[(25, 1)], &[(6, 1), (1, 512)]]),
            "0: 25*512 | 12800: 25*512 | 25600: 7*512",
            47,
        ),
        (
            "put right in the file behind one that was lengthened: the jump takes up both",
            Bounds { before: Some((19_968, 20_480)), ..none },
            pieces(12_800, &[&[(24, 1), (1, 20_000), (3, 512)]]),
            "20480: 28*512",
            24,
        ),
        (
            "put right between two fragments: no time to lengthen it is needed",
            Bounds { came_for: Some(8_000), ..none },
            {
                let mut pieces = pieces(0, &[&[(1, 512), (24, 1), (1, 512)], &[(3, 512)]]);
                pieces[1].start = 13_312;
                pieces
            },
            "0: 26*512 | 13312: 3*512",
            24,
        ),
        (
            "back by half a second, and on",
            none,
            pieces(0, &[&[(9, 512), (12, 1), (4, 512)], &[(25, 512)]]),
            "0: 25*512 | 12800: 25*512",
            12,
        ),
        (
            "a stray frame has its time from the next",
            none,
            pieces(0, &[&[(3, 512), (1, 1), (1, 1_023), (4, 512)], &[(9, 512)]]),
            "0: 9*512 | 4608: 9*512",
            1,
        ),
        (
            "the first of a fragment is stray",
            none,
            pieces(0, &[&[(3, 512), (1, 1)], &[(1, 1_023), (4, 512)]]),
            "0: 4*512 | 2048: 5*512",
            1,
        ),
        (
            "a frame that strays ahead gives its time back",
            none,
            pieces(0, &[&[(3, 512), (1, 2_045), (3, 1), (5, 512)]]),
            "0: 12*512",
            3,
        ),
        (
            "two at one time share it",
            none,
            pieces(0, &[&[(3, 512), (1, 1), (3, 512)]]),
            "0: 3*512 1*257 1*256 2*512",
            1,
        ),
        (
            "each has a second half: none is lengthened",
            none,
            pieces(0, &[&[(1, 1), (1, 511), (1, 1), (1, 511), (1, 1), (1, 511)]]),
            "0: 6*256",
            3,
        ),
        (
            "they came in half a second",
            Bounds { came_for: Some(6_400), ..none },
            pieces(0, &[&[(10, 512), (20, 1), (1, 512)]]),
            "0: 10*512 20*278 1*512",
            20,
        ),
        (
            "all of them are squeezed: the time they took tells",
            Bounds { came_for: Some(26 * 512), ..none },
            pieces(0, &[&[(25, 1)], &[(1, 300)]]),
            "0: 25*512 | 12800: 1*300",
            25,
        ),
        ("all of them, and nothing tells", none, pieces(0, &[&[(25, 1)]]), "0: 25*1", 0),
        (
            "the file before was lengthened",
            Bounds { before: Some((20_000, 20_512)), ..none },
            pieces(12_800, &[&[(25, 512)], &[(25, 512)]]),
            "20512: 25*512 | 33312: 25*512",
            0,
        ),
        (
            "the guessed end of the file before was too late",
            Bounds { before: Some((12_700, 13_212)), ..none },
            pieces(12_800, &[&[(25, 512)]]),
            "12800: 25*512",
            0,
        ),
        (
            "a hole that was one is left",
            none,
            pieces(0, &[&[(3, 512), (1, 25_600), (3, 512)]]),
            "0: 3*512 1*25600 3*512",
            0,
        ),
    ] {
        let mut pieces = given;
        let squeezed = respace(&mut pieces, &bounds);
        let shown = shown(&pieces);
        assert_eq!((shown.as_str(), squeezed), (wanted, count), "{what}");
        let again = pieces.clone();
        respace(&mut pieces, &bounds);
        assert_eq!(pieces, again, "{what}: nothing is left to do");
    }
}

#[test]
fn what_a_crash_left_half_done_is_completed() {
    let whole = pieces(0, &[&[(9, 512), (16, 1)], &[(25, 1)], &[(6, 1), (1, 512)]]);
    let mut wanted = whole.clone();
    respace(&mut wanted, &BOUNDS);
    // Whichever of the fragments have been written.
    for written in 0..8 {
        let place = |at: usize| if written >> at & 1 == 1 { wanted[at].clone() } else { whole[at].clone() };
        let mut mixed: Vec<Piece> = (0..3).map(place).collect();
        respace(&mut mixed, &BOUNDS);
        assert_eq!(shown(&mixed), shown(&wanted), "{written:03b}");
    }
}

#[test]
fn a_picture_with_a_time_of_its_own_keeps_it() {
    // The order of pictures is guessed at first: times of decoding are corrected, those of showing are right.
    let mut reordered = pieces(0, &[&[(1, 1), (1, 1), (1, 1), (9, 512)]]);
    reordered[0].spans.iter_mut().for_each(|span| span.is_plain = false);
    let before = reordered.clone();
    assert_eq!((respace(&mut reordered, &BOUNDS), &reordered), (0, &before));
}

#[test]
fn what_cannot_be_changed_stays_as_it_is() {
    let mut fixed = pieces(0, &[&[(9, 512), (16, 1)], &[(25, 512)]]);
    fixed[1].start_at = None;
    let before = fixed.clone();
    assert_eq!((respace(&mut fixed, &BOUNDS), &fixed), (0, &before), "the next fragment cannot be moved");
    let mut huge = vec![Piece {
        start: i64::MAX - 5,
        start_at: Some(8),
        spans: vec![SampleSpan { count: u64::MAX, each: u32::MAX, at: None, is_plain: true }; 3],
    }];
    assert_eq!(respace(&mut huge, &BOUNDS), 0, "nonsense overflows nothing");
    let mut far = pieces(0, &[&[(9, 512)], &[(9, 512)]]);
    far[1].start = i64::MIN;
    let before = far.clone();
    assert_eq!((respace(&mut far, &BOUNDS), &far), (0, &before), "nor does a fragment before all time");
    assert_eq!(respace(&mut [], &BOUNDS), 0);
}
