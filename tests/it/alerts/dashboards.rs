//! The dashboards of Grafana against a real Prometheus: what their queries find.

use std::fs;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::prometheus::Prometheus;

/// What the sources of the test do not have: SRT, and a MediaMTX with a process of its own.
const NOT_HERE: [&str; 2] = ["streamwarden_stream_srt_", "streamwarden_host_mediamtx_"];

/// Every query of every panel, with all that its variables can stand for; and what fills the variables.
fn queries() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("etc/grafana/dashboards");
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).expect("dashboards") {
        let path = entry.expect("an entry").path();
        let board: Value = serde_json::from_slice(&fs::read(&path).expect("a file")).expect("JSON");
        let of = |title: &Value| format!("{}: {title}", path.file_name().expect("a name").display());
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        for panel in list(&board["panels"]) {
            for target in list(&panel["targets"]) {
                found.push((of(&panel["title"]), target["expr"].as_str().expect("a query").to_owned()));
            }
        }
        for variable in list(&board["templating"]["list"]) {
            // `label_values(SELECTOR, LABEL)`: Grafana asks for the series.
            let query = variable["query"]["query"].as_str().expect("a query");
            let inner = query.strip_prefix("label_values(").and_then(|rest| rest.rsplit_once(", ")).expect(query);
            found.push((of(&variable["name"]), inner.0.to_owned()));
        }
    }
    found.iter_mut().for_each(|(_, query)| {
        for variable in ["$server", "$stream", "$host", "$instance", "$endpoint"] {
            *query = query.replace(&format!("{variable}\""), ".*\"");
        }
        *query = query.replace("$__rate_interval", "1m");
    });
    found
}

/// Fails with everything that finds nothing.
pub async fn every_query_has_data(prometheus: &Prometheus) {
    let queries = queries();
    assert!(queries.len() > 80, "all dashboards were read: {}", queries.len());
    let mut empty = Vec::new();
    for (place, query) in queries {
        let is_here = !NOT_HERE.iter().any(|name| query.contains(name));
        match prometheus.query(&query).await {
            Ok(samples) if samples.is_empty() && is_here => empty.push(format!("{place}: nothing by {query}")),
            Ok(_) => {}
            Err(why) => empty.push(format!("{place}: {query}: {why}")),
        }
    }
    assert!(empty.is_empty(), "{}", empty.join("\n"));
}
