//! Request bodies: JSON of at most 1 MB, refused with the field that is wrong and never with its value; CSV of at most
//! 8 MB, whose faults are told elsewhere. A body that does not arrive in time is refused with 408.

use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use actix_web::dev::Payload;
use actix_web::http::{StatusCode, header};
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::connection_limits::ConnectionLimits;
use super::connections::HttpConnection;
use super::http_error::Problem;

/// Largest body we take, in bytes. A camera has a few hundred.
pub(super) const LARGEST: usize = 1_000_000;

/// Largest CSV file: 20,000 cameras with everything filled in.
const LARGEST_CSV: usize = 8_000_000;

/// Longest part of a client's own text that an answer repeats.
const LONGEST_QUOTE: usize = 80;

/// A JSON body.
pub(super) struct Json<T>(pub(super) T);

impl<T: DeserializeOwned + 'static> FromRequest for Json<T> {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // A page of another site can send forms and plain text without asking; JSON it cannot.
        let is_json = request.content_type().eq_ignore_ascii_case("application/json");
        let announced =
            request.headers().get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let bytes = web::Bytes::from_request(request, payload);
        let clock = Clock::of(request, |limits| limits.body);
        Box::pin(async move {
            if announced.is_some_and(|length: usize| length > LARGEST) {
                return Err(Problem::bare(StatusCode::PAYLOAD_TOO_LARGE));
            }
            if !is_json {
                let detail = "send the body as JSON, with the header Content-Type: application/json";
                return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
            }
            let bytes = clock.limit(bytes).await?;
            let bytes = bytes.map_err(|error| Problem::bare(error.as_response_error().status_code()))?;
            parse(&bytes).map(Self)
        })
    }
}

/// A CSV body, as bytes.
pub(super) struct Csv(pub(super) web::Bytes);

impl FromRequest for Csv {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        // As with JSON: no page of another site can send this without asking.
        let is_csv = request.content_type().eq_ignore_ascii_case("text/csv");
        let payload = web::Payload::from_request(request, payload);
        let clock = Clock::of(request, |limits| limits.file);
        Box::pin(async move {
            if !is_csv {
                let detail = "send the file with the header Content-Type: text/csv";
                return Err(Problem::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, detail));
            }
            let bare = |error: actix_web::Error| Problem::bare(error.as_response_error().status_code());
            match clock.limit(payload.await.map_err(bare)?.to_bytes_limited(LARGEST_CSV)).await? {
                Ok(bytes) => bytes.map(Self).map_err(bare),
                Err(_) => {
                    let detail = "the file is too large; at most 8 MB are taken, split it";
                    Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail))
                }
            }
        })
    }
}

/// How long a body may take.
struct Clock {
    limit: Duration,
    connection: Option<Rc<HttpConnection>>,
}

impl Clock {
    fn of(request: &HttpRequest, limit: impl Fn(&ConnectionLimits) -> Duration) -> Self {
        let limits = request.app_data::<web::Data<ConnectionLimits>>().expect("the app is built with its limits");
        Self { limit: limit(limits), connection: request.conn_data::<Rc<HttpConnection>>().cloned() }
    }

    /// What arrives in time; else 408, and the connection goes with what may still come.
    async fn limit<T>(self, arrival: impl Future<Output = T>) -> Result<T, Problem> {
        tokio::time::timeout(self.limit, arrival).await.map_err(|_| {
            if let Some(connection) = self.connection {
                connection.close();
            }
            let detail = format!("the body did not arrive within {:?}; send it without pauses", self.limit);
            Problem::new(StatusCode::REQUEST_TIMEOUT, detail)
        })
    }
}

/// Reads JSON; the problem names the field, or the place where it stops being JSON.
fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Problem> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let field = error.path().to_string();
        of_json(error.inner(), Some(field.as_str()).filter(|field| *field != "."))
    })?;
    reader.end().map_err(|error| of_json(&error, None))?;
    // Serde fills a struct from an array too, field by field; nobody means that.
    if bytes.trim_ascii_start().starts_with(b"[") {
        return Err(Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "expected a JSON object, not an array"));
    }
    Ok(value)
}

