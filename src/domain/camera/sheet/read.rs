//! From the bytes of a file to one edit per line.
//!
//! Taken: UTF-8 with or without a byte order mark, any line ends, commas, semicolons or tabs (the header line tells),
//! a first line `sep=;`, columns in any order. A column that is absent changes nothing. An empty cell empties its field;
//! but for `password`, which nobody sees in a file that was written out, and for `kind`, `enabled` and `record`, which
//! cannot be empty: there it keeps what is. A row whose address changes needs its password: see `camera::password`.

use std::collections::BTreeMap;

use secrecy::SecretString;

use super::{COLUMNS, FORMULAS, ImportReport, MOST_ROWS, SheetFault};
use crate::domain::camera::CameraEdit;

/// Longest part of a cell that a message repeats.
const LONGEST_QUOTE: usize = 40;

/// One camera of the file.
#[derive(Clone, Debug)]
pub(super) struct SheetLine {
    /// Where it stands.
    pub number: u64,
    /// What it asks for; it has a name, unless that is wrong.
    pub edit: CameraEdit,
    /// Columns whose cells cannot be read; nothing of them is in the edit.
    pub wrong: Vec<&'static str>,
}

/// A file with a header line; what of its lines cannot be read is told by [`Sheet::plan`], with everything else that is wrong.
#[derive(Clone, Debug)]
pub struct Sheet {
    pub(super) lines: Vec<SheetLine>,
    pub(super) faults: Vec<SheetFault>,
}

impl Sheet {
    /// Reads a file.
    ///
    /// # Errors
    /// When it is no such file: not in UTF-8, with a wrong header line, too long.
    pub fn read(bytes: &[u8]) -> Result<Self, ImportReport> {
        let (text, first) = text(bytes).map_err(|fault| ImportReport::refused(vec![fault]))?;
        let header = text.lines().next().unwrap_or_default();
        let (text, first, separator) = match header.trim().strip_prefix("sep=").map(str::as_bytes) {
            Some([separator]) => (text.split_once('\n').map_or("", |(_, rest)| rest), first + 1, *separator),
            _ => (text, first, separator(header)),
        };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(separator)
            .has_headers(false)
            .flexible(true)
            .from_reader(text.as_bytes());
        let mut records = reader.records();
        let nothing = || {
            let text = format!("the file is empty; its first line names the columns: {}", COLUMNS.join(","));
            ImportReport::refused(vec![SheetFault::new(1, None, text)])
        };
        let header = records.next().and_then(Result::ok).ok_or_else(nothing)?;
        let columns = columns(&header, first).map_err(ImportReport::refused)?;
        let mut read = Self { lines: Vec::new(), faults: Vec::new() };
        let mut counter = LineCounter { text, line: first, byte: 0 };
        for record in records {
            // Text in memory: neither I/O nor encoding can fail, and lines may differ in length.
            let Ok(record) = record else { continue };
            let number = counter.line_of(&record);
            if record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            if read.lines.len() == MOST_ROWS {
                let text = format!("a file may have {MOST_ROWS} cameras; split it");
                return Err(ImportReport::refused(vec![SheetFault::new(number, None, text)]));
            }
            match line(&columns, &record, number, &mut read.faults) {
                Ok(line) => read.lines.push(line),
                Err(fault) => read.faults.push(fault),
            }
        }
        read.faults.extend(doubles(&read.lines));
        Ok(read)
    }
}

/// Counts lines up to records: a record's own position is that of the blank lines before it.
struct LineCounter<'a> {
    text: &'a str,
    line: u64,
    byte: usize,
}

impl LineCounter<'_> {
    fn line_of(&mut self, record: &csv::StringRecord) -> u64 {
        let start = record.position().map_or(self.byte, |at| usize::try_from(at.byte()).unwrap_or(self.byte));
        let rest = self.text.get(start..).unwrap_or_default();
        let start = start + (rest.len() - rest.trim_start_matches(['\r', '\n']).len());
        let passed = self.text.as_bytes().get(self.byte..start).unwrap_or_default();
        self.line += passed.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.byte = start.max(self.byte);
        self.line
    }
}

/// The text without its byte order mark, and the number of its first line.
fn text(bytes: &[u8]) -> Result<(&str, u64), SheetFault> {
    if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
        return Err(SheetFault::new(1, None, "the file is UTF-16; save it as \"CSV UTF-8\""));
    }
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    std::str::from_utf8(bytes).map(|text| (text, 1)).map_err(|error| {
        let line = 1 + bytes[..error.valid_up_to()].iter().filter(|byte| **byte == b'\n').count() as u64;
        SheetFault::new(line, None, "holds bytes that are no UTF-8 text; save the file as \"CSV UTF-8\"")
    })
}

/// Spreadsheets separate by what their country does not use in numbers. No column's name holds any of the three.
fn separator(header: &str) -> u8 {
    header.bytes().find(|byte| matches!(byte, b',' | b';' | b'\t')).unwrap_or(b',')
}

