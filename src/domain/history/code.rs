//! Numbers in 12 bits: exact below 128, within 0.8 % above. The order of numbers is the order of their codes.

/// Bits behind the leading one.
const MANTISSA: u32 = 6;
const STEPS: u64 = 1 << MANTISSA;

/// The code of a number.
pub(super) fn encode(number: u64) -> u16 {
    if number < STEPS {
        return number as u16;
    }
    let shift = number.ilog2() - MANTISSA;
    // Below 64 + 58 * 64 = 3776 for every u64.
    (STEPS + u64::from(shift) * STEPS + ((number >> shift) & (STEPS - 1))) as u16
}

/// The middle of what the code stands for.
pub(super) fn decode(code: u16) -> u64 {
    let code = u64::from(code);
    if code < STEPS {
        return code;
    }
    let shift = ((code - STEPS) / STEPS).min(57) as u32;
    let number = (STEPS + (code - STEPS) % STEPS) << shift;
    number + ((1_u64 << shift) >> 1)
}

/// As [`encode`], of a number in a metric's unit. `None` for what is no number or below zero.
pub(super) fn encode_scaled(value: f64, scale: f64) -> Option<u16> {
    let scaled = (value * scale).round();
    // Casting saturates.
    (scaled >= 0.0).then(|| encode(scaled as u64))
}

/// As [`decode`], in a metric's unit.
pub(super) fn decode_scaled(code: u16, scale: f64) -> f64 {
    decode(code) as f64 / scale
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn small_numbers_are_exact() {
        for number in 0..128 {
            assert_eq!(decode(encode(number)), number);
        }
        assert_eq!((encode(u64::MAX), encode_scaled(-0.1, 100.0), encode_scaled(f64::NAN, 1.0)), (3775, None, None));
        assert_eq!(encode_scaled(-0.001, 100.0), Some(0), "a rounding error below zero is zero");
    }

    proptest! {
        #[test]
        fn a_number_comes_back_within_a_percent(bits in 0_u32..64, number: u64) {
            let number = number >> bits;
            let back = decode(encode(number));
            prop_assert!((back as f64 - number as f64).abs() <= number as f64 * 0.008, "{number} {back}");
            prop_assert_eq!(encode(back), encode(number), "packing again changes nothing");
        }

        #[test]
        fn the_order_is_kept(a: u64, b: u64, bits in 0_u32..64) {
            let (a, b) = (a >> bits, b >> bits);
            prop_assert_eq!(a.max(b), if encode(a) > encode(b) { a } else { a.max(b) });
            prop_assert!(encode(a.min(b)) <= encode(a.max(b)));
        }

        #[test]
        fn any_code_has_a_number(code: u16) {
            let _ = decode(code);
        }
    }
}
