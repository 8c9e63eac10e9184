//! What the OpenAPI document says of logins: the schemes, and which operations ask for one.

use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{Content, OpenApi, Ref, Response};

use super::access::Access;
use super::credentials::COOKIE;
use super::http_error::PROBLEM_JSON;
use super::responses::{operations, words};
use super::table::path_of;

/// Every address and method with those who may ask.
pub(super) struct Accesses(pub(super) Vec<(&'static str, &'static str, Access)>);

impl Accesses {
    /// Writes them into the document.
    pub(super) fn tell(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        let cookie = ApiKeyValue::with_description(COOKIE, "the session of a browser; see POST /api/v1/login");
        components.add_security_scheme("session", SecurityScheme::ApiKey(ApiKey::Cookie(cookie)));
        for (name, scheme) in [("token", HttpAuthScheme::Bearer), ("password", HttpAuthScheme::Basic)] {
            components.add_security_scheme(name, SecurityScheme::Http(Http::new(scheme)));
        }
        for (path, item) in &mut document.paths.paths {
            for (method, operation) in operations(item) {
                let found = self.0.iter().find(|(pattern, one, _)| *one == method && path_of(pattern) == *path);
                if found.is_none_or(|(_, _, access)| access.is_open()) {
                    continue;
                }
                // The empty one: where there is no user and no token, nobody is asked for one.
                let schemes = ["session", "token", "password"];
                let mut all = schemes.map(|name| SecurityRequirement::new::<_, [&str; 0], &str>(name, [])).to_vec();
                all.push(SecurityRequirement::default());
                operation.security = Some(all);
                for status in ["401", "429"] {
                    let mut response = Response::new(words(status));
                    let problem = Content::new(Some(Ref::from_schema_name("Problem")));
                    response.content.insert(PROBLEM_JSON.to_owned(), problem.into());
                    operation.responses.responses.entry(status.to_owned()).or_insert_with(|| response.into());
                }
            }
        }
    }
}
