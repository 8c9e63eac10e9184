//! Encoder `line`, for people: time, level, sentence, then the record's fields as `key=value`. One record is one
//! line: control characters, which camera texts may hold, are written as escapes.

use std::fmt::{self, Write as _};

use chrono::SecondsFormat;
use log::kv::{Key, Value, VisitSource};
use log::{Level, Record};
use log4rs::config::{Deserialize, Deserializers};
use log4rs::encode::{Color, Encode, Style, Write};

use super::owned::LogOrigin;

/// The encoder.
#[derive(Debug)]
pub(super) struct LineEncoder;

impl Encode for LineEncoder {
    fn encode(&self, out: &mut dyn Write, record: &Record<'_>) -> anyhow::Result<()> {
        let time = LogOrigin::of_this_record().time.to_rfc3339_opts(SecondsFormat::Millis, true);
        write!(out, "{time} ")?;
        out.set_style(&style(record.level()))?;
        write!(out, "{:<5}", record.level())?;
        out.set_style(&Style::new())?;
        writeln!(out, " {}", text(record)?)?;
        Ok(())
    }
}

/// Everything after the level. Other crates' records begin with where they come from; ours speak for themselves.
fn text(record: &Record<'_>) -> Result<String, fmt::Error> {
    let mut text = String::new();
    if !record.target().starts_with(env!("CARGO_PKG_NAME")) {
        write!(text, "{}: ", record.target())?;
    }
    write!(Escaping(&mut text), "{}", record.args())?;
    record.key_values().visit(&mut FieldsWriter(&mut text)).map_err(|_| fmt::Error)?;
    Ok(text)
}

fn style(level: Level) -> Style {
    let mut style = Style::new();
    match level {
        Level::Error => style.text(Color::Red).intense(true),
        Level::Warn => style.text(Color::Yellow),
        Level::Info => style.text(Color::Green),
        Level::Debug | Level::Trace => style.text(Color::Cyan),
    };
    style
}

struct Escaping<'a>(&'a mut String);

impl fmt::Write for Escaping<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for c in text.chars() {
            if c.is_control() {
                self.0.extend(c.escape_default());
            } else {
                self.0.push(c);
            }
        }
        Ok(())
    }
}

struct FieldsWriter<'a>(&'a mut String);

impl<'kvs> VisitSource<'kvs> for FieldsWriter<'_> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), log::kv::Error> {
        let value = value.to_string();
        let plain = !value.is_empty() && !value.contains([' ', '"', '=']) && !value.contains(char::is_control);
        if plain {
            write!(self.0, " {key}={value}")?
        } else {
            write!(self.0, " {key}={value:?}")?
        }
        Ok(())
    }
}

/// `kind: line` of the file; it has no options.
pub(super) struct LineEncoderKind;

/// No options.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NoOptions {}

impl Deserialize for LineEncoderKind {
    type Trait = dyn Encode;
    type Config = NoOptions;

    fn deserialize(&self, _: NoOptions, _: &Deserializers) -> anyhow::Result<Box<dyn Encode>> {
        Ok(Box::new(LineEncoder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_line_with_its_fields() {
        let fields = [("camera", "front door"), ("pid", "42"), ("note", "a\nb"), ("empty", "")];
        let shown = |target: &str, fields: &[(&str, &str)]| {
            let record = Record::builder()
                .target(target)
                .args(format_args!("ffmpeg\x1b[31m said\nno"))
                .key_values(&fields)
                .build();
            text(&record).expect("text")
        };
        assert_eq!(
            shown("streamwarden::actors", &fields),
            r#"ffmpeg\u{1b}[31m said\nno camera="front door" pid=42 note="a\nb" empty="""#
        );
        assert_eq!(shown("actix_server", &[]), r"actix_server: ffmpeg\u{1b}[31m said\nno");
    }
}
