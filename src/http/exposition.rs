//! The text that Prometheus reads, in the format that it asks for: 0.0.4, or OpenMetrics 1.0. Written by hand.
//!
//! `prometheus-client` writes OpenMetrics only: its `# EOF` and its `# TYPE x counter` above a sample `x_total` are errors or
//! lost types for a 0.0.4 parser. Formats: <https://prometheus.io/docs/instrumenting/exposition_formats/> and
//! <https://prometheus.io/docs/specs/om/open_metrics_spec/>.

use std::fmt::Write;

use actix_web::HttpRequest;
use actix_web::http::header::{Accept, Header};

/// How the text is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum TextFormat {
    /// Prometheus text 0.0.4: whoever asks for nothing in particular.
    #[default]
    Prometheus,
    /// OpenMetrics 1.0.
    OpenMetrics,
}

impl TextFormat {
    /// What this client prefers. Prometheus 3 reads nothing whose `Content-Type` is not what it knows.
    pub(super) fn asked_by(request: &HttpRequest) -> Self {
        let accept = Accept::parse(request).unwrap_or_else(|_| Accept(Vec::new()));
        let mut best = (Self::Prometheus, None);
        for item in &accept.0 {
            let (kind, version) = (item.item.essence_str(), item.item.get_param("version"));
            let version = version.as_ref().map(|version| version.as_str());
            let format = match (kind, version) {
                ("application/openmetrics-text", None | Some("1.0.0")) => Self::OpenMetrics,
                ("text/plain", None | Some("0.0.4")) => Self::Prometheus,
                _ => continue,
            };
            // Of two that are as welcome, the first.
            if best.1.is_none_or(|quality| item.quality > quality) {
                best = (format, Some(item.quality));
            }
        }
        best.0
    }

    /// Media type of the text.
    pub(super) fn content_type(self) -> &'static str {
        match self {
            Self::Prometheus => "text/plain; version=0.0.4; charset=utf-8",
            Self::OpenMetrics => "application/openmetrics-text; version=1.0.0; charset=utf-8",
        }
    }
}

/// The text as it grows. Every name gets the prefix `streamwarden_`.
#[derive(Default)]
pub(super) struct Exposition {
    text: String,
    format: TextFormat,
}

/// What a family of samples is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MetricKind {
    /// Only goes up, until the process restarts. Its name ends with `_total`.
    Counter,
    /// Goes up and down.
    Gauge,
    /// How often, and how much altogether: two samples, `_count` and `_sum`.
    Summary,
}

impl MetricKind {
    /// Its word in both formats.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Summary => "summary",
        }
    }
}

/// Name, kind, help and value of a family with one sample for each of many alike.
pub(super) type FamilyOf<T> = (&'static str, MetricKind, &'static str, fn(&T) -> Option<f64>);

/// Prefix of every name of ours.
pub(super) const PREFIX: &str = "streamwarden_";

impl Exposition {
    /// An empty text in this format.
    pub(super) fn new(format: TextFormat) -> Self {
        Self { text: String::new(), format }
    }

    /// Begins a family; all of its samples must follow before the next one begins.
    pub(super) fn family<'a>(&'a mut self, name: &'a str, kind: MetricKind, help: &str) -> SampleFamily<'a> {
        self.begin(PREFIX, name, kind, help)
    }

    /// These families of all of them, each with its labels; a value that is not known has no sample.
    pub(super) fn families<T>(&mut self, families: &[FamilyOf<T>], all: &[(Vec<(&str, &str)>, &T)]) {
        for (name, kind, help, value) in families {
            let mut family = self.family(name, *kind, help);
            for (labels, one) in all {
                if let Some(value) = value(one) {
                    family.sample(labels, value);
                }
            }
        }
    }

    /// One of those that every process has under the same name: `process_open_fds`.
    pub(super) fn common<'a>(&'a mut self, name: &'a str, kind: MetricKind, help: &str) -> SampleFamily<'a> {
        self.begin("", name, kind, help)
    }

    fn begin<'a>(&'a mut self, prefix: &'static str, name: &'a str, kind: MetricKind, help: &str) -> SampleFamily<'a> {
        let help = help.replace('\\', "\\\\").replace('\n', "\\n");
        // OpenMetrics calls a family of counters by its name without the ending, and wants quotes escaped.
        let (of_family, help) = match self.format {
            TextFormat::Prometheus => (name, help),
            TextFormat::OpenMetrics => (name.strip_suffix("_total").unwrap_or(name), help.replace('"', "\\\"")),
        };
        let kind = kind.as_str();
        // Writing into a String cannot fail.
        let _ = writeln!(self.text, "# HELP {prefix}{of_family} {help}\n# TYPE {prefix}{of_family} {kind}");
        SampleFamily { text: &mut self.text, prefix, name }
    }

    /// The whole text.
    pub(super) fn into_text(mut self) -> String {
        if self.format == TextFormat::OpenMetrics {
            self.text.push_str("# EOF\n");
        }
        self.text
    }
}

/// One family that takes samples.
pub(super) struct SampleFamily<'a> {
    text: &'a mut String,
    prefix: &'static str,
    name: &'a str,
}

