//! Encoder `ecs`, for Elasticsearch and whatever else knows its Common Schema: one JSON object per line, as the ECS logging
//! specification orders them (<https://github.com/elastic/ecs-logging/tree/main/spec>): `@timestamp`, `log.level`, `message`
//! first, names with dots at the top.
//!
//! What a record says of its subject stands below `streamwarden.` with its type, some of it under the name that ECS has for it.
//! The lines of an incident's begin and end have its id as `event.id`; other lines of the same trouble have the same camera, stream,
//! server or host.

use chrono::SecondsFormat;
use log::Record;
use log4rs::config::{Deserialize, Deserializers};
use log4rs::encode::{Encode, Write};
use serde_json::{Map, Value, json};

use super::line::NoOptions;
use super::owned::{LogField, LogFields, LogOrigin};

/// The version whose field names these are.
const ECS_VERSION: &str = "8.11.0";
/// Name of the program, and of its data set.
const SERVICE: &str = env!("CARGO_PKG_NAME");

/// The encoder.
#[derive(Debug)]
struct EcsEncoder;

impl Encode for EcsEncoder {
    fn encode(&self, out: &mut dyn Write, record: &Record<'_>) -> anyhow::Result<()> {
        let LogOrigin { time, thread } = LogOrigin::of_this_record();
        let level = record.level().as_str().to_ascii_lowercase();
        let first = json!([time.to_rfc3339_opts(SecondsFormat::Millis, true), level, record.args().to_string()]);
        let mut rest = Map::new();
        let mut put = |name: &str, value: Value| rest.insert(name.to_owned(), value);
        put("ecs.version", ECS_VERSION.into());
        put("service.name", SERVICE.into());
        put("service.version", env!("CARGO_PKG_VERSION").into());
        put("event.dataset", format!("{SERVICE}.log").into());
        put("event.kind", "event".into());
        put("process.pid", std::process::id().into());
        put("log.logger", record.target().into());
        if let (Some(file), Some(line)) = (record.file(), record.line()) {
            put("log.origin.file.name", file.into());
            put("log.origin.file.line", line.into());
        }
        if let Some(thread) = thread {
            put("process.thread.name", thread.into());
        }
        for (name, value) in LogFields::of(record) {
            field(&mut rest, &name, &value);
        }
        // Three keys in their order, which an object of serde_json would not keep.
        let mut text = format!(r#"{{"@timestamp":{},"log.level":{},"message":{}"#, first[0], first[1], first[2]);
        let rest = Value::Object(rest).to_string();
        text.push(',');
        text.push_str(&rest[1..]);
        text.push('\n');
        out.write_all(text.as_bytes())?;
        Ok(())
    }
}

/// One field of a record under its name in ECS.
fn field(all: &mut Map<String, Value>, name: &str, value: &LogField) {
    let value = json!(value);
    match name {
        "incident" => {
            all.insert("event.kind".to_owned(), "alert".into());
            all.insert("event.id".to_owned(), value.clone());
            all.insert("streamwarden.incident.id".to_owned(), value);
        }
        "action" => {
            let action = format!("incident-{}", value.as_str().unwrap_or_default());
            all.insert("event.action".to_owned(), action.into());
        }
        "ms" => {
            // ECS counts nanoseconds.
            let duration = value.as_u64().map_or(Value::Null, |ms| ms.saturating_mul(1_000_000).into());
            all.insert("event.duration".to_owned(), duration);
        }
        "error" => {
            all.insert("error.message".to_owned(), value);
        }
        "user" | "who" => {
            all.insert("user.name".to_owned(), value);
        }
        "client" => {
            all.insert("client.address".to_owned(), value);
        }
        other => {
            let other = other.replace(['.', '*', '\\'], "_");
            all.insert(format!("{SERVICE}.{other}"), value);
        }
    }
}

/// `kind: ecs` of the file; it has no options.
pub(super) struct EcsEncoderKind;

impl Deserialize for EcsEncoderKind {
    type Trait = dyn Encode;
    type Config = NoOptions;

    fn deserialize(&self, _: NoOptions, _: &Deserializers) -> anyhow::Result<Box<dyn Encode>> {
        Ok(Box::new(EcsEncoder))
    }
}

#[cfg(test)]
mod tests {
    use log::Level;
    use log4rs::encode::writer::simple::SimpleWriter;

    use super::*;
    use crate::logging::owned::LogLine;

    fn encoded(level: Level, message: &str, fields: &[(&str, &dyn log::kv::ToValue)]) -> (String, Value) {
        let mut out = SimpleWriter(Vec::new());
        let arguments = format_args!("{message}");
        let mut record = Record::builder();
        let record = record.args(arguments).level(level).target("streamwarden::actors").key_values(&fields).build();
        LogLine::of(&record).pass(|record| EcsEncoder.encode(&mut out, record).expect("a line"));
        let text = String::from_utf8(out.0).expect("text");
        let read = serde_json::from_str(&text).expect("JSON");
        (text, read)
    }

    #[test]
    fn a_record_is_one_line_of_the_common_schema() {
        let (text, read) =
            encoded(Level::Warn, "a \"b\"\nc", &[("camera", &"gate"), ("ms", &13_u64), ("rows.read", &2_u64)]);
        assert_eq!(text.lines().count(), 1, "{text}");
        assert!(text.starts_with(r#"{"@timestamp":"2"#), "{text}");
        assert!(text.contains(r#"Z","log.level":"warn","message":"a \"b\"\nc","#), "{text}");
        for (name, wanted) in [
            ("ecs.version", json!("8.11.0")),
            ("service.name", json!("streamwarden")),
            ("event.dataset", json!("streamwarden.log")),
            ("event.kind", json!("event")),
            ("event.duration", json!(13_000_000)),
            ("log.logger", json!("streamwarden::actors")),
            ("streamwarden.camera", json!("gate")),
            ("streamwarden.rows_read", json!(2)),
        ] {
            assert_eq!(read[name], wanted, "{name}: {text}");
        }
        assert!(
            read.as_object().is_some_and(|all| all.values().all(|value| !value.is_object())),
            "no name is nested: {text}"
        );
    }

    #[test]
    fn an_incident_is_found_by_its_id() {
        let (text, read) =
            encoded(Level::Warn, "x", &[("incident", &"0190"), ("action", &"opened"), ("kind", &"cameraDown")]);
        let seen = ["event.kind", "event.id", "event.action", "streamwarden.incident.id", "streamwarden.kind"]
            .map(|name| read[name].clone());
        assert_eq!(seen, ["alert", "0190", "incident-opened", "0190", "cameraDown"].map(Value::from), "{text}");
    }
}
