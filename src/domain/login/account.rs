//! Users, tokens, sessions and roles, and the bounds of their names and passwords.

use std::fmt;
use std::str::FromStr;

use argon2::password_hash::phc::PasswordHash;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::base::{Error, Result};

/// A session ends so long after its login, whatever it does.
pub const SESSION_LIFETIME: TimeDelta = TimeDelta::days(7);

/// A session that nobody uses ends after so long.
pub const SESSION_IDLE: TimeDelta = TimeDelta::hours(24);

/// Shortest and longest password, in letters.
const PASSWORD: std::ops::RangeInclusive<usize> = 10..=1024;

/// Who acts where nobody has logged in, in the audit log and of what people have said.
pub const NOBODY: &str = "anonymous";

/// Longest name of a user or a token, in letters.
const LONGEST_NAME: usize = 64;

/// What somebody may do. An operator may do everything that a viewer may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum UserRole {
    /// Tells how its host is, and may do nothing else; of tokens only.
    Agent,
    /// Looks at everything, changes nothing.
    Viewer,
    /// Changes cameras, users and tokens too.
    Operator,
}

impl UserRole {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Viewer => "viewer",
            Self::Operator => "operator",
        }
    }
}

impl fmt::Display for UserRole {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for UserRole {
    type Err = Error;

    fn from_str(word: &str) -> Result<Self> {
        match word {
            "agent" => Ok(Self::Agent),
            "viewer" => Ok(Self::Viewer),
            "operator" => Ok(Self::Operator),
            _ => Err(Error::invalid("role", "must be viewer or operator, or agent for a token")),
        }
    }
}

/// Refuses a role that people cannot have.
///
/// # Errors
/// `Invalid` at `role`.
pub fn check_user_role(role: UserRole) -> Result<()> {
    match role {
        UserRole::Agent => Err(Error::invalid("role", "must be viewer or operator: only tokens are of the role agent")),
        UserRole::Viewer | UserRole::Operator => Ok(()),
    }
}

/// A hash as it is stored: argon2id in PHC form, or hex digits of SHA-256. Not shown by `Debug`.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretHash(pub String);

impl fmt::Debug for SecretHash {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("***")
    }
}

/// Somebody who logs in with a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    /// Unique.
    pub name: String,
    /// What this user may do.
    pub role: UserRole,
    /// argon2id.
    pub password_hash: SecretHash,
    /// When it was added; `None` for one of the configuration.
    pub created_at: Option<DateTime<Utc>>,
}

/// A credential of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Made when it is added.
    pub id: Uuid,
    /// Unique, for people.
    pub name: String,
    /// What it may do.
    pub role: UserRole,
    /// SHA-256 in hex digits.
    pub hash: SecretHash,
    /// It reads only streams whose names begin so, and nothing else.
    pub stream_prefix: Option<String>,
    /// When it was added; `None` for one of the configuration.
    pub created_at: Option<DateTime<Utc>>,
    /// It ends by then; `None`: when it is revoked.
    pub expires_at: Option<DateTime<Utc>>,
    /// When it was last used, with a minute's resolution.
    pub used_at: Option<DateTime<Utc>>,
}

/// A login that lasts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginSession {
    /// For lists and for revoking; the cookie is another secret.
    pub id: Uuid,
    /// Who logged in.
    pub user: String,
    /// SHA-256 of the cookie in hex digits.
    pub hash: SecretHash,
    /// Where the login came from.
    pub address: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// It ends by then.
    pub expires_at: DateTime<Utc>,
    /// When it was last used, with a minute's resolution.
    pub used_at: DateTime<Utc>,
}

impl LoginSession {
    /// Whether it has ended by itself.
    pub fn is_over(&self, now: DateTime<Utc>) -> bool {
        now >= self.expires_at || now - self.used_at >= SESSION_IDLE
    }
}

/// Checks the name of a user or a token.
///
/// # Errors
/// `Invalid` at `name`.
pub fn check_login_name(name: &str) -> Result<()> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
    match name.len() {
        // Addresses know the other two as folders.
        1..=LONGEST_NAME if name.chars().all(allowed) && !matches!(name, "." | "..") && !name.starts_with('-') => {
            Ok(())
        }
        _ => {
            let text = format!(
                "must be 1 to {LONGEST_NAME} of the letters a-z, A-Z, digits, '.', '_', '-' and '@', not begin with '-', which the \
                 command line takes for an option, and not be . or .."
            );
            Err(Error::invalid("name", text))
        }
    }
}

/// Checks the name of a new user. One that has it already goes on working.
///
/// # Errors
/// `Invalid` at `name`.
pub fn check_user_name(name: &str) -> Result<()> {
    if name.eq_ignore_ascii_case(NOBODY) {
        let text = format!(
            "must not be {NOBODY}, which stands for whoever acts where nobody has logged in; choose another name"
        );
        return Err(Error::invalid("name", text));
    }
    check_login_name(name)
}

/// Checks a new password.
///
/// # Errors
/// `Invalid` at `password`, without it.
pub fn check_password(password: &str) -> Result<()> {
    let length = password.chars().count();
    if PASSWORD.contains(&length) {
        return Ok(());
    }
    let remedy = if length < *PASSWORD.start() { "longer" } else { "shorter" };
    let (least, most) = (PASSWORD.start(), PASSWORD.end());
    let text = format!("must have {least} to {most} characters and has {length}; choose a {remedy} one");
    Err(Error::invalid("password", text))
}

/// Checks the prefix of a token: what it reads are names of streams.
///
/// # Errors
/// `Invalid` at `streamPrefix`.
pub fn check_stream_prefix(role: UserRole, prefix: Option<&str>) -> Result<()> {
    let Some(prefix) = prefix else { return Ok(()) };
    let allowed = |c: char| c.is_ascii_alphanumeric() || "_-./".contains(c);
    let fault = match prefix.len() {
        _ if role != UserRole::Viewer => "is for viewers only",
        1..=200 if prefix.chars().all(allowed) => return Ok(()),
        _ => "must be the beginning of names of streams: letters, digits, '_', '-', '.', '/', at most 200",
    };
    Err(Error::invalid("streamPrefix", fault))
}

/// Whether a text is the argon2id hash of a password, in PHC form.
pub fn is_argon2id(text: &str) -> bool {
    PasswordHash::new(text).is_ok_and(|hash| hash.algorithm.as_str() == "argon2id" && hash.hash.is_some())
}

/// Whether a text is the SHA-256 of a token, in hex digits.
pub fn is_sha256(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_passwords_have_bounds() {
        let long = "x".repeat(65);
        for (name, good) in [
            ("anna", true),
            ("a.b_c-d@e", true),
            ("", false),
            ("a b", false),
            ("ü", false),
            ("-r", false),
            (&long, false),
        ] {
            assert_eq!(check_login_name(name).is_ok(), good, "{name}");
            assert_eq!(check_user_name(name).is_ok(), good, "{name}");
        }
        for name in ["anonymous", "Anonymous"] {
            assert!(
                check_user_name(name).is_err_and(|error| error.message().contains("nobody has logged in")),
                "{name}"
            );
        }
        let long = "x".repeat(1025);
        for (password, good) in [("0123456789", true), ("012345678", false), ("üüüüü", false), (&long, false)] {
            assert_eq!(check_password(password).is_ok(), good);
        }
        let error = check_password("tür").expect_err("too short");
        assert!(error.message().ends_with("has 3; choose a longer one"), "{error}");
        let shown = format!("{:?}", SecretHash("$argon2id$x".to_owned()));
        assert_eq!(shown, "***");
    }
}
