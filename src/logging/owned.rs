//! A record that owns itself: what was logged, when and by which thread, without the secrets of URLs in it. It waits for
//! the writer's thread and becomes a `log::Record` again there.
//!
//! The last line of defence: no URL credentials in any log line. Whoever logs a URL redacts it already; this stands
//! between `log` and every appender for the day somebody, or a crate we use, does not.

use std::cell::RefCell;

use chrono::{DateTime, Utc};
use log::kv::{self, Key, Source, ToValue, Value, VisitSource, VisitValue};
use log::{Level, Record};
use serde::Serialize;

use crate::base::redact;

/// A record takes about so many bytes besides its texts.
const OVERHEAD: usize = 200;

/// One record.
#[derive(Clone, Debug)]
pub(super) struct LogLine {
    pub origin: LogOrigin,
    level: Level,
    target: String,
    module: Option<String>,
    file: Option<String>,
    line: Option<u32>,
    message: String,
    fields: LogFields,
}

/// When and by whom a record was logged; appenders look at it much later, and on another thread.
#[derive(Clone, Debug)]
pub(super) struct LogOrigin {
    pub time: DateTime<Utc>,
    /// Name of the thread.
    pub thread: Option<String>,
}

thread_local! {
    /// Of the record that is being written.
    static WRITTEN: RefCell<Option<LogOrigin>> = const { RefCell::new(None) };
}

impl LogOrigin {
    fn here() -> Self {
        Self { time: Utc::now(), thread: std::thread::current().name().map(str::to_owned) }
    }

    /// Of the record that is being written by this thread.
    pub fn of_this_record() -> Self {
        WRITTEN.with_borrow(Clone::clone).unwrap_or_else(Self::here)
    }
}

impl LogLine {
    /// A copy of the record, redacted.
    pub fn of(record: &Record<'_>) -> Self {
        let mut fields = LogFields::default();
        // A source only fails when its visitor does, and ours does not.
        let _ = record.key_values().visit(&mut fields);
        Self {
            origin: LogOrigin::here(),
            level: record.level(),
            target: record.target().to_owned(),
            module: record.module_path().map(str::to_owned),
            file: record.file().map(str::to_owned),
            line: record.line(),
            message: redacted(record.args().to_string()),
            fields,
        }
    }

    /// A warning of the logging itself.
    pub fn of_our_own(message: String, lines: u64) -> Self {
        Self {
            origin: LogOrigin::here(),
            level: Level::Warn,
            target: module_path!().to_owned(),
            module: Some(module_path!().to_owned()),
            file: None,
            line: None,
            message,
            fields: LogFields(vec![("lines".to_owned(), LogField::Whole(lines.into()))]),
        }
    }

    /// About so many bytes.
    pub fn size(&self) -> usize {
        let fields = self.fields.0.iter().map(|(key, field)| key.len() + field.size());
        OVERHEAD + self.target.len() + self.message.len() + fields.sum::<usize>()
    }

    /// Gives it to an appender.
    pub fn pass(&self, appender: impl FnOnce(&Record<'_>)) {
        WRITTEN.set(Some(self.origin.clone()));
        appender(
            &Record::builder()
                .level(self.level)
                .target(&self.target)
                .module_path(self.module.as_deref())
                .file(self.file.as_deref())
                .line(self.line)
                .args(format_args!("{}", self.message))
                .key_values(&self.fields)
                .build(),
        );
        WRITTEN.set(None);
    }
}

fn redacted(text: String) -> String {
    if text.contains("://") { redact::text(&text) } else { text }
}

/// The fields of a record, in their order.
#[derive(Clone, Debug, Default)]
pub(super) struct LogFields(Vec<(String, LogField)>);

/// The value of a field; numbers stay numbers.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum LogField {
    Truth(bool),
    Whole(i128),
    Number(f64),
    Text(String),
}

impl LogFields {
    /// Those of a record that is being written.
    pub fn of(record: &Record<'_>) -> Vec<(String, LogField)> {
        let mut fields = Self::default();
        let _ = record.key_values().visit(&mut fields);
        fields.0
    }
}

