//! Logging configuration from YAML, strictly: every fault is an error.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use log::LevelFilter;
use log4rs::append::console::{ConsoleAppender, Target};
use log4rs::append::{Append, AppenderConfig};
use log4rs::config::{Appender, Config, Deserializers, Logger, RawConfig, Root};
use log4rs::filter::Filter;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{ecs, json, line, place, trigger};
use crate::config::{Complaint, ConfigComplaints};

/// Environment variable that names the logging configuration.
pub const VARIABLE: &str = "STREAMWARDEN_LOG_CONFIG";

/// What was asked for on the command line, for the whole life of the process.
pub(super) static LEVEL: OnceLock<LevelFilter> = OnceLock::new();

const COMPARE: &str = "compare with etc/log4rs.yaml of the distribution";

/// A configuration fit for use.
pub(super) struct Loaded {
    pub config: Config,
    /// How often to look whether the file changed; `None` = never.
    pub refresh_rate: Option<Duration>,
}

/// Checks a logging configuration without using it: no log file is opened. Returns the log files it names, with the
/// variables of our environment filled in.
///
/// # Errors
/// All complaints at once.
pub fn check(file: &Path) -> Result<Vec<PathBuf>, ConfigComplaints> {
    let text = read(file)?;
    raw(file, &text)?;
    let (text, files) = written_nowhere(&text);
    parse(file, &text).map(|_| files)
}

/// Reads and checks a file, then opens its appenders. A file with any fault opens none.
pub(super) fn load(file: &Path) -> Result<Loaded, ConfigComplaints> {
    check(file)?;
    parse(file, &read(file)?)
}

fn read(file: &Path) -> Result<String, ConfigComplaints> {
    std::fs::read_to_string(file).map_err(|error| {
        let remedy = format!("name a readable file with --log-config or {}", VARIABLE);
        one(file, format!("cannot be read: {error}"), &remedy)
    })
}

/// YAML 1.2, where `y` and `on` are words and no booleans; faults are one line.
fn yaml<T: DeserializeOwned>(text: &str) -> Result<T, serde_saphyr::Error> {
    serde_saphyr::from_str_with_options(text, serde_saphyr::options! { strict_booleans: true, with_snippet: false })
}

fn raw(file: &Path, text: &str) -> Result<RawConfig, ConfigComplaints> {
    yaml(text).map_err(|error| one(file, format!("is not a logging configuration: {error}"), COMPARE))
}

fn parse(file: &Path, text: &str) -> Result<Loaded, ConfigComplaints> {
    let raw = raw(file, text)?;
    let kinds = kinds();
    let (appenders, errors) = raw.appenders_lossy(&kinds);
    let mut complaints = Vec::new();
    if !errors.is_empty() {
        let faults = appender_faults(text, &kinds);
        complaints.extend(faults.into_iter().map(|fault| complaint(file, fault, COMPARE)));
    }
    let root = raw.root();
    if root.appenders().is_empty() {
        let fault = "root names no appender, so nothing would be logged".to_owned();
        complaints.push(complaint(file, fault, "list some below root.appenders"));
    }
    // Built even if there are complaints, for the complaints it may add.
    match Config::builder().appenders(appenders).loggers(raw.loggers()).build(root) {
        Ok(mut config) if complaints.is_empty() => {
            if let Some(level) = LEVEL.get() {
                config.root_mut().set_level(*level);
            }
            Ok(Loaded { config, refresh_rate: raw.refresh_rate() })
        }
        Ok(_) => Err(ConfigComplaints(complaints)),
        // An appender that could not be made is missing for everybody who names it: told once is enough.
        Err(_) if !errors.is_empty() => Err(ConfigComplaints(complaints)),
        Err(errors) => {
            let faults = errors.errors().iter();
            complaints.extend(faults.map(|error| complaint(file, error.to_string(), "correct the name")));
            Err(ConfigComplaints(complaints))
        }
    }
}

