//! Everybody who may log in at one moment, and what a credential is worth.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::account::{LoginSession, Token, User, UserRole};
use crate::base::Error;
use crate::base::error::ErrorKind;

/// Users, tokens and sessions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LoginTable {
    /// Those of the configuration first: they win over one of the database with their name.
    pub users: Vec<User>,
    /// Those of the configuration first.
    pub tokens: Vec<Token>,
    /// Sessions, also those that are over.
    pub sessions: Vec<LoginSession>,
}

/// Why a credential is worth nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// None was shown.
    None,
    /// A session that is unknown, revoked, or whose user is gone.
    SessionUnknown,
    /// A session that has ended by itself.
    SessionOver,
    /// A token that is unknown or revoked.
    TokenUnknown,
    /// A token whose time is over.
    TokenOver,
    /// A name or a password that is wrong.
    WrongPassword,
    /// Too many attempts.
    TooMany {
        /// So long until the next one is taken, in seconds.
        seconds: u32,
    },
    /// The database has not been read since the start.
    NotRead,
}

impl Refusal {
    /// In words, with what to do.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "log in first, or send a token as Authorization: Bearer",
            Self::SessionUnknown => "this session has ended; log in again",
            Self::SessionOver => "this session has expired; log in again",
            Self::TokenUnknown => "this token is not known or was revoked; ask an operator for another one",
            Self::TokenOver => "this token has expired; ask an operator for another one",
            Self::WrongPassword => "the name or the password is wrong",
            Self::TooMany { .. } => "too many attempts to log in; wait a few seconds",
            Self::NotRead => {
                "who may log in is not known yet, as the database has not answered since the start; see that it runs (`streamwarden check` says \
                 what is wrong with it), then try again"
            }
        }
    }
}

/// Whether the last operator of the database may get another role, or be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LastOperator {
    /// It stays: there is no other one.
    Stays,
    /// It may: there is another one in the configuration.
    MayGo,
}

impl LastOperator {
    /// Whether an operator is left when this user gets another role, or is removed (`None`). `operators`: the names of those that the
    /// database has, which nobody else may change meanwhile. Tokens do not count: nobody logs in with them.
    ///
    /// # Errors
    /// `Conflict` where none would be left.
    pub fn check(self, operators: &[String], name: &str, role: Option<UserRole>) -> crate::base::Result<()> {
        let goes = operators.iter().any(|one| one == name) && role != Some(UserRole::Operator);
        if self == Self::MayGo || !goes || operators.iter().any(|one| one != name) {
            return Ok(());
        }
        let text = format!(
            "{name} is the last operator: nobody could change anything any more; make another user an operator first \
             (streamwarden user add NAME --role operator)"
        );
        Err(Error::new(ErrorKind::Conflict, text))
    }
}

/// What a token may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenGrant {
    /// Which token.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Its role.
    pub role: UserRole,
    /// It reads only streams whose names begin so.
    pub stream_prefix: Option<String>,
}

impl LoginTable {
    /// Whether anybody is in it who could log in, now or once.
    pub fn has_logins(&self) -> bool {
        !self.users.is_empty() || !self.tokens.is_empty()
    }

    /// The user of this name.
    pub fn user(&self, name: &str) -> Option<&User> {
        self.users.iter().find(|user| user.name == name)
    }

    /// Whether the database has to keep an operator: not where one is in this table, that of the configuration, which nobody changes here.
    pub fn last_operator(&self) -> LastOperator {
        let is_operator = |user: &User| user.role == UserRole::Operator;
        if self.users.iter().any(is_operator) { LastOperator::MayGo } else { LastOperator::Stays }
    }

    /// The session with this hash, and the role of its user as it is now.
    ///
    /// # Errors
    /// Why it is worth nothing.
    pub fn session(&self, hash: &str, now: DateTime<Utc>) -> Result<(&LoginSession, UserRole), Refusal> {
        let session = self.sessions.iter().find(|one| one.hash.0 == hash).ok_or(Refusal::SessionUnknown)?;
        if session.is_over(now) {
            return Err(Refusal::SessionOver);
        }
        let user = self.user(&session.user).ok_or(Refusal::SessionUnknown)?;
        Ok((session, user.role))
    }

    /// The token with this hash.
    ///
    /// # Errors
    /// Why it is worth nothing.
    pub fn token(&self, hash: &str, now: DateTime<Utc>) -> Result<TokenGrant, Refusal> {
        let token = self.tokens.iter().find(|one| one.hash.0 == hash).ok_or(Refusal::TokenUnknown)?;
        if token.expires_at.is_some_and(|end| now >= end) {
            return Err(Refusal::TokenOver);
        }
        let (name, stream_prefix) = (token.name.clone(), token.stream_prefix.clone());
        Ok(TokenGrant { id: token.id, name, role: token.role, stream_prefix })
    }