impl LogField {
    fn size(&self) -> usize {
        if let Self::Text(text) = self { text.len() } else { 8 }
    }
}

impl Source for LogFields {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), kv::Error> {
        self.0.iter().try_for_each(|(key, field)| visitor.visit_pair(Key::from_str(key), field.to_value()))
    }
}

impl ToValue for LogField {
    fn to_value(&self) -> Value<'_> {
        match self {
            Self::Truth(truth) => Value::from(*truth),
            Self::Whole(number) => number.to_value(),
            Self::Number(number) => Value::from(*number),
            Self::Text(text) => Value::from(text.as_str()),
        }
    }
}

impl<'kvs> VisitSource<'kvs> for LogFields {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let mut read = LogReading(LogField::Text(String::new()));
        value.visit(&mut read)?;
        self.0.push((key.as_str().to_owned(), read.0));
        Ok(())
    }
}

struct LogReading(LogField);

impl VisitValue<'_> for LogReading {
    fn visit_any(&mut self, value: Value<'_>) -> Result<(), kv::Error> {
        self.0 = LogField::Text(redacted(value.to_string()));
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), kv::Error> {
        self.0 = LogField::Whole(value.into());
        Ok(())
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), kv::Error> {
        self.0 = LogField::Whole(value.into());
        Ok(())
    }

    fn visit_i128(&mut self, value: i128) -> Result<(), kv::Error> {
        self.0 = LogField::Whole(value);
        Ok(())
    }

    fn visit_u128(&mut self, value: u128) -> Result<(), kv::Error> {
        self.0 = i128::try_from(value).map_or_else(|_| LogField::Text(value.to_string()), LogField::Whole);
        Ok(())
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), kv::Error> {
        self.0 = LogField::Number(value);
        Ok(())
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), kv::Error> {
        self.0 = LogField::Truth(value);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(message: &str, fields: &[(&str, &str)]) -> String {
        let mut out = String::new();
        let line = LogLine::of(&Record::builder().args(format_args!("{message}")).key_values(&fields).build());
        line.pass(|record| {
            out = record.args().to_string();
            for (key, _) in fields {
                let value = record.key_values().get(Key::from(*key)).expect("every field stays");
                out.push_str(&format!(" {key}={value}"));
            }
        });
        out
    }

    #[test]
    fn credentials_in_messages_and_fields_never_pass() {
        let url = "rtsp://admin:hunter2@10.0.0.9/x";
        let told = passed(&format!("cannot open {url}: 401"), &[("source", url), ("camera", "gate")]);
        assert_eq!(told, "cannot open rtsp://***@10.0.0.9/x: 401 source=rtsp://***@10.0.0.9/x camera=gate");
        assert_eq!(passed("started", &[("source", url)]), "started source=rtsp://***@10.0.0.9/x");
        assert_eq!(passed("started", &[("pid", "42")]), "started pid=42");
    }

    #[test]
    fn what_an_appender_sees_is_what_was_logged() {
        let fields: &[(&str, &dyn ToValue)] =
            &[("ms", &13_u64), ("below", &-2_i32), ("part", &0.5_f64), ("ok", &true), ("camera", &"7")];
        let record = Record::builder().level(Level::Warn).target("a::b").line(Some(7)).args(format_args!("x")).build();
        let line = LogLine::of(&record.to_builder().key_values(&fields).build());
        let before = Utc::now();
        line.pass(|record| {
            assert_eq!((record.level(), record.target(), record.line()), (Level::Warn, "a::b", Some(7)));
            let read: Vec<LogField> = LogFields::of(record).into_iter().map(|(_, field)| field).collect();
            let text = LogField::Text("7".to_owned());
            assert_eq!(
                read,
                [LogField::Whole(13), LogField::Whole(-2), LogField::Number(0.5), LogField::Truth(true), text]
            );
            assert!(LogOrigin::of_this_record().time <= before, "its own time, and not the writer's");
        });
    }
}