/// The same configuration with log files that take everything and keep nothing, and where those files should be.
fn written_nowhere(text: &str) -> (String, Vec<PathBuf>) {
    let mut files = Vec::new();
    let Ok(mut document) = yaml::<Value>(text) else { return (text.to_owned(), files) };
    let appenders = document.get_mut("appenders").and_then(Value::as_object_mut);
    for (_, appender) in appenders.into_iter().flatten() {
        if let Some(Value::String(path)) = appender.get_mut("path") {
            files.push(expanded(path).into());
            *path = "/dev/null".to_owned();
        }
    }
    // JSON is YAML too.
    (document.to_string(), files)
}

/// The paths that appenders name, as they are written.
fn paths(text: &str) -> BTreeMap<String, String> {
    let document: Value = yaml(text).unwrap_or_default();
    let appenders = document.get("appenders").and_then(Value::as_object).into_iter().flatten();
    let path = |(name, appender): (&String, &Value)| Some((name.clone(), appender.get("path")?.as_str()?.to_owned()));
    appenders.filter_map(path).collect()
}

fn expanded(path: &str) -> String {
    place::expanded(path, |name| std::env::var(name).ok())
}

fn one(file: &Path, fault: String, remedy: &str) -> ConfigComplaints {
    ConfigComplaints(vec![complaint(file, fault, remedy)])
}

fn complaint(file: &Path, fault: String, remedy: &str) -> Complaint {
    Complaint { key: "logging".to_owned(), place: Some(file.display().to_string()), fault, remedy: remedy.to_owned() }
}

/// The kinds a file may name: those of log4rs and our own.
fn kinds() -> Deserializers {
    let mut kinds = Deserializers::default();
    kinds.insert("line", line::LineEncoderKind);
    kinds.insert("json", json::JsonEncoderKind);
    kinds.insert("ecs", ecs::EcsEncoderKind);
    kinds.insert("size_or_time", trigger::SizeOrTimeKind);
    kinds
}

/// log4rs tells all faults in one debug print; asking appender by appender gives sentences.
fn appender_faults(text: &str, kinds: &Deserializers) -> Vec<String> {
    /// The part of the file that holds appenders.
    #[derive(serde::Deserialize)]
    struct LogDocument {
        appenders: BTreeMap<String, AppenderConfig>,
    }
    let Ok(document) = yaml::<LogDocument>(text) else { return Vec::new() };
    let paths = paths(text);
    let mut faults = Vec::new();
    for (name, appender) in document.appenders {
        let filters = appender.filters.into_iter();
        let filters = filters.filter_map(|filter| kinds.deserialize::<dyn Filter>(&filter.kind, filter.config).err());
        let path = paths.get(&name).map(|path| expanded(path));
        let own = kinds.deserialize::<dyn Append>(&appender.kind, appender.config).err();
        for error in own.into_iter().chain(filters) {
            let reason = format!("{error:#}");
            let reason = reason.trim_end_matches('.');
            faults.push(match (&path, error.root_cause().is::<std::io::Error>()) {
                (Some(path), true) => format!("the appender {name:?} cannot write {path}: {reason}"),
                _ => format!("the appender {name:?} is of no use: {reason}{}", known_kinds(reason)),
            });
        }
    }
    faults
}

/// What may stand in place of a kind that log4rs (or this build of it) does not know.
fn known_kinds(reason: &str) -> String {
    const KNOWN: [(&str, &str); 6] = [
        ("appender", "console, rolling_file"),
        ("encoder", "line, json, ecs, pattern"),
        ("filter", "threshold"),
        ("policy", "compound"),
        ("trigger", "size_or_time, size, time"),
        ("roller", "fixed_window, delete"),
    ];
    let unknown = reason.contains("deserializer for kind");
    let known = KNOWN.iter().find(|(what, _)| unknown && reason.contains(&format!("no {what} deserializer")));
    known.map(|(what, kinds)| format!("; known {what} kinds are {kinds}")).unwrap_or_default()
}

