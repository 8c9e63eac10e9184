//! Requests that nobody should send: each gets a 4xx problem that names the field, and changes nothing.

use reqwest::{Method, StatusCode};
use serde_json::Value;

use crate::support::api::Api;

/// Sends all of it.
pub async fn is_refused_with_a_field(api: &Api) {
    let before = api.items("/api/v1/cameras").await.len();
    let unknown_id = "/api/v1/cameras/4711";
    let no_such_segment = "/api/v1/recordings/segments/00000000-0000-7000-8000-000000000000";
    let table: [(Method, &str, &str, u16, &str); 16] = [
        (Method::GET, unknown_id, "", 404, ""),
        (Method::PATCH, unknown_id, r#"{"enabled":false}"#, 404, ""),
        (Method::DELETE, unknown_id, "", 404, ""),
        (Method::POST, "/api/v1/cameras/4711/restart", "", 404, ""),
        (Method::GET, "/api/v1/cameras/front", "", 404, ""),
        (Method::GET, "/api/v1/streams/nobody", "", 404, ""),
        (Method::GET, no_such_segment, "", 404, ""),
        (Method::GET, "/api/v1/nothing", "", 404, ""),
        (Method::PUT, "/api/v1/cameras", "{}", 405, ""),
        (Method::POST, "/api/v1/cameras", r#"{"name":"#, 400, ""),
        (Method::POST, "/api/v1/cameras", r#"{"name":"x","port":"eighty"}"#, 422, "port"),
        (Method::POST, "/api/v1/cameras", r#"{"name":"x","colour":"red"}"#, 422, "colour"),
        (Method::POST, "/api/v1/cameras", r#"{"name":"../x","url":"rtsp://h/x"}"#, 422, "name"),
        (Method::POST, "/api/v1/cameras", r#"{"name":"x","url":"file:///etc/passwd"}"#, 422, "url"),
        (Method::POST, "/api/v1/cameras", r#"{"name":"yard","url":"rtsp://h/x"}"#, 409, "name"),
        (Method::GET, "/api/v1/recordings/yard/segments?limit=all", "", 422, "limit"),
    ];
    for (method, route, body, status, field) in table {
        let (got, problem) = api.send(method.clone(), route, body.as_bytes().to_vec()).await;
        assert_eq!(got.as_u16(), status, "{method} {route} {body}: {problem}");
        assert_eq!(problem["status"], status, "{method} {route} is answered with a problem: {problem}");
        assert!(problem["detail"].as_str().is_some_and(|text| text.len() > 10), "{problem}");
        assert_eq!(problem["field"].as_str().unwrap_or(""), field, "{method} {route} {body}: {problem}");
    }
    let (got, problem) = api.send(Method::POST, "/api/v1/cameras", vec![b' '; 10_000_000]).await;
    assert_eq!((got, &problem["status"]), (StatusCode::PAYLOAD_TOO_LARGE, &Value::from(413)));
    assert_eq!(api.items("/api/v1/cameras").await.len(), before, "nothing was added or removed");
}
