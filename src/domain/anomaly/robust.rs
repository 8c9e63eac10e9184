//! How far values stray from their median, whatever a few of them do.

use crate::domain::health::median;

/// A normal distribution has its standard deviation at so many median absolute deviations, and its outer deciles at so many standard
/// deviations.
const OF_MAD: f64 = 1.4826;
const AT_DECILE: f64 = 1.2816;

/// Where values lie: their median, and what a standard deviation would be to either side of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Spread {
    pub(super) median: f64,
    pub(super) down: f64,
    pub(super) up: f64,
    /// The lowest decile.
    pub(super) low: f64,
}

impl Spread {
    /// Of values in any order, which are sorted by that. `None` without any.
    ///
    /// The median absolute deviation bears a quarter of the values being wrong; the deciles are asked too, as a number that has another
    /// value for a fifth of the time has a deviation of zero.
    pub(super) fn of(values: &mut [f64]) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let middle = median(values)?;
        let mut apart: Vec<f64> = values.iter().map(|value| (value - middle).abs()).collect();
        apart.sort_by(f64::total_cmp);
        let both = median(&apart)? * OF_MAD;
        let decile = |tenths: usize| values.get((values.len() - 1) * tenths / 10).copied();
        let (low, high) = (decile(1)?, decile(9)?);
        Some(Self {
            median: middle,
            down: both.max((middle - low) / AT_DECILE),
            up: both.max((high - middle) / AT_DECILE),
            low,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_values_do_not_move_it() {
        let steady: Vec<f64> = (0..100).map(|n| 10.0 + f64::from(n % 5) / 10.0).collect();
        let of = |mut values: Vec<f64>| Spread::of(&mut values).expect("values");
        let known = of(steady.clone());
        assert_eq!(known.median, 10.2);
        assert!((known.down - 0.15).abs() < 0.02 && (known.up - 0.15).abs() < 0.02, "{known:?}");
        let mut troubled = steady;
        troubled[..8].fill(0.0);
        let found = of(troubled);
        assert!((found.median - 10.2).abs() < 0.11 && found.down < 0.3, "{found:?}");
        // A fifth of the time there are six in place of two.
        let seldom = of((0..100).map(|n| if n % 5 == 0 { 6.0 } else { 2.0 }).collect());
        assert_eq!((seldom.median, seldom.down), (2.0, 0.0));
        assert!(seldom.up > 3.0, "{seldom:?}");
        assert_eq!(Spread::of(&mut []), None);
    }
}