/// Libraries that tell every start of their own parts, each lost connection to PostgreSQL and each request of a bucket that they try
/// again, of which we tell once; the same as in etc/log4rs.yaml.
const QUIET: [(&str, LevelFilter); 5] = [
    ("actix_server", LevelFilter::Warn),
    ("refinery_core", LevelFilter::Warn),
    ("tokio_postgres", LevelFilter::Off),
    ("deadpool.postgres", LevelFilter::Off),
    ("s3", LevelFilter::Off),
];

/// What is used when there is no file.
pub(super) fn console_only(level: LevelFilter) -> Config {
    let level = LEVEL.get().copied().unwrap_or(level);
    let console = ConsoleAppender::builder().target(Target::Stderr).encoder(Box::new(line::LineEncoder)).build();
    let quiet = QUIET.map(|(name, most)| Logger::builder().build(name, most.min(level)));
    Config::builder()
        .appender(Appender::builder().build("console", Box::new(console)))
        .loggers(quiet)
        .build(Root::builder().appender("console").build(level))
        .expect("one appender, named once")
}

#[cfg(test)]
mod tests {
    use log::Log;

    use super::*;

    #[test]
    fn libraries_are_as_quiet_by_the_file_as_without_one() {
        let documented: Value = yaml(include_str!("../../etc/log4rs.yaml")).expect("YAML");
        let config = console_only(LevelFilter::Info);
        for (name, most) in QUIET {
            assert_eq!(documented["loggers"][name]["level"], most.to_string().to_lowercase(), "{name}");
            let set = config.loggers().iter().find(|logger| logger.name() == name).map(Logger::level);
            assert_eq!(set, Some(most), "{name}");
        }
    }

    fn faults(yaml: &str) -> String {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("log4rs.yaml");
        std::fs::write(&file, yaml.replace("DIR", folder.path().to_str().expect("a plain path"))).expect("a file");
        let Err(complaints) = load(&file) else { panic!("{yaml}: nothing is wrong") };
        assert_eq!(std::fs::read_dir(folder.path()).expect("a folder").count(), 1, "{yaml}: a log file was opened");
        complaints.to_string()
    }

    #[test]
    fn a_file_that_log4rs_would_shrug_at_is_refused() {
        let console = "appenders: {c: {kind: console}}";
        for (yaml, wanted) in [
            ("root: [".to_owned(), "is not a logging configuration"),
            ("appenders: {c: {kind: konsole}}\nroot: {appenders: [c]}".to_owned(), "\"c\" is of no use: no appender deserializer for kind `konsole`"),
            ("appenders: {f: {kind: file, path: DIR/x.log}}\nroot: {appenders: [f]}".to_owned(), "known appender kinds are console, rolling_file"),
            ("appenders: {c: {kind: console, encoder: {kind: text}}}\nroot: {appenders: [c]}".to_owned(), "known encoder kinds are line, json, ecs, pattern"),
            ("appenders: {c: {kind: console, encoder: {kind: jsn}}}\nroot: {appenders: [c]}".to_owned(), "kind `jsn`"),
            ("appenders: {c: {kind: console, colour: red}}\nroot: {appenders: [c]}".to_owned(), "Unknown field colour"),
            ("appenders: {c: {kind: console, filters: [{kind: x}]}}\nroot: {appenders: [c]}".to_owned(), "kind `x`"),
            (
                "appenders: {f: {kind: rolling_file, path: DIR/x.log, policy: {trigger: {kind: size_or_time, limit: 1M, every: 1d}, roller: {kind: delete}}}, c: {kind: konsole}}\nroot: {appenders: [f]}".to_owned(),
                "kind `konsole`",
            ),
            (format!("{console}\nroot: {{appenders: [file]}}"), "file"),
            (format!("{console}\nroot: {{level: info}}"), "root names no appender"),
            (format!("{console}\nrot: {{appenders: [c]}}"), "unknown field `rot`"),
            (format!("{console}\nroot: {{level: loud, appenders: [c]}}"), "is not a logging configuration"),
            (
                "appenders: {f: {kind: rolling_file, path: DIR/x.log, policy: {trigger: {kind: size_or_time, limit: 0, every: 1d}, roller: {kind: delete}}}}\nroot: {appenders: [f]}".to_owned(),
                "limit",
            ),
            (
                "appenders: {f: {kind: rolling_file, path: /proc/nowhere/x.log, policy: {trigger: {kind: size_or_time, limit: 1M, every: 1d}, roller: {kind: delete}}}}\nroot: {appenders: [f]}".to_owned(),
                "\"f\" cannot write /proc/nowhere/x.log: No such file",
            ),
        ] {
            let told = faults(&yaml);
            assert!(told.contains(wanted), "{yaml}: {told}");
        }
    }

