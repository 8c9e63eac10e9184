//! The OpenAPI document and the route table say the same.

use std::collections::BTreeSet;

use serde_json::Value;
use utoipa::OpenApi;

use crate::http::TABLE;
use crate::http::openapi::Document;

/// `GET /path` of every operation. The table's `{id:pattern}` is `{id}` in the document.
fn plain(path: &str) -> String {
    match path.split_once("{id:") {
        Some((before, _)) => format!("{before}{{id}}"),
        None => path.to_owned(),
    }
}

#[test]
fn every_route_is_documented_and_every_document_is_a_route() {
    let document = serde_json::to_value(Document::openapi()).expect("the document is JSON");
    let mut documented = BTreeSet::new();
    for (path, operations) in document["paths"].as_object().expect("paths") {
        for method in operations.as_object().expect("operations").keys() {
            documented.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let routed: BTreeSet<String> = TABLE
        .iter()
        .flat_map(|(path, methods)| methods.iter().map(move |method| format!("{method} {}", plain(path))))
        .collect();
    assert_eq!(documented, routed);
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let document = serde_json::to_value(Document::openapi()).expect("the document is JSON");
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
    let document = serde_json::to_value(Document::openapi()).expect("the document is JSON");
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