/// The columns of the header line by place.
fn columns(header: &csv::StringRecord, number: u64) -> Result<Vec<Option<&'static str>>, Vec<SheetFault>> {
    let mut faults = Vec::new();
    let mut columns: Vec<Option<&'static str>> = Vec::new();
    for cell in header {
        let typed = cell.trim().to_ascii_lowercase();
        let known = COLUMNS.into_iter().find(|column| *column == typed);
        match known {
            Some(column) if columns.contains(&Some(column)) => {
                faults.push(SheetFault::new(number, Some(column), "stands twice in the header line; remove one"));
            }
            None if !typed.is_empty() => {
                let all = COLUMNS.join(", ");
                let text = format!("there is no such column; remove it, or use one of {all}");
                faults.push(SheetFault::new(number, Some(&shortened(cell.trim())), text));
            }
            _ => {}
        }
        columns.push(known);
    }
    if !columns.contains(&Some("name")) && faults.is_empty() {
        let text = "the column is missing; the first line names the columns, and cameras are known by their name";
        faults.push(SheetFault::new(number, Some("name"), text));
    }
    if faults.is_empty() { Ok(columns) } else { Err(faults) }
}

/// One line. Cells that cannot be read are told in `faults`; the error is about a line of which nothing can.
fn line(
    columns: &[Option<&'static str>],
    record: &csv::StringRecord,
    number: u64,
    faults: &mut Vec<SheetFault>,
) -> Result<SheetLine, SheetFault> {
    if record.len() < columns.len() || record.iter().skip(columns.len()).any(|cell| !cell.trim().is_empty()) {
        let text = format!("has {} cells, the header line has {}; is a quote missing?", record.len(), columns.len());
        return Err(SheetFault::new(number, None, text));
    }
    let mut line = SheetLine { number, edit: CameraEdit::default(), wrong: Vec::new() };
    let mut tell = |line: &mut SheetLine, column: &'static str, text: String| {
        faults.push(SheetFault::new(number, Some(column), text));
        line.wrong.push(column);
    };
    for (column, cell) in columns.iter().zip(record) {
        let Some(column) = column else { continue };
        if let Err(text) = fill(&mut line.edit, column, cell) {
            tell(&mut line, column, text);
        }
    }
    if line.edit.name.is_none() && !line.wrong.contains(&"name") {
        tell(&mut line, "name", "is empty; every camera needs a name".to_owned());
    }
    Ok(line)
}

/// Puts one cell into the edit.
fn fill(edit: &mut CameraEdit, column: &str, cell: &str) -> Result<(), String> {
    if cell.contains(['\n', '\r', '\0']) {
        return Err("holds a line end; is a quote missing?".to_owned());
    }
    if column == "password" {
        // As it is, blanks too; nothing is written into this column, so nothing has been put in front of it either.
        edit.password = (!cell.is_empty()).then(|| Some(SecretString::from(cell)));
        return Ok(());
    }
    let cell = unquoted(cell.trim());
    let given = (!cell.is_empty()).then(|| cell.to_owned());
    match column {
        "name" => edit.name = given,
        "kind" => edit.kind = given,
        "host" => edit.host = Some(given),
        "port" => edit.port = Some(given.map(|text| port(&text)).transpose()?),
        "username" => edit.username = Some(given),
        "channel" => edit.channel = Some(given),
        "substream" => edit.substream = Some(given),
        "url" => edit.url = Some(given.map(SecretString::from)),
        "transport" => edit.transport = Some(given),
        "audio" => edit.audio = Some(given),
        "enabled" => edit.enabled = given.map(|text| flag(&text)).transpose()?,
        "record" => edit.record = given.map(|text| flag(&text)).transpose()?,
        "label" => edit.label = Some(given),
        _ => return Err("is no column of a camera".to_owned()),
    }
    Ok(())
}

/// What was meant by a cell that was kept from being a formula.
fn unquoted(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|rest| rest.starts_with(FORMULAS)).unwrap_or(cell)
}

fn port(text: &str) -> Result<i64, String> {
    text.parse().map_err(|_| format!("{:?} is not a number from 1 to 65535", shortened(text)))
}

fn flag(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "t" | "yes" | "y" | "on" | "1" => Ok(true),
        "false" | "f" | "no" | "n" | "off" | "0" => Ok(false),
        _ => Err(format!("{:?} is neither true nor false", shortened(text))),
    }
}

/// Lines that name a camera which an earlier line names.
fn doubles(lines: &[SheetLine]) -> Vec<SheetFault> {
    let mut first = BTreeMap::new();
    let mut faults = Vec::new();
    for line in lines {
        let Some(name) = line.edit.name.as_deref() else { continue };
        match first.get(name) {
            Some(earlier) => {
                let text = format!("{:?} stands in line {earlier} already; remove one of the two", shortened(name));
                faults.push(SheetFault::new(line.number, Some("name"), text));
            }
            None => _ = first.insert(name, line.number),
        }
    }
    faults
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_QUOTE).collect()
}
