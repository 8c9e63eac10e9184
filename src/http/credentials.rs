//! Who calls, by what a request shows: the cookie of a session, a token, or name and password.

use std::sync::Arc;

use actix_web::http::header::{self, HeaderMap};
use async_trait::async_trait;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use futures_util::future::LocalBoxFuture;
use secrecy::SecretString;

use super::caller::{Call, Caller, IdentifyCaller, PasswordUse};
use crate::actors::logins::Logins;
use crate::base::Result;
use crate::domain::login::Refusal;

/// Name of the session's cookie.
pub(super) const COOKIE: &str = "streamwarden_session";

/// Asks the logins.
pub struct ByLogins(pub Arc<Logins>);

#[async_trait(?Send)]
impl IdentifyCaller for ByLogins {
    async fn identify(&self, call: Call<'_>) -> Result<Caller> {
        if !self.0.required() {
            return Ok(Caller::Anonymous);
        }
        if let Some(token) = authorization(call.headers, "Bearer") {
            return Ok(self.0.by_token(token).await.map_or_else(Caller::Unknown, |grant| Caller::Token {
                name: grant.name.into(),
                role: grant.role,
                stream_prefix: grant.stream_prefix.map(Into::into),
                id: grant.id,
            }));
        }
        if self.0.is_unknown() {
            // Whoever it is: that nobody can say so is the program's fault and not theirs.
            return Ok(Caller::Unknown(Refusal::NotRead));
        }
        let by_cookie = match cookie(call.headers) {
            Some(secret) => self.0.by_cookie(&secret).await,
            None => Err(Refusal::None),
        };
        let refusal = match by_cookie {
            Ok((session, role)) => {
                return Ok(Caller::User { name: session.user.into(), role, session: Some(session.id) });
            }
            Err(refusal) => refusal,
        };
        // A proxy with a login of its own may send it along, so a session goes first.
        let basic = authorization(call.headers, "Basic").filter(|_| call.passwords != PasswordUse::Ignored);
        let Some((name, password)) = basic.and_then(name_and_password) else { return Ok(Caller::Unknown(refusal)) };
        match self.0.by_known_password(&name, password, call.address).await {
            Ok(Ok(user)) => Ok(Caller::User { name: user.name.into(), role: user.role, session: None }),
            Ok(Err(refusal)) => Ok(Caller::Unknown(refusal)),
            Err(_) if call.passwords == PasswordUse::ForMore => Ok(Caller::Unknown(refusal)),
            Err(error) => Err(error),
        }
    }

    fn ended(&self, caller: &Caller) -> LocalBoxFuture<'static, ()> {
        match caller.credential() {
            Some(id) => Box::pin(self.0.ended(id)),
            // Where nobody was asked for a name, somebody may be from now on.
            None if *caller == Caller::Anonymous => Box::pin(self.0.until_required()),
            None => match caller {
                // By name and password.
                Caller::User { name, .. } => Box::pin(self.0.password_ended(name)),
                _ => Box::pin(std::future::pending()),
            },
        }
    }
}

/// The secret of the session's cookie.
pub(super) fn cookie(headers: &HeaderMap) -> Option<String> {
    let all = headers.get_all(header::COOKIE).filter_map(|value| value.to_str().ok());
    let mut pairs = all.flat_map(|text| text.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(name, _)| *name == COOKIE).map(|(_, value)| value.to_owned())
}

/// What follows the scheme in `Authorization`.
pub(super) fn authorization<'a>(headers: &'a HeaderMap, scheme: &str) -> Option<&'a str> {
    let (given, rest) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    given.eq_ignore_ascii_case(scheme).then(|| rest.trim())
}

fn name_and_password(encoded: &str) -> Option<(String, SecretString)> {
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.into()))
}

#[cfg(test)]
mod tests {
    use actix_web::http::header::HeaderValue;
    use secrecy::ExposeSecret;

    use super::*;

    #[test]
    fn credentials_are_read_from_the_headers() {
        let mut headers = HeaderMap::new();
        assert_eq!((cookie(&headers), authorization(&headers, "Bearer")), (None, None));
        headers.append(header::COOKIE, HeaderValue::from_static("a=b; streamwarden_session=s3cret; c=d"));
        headers.insert(header::AUTHORIZATION, HeaderValue::from_static("bearer  abc "));
        assert_eq!(cookie(&headers).as_deref(), Some("s3cret"));
        assert_eq!(authorization(&headers, "Bearer"), Some("abc"));
        assert_eq!(authorization(&headers, "Basic"), None);
        let (name, password) = name_and_password("YW5uYTpwYTpzcw==").expect("anna:pa:ss");
        assert_eq!((name.as_str(), password.expose_secret()), ("anna", "pa:ss"));
        assert!(name_and_password("!").is_none());
    }
}