impl SampleFamily<'_> {
    /// A sample without labels.
    pub(super) fn value(&mut self, value: impl Into<Number>) {
        self.sample(&[], value);
    }

    /// A sample with labels.
    pub(super) fn sample(&mut self, labels: &[(&str, &str)], value: impl Into<Number>) {
        self.line("", labels, value.into());
    }

    /// Both samples of a summary.
    pub(super) fn summed(&mut self, labels: &[(&str, &str)], count: u64, sum: f64) {
        self.line("_count", labels, count.into());
        self.line("_sum", labels, sum.into());
    }

    /// There may be a hundred thousand of them in one answer: nothing here allocates but the text itself.
    fn line(&mut self, ending: &str, labels: &[(&str, &str)], value: Number) {
        self.text.push_str(self.prefix);
        self.text.push_str(self.name);
        self.text.push_str(ending);
        for (index, (name, label)) in labels.iter().enumerate() {
            self.text.push(if index == 0 { '{' } else { ',' });
            self.text.push_str(name);
            self.text.push_str("=\"");
            push_escaped(self.text, label);
            self.text.push('"');
        }
        self.text.push_str(if labels.is_empty() { " " } else { "} " });
        // Writing into a String cannot fail.
        let _ = match value {
            Number::Whole(number) => writeln!(self.text, "{number}"),
            Number::Real(number) if number.is_infinite() => {
                writeln!(self.text, "{}", if number > 0.0 { "+Inf" } else { "-Inf" })
            }
            Number::Real(number) => writeln!(self.text, "{number}"),
        };
    }
}

/// A sample's value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Whole(u64),
    Real(f64),
}

impl From<u64> for Number {
    fn from(number: u64) -> Self {
        Self::Whole(number)
    }
}

impl From<f64> for Number {
    fn from(number: f64) -> Self {
        Self::Real(number)
    }
}

fn push_escaped(text: &mut String, label: &str) {
    if !label.contains(['\\', '"', '\n']) {
        return text.push_str(label);
    }
    for letter in label.chars() {
        match letter {
            '\\' => text.push_str("\\\\"),
            '"' => text.push_str("\\\""),
            '\n' => text.push_str("\\n"),
            other => text.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn written(format: TextFormat) -> String {
        let mut text = Exposition::new(format);
        let mut streams = text.family("streams", MetricKind::Gauge, "Streams by state.\nTwo \\ \"lines\".");
        streams.sample(&[("state", "live")], 3_u64);
        streams.sample(&[("server", "a\"b\\c\nd"), ("state", "x")], 0_u64);
        text.family("polls_total", MetricKind::Counter, "Polls.").value(1.5);
        text.family("poll_seconds", MetricKind::Summary, "Time.").summed(&[("server", "a")], 2, 0.5);
        text.common("process_open_fds", MetricKind::Gauge, "Odd numbers.").value(f64::INFINITY);
        text.into_text()
    }

    #[test]
    fn text_is_what_the_format_asks_for() {
        let wanted = concat!(
            "# HELP streamwarden_streams Streams by state.\\nTwo \\\\ \"lines\".\n",
            "# TYPE streamwarden_streams gauge\n",
            "streamwarden_streams{state=\"live\"} 3\n",
            "streamwarden_streams{server=\"a\\\"b\\\\c\\nd\",state=\"x\"} 0\n",
            "# HELP streamwarden_polls_total Polls.\n",
            "# TYPE streamwarden_polls_total counter\n",
            "streamwarden_polls_total 1.5\n",
            "# HELP streamwarden_poll_seconds Time.\n",
            "# TYPE streamwarden_poll_seconds summary\n",
            "streamwarden_poll_seconds_count{server=\"a\"} 2\n",
            "streamwarden_poll_seconds_sum{server=\"a\"} 0.5\n",
            "# HELP process_open_fds Odd numbers.\n",
            "# TYPE process_open_fds gauge\n",
            "process_open_fds +Inf\n",
        );
        assert_eq!(written(TextFormat::Prometheus), wanted);
        let open = wanted
            .replace("\"lines\"", "\\\"lines\\\"")
            .replace("# HELP streamwarden_polls_total", "# HELP streamwarden_polls")
            .replace("# TYPE streamwarden_polls_total", "# TYPE streamwarden_polls");
        assert_eq!(written(TextFormat::OpenMetrics), format!("{open}# EOF\n"));
    }

    #[test]
    fn each_client_gets_the_format_that_it_prefers() {
        let (plain, open) = (TextFormat::Prometheus, TextFormat::OpenMetrics);
        for (accept, wanted) in [
            (None, plain),
            (Some("*/*"), plain),
            (Some("nonsense"), plain),
            (Some("text/html,application/xhtml+xml,*/*;q=0.8"), plain),
            (Some("text/plain"), plain),
            (Some("application/openmetrics-text"), open),
            (Some("text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;q=0.4"), plain),
            // What Prometheus 2.42 and 3.0 send.
            (
                Some(
                    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
                ),
                open,
            ),
            (
                Some(
                    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
                ),
                open,
            ),
            (Some("application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5"), plain),
        ] {
            let request = TestRequest::default();
            let request = accept.into_iter().fold(request, |request, accept| request.insert_header(("accept", accept)));
            assert_eq!(TextFormat::asked_by(&request.to_http_request()), wanted, "{accept:?}");
        }
    }
}
