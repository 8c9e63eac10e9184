//! The path below which a reverse proxy keeps us (`http.base_path`). Proxies pass it on or take it off; both are understood,
//! because no address of ours begins like it.

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::{StatusCode, Uri, header};
use actix_web::middleware::Next;
use actix_web::{Error, HttpRequest, HttpResponse, web};

use super::headers::SecurityHeaders;

/// `/cams`, or empty.
#[derive(Clone, Debug, Default)]
pub(super) struct BasePath(pub(super) String);

impl BasePath {
    /// The rest of an address below it, with its slash; `None` when it is not below it.
    fn rest<'a>(&self, address: &'a str) -> Option<&'a str> {
        let rest = address.strip_prefix(self.0.as_str()).filter(|_| !self.0.is_empty())?;
        rest.starts_with('/').then_some(rest)
    }

    /// The base of this request's app.
    pub(super) fn of(request: &HttpRequest) -> &str {
        request.app_data::<web::Data<Self>>().map_or("", |base| base.0.as_str())
    }
}

/// The outermost middleware: takes the prefix off, where there is one, and leads from `/cams` to `/cams/`.
pub(super) async fn strip(
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<EitherBody<impl MessageBody, BoxBody>>, Error> {
    let base = BasePath::of(request.request()).to_owned();
    if !base.is_empty() && request.path() == base {
        // Relative: whatever else is before it stays.
        let last = base.rsplit('/').next().unwrap_or_default();
        let mut answer = HttpResponse::build(StatusCode::PERMANENT_REDIRECT)
            .insert_header((header::LOCATION, format!("{last}/")))
            .insert_header((header::CACHE_CONTROL, "no-cache"))
            .finish();
        SecurityHeaders::of(request.request()).add(answer.headers_mut());
        return Ok(request.into_response(answer).map_into_right_body());
    }
    if let Some(uri) = without(&BasePath(base), request.uri()) {
        request.match_info_mut().get_mut().update(&uri);
        request.head_mut().uri = uri;
    }
    Ok(next.call(request).await?.map_into_left_body())
}

/// The address without the prefix; `None` when it has none.
fn without(base: &BasePath, uri: &Uri) -> Option<Uri> {
    let rest = base.rest(uri.path_and_query()?.as_str())?.parse().ok()?;
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(rest);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_taken_off_whole_or_not_at_all() {
        for (base, address, wanted) in [
            ("/cams", "/cams/api/v1/streams?server=a", Some("/api/v1/streams?server=a")),
            ("/cams", "/cams/", Some("/")),
            ("/cams", "/cams/api/v1/streams/a%2Fb", Some("/api/v1/streams/a%2Fb")),
            ("/cams", "/cams/cams/", Some("/cams/")),
            ("/a/b", "/a/b/health", Some("/health")),
            ("/cams", "/cams", None),
            ("/cams", "/camsx/", None),
            ("/cams", "/api/v1/streams", None),
            ("", "/api/v1/streams", None),
        ] {
            let found = without(&BasePath(base.to_owned()), &address.parse().expect(address));
            assert_eq!(found.map(|uri| uri.to_string()).as_deref(), wanted, "{base} {address}");
        }
    }
}
