//! Cameras as a table of text (CSV): written for spreadsheets, read from whatever spreadsheets make of it.
//!
//! [`write()`] makes the text, [`Sheet::read`] reads one, [`Sheet::plan`] says what it would change. Nothing here touches a
//! database. Rows are known by their name: a sheet adds and changes cameras and never removes one.

mod check;
mod import_plan;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub use import_plan::{CameraWrite, PlannedWrite, SheetTarget};
pub use read::Sheet;
pub use write::write;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::row::HIDDEN;

/// Most rows in one sheet: twice the largest fleet we are built for.
pub const MOST_ROWS: usize = 20_000;

/// Most faults that are told: who has more has one fault many times.
pub const MOST_FAULTS: usize = 100;

/// The columns, in the order they are written in. Named as in the table.
const COLUMNS: [&str; 14] = [
    "name",
    "kind",
    "host",
    "port",
    "username",
    "password",
    "channel",
    "substream",
    "url",
    "transport",
    "audio",
    "enabled",
    "record",
    "label",
];

/// Spreadsheets run a cell that begins with one of these as a formula. Such a cell is written with a `'` in front, which
/// they take for "this is text", and which is taken off again when it is read.
const FORMULAS: [char; 7] = ['=', '+', '-', '@', '\t', '\r', '\''];

/// What is wrong with one row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SheetFault {
    /// Line of the file, from 1.
    pub line: u64,
    /// The column, when it is one.
    pub field: Option<String>,
    /// What is wrong and what would be right.
    pub message: String,
}

/// What an import did, or would do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ImportReport {
    /// Rows that are new.
    pub added: usize,
    /// Rows that changed.
    pub changed: usize,
    /// Rows that are as the file has them already.
    pub unchanged: usize,
    /// What is wrong; when anything is, nothing was written.
    pub faults: Vec<SheetFault>,
}

impl SheetFault {
    /// A fault of one line.
    pub fn new(line: u64, field: Option<&str>, message: impl Into<String>) -> Self {
        Self { line, field: field.map(str::to_owned), message: message.into() }
    }
}

impl ImportReport {
    /// Nothing can be done, because of these.
    pub fn refused(mut faults: Vec<SheetFault>) -> Self {
        faults.sort_by_key(|fault| fault.line);
        let more = faults.len().saturating_sub(MOST_FAULTS);
        if let Some(next) = faults.get(MOST_FAULTS).map(|fault| fault.line) {
            faults.truncate(MOST_FAULTS);
            faults.push(SheetFault::new(next, None, format!("and {more} more faults from here on")));
        }
        Self { faults, ..Self::default() }
    }

    /// Whether something is wrong with the file.
    pub fn is_refused(&self) -> bool {
        !self.faults.is_empty()
    }
}
