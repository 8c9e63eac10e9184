//! Durations and sizes as people write them: `2s`, `500ms`, `10m`, `30d`; `500M`, `20G`. Pure.

use std::time::Duration;

use super::complaint::ConfigFault;
use super::raw::RawValue;

const DURATIONS: [(&str, f64); 7] =
    [("ms", 0.001), ("s", 1.0), ("m", 60.0), ("h", 3600.0), ("d", 86_400.0), ("w", 604_800.0), ("y", 31_536_000.0)];

const SIZES: [(&str, f64); 5] = [
    ("", 1.0),
    ("K", 1024.0),
    ("M", 1024.0 * 1024.0),
    ("G", 1024.0 * 1024.0 * 1024.0),
    ("T", 1024.0 * 1024.0 * 1024.0 * 1024.0),
];

/// A duration; a bare number is seconds.
pub(super) fn duration(value: &RawValue) -> Result<Duration, ConfigFault> {
    let remedy = "write a number and its unit: 500ms, 2s, 10m, 24h, 30d, 1y (a bare number is seconds)";
    let seconds = match value {
        RawValue::Integer(number) => Some(*number as f64),
        RawValue::Float(number) => Some(*number),
        RawValue::Text(text) => with_unit(text, &DURATIONS, 1.0),
        other => return Err(ConfigFault::new(format!("is {}, expected a duration", other.kind()), remedy)),
    };
    let duration = seconds.and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    duration.ok_or_else(|| ConfigFault::new(format!("{} is not a duration", quoted(value)), remedy))
}

/// A number of bytes; K, M, G and T are powers of 1024.
pub(super) fn size(value: &RawValue) -> Result<u64, ConfigFault> {
    let remedy = "write a number and its unit: 500M, 20G, 1T (a bare number is bytes)";
    let bytes = match value {
        RawValue::Integer(number) => Some(*number as f64),
        RawValue::Float(number) => Some(*number),
        RawValue::Text(text) => with_unit(text, &SIZES, 1.0),
        other => return Err(ConfigFault::new(format!("is {}, expected a size", other.kind()), remedy)),
    };
    match bytes {
        Some(bytes) if (0.0..=9e18).contains(&bytes) => Ok(bytes as u64),
        _ => Err(ConfigFault::new(format!("{} is not a size", quoted(value)), remedy)),
    }
}

/// A duration in the notation of the configuration, for other files that use it.
///
/// # Errors
/// A sentence with the remedy.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    duration(&RawValue::Text(text.to_owned())).map_err(|fault| format!("{}; {}", fault.fault, fault.remedy))
}

/// A number of bytes in the notation of the configuration, for other files that use it.
///
/// # Errors
/// A sentence with the remedy.
pub fn parse_size(text: &str) -> Result<u64, String> {
    size(&RawValue::Text(text.to_owned())).map_err(|fault| format!("{}; {}", fault.fault, fault.remedy))
}

fn with_unit(text: &str, units: &[(&str, f64)], bare: f64) -> Option<f64> {
    let text = text.trim();
    let split = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number = number.trim_end();
    // Rust would also read `1e3`, `+1`, `inf` and `nan`.
    if number.is_empty() || !number.chars().all(|c| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let factor = match unit {
        "" => bare,
        unit => units.iter().find(|(name, _)| *name == unit)?.1,
    };
    Some(number.parse::<f64>().ok()? * factor)
}

/// A value for a complaint, short.
pub(super) fn quoted(value: &RawValue) -> String {
    match value {
        RawValue::Text(text) => {
            let shown: String = crate::base::redact::text(text).chars().take(60).collect();
            format!("{shown:?}")
        }
        RawValue::Integer(number) => number.to_string(),
        RawValue::Float(number) => number.to_string(),
        RawValue::Boolean(flag) => flag.to_string(),
        other => other.kind().to_owned(),
    }
}

/// A duration in the units people write.
pub(super) fn show_duration(duration: Duration) -> String {
    let ms = duration.as_millis();
    let units = [("y", 31_536_000_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)];
    let unit = units.iter().find(|(_, length)| ms >= *length && ms.is_multiple_of(*length));
    unit.map_or_else(|| format!("{ms}ms"), |(unit, length)| format!("{}{unit}", ms / length))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> RawValue {
        RawValue::Text(text.to_owned())
    }

    #[test]
    fn durations_are_read_and_nonsense_is_not() {
        for (value, ms) in [
            (text("500ms"), 500),
            (text("2s"), 2_000),
            (text("1.5 s"), 1_500),
            (text("10m"), 600_000),
            (text("24h"), 86_400_000),
            (text("30d"), 2_592_000_000),
            (text("1y"), 31_536_000_000),
            (text("2w"), 1_209_600_000),
            (text(" 7 "), 7_000),
            (RawValue::Integer(3), 3_000),
            (RawValue::Float(0.25), 250),
            (text("0"), 0),
        ] {
            assert_eq!(duration(&value).expect("a duration").as_millis(), ms, "{}", quoted(&value));
        }
        let nonsense =
            ["", "s", "2 parsecs", "-1s", "1e3", "inf", "nan", "1h30m", "2S", "1..2s", "99999999999999999999y"];
        for value in nonsense.map(text).into_iter().chain([
            RawValue::Integer(-1),
            RawValue::Float(f64::NAN),
            RawValue::List(vec![]),
        ]) {
            assert!(duration(&value).is_err(), "{}", quoted(&value));
        }
    }

    #[test]
    fn sizes_are_read_and_nonsense_is_not() {
        for (value, bytes) in [
            (text("500M"), 500 * 1024 * 1024),
            (text("20G"), 20 * 1024 * 1024 * 1024),
            (text("1.5K"), 1536),
            (text("0"), 0),
            (text("77"), 77),
            (RawValue::Integer(1024), 1024),
        ] {
            assert_eq!(size(&value).expect("a size"), bytes, "{}", quoted(&value));
        }
        for value in ["", "G", "1GB", "-1", "1e30T", "lots"].map(text).into_iter().chain([RawValue::Integer(-5)]) {
            assert!(size(&value).is_err(), "{}", quoted(&value));
        }
    }

    #[test]
    fn durations_are_shown_in_the_largest_even_unit() {
        for (ms, shown) in
            [(0, "0ms"), (250, "250ms"), (1_500, "1500ms"), (2_000, "2s"), (600_000, "10m"), (86_400_000, "1d")]
        {
            assert_eq!(show_duration(Duration::from_millis(ms)), shown);
        }
    }
}
