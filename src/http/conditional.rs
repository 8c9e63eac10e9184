//! Conditional requests (RFC 9110, 13): whoever has an answer already is told so and is not sent it again.

use actix_web::body::MessageBody;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder};
use sha2::{Digest, Sha256};

/// Tag of a text. Weak: the same text travels plain and compressed.
pub(super) fn weak_etag(text: &[u8]) -> String {
    weak_etag_of(&Sha256::digest(text))
}

/// Tag of a text with this hash.
pub(super) fn weak_etag_of(hash: &[u8]) -> String {
    let hash: String = hash.iter().take(12).map(|byte| format!("{byte:02x}")).collect();
    format!("W/\"{hash}\"")
}

/// The answer with its tag; without its body for whoever has it.
pub(super) fn unless_known(
    request: &HttpRequest,
    etag: &str,
    mut answer: HttpResponseBuilder,
    body: impl MessageBody + 'static,
) -> HttpResponse {
    answer.insert_header((header::ETAG, etag));
    if is_known(request, etag) {
        return answer.status(StatusCode::NOT_MODIFIED).finish();
    }
    answer.body(body)
}

/// Whether `If-None-Match` names it. Compared as RFC 9110, 8.8.3.2 has it: a tag that was made weak on the way is the same.
pub(super) fn is_known(request: &HttpRequest, etag: &str) -> bool {
    let strong = |tag: &str| tag.trim().trim_start_matches("W/").to_owned();
    let named = request.headers().get_all(header::IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    named.flat_map(|value| value.split(',')).any(|one| one.trim() == "*" || strong(one) == strong(etag))
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    #[test]
    fn a_tag_is_known_however_it_is_named() {
        for (named, known) in [
            (&[][..], false),
            (&["\"a\""][..], true),
            (&["\"b\", W/\"a\""][..], true),
            (&["\"b\"", "\"a\""][..], true),
            (&["*"][..], true),
            (&["a"][..], false),
            (&["\"ab\""][..], false),
        ] {
            let request = named
                .iter()
                .fold(TestRequest::default(), |request, one| request.append_header((header::IF_NONE_MATCH, *one)));
            let request = request.to_http_request();
            for etag in ["\"a\"", "W/\"a\""] {
                assert_eq!(is_known(&request, etag), known, "{named:?} {etag}");
            }
        }
        assert_ne!(weak_etag(b"a"), weak_etag(b"b"));
    }
}
