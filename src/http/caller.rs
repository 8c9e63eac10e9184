//! Who calls: the one place where a login is asked for.
//!
//! `identify` is around every address of the route table, the WebSocket included, and asks [`IdentifyCaller`] before
//! anything else of that address runs. What it answers is kept with the request; a handler takes it as an argument
//! ([`Caller`]). Today everybody is [`Anonymous`], as there is no login yet.

use std::fmt;
use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::header::HeaderMap;
use actix_web::http::{Method, StatusCode};
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use async_trait::async_trait;

use super::http_error::Problem;
use crate::base::Result;

/// Who sent a request. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Somebody who was not asked for a name.
    Anonymous,
    /// A user by name.
    User(Arc<str>),
}

impl fmt::Display for Caller {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Self::Anonymous => "anonymous",
            Self::User(name) => name,
        })
    }
}

/// A request, as far as it says who sent it and what is wanted.
pub struct Call<'a> {
    /// Its method.
    pub method: &'a Method,
    /// The address as the route table has it: `/api/v1/cameras/{id}`.
    pub route: &'a str,
    /// Cookies and `Authorization` are among them.
    pub headers: &'a HeaderMap,
}

/// Tells who sends a request.
#[async_trait(?Send)]
pub trait IdentifyCaller: Send + Sync {
    /// The caller. `Unauthorized` when it has to log in first, or may not do this; the request is then answered with 401.
    async fn identify(&self, call: Call<'_>) -> Result<Caller>;
}

/// Lets everybody in. Who may reach the port is up to `guard` and to a proxy in front.
pub struct Anonymous;

#[async_trait(?Send)]
impl IdentifyCaller for Anonymous {
    async fn identify(&self, _: Call<'_>) -> Result<Caller> {
        Ok(Caller::Anonymous)
    }
}

impl FromRequest for Caller {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    /// Refuses what came past `identify`, so that a route outside of the table lets nobody in by mistake.
    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = request.extensions().get::<Self>().cloned();
        ready(caller.ok_or_else(|| Problem::new(StatusCode::UNAUTHORIZED, "it is not known who calls")))
    }
}
