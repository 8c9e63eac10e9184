//! Who may see the page.

use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, HttpRequest, web};

use crate::http::access::{Access, Guards, Viewer};
use crate::http::http_error::Problem;
use crate::http::http_state::HttpState;

/// Somebody who may see the page: there is one, and it is for everybody or the caller has logged in.
pub(in crate::http) struct StatusReader;

impl Guards for StatusReader {
    const ACCESS: Access = Access::StatusPage;
}

/// For the page alone, which tells whoever has to log in first in words for people.
impl Guards for Result<StatusReader, Problem> {
    const ACCESS: Access = Access::StatusPage;
}

impl FromRequest for StatusReader {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let page = request.app_data::<web::Data<HttpState>>().map(|state| &state.status_page);
        ready(match page.filter(|page| page.is_there()) {
            // As where there is no such address.
            None => Err(Problem::bare(StatusCode::NOT_FOUND)),
            Some(page) if page.is_public() => Ok(Self),
            Some(_) => Viewer::from_request(request, payload).into_inner().map(|_| Self),
        })
    }
}
