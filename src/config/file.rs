//! The configuration file: TOML with the line of every value. Unknown keys and broken lines become complaints.

use std::path::Path;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::complaint::{Complaint, ConfigFault};
use super::keys::{self, Meaning};
use super::raw::{Raw, RawEntry, RawValue, ValueOrigin};
use super::small_file;

/// Largest file we read, in bytes.
const LARGEST: u64 = 4 * 1024 * 1024;

/// Lays the file over what is there; false when it could not be read as TOML, so that what it says is not known.
pub(super) fn read(path: &Path, raw: &mut Raw, complaints: &mut Vec<Complaint>) -> bool {
    let text = match contents(path) {
        Ok(text) => text,
        Err(fault) => {
            complaints.push(fault.at("--config", Some(path.display().to_string())));
            return false;
        }
    };
    let lines = Lines { path, text: &text };
    let (table, errors) = DeTable::parse_recoverable(&text);
    if errors.is_empty() {
        Walk { lines, raw, complaints }.table("", table.get_ref());
        return true;
    }
    let mut last = 0;
    for error in errors {
        let line = error.span().map_or(0, |span| lines.line(span.start));
        if line == last {
            continue; // One slip often reads as several faults.
        }
        last = line;
        // The error's own text would quote the line, which may hold a secret.
        let fault = ConfigFault::new(format!("is not TOML: {}", error.message()), "correct this line");
        complaints.push(fault.at("file", Some(lines.place(line))));
    }
    false
}

fn contents(path: &Path) -> Result<String, ConfigFault> {
    let remedy = "name a readable TOML file with --config or STREAMWARDEN_CONFIG";
    let size =
        std::fs::metadata(path).map_err(|error| ConfigFault::new(format!("cannot be read: {error}"), remedy))?.len();
    if size > LARGEST {
        return Err(ConfigFault::new(format!("has {size} bytes, at most {LARGEST} are read"), remedy));
    }
    let bytes = small_file::read(path).map_err(|error| ConfigFault::new(format!("cannot be read: {error}"), remedy))?;
    String::from_utf8(bytes).map_err(|_| ConfigFault::new("is not text in UTF-8", "save it as UTF-8"))
}

/// Turns byte offsets into places that people can find.
struct Lines<'a> {
    path: &'a Path,
    text: &'a str,
}

impl Lines<'_> {
    fn line(&self, offset: usize) -> usize {
        self.text.as_bytes()[..offset.min(self.text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
    }

    fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }
}

struct Walk<'a> {
    lines: Lines<'a>,
    raw: &'a mut Raw,
    complaints: &'a mut Vec<Complaint>,
}

impl Walk<'_> {
    fn table(&mut self, section: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name =
                if section.is_empty() { key.get_ref().to_string() } else { format!("{section}.{}", key.get_ref()) };
            let line = self.lines.line(key.span().start);
            if key.get_ref().contains(['.', '[']) {
                // A quoted key must not reach into sections or past the end of a list.
                self.complain(&name, line, ConfigFault::new("no such key", "keys are plain words below their section"));
            } else if keys::is_section_list(&name) {
                self.section_list(&name, value, line);
            } else if keys::is_section(&name) {
                match value.get_ref() {
                    DeValue::Table(inner) => self.table(&name, inner),
                    other => self.complain(&name, line, not_a_section(&name, other)),
                }
            } else {
                self.leaf(name, value, line);
            }
        }
    }

    fn section_list(&mut self, name: &str, value: &Spanned<DeValue<'_>>, line: usize) {
        let DeValue::Array(items) = value.get_ref() else {
            let fault = ConfigFault::new(
                format!("is {}, expected a list of sections", kind(value.get_ref())),
                format!("write [[{name}]]"),
            );
            return self.complain(name, line, fault);
        };
        self.raw.see_items(name, items.len());
        for (index, item) in items.iter().enumerate() {
            let name = format!("{name}[{index}]");
            match item.get_ref() {
                DeValue::Table(inner) => self.table(&name, inner),
                other => {
                    let line = self.lines.line(item.span().start);
                    self.complain(&name, line, not_a_section(&name, other));
                }
            }
        }
    }

    fn leaf(&mut self, name: String, value: &Spanned<DeValue<'_>>, line: usize) {
        let (key, in_file) = match keys::look_up(&name) {
            Some(Meaning::Value) => (name, false),
            Some(Meaning::SecretFile(key)) => (key, true),
            None => {
                let fault = ConfigFault::new("no such key", keys::remedy_for_unknown(&name));
                return self.complain(&name, line, fault);
            }
        };
        let entry = RawEntry {
            value: plain(value.get_ref()),
            origin: ValueOrigin::File(self.lines.path.to_owned(), line),
            in_file,
        };
        self.raw.put(key, entry, self.complaints);
    }

    fn complain(&mut self, key: &str, line: usize, fault: ConfigFault) {
        let place = self.lines.place(line);
        self.complaints.push(fault.at(key.chars().take(120).collect::<String>(), Some(place)));
    }
}

fn not_a_section(name: &str, value: &DeValue<'_>) -> ConfigFault {
    let header = keys::pattern(name).replace("[]", "");
    let header = if name.contains('[') { format!("[[{header}]]") } else { format!("[{header}]") };
    ConfigFault::new(format!("is {}, expected a section", kind(value)), format!("write its keys below {header}"))
}

fn plain(value: &DeValue<'_>) -> RawValue {
    match value {
        DeValue::String(text) => RawValue::Text(text.to_string()),
        DeValue::Integer(number) => {
            // Out of range stays a number, and every key's own bounds refuse it.
            i64::from_str_radix(number.as_str(), number.radix())
                .map_or(RawValue::Float(f64::INFINITY), RawValue::Integer)
        }
        DeValue::Float(number) => number.as_str().parse().map_or(RawValue::Other("a number"), RawValue::Float),
        DeValue::Array(items) => RawValue::List(items.iter().map(|item| plain(item.get_ref())).collect()),
        DeValue::Boolean(flag) => RawValue::Boolean(*flag),
        other => RawValue::Other(kind(other)),
    }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a section",
    }
}
