//! What a caller may do, by type: the first argument of every handler is one of these, and a handler without one does not
//! fit into the route table ([`checked`]).

use std::future::{Ready, ready};
use std::sync::Arc;

use actix_web::dev::Payload;
use actix_web::http::StatusCode;
use actix_web::{FromRequest, Handler, HttpMessage, HttpRequest};

use super::caller::Caller;
use super::http_error::Problem;
use crate::domain::login::{Refusal, UserRole};

/// Who may ask for something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Anybody.
    Public,
    /// Anybody; who has logged in is told more.
    PublicInPart,
    /// Whoever has this role.
    Role(UserRole),
    /// A viewer, or a token for streams of this name.
    Stream,
    /// An agent that tells how its host is, or an operator.
    Reporter,
    /// As `http.status_page` says: nobody where there is none, anybody, or whoever has logged in.
    StatusPage,
}

impl Access {
    /// Whether nobody has to log in, or the configuration decides: what is no error without a login.
    pub(super) fn is_open(self) -> bool {
        matches!(self, Self::Public | Self::PublicInPart | Self::StatusPage)
    }
}

/// An extractor that decides about the caller.
pub(super) trait Guards: FromRequest {
    /// Whom it lets in.
    const ACCESS: Access;
}

/// Arguments of a handler that begin with one that decides about the caller.
pub(super) trait Guarded {
    /// Whom it lets in.
    const ACCESS: Access;
}

macro_rules! guarded {
    ($($argument:ident)*) => {
        impl<First: Guards, $($argument),*> Guarded for (First, $($argument,)*) {
            const ACCESS: Access = First::ACCESS;
        }
    };
}
guarded!();
guarded!(A);
guarded!(A B);
guarded!(A B C);
guarded!(A B C D);
guarded!(A B C D E);
guarded!(A B C D E F);

/// The handler itself, once its first argument decides about the caller.
pub(super) fn checked<H, Args>(handler: H) -> H
where
    H: Handler<Args>,
    Args: FromRequest + Guarded + 'static,
{
    handler
}

/// Whom a handler lets in.
pub(super) fn access_of<H, Args>(_: H) -> Access
where
    H: Handler<Args>,
    Args: FromRequest + Guarded + 'static,
{
    Args::ACCESS
}

/// Anybody may; who it is is known all the same.
pub(super) struct Public(pub(super) Caller);

/// Anybody may, and whoever has shown who it is, in whichever way, is told more.
pub(super) struct PublicInPart(pub(super) Caller);

/// Somebody who may look.
pub(super) struct Viewer(pub(super) Caller);

/// Somebody who may change things.
pub(super) struct Operator(pub(super) Caller);

/// Somebody who may look, or a token for the stream that the address names.
pub(super) struct StreamReader;

/// An agent that tells how its host is, or an operator.
pub(super) struct HostReporter {
    /// The name of the agent's token; `None` for an operator, who may tell of every host.
    pub(super) token: Option<Arc<str>>,
}

impl Guards for HostReporter {
    const ACCESS: Access = Access::Reporter;
}

impl FromRequest for HostReporter {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        match caller(request) {
            Caller::Token { name, role: UserRole::Agent, stream_prefix: None, .. } => {
                ready(Ok(Self { token: Some(name) }))
            }
            caller => ready(may(caller, UserRole::Operator).map(|_| Self { token: None })),
        }
    }
}

impl Guards for Public {
    const ACCESS: Access = Access::Public;
}

impl Guards for PublicInPart {
    const ACCESS: Access = Access::PublicInPart;
}

impl Guards for Viewer {
    const ACCESS: Access = Access::Role(UserRole::Viewer);
}

impl Guards for Operator {
    const ACCESS: Access = Access::Role(UserRole::Operator);
}

impl Guards for StreamReader {
    const ACCESS: Access = Access::Stream;
}

impl FromRequest for Public {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(caller(request))))
    }
}

impl FromRequest for PublicInPart {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self(caller(request))))
    }
}

impl FromRequest for Viewer {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(may(caller(request), UserRole::Viewer).map(Self))
    }
}

impl FromRequest for Operator {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(may(caller(request), UserRole::Operator).map(Self))
    }
}

impl FromRequest for StreamReader {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let caller = caller(request);
        let Caller::Token { stream_prefix: Some(prefix), .. } = &caller else {
            return ready(may(caller, UserRole::Viewer).map(|_| Self));
        };
        let name = request.match_info().get("path").unwrap_or_default();
        let name = percent_encoding::percent_decode_str(name).decode_utf8_lossy();
        if name.starts_with(&**prefix) {
            return ready(Ok(Self));
        }
        let text = format!("this token reads streams whose names begin with {prefix:?} only");
        ready(Err(Problem::new(StatusCode::FORBIDDEN, text)))
    }
}

/// Who `identify` says it is; nobody for what came past it, so that a route outside of the table lets nobody in by mistake.
fn caller(request: &HttpRequest) -> Caller {
    request.extensions().get::<Caller>().cloned().unwrap_or(Caller::Unknown(Refusal::None))
}

/// The caller, if it has this role.
fn may(caller: Caller, wanted: UserRole) -> Result<Caller, Problem> {
    match (&caller, caller.role()) {
        (_, Some(role)) if role >= wanted => Ok(caller),
        (Caller::Unknown(refusal @ Refusal::TooMany { seconds }), _) => Err(too_many(*refusal, *seconds)),
        (Caller::Unknown(Refusal::NotRead), _) => {
            Err(Problem::new(StatusCode::SERVICE_UNAVAILABLE, Refusal::NotRead.as_str()))
        }
        (Caller::Unknown(refusal), _) => Err(Problem::new(StatusCode::UNAUTHORIZED, refusal.as_str())),
        (Caller::Token { stream_prefix: Some(_), .. }, _) => {
            let text = "this token reads single streams only: GET /api/v1/streams/{path} and .../live";
            Err(Problem::new(StatusCode::FORBIDDEN, text))
        }
        _ => {
            let role = caller.role().unwrap_or(UserRole::Agent);
            let text = format!("{caller} has the role {role}, and this needs the role {wanted}");
            Err(Problem::new(StatusCode::FORBIDDEN, text))
        }
    }
}

/// The answer to one who tries too often.
pub(super) fn too_many(refusal: Refusal, seconds: u32) -> Problem {
    Problem::new(StatusCode::TOO_MANY_REQUESTS, refusal.as_str()).after(seconds)
}
