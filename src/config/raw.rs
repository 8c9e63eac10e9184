//! Raw values: one flat table, full key -> value as typed, with the place it came from. Later layers replace earlier
//! ones. Decides nothing about values; `check` does.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;

use super::complaint::{Complaint, ConfigFault};

/// A value as typed. No `Debug`: it may be a secret.
#[derive(Clone, PartialEq)]
pub(super) enum RawValue {
    /// Text; from the command line and the environment everything is text.
    Text(String),
    /// A whole number.
    Integer(i64),
    /// A number with a fraction.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A list.
    List(Vec<RawValue>),
    /// Something no key takes; its name for complaints.
    Other(&'static str),
}

impl RawValue {
    /// What it is, in words.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Text(_) => "text",
            Self::Integer(_) | Self::Float(_) => "a number",
            Self::Boolean(_) => "true or false",
            Self::List(_) => "a list",
            Self::Other(name) => name,
        }
    }
}

/// Where a value came from, lowest layer first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ValueOrigin {
    /// Variable that systemd sets for a unit.
    Service(&'static str),
    /// Default of a configuration in this folder.
    Installed(&'static str),
    /// Configuration file and line, from 1.
    File(PathBuf, usize),
    /// Option of the command line.
    CommandLine(&'static str),
    /// Variable with an older name.
    OlderVariable(String),
    /// `STREAMWARDEN_...` variable.
    Variable(String),
}

impl ValueOrigin {
    fn layer(&self) -> u8 {
        match self {
            Self::Service(_) | Self::Installed(_) => 0,
            Self::File(..) => 1,
            Self::CommandLine(_) => 2,
            Self::OlderVariable(_) => 3,
            Self::Variable(_) => 4,
        }
    }

    /// True when the value is typed by a TOML writer, who can tell text from numbers and write lists.
    pub fn is_typed(&self) -> bool {
        matches!(self, Self::File(..))
    }
}

impl fmt::Display for ValueOrigin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path, line) => write!(out, "{}:{line}", path.display()),
            Self::Service(name) => write!(out, "environment {name}"),
            Self::Installed(folder) => write!(out, "default of a configuration in {folder}"),
            Self::CommandLine(option) => write!(out, "command line {option}"),
            Self::OlderVariable(name) | Self::Variable(name) => write!(out, "environment {name}"),
        }
    }
}

/// One value and where it came from.
#[derive(Clone)]
pub(super) struct RawEntry {
    pub value: RawValue,
    pub origin: ValueOrigin,
    /// The value is the path of the file that holds the secret; still true at check time when it could not be read.
    pub in_file: bool,
}

/// The table.
#[derive(Default)]
pub(super) struct Raw {
    entries: BTreeMap<String, RawEntry>,
    /// Items of each list of sections seen so far, empty ones included.
    items: BTreeMap<String, usize>,
}

impl Raw {
    /// Lays a value over what is there. Twice in one layer (`x` and `x_file`) is a fault: nobody could say which wins.
    pub fn put(&mut self, key: String, entry: RawEntry, complaints: &mut Vec<Complaint>) {
        if let Some(earlier) = self.entries.get(&key)
            && earlier.origin.layer() == entry.origin.layer()
        {
            let fault = ConfigFault::new(
                format!("is given twice: here and at {}", earlier.origin),
                "keep one of the two, the value itself or the file that holds it",
            );
            complaints.push(fault.at(key, Some(entry.origin.to_string())));
            return;
        }
        if let Some((list, index)) = item_of(&key) {
            self.see_items(list, index + 1);
        }
        self.entries.insert(key, entry);
    }

    /// Notes that so many items of a list stand in the file, even if one of them says nothing.
    pub fn see_items(&mut self, list: &str, count: usize) {
        let seen = self.items.entry(list.to_owned()).or_default();
        *seen = count.max(*seen);
    }

    /// How many items of a list (`servers`) are mentioned; the highest index decides.
    pub fn items(&self, list: &str) -> usize {
        self.items.get(list).copied().unwrap_or(0)
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&RawEntry> {
        self.entries.get(key)
    }

    /// All of it, for replacing secret files by what they hold.
    pub fn entries_mut(&mut self) -> &mut BTreeMap<String, RawEntry> {
        &mut self.entries
    }

    /// True when some key begins so that stands in the configuration file or in a `STREAMWARDEN_...` variable.
    pub fn is_written_for_us(&self, prefix: &str) -> bool {
        let is_ours = |origin: &ValueOrigin| matches!(origin, ValueOrigin::File(..) | ValueOrigin::Variable(_));
        self.entries.iter().any(|(key, entry)| key.starts_with(prefix) && is_ours(&entry.origin))
    }

    /// True when some key begins so.
    pub fn mentions(&self, prefix: &str) -> bool {
        self.entries.keys().any(|key| key.starts_with(prefix))
    }
}

/// `health.targets[3].name` is of item 3 of `health.targets`.
fn item_of(key: &str) -> Option<(&str, usize)> {
    let (list, rest) = key.split_once('[')?;
    Some((list, rest.split_once(']')?.0.parse().ok()?))
}
