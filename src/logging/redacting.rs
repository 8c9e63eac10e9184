//! The last line of defence: no URL credentials in any log line. Whoever logs a URL redacts it already; this stands
//! between `log` and every appender for the day somebody, or a crate we use, does not.

use std::sync::{Arc, PoisonError, RwLock};

use log::kv::{self, Key, ToValue, Value, VisitSource};
use log::{LevelFilter, Log, Metadata, Record};
use log4rs::Config;

use crate::base::redact;

/// What is called with a record's failure.
pub(super) type OnFailure = fn(&anyhow::Error);

/// The log4rs logger in use, exchanged when its file changes.
pub(super) struct Current {
    logger: RwLock<log4rs::Logger>,
    on_failure: OnFailure,
}

impl Current {
    /// Uses another configuration from the next record on.
    pub fn replace(&self, config: Config) {
        let logger = log4rs::Logger::new_with_err_handler(config, Box::new(self.on_failure));
        log::set_max_level(logger.max_log_level());
        *self.logger.write().unwrap_or_else(PoisonError::into_inner) = logger;
    }

    fn with<T>(&self, use_it: impl FnOnce(&log4rs::Logger) -> T) -> T {
        use_it(&self.logger.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// The logger of the process.
pub(super) struct Redacting {
    current: Arc<Current>,
}

impl Redacting {
    pub fn new(config: Config, on_failure: OnFailure) -> Self {
        let logger = log4rs::Logger::new_with_err_handler(config, Box::new(on_failure));
        Self { current: Arc::new(Current { logger: RwLock::new(logger), on_failure }) }
    }

    pub fn current(&self) -> Arc<Current> {
        Arc::clone(&self.current)
    }

    pub fn max_level(&self) -> LevelFilter {
        self.current.with(log4rs::Logger::max_log_level)
    }
}

impl Log for Redacting {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        self.current.with(|logger| logger.enabled(metadata))
    }

    fn log(&self, record: &Record<'_>) {
        if self.enabled(record.metadata()) {
            redacted(record, |record| self.current.with(|logger| logger.log(record)));
        }
    }

    fn flush(&self) {
        self.current.with(log4rs::Logger::flush);
    }
}

/// Calls `pass` with the record, or with its redacted copy when it may hold a secret.
fn redacted(record: &Record<'_>, pass: impl FnOnce(&Record<'_>)) {
    let message = record.args().to_string();
    let mut fields = Fields::default();
    // A source only fails when its visitor does, and ours does not.
    let _ = record.key_values().visit(&mut fields);
    if !may_hold_a_secret(&message) && !fields.redacted {
        return pass(record);
    }
    let pairs: &[(Key<'_>, Field<'_>)] = &fields.pairs;
    let message = redact::text(&message);
    pass(&record.to_builder().args(format_args!("{message}")).key_values(&pairs).build());
}

/// Whether a text may hold what [`redact::text`] hides; most lines do not.
fn may_hold_a_secret(text: &str) -> bool {
    text.contains(['@', '=']) || text.contains("://") || text.contains("assword:") || text.contains("ecret:")
}

#[derive(Default)]
struct Fields<'kvs> {
    pairs: Vec<(Key<'kvs>, Field<'kvs>)>,
    redacted: bool,
}

enum Field<'kvs> {
    AsItWas(Value<'kvs>),
    Redacted(String),
}

impl ToValue for Field<'_> {
    fn to_value(&self) -> Value<'_> {
        match self {
            Self::AsItWas(value) => value.to_value(),
            Self::Redacted(text) => text.as_str().to_value(),
        }
    }
}

impl<'kvs> VisitSource<'kvs> for Fields<'kvs> {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), kv::Error> {
        let text = value.to_string();
        let hidden = if may_hold_a_secret(&text) { redact::text(&text) } else { text.clone() };
        let field = if hidden == text { Field::AsItWas(value) } else { Field::Redacted(hidden) };
        self.redacted |= matches!(field, Field::Redacted(_));
        self.pairs.push((key, field));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passed(message: &str, fields: &[(&str, &str)]) -> String {
        let mut out = String::new();
        redacted(&Record::builder().args(format_args!("{message}")).key_values(&fields).build(), |record| {
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
}
