//! Shapes of values that several keys share: text, numbers within bounds, lists, durations within bounds.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use crate::base::network::Network;
use crate::config::complaint::ConfigFault;
use crate::config::raw::{RawEntry, RawValue};
use crate::config::units::{quoted, show_duration};
use crate::config::{keys, units};

/// Text that is not empty.
pub(super) fn text(entry: &RawEntry) -> Result<String, ConfigFault> {
    match &entry.value {
        RawValue::Text(text) if text.trim().is_empty() => {
            Err(ConfigFault::new("is empty", "write a value, or leave the key out for its default"))
        }
        RawValue::Text(text) if text.contains('\0') => Err(ConfigFault::new("holds a NUL character", "remove it")),
        RawValue::Text(text) => Ok(text.clone()),
        other => Err(ConfigFault::new(format!("is {}, expected text", other.kind()), "write it in double quotes")),
    }
}

/// A path; relative ones count from the working directory.
pub(super) fn path(entry: &RawEntry) -> Result<PathBuf, ConfigFault> {
    text(entry).map(PathBuf::from)
}

/// Texts. In the environment and on the command line they are separated by commas.
pub(super) fn list(entry: &RawEntry) -> Result<Vec<String>, ConfigFault> {
    let remedy = "write a list: [\"one\", \"two\"]";
    match &entry.value {
        RawValue::List(items) => items
            .iter()
            .map(|item| match item {
                RawValue::Text(text) => Ok(text.clone()),
                other => Err(ConfigFault::new(format!("the list holds {}, expected only text", other.kind()), remedy)),
            })
            .collect(),
        RawValue::Text(text) if !entry.origin.is_typed() => {
            Ok(text.split(',').map(str::trim).filter(|item| !item.is_empty()).map(str::to_owned).collect())
        }
        other => Err(ConfigFault::new(format!("is {}, expected a list", other.kind()), remedy)),
    }
}

/// A whole number within bounds.
pub(super) fn whole(entry: &RawEntry, bounds: RangeInclusive<i64>) -> Result<i64, ConfigFault> {
    let number = match &entry.value {
        RawValue::Integer(number) => Some(*number),
        RawValue::Text(text) if !entry.origin.is_typed() => text.trim().parse().ok(),
        RawValue::Text(_) => {
            return Err(ConfigFault::new("is text, expected a whole number", "write it without quotes"));
        }
        _ => None,
    };
    match number {
        Some(number) if bounds.contains(&number) => Ok(number),
        _ => Err(ConfigFault::new(
            format!("{} is not a whole number from {} to {}", quoted(&entry.value), bounds.start(), bounds.end()),
            "write a number within these bounds",
        )),
    }
}

/// A rate per second within bounds; `20`, `0.5` and `"20/s"` are the same thing.
pub(super) fn rate(entry: &RawEntry, bounds: RangeInclusive<f64>) -> Result<f64, ConfigFault> {
    let number = match &entry.value {
        RawValue::Integer(number) => Some(*number as f64),
        RawValue::Float(number) => Some(*number),
        RawValue::Text(text) => text.trim().trim_end_matches("/s").parse().ok(),
        _ => None,
    };
    match number {
        Some(number) if bounds.contains(&number) => Ok(number),
        _ => Err(ConfigFault::new(
            format!("{} is not a rate from {} to {} per second", quoted(&entry.value), bounds.start(), bounds.end()),
            "write how many per second: 20 or 0.5",
        )),
    }
}

/// A fraction from 0 to 1.
pub(super) fn fraction(entry: &RawEntry) -> Result<f64, ConfigFault> {
    let number = match &entry.value {
        RawValue::Integer(number) => Some(*number as f64),
        RawValue::Float(number) => Some(*number),
        RawValue::Text(text) => text.trim().parse().ok(),
        _ => None,
    };
    match number {
        Some(number) if (0.0..=1.0).contains(&number) => Ok(number),
        _ => Err(ConfigFault::new(
            format!("{} is not a fraction from 0 to 1", quoted(&entry.value)),
            "write a number such as 0.5; 1 for no limit",
        )),
    }
}

/// `true` or `false`.
pub(super) fn flag(entry: &RawEntry) -> Result<bool, ConfigFault> {
    let flag = match &entry.value {
        RawValue::Boolean(flag) => Some(*flag),
        RawValue::Text(text) if !entry.origin.is_typed() => text.trim().parse().ok(),
        _ => None,
    };
    let fault =
        || ConfigFault::new(format!("{} is neither true nor false", quoted(&entry.value)), "write true or false");
    flag.ok_or_else(fault)
}

/// A duration within bounds.
pub(super) fn duration(entry: &RawEntry, bounds: RangeInclusive<Duration>) -> Result<Duration, ConfigFault> {
    let duration = units::duration(&entry.value)?;
    if bounds.contains(&duration) {
        return Ok(duration);
    }
    let (least, most) = (show_duration(*bounds.start()), show_duration(*bounds.end()));
    let side = if duration < *bounds.start() { "too short" } else { "too long" };
    Err(ConfigFault::new(
        format!("{} is {side}", quoted(&entry.value)),
        format!("write a duration from {least} to {most}"),
    ))
}

/// Networks and addresses.
pub(super) fn networks(entry: &RawEntry) -> Result<Vec<Network>, ConfigFault> {
    let parsed = list(entry)?.into_iter().map(|text| {
        text.parse::<Network>().map_err(|_| {
            let shown: String = text.chars().take(60).collect();
            ConfigFault::new(format!("{shown:?} is not a network"), "write 192.168.0.0/16, fe80::/10 or one address")
        })
    });
    parsed.collect()
}

/// One of some words.
pub(super) fn one_of(typed: &str, known: &[&str], what: &str) -> Result<String, ConfigFault> {
    if known.contains(&typed) {
        return Ok(typed.to_owned());
    }
    let shown: String = typed.chars().take(40).collect();
    let near = keys::nearest(&shown, known.iter().copied());
    let near = near.map_or_else(String::new, |near| format!("did you mean {near}? "));
    Err(ConfigFault::new(format!("{shown:?} is not {what}"), format!("{near}known: {}", known.join(", "))))
}
