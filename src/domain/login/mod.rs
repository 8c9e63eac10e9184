//! Who may log in and what they may do: users, tokens, sessions, and the rule that decides about a credential.
//!
//! Secrets are never in here: passwords as argon2id hashes, tokens and session cookies, which are random, as SHA-256. Talked
//! to by `adapters/database`, `actors/logins` and `http`.

mod account;
mod audit;
mod table;

pub use account::{
    LoginSession, NOBODY, SESSION_IDLE, SESSION_LIFETIME, SecretHash, Token, User, UserRole, check_login_name,
    check_password, check_stream_prefix, check_user_name, check_user_role, is_argon2id, is_sha256,
};
pub use audit::{AUDIT_KEPT, AuditEntry};
pub use table::{LastOperator, LoginTable, Refusal, TokenGrant};
