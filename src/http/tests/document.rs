//! The OpenAPI document and the route table say the same.

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;
use utoipa::OpenApi;

use crate::domain::history::Metric;
use crate::domain::host::HostStatus;
use crate::domain::name::StreamName;
use crate::domain::sample;
use crate::http::openapi::OpenApiDocument;
use crate::http::routes::TABLE;
use crate::http::table::path_of;

#[test]
fn every_route_is_documented_and_every_document_is_a_route() {
    let document = serde_json::to_value(OpenApiDocument::openapi()).expect("the document is JSON");
    let mut documented = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for method in operations.as_object().expect("operations").keys() {
            documented.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let routed: BTreeSet<String> = TABLE
        .iter()
        .flat_map(|(path, methods)| methods.iter().map(move |method| format!("{method} {}", path_of(path))))
        .collect();
    assert_eq!(documented, routed);
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let document = serde_json::to_value(OpenApiDocument::openapi()).expect("the document is JSON");
    let mut seen = BTreeSet::new();
    for operations in document["paths"].as_object().expect("paths").values() {
        for operation in operations.as_object().expect("operations").values() {
            let id = operation["operationId"].as_str().expect("an id");
            assert!(seen.insert(id.to_owned()), "{id} is used twice");
            assert!(operation["description"].is_string() || operation["summary"].is_string(), "{id} says what it is");
        }
    }
}

#[test]
fn every_reference_in_the_document_leads_somewhere() {
    let document = serde_json::to_value(OpenApiDocument::openapi()).expect("the document is JSON");
    let mut references = BTreeSet::new();
    collect(&document, &mut references);
    assert!(references.len() > 10, "the schemas are part of the document");
    for reference in references {
        let pointer = reference.strip_prefix('#').expect("a local reference");
        assert!(document.pointer(pointer).is_some(), "{reference} leads nowhere");
    }
}

fn collect(value: &Value, references: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(Value::String(reference)) = fields.get("$ref") {
                references.insert(reference.clone());
            }
            fields.values().for_each(|value| collect(value, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}

/// Every operation with its method and path.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    paths
        .iter()
        .flat_map(|(path, all)| {
            let all = all.as_object().expect("operations");
            all.iter().map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
        })
        .collect()
}

#[test]
fn every_response_has_a_description_and_every_error_is_documented() {
    let document = serde_json::to_value(OpenApiDocument::openapi()).expect("the document is JSON");
    for (name, operation) in operations(&document) {
        let responses = operation["responses"].as_object().expect("responses");
        for (status, response) in responses {
            let words = response["description"].as_str().unwrap_or_default();
            assert!(!words.is_empty(), "{name} says nothing of {status}");
            // A page of HTML tells a person where the login is.
            let is_page = name == "GET /status" && status == "401";
            let is_error = status.as_str() >= "400" && name != "GET /ready" && !is_page;
            assert!(!is_error || response["content"]["application/problem+json"].is_object(), "{name} {status}");
        }
        let mut wanted = vec!["403"];
        if operation["requestBody"].is_object() {
            wanted.extend(["400", "408", "413", "415", "422"]);
        }
        if name.contains("/api/") {
            wanted.extend(["422", "503"]);
        }
        if name.contains("/api/v1/cameras") && !name.starts_with("GET") {
            wanted.extend(["501", "504"]);
        }
        for status in wanted {
            assert!(responses.contains_key(status), "{name} does not document {status}");
        }
    }
    let import = &document["paths"]["/api/v1/cameras/import"]["post"]["responses"]["422"]["content"];
    assert!(import["application/json"].is_object(), "the report stays: {import}");
}

#[test]
fn schemas_are_as_narrow_as_our_own_rules() {
    let document = serde_json::to_value(OpenApiDocument::openapi()).expect("the document is JSON");
    for (name, operation) in operations(&document) {
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let schema = &parameter["schema"];
            let narrow = match parameter["name"].as_str().expect("a name") {
                "from" | "to" => schema["format"] == "date-time",
                "after" => schema["format"] == "uuid",
                "limit" | "points" => schema["minimum"] == 1 && schema["maximum"].is_u64(),
                "server" => schema["minLength"] == 1,
                _ => true,
            };
            assert!(narrow, "{name}: {parameter}");
        }
    }
    let state = &document["components"]["schemas"]["Observation"]["properties"]["state"];
    assert!(state["additionalProperties"].is_object(), "generators make a type without fields of {state}");
    let itself = &document["paths"]["/api/openapi.json"]["get"]["responses"]["200"]["content"]["application/json"];
    assert!(itself["schema"]["additionalProperties"].is_object(), "{itself}");
}

#[test]
fn the_patterns_of_metrics_and_hosts_are_the_rules_of_the_program() {
    let document = serde_json::to_value(OpenApiDocument::openapi()).expect("the document is JSON");
    let pattern =
        |text: &serde_json::Value| Regex::new(text.as_str().expect("a pattern")).expect("a regular expression");
    for (path, of_hosts) in [("streams/{path}", false), ("hosts/{host}", true)] {
        let parameters = &document["paths"][format!("/api/v1/{path}/history")]["get"]["parameters"];
        let metrics = parameters.as_array().expect("parameters").iter().find(|one| one["name"] == "metrics");
        let metrics = pattern(&metrics.expect("metrics")["schema"]["pattern"]);
        for metric in Metric::all() {
            let word = metric.as_str();
            assert_eq!(metrics.is_match(word), metric.is_of_hosts() == of_hosts, "{path}: {word}");
            assert!(!metrics.is_match(&format!("{word},")), "{word}");
        }
        assert!(metrics.is_match(if of_hosts { " cpu, load" } else { "rtt ,bitrate" }), "{path}");
    }
    let name = pattern(&document["components"]["schemas"]["HostStatus"]["properties"]["name"]["pattern"]);
    for text in ["edge-1", "a.b", ".a", "..a", "...", ".", "..", "", "a b", "a/b", "ä"] {
        let report = HostStatus { name: text.to_owned(), ..sample::host("a") };
        let taken = crate::domain::host::checked(report, chrono::DateTime::UNIX_EPOCH).is_ok();
        assert_eq!(name.is_match(text), taken, "{text:?}");
    }
}

#[test]
fn the_pattern_of_a_camera_name_is_the_rule_of_names() {
    let document = serde_json::to_value(OpenApiDocument::openapi()).expect("the document is JSON");
    let name = &document["components"]["schemas"]["CameraEdit"]["properties"]["name"];
    let pattern = Regex::new(name["pattern"].as_str().expect("a pattern")).expect("a regular expression");
    let longest = usize::try_from(name["maxLength"].as_u64().expect("a length")).expect("a small number");
    let (long, longer) = ("x".repeat(longest), "x".repeat(longest + 1));
    let texts =
        "cam1|site/cam-1|a.b_c-d|.x|-x|...|..a|a..|a/...|.../b|.|..|a/|/a|a//b|../x|a/./b|a/..|a b|a;b|~all|a\0b";
    for text in texts.split('|').chain(["", long.as_str(), longer.as_str()]) {
        let fits = pattern.is_match(text) && text.len() <= longest;
        assert_eq!(fits, StreamName::parse(text).is_ok(), "{text:?}");
    }
}
