//! Sizes for people, the same in every sentence: in powers of 1,000, as the page and the makers of disks count.

/// `1.5 GB`: one digit behind the point, cut and not rounded, so that a disk never seems to hold more than it does.
pub fn size(bytes: u64) -> String {
    let (unit, divisor) = match bytes {
        0..1_000_000 => ("kB", 1_000),
        1_000_000..1_000_000_000 => ("MB", 1_000_000),
        1_000_000_000..1_000_000_000_000 => ("GB", 1_000_000_000),
        _ => ("TB", 1_000_000_000_000),
    };
    let tenths = bytes / (divisor / 10);
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_one_unit_and_one_digit() {
        for (bytes, words) in [
            (0, "0.0 kB"),
            (500, "0.5 kB"),
            (999_999, "999.9 kB"),
            (1_000_000, "1.0 MB"),
            (1_073_741_824, "1.0 GB"),
            (33_285_996_544, "33.2 GB"),
            (1_500_000_000_000, "1.5 TB"),
            (u64::MAX, "18446744.0 TB"),
        ] {
            assert_eq!(size(bytes), words);
        }
    }
}
