//! The web page: files built into the binary, or a page that says how to build them.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::base_path::BasePath;
use super::conditional::{unless_known, weak_etag, weak_etag_of};
use super::http_error::{ErrorAnswer, Problem};
use super::status_page;

/// `web/dist`, embedded in a release build and read from disk in a debug build. May be missing: then [`UNBUILT`].
#[derive(RustEmbed)]
#[folder = "web/dist"]
#[allow_missing = true]
struct WebPage;

const INDEX: &str = "index.html";

/// Endings of what is a file and never an address of the page: names of streams may hold dots.
const FILES: [&str; 8] = [".js", ".css", ".map", ".svg", ".png", ".ico", ".txt", ".webmanifest"];

const UNBUILT: &str = include_str!("unbuilt.html");

/// The pages: their addresses are behind a `#`, so that they need nothing of us and survive a proxy's prefix. Those of `web/src/router.ts`
/// but `health`, which is a route of ours.
const PAGES: [&str; 8] = ["streams", "cameras", "recordings", "completeness", "incidents", "hosts", "system", "wall"];

/// Whatever no route has: a file of the page, the page itself, the way to one of its pages for whoever left the `#` out, or 404, with
/// the page to say so.
pub(super) async fn fallback(request: HttpRequest) -> ErrorAnswer {
    let path = request.path().trim_start_matches('/');
    let is_ours = path == "api" || path.starts_with("api/");
    if is_ours || !matches!(request.method().as_str(), "GET" | "HEAD") {
        return Err(Problem::new(StatusCode::NOT_FOUND, "there is no such route; see /api/openapi.json"));
    }
    if let Some(redirect) = status_page::routes::without_the_slash(&request, path) {
        return Ok(redirect);
    }
    if let Some(file) = WebPage::get(path).filter(|_| !path.is_empty() && path != INDEX) {
        return Ok(answer(&request, path, &file));
    }
    // A missing script must not become a page: the browser would report nonsense instead of 404.
    if path.starts_with("assets/") || FILES.iter().any(|ending| path.ends_with(ending)) {
        return Err(Problem::new(StatusCode::NOT_FOUND, "there is no such file"));
    }
    if let Some(place) = behind_the_hash(path) {
        let mut redirect = HttpResponse::Found();
        redirect.insert_header((header::CACHE_CONTROL, "no-cache")).insert_header((header::LOCATION, place));
        return Ok(redirect.finish());
    }
    let is_home = path.is_empty() || path == INDEX;
    let status = if is_home { StatusCode::OK } else { StatusCode::NOT_FOUND };
    match WebPage::get(INDEX) {
        Some(file) => Ok(page(&request, path, status, &file)),
        None => Ok(HttpResponse::build(status)
            .insert_header((header::CACHE_CONTROL, "no-cache"))
            .content_type("text/html; charset=utf-8")
            .body(UNBUILT)),
    }
}

/// Where one of our pages is, for its address without the `#`. Relative, as below any path.
fn behind_the_hash(path: &str) -> Option<String> {
    let first = path.split('/').next().unwrap_or_default();
    let home = match path.matches('/').count() {
        0 => "./".to_owned(),
        depth => "../".repeat(depth),
    };
    PAGES.contains(&first).then(|| format!("{home}#/{}", path.trim_end_matches('/')))
}

/// The page. Its addresses are relative; where the browser shows another address than the root, it is told what they are
/// relative to.
fn page(request: &HttpRequest, path: &str, status: StatusCode, file: &EmbeddedFile) -> HttpResponse {
    let base = match (BasePath::of(request), path.matches('/').count()) {
        ("", 0) if status == StatusCode::OK => return answer(request, INDEX, file),
        ("", 0) => "./".to_owned(),
        ("", depth) => "../".repeat(depth),
        (base, _) => format!("{base}/"),
    };
    let told = format!("<head><base href=\"{base}\" />");
    let text = String::from_utf8_lossy(&file.data).replacen("<head>", &told, 1);
    if status != StatusCode::OK {
        // Never 304, which would say that what is kept is an answer.
        let mut response = HttpResponse::build(status);
        response.insert_header((header::CACHE_CONTROL, "no-cache")).content_type(file.metadata.mimetype());
        return response.body(text);
    }
    send(request, INDEX, &weak_etag(text.as_bytes()), file.metadata.mimetype(), text.into_bytes())
}

fn answer(request: &HttpRequest, path: &str, file: &EmbeddedFile) -> HttpResponse {
    let etag = weak_etag_of(&file.metadata.sha256_hash());
    send(request, path, &etag, file.metadata.mimetype(), file.data.clone().into_owned())
}

fn send(request: &HttpRequest, path: &str, etag: &str, kind: &str, body: Vec<u8>) -> HttpResponse {
    // The build puts a hash into the names below assets/, so their content never changes.
    let cache = if path.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mut response = HttpResponse::Ok();
    response.insert_header((header::CACHE_CONTROL, cache)).content_type(kind);
    unless_known(request, etag, response, body)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::PAGES;

    #[test]
    fn the_pages_are_those_that_the_page_knows() {
        let router = include_str!("../../web/src/router.ts");
        let (_, parse) = router.split_once("export function parseRoute").expect("how addresses are read");
        let (parse, _) = parse.split_once("\n}\n").expect("its end");
        let cases = parse.lines().filter_map(|line| line.trim().strip_prefix("case \"")?.strip_suffix("\":"));
        let wanted: BTreeSet<&str> = cases.filter(|page| !matches!(*page, "" | "health")).collect();
        assert_eq!(BTreeSet::from(PAGES), wanted);
    }
}