    #[test]
    fn a_check_names_the_log_files_and_opens_none() {
        let etc = Path::new(env!("CARGO_MANIFEST_DIR")).join("etc/log4rs.yaml");
        assert_eq!(check(&etc).expect("our own file is right"), [Path::new("log/streamwarden.log")]);
        let json = std::fs::read_to_string(&etc).expect("readable").replace("kind: line # kind: json", "kind: json #");
        let (text, _) = written_nowhere(&json);
        let document: Value = yaml(&text).expect("YAML");
        assert_eq!(document["appenders"]["file"]["encoder"]["kind"], "json", "{text}");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let file = folder.path().join("log4rs.yaml");
        std::fs::write(&file, json).expect("a file");
        check(&file).expect("json is one word away");
        let ecs = std::fs::read_to_string(&etc).expect("readable").replace("kind: line # kind: json", "kind: ecs #");
        std::fs::write(&file, ecs).expect("a file");
        check(&file).expect("so is ecs");
    }

    #[test]
    fn a_full_file_is_rolled_and_packed() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let etc = include_str!("../../etc/log4rs.yaml");
        let yaml = etc
            .replace("log/streamwarden.", &format!("{}/x.", folder.path().display()))
            .replace("limit: 20M", "limit: 10")
            .replace("    - console\n", "");
        let file = folder.path().join("log4rs.yaml");
        std::fs::write(&file, yaml).expect("a file");
        let logger = log4rs::Logger::new(load(&file).expect("a valid file").config);
        for sentence in ["one", "two", "three", "four"] {
            logger.log(&log::Record::builder().level(log::Level::Info).args(format_args!("{sentence}")).build());
        }
        let names = || -> Vec<String> {
            let entries = std::fs::read_dir(folder.path()).expect("a folder").flatten();
            let mut names: Vec<_> = entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
            names.sort();
            names
        };
        // Files are packed in the background; one that waits for it is called x.<seconds>.
        let done = ["log4rs.yaml", "x.1.log.gz", "x.2.log.gz", "x.3.log.gz", "x.log"];
        let deadline = std::time::Instant::now() + Duration::from_secs(20);
        while names() != done && std::time::Instant::now() < deadline {
            std::thread::yield_now();
        }
        assert_eq!(names(), done);
        let packed = std::fs::read(folder.path().join("x.3.log.gz")).expect("the first roll");
        assert_eq!(packed[..2], [0x1f, 0x8b], "gzip");
        let current = std::fs::read_to_string(folder.path().join("x.log")).expect("the current file");
        assert!(current.ends_with("four\n") && current.lines().count() == 1, "{current}");
    }

    #[test]
    fn every_broken_appender_is_told() {
        let told = faults("appenders: {a: {kind: x}, b: {kind: y}, c: {kind: console}}\nroot: {appenders: [c]}");
        assert!(told.contains("kind `x`") && told.contains("kind `y`"), "{told}");
    }
}
