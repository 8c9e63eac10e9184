//! `/metrics` of a program at work: what promtool says of it, both formats, and the table of README.md.

use std::collections::BTreeMap;
use std::io::Write;
use std::process::{Command, Stdio};

use crate::support::program::Program;

/// One row of the table: `| name{labels} | kind | help |`. Labels are those of the samples that there are.
fn rows(text: &str) -> BTreeMap<String, (String, Vec<String>)> {
    let mut rows = BTreeMap::<String, (String, Vec<String>)>::new();
    let mut help = "";
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            help = rest.split_once(' ').expect("a sentence").1;
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a kind");
            rows.insert(name.to_owned(), (format!("{kind} | {help}"), Vec::new()));
        } else if let Some((sample, labels)) = line.split_once('{') {
            let name = ["_sum", "_count"]
                .iter()
                .find_map(|ending| sample.strip_suffix(ending).filter(|name| rows.contains_key(*name)));
            let row = rows.get_mut(name.unwrap_or(sample)).expect("its family came before");
            row.1 = labels.split("=\"").filter_map(|part| part.rsplit([',', '"']).next()).map(str::to_owned).collect();
            row.1.pop();
        }
    }
    rows
}

/// How the families of endpoints, encoders and platforms begin.
const OF_HEALTH: [&str; 3] = ["streamwarden_network_", "streamwarden_encoder_", "streamwarden_platform_"];

/// What README.md has of it, by name.
fn documented() -> BTreeMap<String, (String, Vec<String>)> {
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("README.md");
    let table = readme.split_once("| metric | kind | what it is |\n|---|---|---|\n").expect("a table").1;
    let row = |line: &str| {
        let (name, rest) = line.strip_prefix("| `")?.split_once("` | ")?;
        let (name, labels) = name.split_once('{').unwrap_or((name, "}"));
        let labels = labels.trim_end_matches('}').split(',').filter(|label| !label.is_empty());
        Some((name.to_owned(), (rest.trim_end_matches(" |").to_owned(), labels.map(str::to_owned).collect())))
    };
    table.lines().map_while(row).collect()
}

/// Both formats, promtool, README.md.
pub async fn are_what_they_should_be(program: &Program) {
    let (kind, text) = program.api.accepting("/metrics", "*/*").await;
    assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
    let mut promtool = Command::new("promtool");
    let promtool =
        promtool.args(["check", "metrics"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut promtool = promtool.spawn().expect("promtool");
    promtool.stdin.take().expect("a pipe").write_all(text.as_bytes()).expect("written");
    let said = promtool.wait_with_output().expect("its end");
    let words = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success() && words.trim().is_empty(), "promtool: {words}");

    let (kind, open) =
        program.api.accepting("/metrics", "application/openmetrics-text;version=1.0.0,text/plain;q=0.5").await;
    assert_eq!(kind, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert!(open.ends_with("\n# EOF\n") && open.contains("# TYPE streamwarden_camera_restarts counter\n"), "{open}");

    let (mut known, documented) = (rows(&text), documented());
    // What is there with endpoints, encoders and platforms alone has tables of its own, by what it is about.
    let readme = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/README.md")).expect("README.md");
    let beside: Vec<String> =
        known.keys().filter(|name| OF_HEALTH.iter().any(|part| name.starts_with(part))).cloned().collect();
    for name in beside.iter().filter(|name| !documented.contains_key(*name)) {
        let counter = format!("`{name}_total`");
        assert!(readme.contains(&format!("`{name}`")) || readme.contains(&counter), "README.md does not know {name}");
        known.remove(name);
    }
    let table = |rows: &BTreeMap<String, (String, Vec<String>)>| {
        let row = |(name, (rest, labels)): (&String, &(String, Vec<String>))| {
            let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
            format!("| `{name}{labels}` | {rest} |")
        };
        rows.iter().map(row).collect::<Vec<_>>().join("\n")
    };
    // A family without samples says nothing of its labels.
    let mut comparable = documented.clone();
    for (name, (_, labels)) in &mut comparable {
        if known.get(name).is_some_and(|(_, seen)| seen.is_empty()) {
            labels.clear();
        }
    }
    assert!(comparable == known, "README.md has another table of metrics; it should be\n{}", table(&known));
}
