//! Values out of rows. SQLite stores any type in any column, so reading never fails: what cannot be what it should be
//! becomes a value that the domain's rules refuse, and the rows beside it stay readable.

use chrono::{DateTime, SecondsFormat, Utc};
use rusqlite::Row;
use rusqlite::types::ValueRef;
use uuid::Uuid;

use crate::adapters::database::row_rules::{self, LONGEST_TEXT};

/// A text that may be anybody's: of a long one the beginning, enough to be refused as too long. `None` for NULL. Numbers become their digits, bytes that are no UTF-8 become U+FFFD.
pub(super) fn text(row: &Row<'_>, column: usize) -> Option<String> {
    match row.get_ref(column).ok()? {
        ValueRef::Null => None,
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
            let cut = &bytes[..bytes.len().min(LONGEST_TEXT + 1)];
            Some(String::from_utf8_lossy(cut).into_owned())
        }
    }
}

/// A text that this program has written, however long: JSON that is cut is none. `None` for anything else.
pub(super) fn own_text(row: &Row<'_>, column: usize) -> Option<String> {
    row.get_ref(column).ok()?.as_str().ok().map(str::to_owned)
}

/// Bytes; `None` for anything else.
pub(super) fn bytes(row: &Row<'_>, column: usize) -> Option<Vec<u8>> {
    row.get_ref(column).ok()?.as_blob().ok().map(<[u8]>::to_vec)
}

/// A text where the empty text means nothing too, as shells and CSV files write it.
pub(super) fn filled(row: &Row<'_>, column: usize) -> Option<String> {
    text(row, column).filter(|text| !text.is_empty())
}

/// An integer; `wrong` stands for what is neither NULL nor an integer.
pub(super) fn integer(row: &Row<'_>, column: usize, wrong: i64) -> Option<i64> {
    match row.get_ref(column) {
        Ok(ValueRef::Integer(number)) => Some(number),
        Ok(ValueRef::Null) => None,
        Ok(ValueRef::Text(b"")) => None,
        _ => Some(wrong),
    }
}

/// What [`integer`] calls wrong, as a text.
pub(super) fn no_integer(row: &Row<'_>, column: usize) -> Option<String> {
    match row.get_ref(column) {
        Ok(ValueRef::Integer(_)) => None,
        _ => filled(row, column),
    }
}

/// A count: negative or wrong ones are `None`.
pub(super) fn count(row: &Row<'_>, column: usize) -> Option<u64> {
    integer(row, column, -1).and_then(|number| u64::try_from(number).ok())
}

/// True only for a number other than 0.
pub(super) fn flag(row: &Row<'_>, column: usize) -> bool {
    matches!(row.get_ref(column), Ok(ValueRef::Integer(number)) if number != 0)
}

/// A time as [`time_text`] wrote it.
pub(super) fn time(row: &Row<'_>, column: usize) -> Option<DateTime<Utc>> {
    let text = text(row, column)?;
    Some(DateTime::parse_from_rfc3339(&text).ok()?.with_timezone(&Utc))
}

/// An id.
pub(super) fn id(row: &Row<'_>, column: usize) -> Option<Uuid> {
    Uuid::parse_str(&text(row, column)?).ok()
}

/// UTC, microseconds, one width: sorts as text.
pub(super) fn time_text(time: DateTime<Utc>) -> String {
    row_rules::known_time(time).to_rfc3339_opts(SecondsFormat::Micros, true)
}
