//! The numbers of streams and endpoints that are watched for anomalies: how each is compared, and how it is told.

use std::str::FromStr;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::domain::history::{Metric, SeriesKind};

/// A number of a stream, or of an endpoint of the network, that can be unusual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub enum AnomalyMetric {
    /// Bit/s that the server receives: too little and too much.
    Bitrate,
    /// Frames per second, of a stream that is probed: too few.
    Fps,
    /// Readers: too few and too many.
    Readers,
    /// SRT: round trip time in ms: too long.
    Rtt,
    /// Of an endpoint: round trip time in ms, as its probes have measured it: too long.
    Latency,
}

/// How a number is told: what it is divided by, its unit, digits behind the point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FigureUnit {
    divisor: f64,
    word: &'static str,
    digits: usize,
}

impl FigureUnit {
    /// The number alone.
    pub fn number(self, value: f64) -> String {
        format!("{:.*}", self.digits, value / self.divisor)
    }

    /// With its unit.
    pub fn told(self, value: f64) -> String {
        let number = self.number(value);
        if self.word.is_empty() { number } else { format!("{number} {}", self.word) }
    }
}

impl AnomalyMetric {
    /// Every one.
    pub const ALL: [Self; 5] = [Self::Bitrate, Self::Fps, Self::Readers, Self::Rtt, Self::Latency];

    /// Those of a stream.
    pub const OF_STREAMS: [Self; 4] = [Self::Bitrate, Self::Fps, Self::Readers, Self::Rtt];

    /// The word of the configuration, of the API and of `/metrics`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Latency => "latency",
            Self::Bitrate | Self::Fps | Self::Readers | Self::Rtt => self.history().as_str(),
        }
    }

    /// Whether it is a number of such a series.
    pub fn is_of(self, kind: SeriesKind) -> bool {
        match self {
            Self::Latency => kind == SeriesKind::Endpoint,
            Self::Bitrate | Self::Fps | Self::Readers | Self::Rtt => kind == SeriesKind::Stream,
        }
    }

    /// What sentences call it.
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Bitrate => "bitrate",
            Self::Fps => "frames per second",
            Self::Readers => "readers",
            Self::Rtt => "round trip",
            Self::Latency => "latency",
        }
    }

    /// Where its past is.
    pub fn history(self) -> Metric {
        match self {
            Self::Bitrate => Metric::Bitrate,
            Self::Fps => Metric::Fps,
            Self::Readers => Metric::Readers,
            Self::Rtt | Self::Latency => Metric::Rtt,
        }
    }

    /// The scale on which values are compared: one on which they stray alike whatever their size. What is halved or doubled counts, of bit
    /// rates and times; of counts the square root, whose variance is the same for few and for many (Anscombe 1948). The constant keeps
    /// small values, whose ratio says nothing, from counting.
    pub(super) fn scaled(self, value: f64) -> f64 {
        match self {
            Self::Bitrate => (value + 20_000.0).ln(),
            Self::Fps => (value + 1.0).ln(),
            Self::Readers => 2.0 * (value + 0.375).sqrt(),
            Self::Rtt | Self::Latency => (value + 5.0).ln(),
        }
    }

    /// Back from the scale; never below zero.
    pub(super) fn unscaled(self, scaled: f64) -> f64 {
        let value = match self {
            Self::Bitrate => scaled.exp() - 20_000.0,
            Self::Fps => scaled.exp() - 1.0,
            Self::Readers => (scaled.max(0.0) / 2.0).powi(2) - 0.375,
            Self::Rtt | Self::Latency => scaled.exp() - 5.0,
        };
        value.max(0.0)
    }

    /// Values count as straying by that at least: an encoder that never varies may still do so one day without anything being wrong.
    pub(super) fn least_spread(self) -> f64 {
        match self {
            Self::Bitrate | Self::Fps => 0.08,
            Self::Readers => 0.35,
            Self::Rtt | Self::Latency => 0.10,
        }
    }

    /// Whether too little of it is unusual.
    pub(super) fn may_be_low(self) -> bool {
        !matches!(self, Self::Rtt | Self::Latency)
    }

    /// Below that there is none at all.
    pub(super) fn least(self) -> f64 {
        if matches!(self, Self::Readers) { 1.0 } else { 0.0 }
    }

    /// None at all is unusual where nine tenths of the values were that: of five readers all leave now and then.
    pub(super) fn never_none(self) -> f64 {
        if matches!(self, Self::Readers) { 4.0 } else { f64::INFINITY }
    }

    /// Whether too much of it is unusual.
    pub(super) fn may_be_high(self) -> bool {
        !matches!(self, Self::Fps)
    }

    /// More than usual has to be so many times further away than less: of what is wanted, too much is seldom a fault.
    pub(super) fn tolerance_above(self) -> f64 {
        match self {
            Self::Bitrate | Self::Fps | Self::Readers => 1.5,
            Self::Rtt | Self::Latency => 2.0,
        }
    }

    /// The median of so many values is judged: one odd minute is none. What is counted only every few minutes is judged as it comes.
    pub(super) fn median_of(self) -> usize {
        if matches!(self, Self::Fps) { 1 } else { 3 }
    }

    /// Whether there are minutes without it though nothing is wrong.
    pub(super) fn is_sparse(self) -> bool {
        matches!(self, Self::Fps | Self::Latency)
    }

    /// How numbers of about this size are told.
    pub fn unit(self, about: f64) -> FigureUnit {
        let (divisor, word, digits) = match self {
            Self::Bitrate if about >= 1e6 => (1e6, "Mbit/s", 1),
            Self::Bitrate => (1e3, "kbit/s", 0),
            Self::Fps => (1.0, "", 1),
            Self::Readers => (1.0, "", 0),
            Self::Rtt | Self::Latency if about >= 10.0 => (1.0, "ms", 0),
            Self::Rtt | Self::Latency => (1.0, "ms", 1),
        };
        FigureUnit { divisor, word, digits }
    }
}

impl FromStr for AnomalyMetric {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|metric| metric.as_str() == word).ok_or(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_scaled_leads_back_and_words_too() {
        for metric in AnomalyMetric::ALL {
            assert_eq!(metric.as_str().parse(), Ok(metric));
            for value in [0.0, 1.0, 17.0, 4e6] {
                let back = metric.unscaled(metric.scaled(value));
                assert!((back - value).abs() <= value * 1e-9 + 1e-9, "{metric:?} {value} {back}");
            }
            assert_eq!(metric.unscaled(-100.0), 0.0, "{metric:?}");
        }
        assert_eq!("x".parse::<AnomalyMetric>(), Err(()));
    }

    #[test]
    fn numbers_are_told_in_one_unit() {
        for (metric, about, value, told) in [
            (AnomalyMetric::Bitrate, 4e6, 1.24e6, "1.2 Mbit/s"),
            (AnomalyMetric::Bitrate, 4e5, 120_400.0, "120 kbit/s"),
            (AnomalyMetric::Readers, 12.0, 0.0, "0"),
            (AnomalyMetric::Rtt, 40.0, 121.6, "122 ms"),
            (AnomalyMetric::Rtt, 4.0, 12.34, "12.3 ms"),
        ] {
            assert_eq!(metric.unit(about).told(value), told);
        }
    }
}