fn of_json(error: &serde_json::Error, field: Option<&str>) -> Problem {
    let (line, column) = (error.line(), error.column());
    match error.classify() {
        Category::Data => of_data(&error.to_string(), field),
        Category::Eof => {
            Problem::new(StatusCode::BAD_REQUEST, format!("the JSON ends too early, at line {line} column {column}"))
        }
        Category::Syntax | Category::Io => {
            Problem::new(StatusCode::BAD_REQUEST, format!("the body is not JSON from line {line} column {column} on"))
        }
    }
}

/// Serde's sentence without the value it quotes, which may be a password.
fn of_data(message: &str, field: Option<&str>) -> Problem {
    let message = message.rsplit_once(" at line ").map_or(message, |(sentence, _)| sentence);
    // Some faults are noticed outside of any field; then the sentence itself names it.
    let field = field.or_else(|| message.split('`').nth(1).filter(|_| !message.starts_with("invalid"))).map(shortened);
    let name = field.as_deref().map_or_else(|| "the body".to_owned(), |field| format!("{field:?}"));
    let expected = message.rsplit_once(", expected ").map(|(_, expected)| match expected {
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, not negative",
        "f32" | "f64" => "a number",
        other => other,
    });
    let detail = match expected {
        expected if message.starts_with("unknown field") => {
            format!("there is no field {name}; use {}", expected.unwrap_or("no fields"))
        }
        _ if message.starts_with("duplicate field") => format!("{name} is given twice; give it once"),
        _ if message.starts_with("missing field") => format!("{name} is missing"),
        Some(expected) => format!("{name} has the wrong type or value; expected {expected}"),
        None => format!("{name} has a wrong value"),
    };
    let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail);
    match field {
        Some(field) => problem.at(field),
        None => problem,
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(LONGEST_QUOTE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::camera::CameraEdit;

    #[test]
    fn wrong_bodies_are_refused_with_place_or_field_and_without_values() {
        let long = format!(r#"{{"{}":1}}"#, "x".repeat(100_000));
        let table = [
            ("", 400, "", "ends too early"),
            ("{", 400, "", "line 1 column 1"),
            ("{\"name\":\"a\",\n]", 400, "", "line 2 column 1"),
            (r#"{"name":"a"} x"#, 400, "", "not JSON"),
            ("[]", 422, "", "expected a JSON object"),
            (r#" ["a"]"#, 422, "", "expected a JSON object"),
            ("7", 422, "", "the body"),
            (r#"{"nmae":"a"}"#, 422, "nmae", "use one of `name`"),
            (r#"{"port":"hunter2"}"#, 422, "port", "expected a whole number"),
            (r#"{"port":1e99}"#, 422, "port", "expected a whole number"),
            (r#"{"password":["hunter2"]}"#, 422, "password", "expected a string"),
            (r#"{"enabled":"yes"}"#, 422, "enabled", "expected a boolean"),
            (r#"{"name":"a","name":"b"}"#, 422, "name", "twice"),
            (long.as_str(), 422, "xxx", "there is no field"),
        ];
        for (body, status, field, part) in table {
            let problem = parse::<CameraEdit>(body.as_bytes()).map(|_| ()).expect_err(part);
            let json = serde_json::to_string(&problem).expect("a problem is JSON");
            let value: serde_json::Value = serde_json::from_str(&json).expect("JSON");
            assert_eq!(value["status"], status, "{json}");
            assert!(value["field"].as_str().unwrap_or("").starts_with(field), "{json} lacks {field}");
            assert_eq!(field.is_empty(), value["field"].is_null(), "{json}");
            assert!(value["detail"].as_str().expect("detail").contains(part), "{json} lacks {part}");
            assert!(!json.contains("hunter2"), "a value is never repeated");
            assert!(json.len() < 1_000, "an answer never repeats a huge name");
        }
    }

    #[test]
    fn absent_and_null_stay_apart() {
        let edit: CameraEdit = parse(br#"{"host":null,"name":"a"}"#).expect("a good body");
        assert_eq!((edit.host, edit.port), (Some(None), None));
    }
}
