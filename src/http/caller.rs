//! Who calls: what a request shows of it, and the trait that tells.
//!
//! `identify` is around every address of the route table, the WebSocket included, and asks [`IdentifyCaller`] before
//! anything else of that address runs. What it answers is kept with the request; what the caller may do is up to the
//! extractor that the handler takes (`access`). `logins` knows the users.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use actix_web::http::Method;
use actix_web::http::header::HeaderMap;
use async_trait::async_trait;
use futures_util::future::LocalBoxFuture;
use uuid::Uuid;

use crate::base::Result;
use crate::domain::login::{NOBODY, Refusal, UserRole};

/// Who sent a request. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Caller {
    /// Somebody who was not asked for a name, because nobody is: may do everything.
    Anonymous,
    /// Somebody who has not shown who it is; why.
    Unknown(Refusal),
    /// A user.
    User {
        /// Its name.
        name: Arc<str>,
        /// What it may do.
        role: UserRole,
        /// The session; `None` for one who has sent name and password with the request.
        session: Option<Uuid>,
    },
    /// A program by its token.
    Token {
        /// Name of the token.
        name: Arc<str>,
        /// What it may do.
        role: UserRole,
        /// It reads only streams whose names begin so.
        stream_prefix: Option<Arc<str>>,
        /// Which one.
        id: Uuid,
    },
}

impl Caller {
    /// What it may do in general; `None`: nothing.
    pub fn role(&self) -> Option<UserRole> {
        match self {
            Self::Anonymous => Some(UserRole::Operator),
            Self::User { role, .. } | Self::Token { role, stream_prefix: None, .. } => Some(*role),
            Self::Unknown(_) | Self::Token { stream_prefix: Some(_), .. } => None,
        }
    }

    /// The session or token that it goes by.
    pub fn credential(&self) -> Option<Uuid> {
        match self {
            Self::User { session, .. } => *session,
            Self::Token { id, .. } => Some(*id),
            Self::Anonymous | Self::Unknown(_) => None,
        }
    }
}

impl fmt::Display for Caller {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Anonymous => out.write_str(NOBODY),
            Self::Unknown(_) => out.write_str("unknown"),
            Self::User { name, .. } => out.write_str(name),
            Self::Token { name, .. } => write!(out, "token {name}"),
        }
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
    /// Where it comes from.
    pub address: IpAddr,
    /// What a name and a password in `Authorization` are for.
    pub passwords: PasswordUse,
}

/// What a name and a password that come with a request are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PasswordUse {
    /// Nothing: anybody may ask this, and they are not looked at.
    Ignored,
    /// Anybody may ask this and is told more with the right ones: wrong ones are as good as none.
    ForMore,
    /// For the answer.
    Needed,
}

/// Tells who sends a request.
#[async_trait(?Send)]
pub trait IdentifyCaller: Send + Sync {
    /// The caller. `Unauthorized` for one that nothing at all is answered; the request is then answered with 401.
    async fn identify(&self, call: Call<'_>) -> Result<Caller>;

    /// Waits until the caller may not go on any more, for connections that stay open.
    fn ended(&self, _: &Caller) -> LocalBoxFuture<'static, ()> {
        Box::pin(std::future::pending())
    }
}

/// Lets everybody in. Who may reach the port is up to `guard` and to a proxy in front.
pub struct Anonymous;

#[async_trait(?Send)]
impl IdentifyCaller for Anonymous {
    async fn identify(&self, _: Call<'_>) -> Result<Caller> {
        Ok(Caller::Anonymous)
    }
}
