//! Encoder `json`, for programs: one JSON object per line, the record's fields below `attributes` with their types.

use std::collections::BTreeMap;

use chrono::SecondsFormat;
use log::Record;
use log4rs::config::{Deserialize, Deserializers};
use log4rs::encode::{Encode, Write};
use serde::Serialize;

use super::line::NoOptions;
use super::owned::{LogField, LogFields, LogOrigin};

/// The encoder.
#[derive(Debug)]
struct JsonEncoder;

#[derive(Serialize)]
struct Message<'a> {
    time: String,
    level: &'a str,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    module_path: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    target: &'a str,
    thread: Option<String>,
    attributes: BTreeMap<String, LogField>,
}

impl Encode for JsonEncoder {
    fn encode(&self, out: &mut dyn Write, record: &Record<'_>) -> anyhow::Result<()> {
        let LogOrigin { time, thread } = LogOrigin::of_this_record();
        let message = Message {
            time: time.to_rfc3339_opts(SecondsFormat::Millis, true),
            level: record.level().as_str(),
            message: record.args().to_string(),
            module_path: record.module_path(),
            file: record.file(),
            line: record.line(),
            target: record.target(),
            thread,
            attributes: LogFields::of(record).into_iter().collect(),
        };
        let mut text = serde_json::to_vec(&message)?;
        text.push(b'\n');
        out.write_all(&text)?;
        Ok(())
    }
}

/// `kind: json` of the file; it has no options.
pub(super) struct JsonEncoderKind;

impl Deserialize for JsonEncoderKind {
    type Trait = dyn Encode;
    type Config = NoOptions;

    fn deserialize(&self, _: NoOptions, _: &Deserializers) -> anyhow::Result<Box<dyn Encode>> {
        Ok(Box::new(JsonEncoder))
    }
}

#[cfg(test)]
mod tests {
    use log4rs::encode::writer::simple::SimpleWriter;

    use super::*;
    use crate::logging::owned::LogLine;

    #[test]
    fn numbers_are_numbers() {
        let fields: &[(&str, &dyn log::kv::ToValue)] =
            &[("ms", &13_u64), ("part", &0.5_f64), ("ok", &true), ("camera", &"7")];
        let record = Record::builder().args(format_args!("a \"b\"\n")).key_values(&fields).build();
        let mut out = SimpleWriter(Vec::new());
        LogLine::of(&record).pass(|record| JsonEncoder.encode(&mut out, record).expect("a line"));
        let text = String::from_utf8(out.0).expect("text");
        let read: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let wanted = serde_json::json!({ "ms": 13, "part": 0.5, "ok": true, "camera": "7" });
        assert_eq!((&read["attributes"], &read["message"]), (&wanted, &"a \"b\"\n".into()), "{text}");
        assert_eq!((text.lines().count(), read["level"].as_str()), (1, Some("INFO")), "{text}");
    }
}
