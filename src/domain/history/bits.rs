//! Bits, one after the other, and small numbers in few of them (Rice codes).

/// Ones before a number that is written plainly because it is large.
const ESCAPE: u32 = 20;
/// Bits of such a number: any difference of two codes, with its sign.
const PLAIN: u32 = 18;

/// Writes bits, the first into the highest place of the first byte.
#[derive(Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    held: u64,
    count: u32,
}

impl BitWriter {
    /// The lowest `count` bits of `value`; at most 32.
    pub(super) fn bits(&mut self, value: u32, count: u32) {
        let mask = (1_u64 << count) - 1;
        self.held = (self.held << count) | (u64::from(value) & mask);
        self.count += count;
        while self.count >= 8 {
            self.count -= 8;
            self.bytes.push((self.held >> self.count) as u8);
        }
    }

    /// A number in units of `2^k`: so many ones, a zero, `k` bits.
    pub(super) fn rice(&mut self, value: u32, k: u32) {
        let ones = value >> k;
        if ones >= ESCAPE {
            self.bits((1 << ESCAPE) - 1, ESCAPE);
            self.bits(value, PLAIN);
            return;
        }
        self.bits(((1 << ones) - 1) << 1, ones + 1);
        self.bits(value, k);
    }

    /// All of it, filled up with zeros.
    pub(super) fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.bits(0, 8 - self.count);
        }
        self.bytes
    }
}

/// Bits that [`BitWriter::rice`] takes.
pub(super) fn rice_cost(value: u32, k: u32) -> u64 {
    let ones = value >> k;
    u64::from(if ones >= ESCAPE { ESCAPE + PLAIN } else { ones + 1 + k })
}

/// Reads what [`BitWriter`] wrote.
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    /// The next bits, the first in the highest place.
    held: u64,
    count: u32,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, held: 0, count: 0 }
    }

    fn fill(&mut self) {
        while self.count <= 56 {
            let Some((first, rest)) = self.bytes.split_first() else { return };
            self.held |= u64::from(*first) << (56 - self.count);
            self.count += 8;
            self.bytes = rest;
        }
    }

    /// The next `count` bits, at most 32; `None` at the end.
    pub(super) fn bits(&mut self, count: u32) -> Option<u32> {
        if count == 0 {
            return Some(0);
        }
        self.fill();
        if self.count < count {
            return None;
        }
        let value = (self.held >> (64 - count)) as u32;
        self.held <<= count;
        self.count -= count;
        Some(value)
    }

    /// The next Rice code.
    pub(super) fn rice(&mut self, k: u32) -> Option<u32> {
        self.fill();
        let ones = (!self.held).leading_zeros().min(ESCAPE);
        if ones == ESCAPE {
            self.bits(ESCAPE)?;
            return self.bits(PLAIN);
        }
        self.bits(ones + 1)?;
        Some((ones << k) | self.bits(k)?)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn numbers_come_back(values in prop::collection::vec((0_u32..(1 << PLAIN), 0_u32..14), 0..200)) {
            let mut writer = BitWriter::default();
            let mut cost = 0;
            for (value, k) in &values {
                writer.rice(*value, *k);
                cost += rice_cost(*value, *k);
            }
            let bytes = writer.finish();
            prop_assert_eq!(bytes.len() as u64, cost.div_ceil(8));
            let mut reader = BitReader::new(&bytes);
            for (value, k) in &values {
                prop_assert_eq!(reader.rice(*k), Some(*value));
            }
        }

        #[test]
        fn rubbish_ends(bytes in prop::collection::vec(any::<u8>(), 0..50), k in 0_u32..16) {
            let mut reader = BitReader::new(&bytes);
            prop_assert!((0..500).any(|_| reader.rice(k).is_none()));
        }
    }
}