    /// Whether the session or token of this id is still worth something.
    pub fn is_good(&self, id: Uuid, now: DateTime<Utc>) -> bool {
        let session = self.sessions.iter().find(|one| one.id == id);
        let token = self.tokens.iter().find(|one| one.id == id);
        session.is_some_and(|one| self.session(&one.hash.0, now).is_ok())
            || token.is_some_and(|one| self.token(&one.hash.0, now).is_ok())
    }
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;
    use crate::domain::login::account::SecretHash;

    #[test]
    fn the_last_operator_stays_one() {
        use UserRole::{Operator, Viewer};
        let (one, both) = (["anna".to_owned()], ["anna", "omar"].map(str::to_owned));
        for (operators, name, role, is_kept) in [
            (&one[..], "anna", None, false),
            (&one, "anna", Some(Viewer), false),
            (&one, "anna", Some(Operator), true),
            (&one, "vera", None, true),
            (&one, "vera", Some(Viewer), true),
            (&one, "nobody", None, true),
            (&[], "vera", None, true),
            (&both, "anna", None, true),
            (&both, "anna", Some(Viewer), true),
        ] {
            let found = LastOperator::Stays.check(operators, name, role);
            assert_eq!(found.is_ok(), is_kept, "{name} {role:?}");
            assert!(LastOperator::MayGo.check(operators, name, role).is_ok(), "{name} {role:?}");
        }
        let error = LastOperator::Stays.check(&one, "anna", None).expect_err("refused");
        assert!(error.message().contains("streamwarden user add NAME --role operator"), "{error}");
        let user =
            |role| User { name: "chief".to_owned(), role, password_hash: SecretHash("p".to_owned()), created_at: None };
        let configured = |users| LoginTable { users, ..LoginTable::default() }.last_operator();
        assert_eq!(configured(Vec::new()), LastOperator::Stays);
        assert_eq!(configured(vec![user(Viewer)]), LastOperator::Stays);
        assert_eq!(configured(vec![user(Viewer), user(Operator)]), LastOperator::MayGo);
    }

    #[test]
    fn a_credential_is_worth_something_until_it_is_over_or_revoked() {
        let now = DateTime::from_timestamp(1_800_000_000, 0).expect("a time");
        let hour = TimeDelta::hours(1);
        let hash = |text: &str| SecretHash(text.to_owned());
        let user = |name: &str| User {
            name: name.to_owned(),
            role: UserRole::Viewer,
            password_hash: hash("p"),
            created_at: None,
        };
        let session = |user: &str, expires, used| LoginSession {
            id: Uuid::from_u128(expires as u128 + 100),
            user: user.to_owned(),
            hash: hash(&format!("{user} {expires} {used}")),
            address: "::1".to_owned(),
            created_at: now - hour,
            expires_at: now + hour * expires,
            used_at: now - hour * used,
        };
        let token = |name: &str, expires: Option<i32>| Token {
            id: Uuid::from_u128(expires.unwrap_or(7) as u128),
            name: name.to_owned(),
            role: UserRole::Operator,
            hash: hash(name),
            stream_prefix: None,
            created_at: None,
            expires_at: expires.map(|hours| now + hour * hours),
            used_at: None,
        };
        let table = LoginTable {
            users: vec![user("anna")],
            tokens: vec![token("always", None), token("once", Some(0)), token("soon", Some(1))],
            sessions: vec![session("anna", 1, 0), session("anna", 0, 0), session("anna", 2, 24), session("bert", 3, 0)],
        };
        for (hash, wanted) in [
            ("anna 1 0", Ok(UserRole::Viewer)),
            ("anna 0 0", Err(Refusal::SessionOver)),
            ("anna 2 24", Err(Refusal::SessionOver)),
            ("bert 3 0", Err(Refusal::SessionUnknown)),
            ("", Err(Refusal::SessionUnknown)),
        ] {
            assert_eq!(table.session(hash, now).map(|(_, role)| role), wanted, "{hash}");
        }
        for (hash, wanted) in [
            ("always", None),
            ("soon", None),
            ("once", Some(Refusal::TokenOver)),
            ("never", Some(Refusal::TokenUnknown)),
        ] {
            assert_eq!(table.token(hash, now).err(), wanted, "{hash}");
        }
        for (id, good) in [(101, true), (100, false), (7, true), (0, false), (55, false)] {
            assert_eq!(table.is_good(Uuid::from_u128(id), now), good, "{id}");
        }
        assert!(table.has_logins() && !LoginTable::default().has_logins());
    }
}
