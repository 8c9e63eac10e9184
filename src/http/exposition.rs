//! Prometheus text format 0.0.4, written by hand.
//!
//! `prometheus-client` writes OpenMetrics: its `# EOF` and its `# TYPE x counter` above a sample `x_total` are errors or
//! lost types for a 0.0.4 parser. Format: <https://prometheus.io/docs/instrumenting/exposition_formats/>.

use std::fmt::Write;

/// Media type of the text.
pub(super) const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// The text as it grows. Every name gets the prefix `streamwarden_`.
#[derive(Default)]
pub(super) struct Exposition(String);

/// What a family of samples is.
#[derive(Clone, Copy)]
pub(super) enum MetricKind {
    /// Only goes up, until the process restarts.
    Counter,
    /// Goes up and down.
    Gauge,
}

impl Exposition {
    /// Begins a family; all of its samples must follow before the next one begins.
    pub(super) fn family<'a>(&'a mut self, name: &'a str, kind: MetricKind, help: &str) -> Family<'a> {
        let kind = match kind {
            MetricKind::Counter => "counter",
            MetricKind::Gauge => "gauge",
        };
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        // Writing into a String cannot fail.
        let _ = writeln!(self.0, "# HELP streamwarden_{name} {help}\n# TYPE streamwarden_{name} {kind}");
        Family { text: &mut self.0, name }
    }

    /// The whole text.
    pub(super) fn into_text(self) -> String {
        self.0
    }
}

/// One family that takes samples.
pub(super) struct Family<'a> {
    text: &'a mut String,
    name: &'a str,
}

impl Family<'_> {
    /// A sample without labels.
    pub(super) fn value(&mut self, value: impl Into<Number>) {
        self.sample(&[], value);
    }

    /// A sample with labels.
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: impl Into<Number>) {
        let _ = write!(self.text, "streamwarden_{}", self.name);
        for (index, (name, label)) in labels.iter().enumerate() {
            let _ = write!(self.text, "{}{name}=\"{}\"", if index == 0 { '{' } else { ',' }, escaped(label));
        }
        let close = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.text, "{close} {}", value.into().0);
    }
}

/// A sample's value in text form.
pub(super) struct Number(String);

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self(number.to_string())
    }
}

impl From<f64> for Number {
    fn from(number: f64) -> Self {
        Self(match number {
            _ if number.is_nan() => "NaN".to_owned(),
            _ if number.is_infinite() => if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned(),
            _ => number.to_string(),
        })
    }
}

fn escaped(label: &str) -> String {
    label.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_what_the_format_asks_for() {
        let mut text = Exposition::default();
        let mut streams = text.family("streams", MetricKind::Gauge, "Streams by state.\nTwo \\ lines.");
        streams.sample(&[("state", "live")], 3_u64);
        streams.sample(&[("server", "a\"b\\c\nd"), ("state", "x")], 0_u64);
        text.family("uptime_seconds", MetricKind::Counter, "Uptime.").value(1.5);
        text.family("odd", MetricKind::Gauge, "Odd numbers.").value(f64::INFINITY);
        let wanted = concat!(
            "# HELP streamwarden_streams Streams by state.\\nTwo \\\\ lines.\n",
            "# TYPE streamwarden_streams gauge\n",
            "streamwarden_streams{state=\"live\"} 3\n",
            "streamwarden_streams{server=\"a\\\"b\\\\c\\nd\",state=\"x\"} 0\n",
            "# HELP streamwarden_uptime_seconds Uptime.\n",
            "# TYPE streamwarden_uptime_seconds counter\n",
            "streamwarden_uptime_seconds 1.5\n",
            "# HELP streamwarden_odd Odd numbers.\n",
            "# TYPE streamwarden_odd gauge\n",
            "streamwarden_odd +Inf\n",
        );
        assert_eq!(text.into_text(), wanted);
    }
}
