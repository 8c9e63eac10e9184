//! `http.users` and `http.tokens`: one text each, with a hash and never with a password.

use argon2::password_hash::phc::PasswordHash;

use super::values::list;
use crate::config::complaint::ConfigFault;
use crate::config::raw::RawEntry;
use crate::config::settings::{ConfiguredToken, ConfiguredUser, HiddenHash};

const ROLES: [&str; 2] = ["viewer", "operator"];
/// Of tokens only.
const AGENT: &str = "agent";

/// `NAME ROLE HASH`.
pub(super) fn users(entry: &RawEntry) -> Result<Vec<ConfiguredUser>, ConfigFault> {
    let remedy = "write \"NAME viewer HASH\" or \"NAME operator HASH\"; `streamwarden user hash` asks for a password and \
                  prints its HASH";
    let mut users: Vec<ConfiguredUser> = Vec::new();
    for text in texts(entry)? {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (name, role, hash) = match words.as_slice() {
            [name, role, hash] => (*name, *role, *hash),
            _ => return Err(ConfigFault::new("holds an entry that is not a name, a role and a hash", remedy)),
        };
        check_name(name, remedy)?;
        check_role(name, role, remedy)?;
        if !PasswordHash::new(hash).is_ok_and(|hash| hash.algorithm.as_str() == "argon2id" && hash.hash.is_some()) {
            // Not repeated: it may be the password.
            return Err(ConfigFault::new(format!("what stands behind {name:?} is not an argon2id hash"), remedy));
        }
        if users.iter().any(|user| user.name == name) {
            return Err(ConfigFault::new(format!("names {name:?} twice"), "give every user a name of its own"));
        }
        let hash = HiddenHash(hash.to_owned());
        users.push(ConfiguredUser { name: name.to_owned(), role: role.to_owned(), hash });
    }
    Ok(users)
}

/// `NAME ROLE SHA256 [PREFIX]`.
pub(super) fn tokens(entry: &RawEntry) -> Result<Vec<ConfiguredToken>, ConfigFault> {
    let remedy = "write \"NAME viewer HASH\", \"NAME operator HASH\" or \"NAME agent HASH\", and behind the hash of a viewer \
                  the beginning of the streams that it may read, if not all; HASH is `printf %s TOKEN | sha256sum`";
    let mut tokens: Vec<ConfiguredToken> = Vec::new();
    for text in texts(entry)? {
        let words: Vec<&str> = text.split_whitespace().collect();
        let (name, role, hash, prefix) = match words.as_slice() {
            [name, role, hash] => (*name, *role, *hash, None),
            [name, "viewer", hash, prefix] => (*name, "viewer", *hash, Some((*prefix).to_owned())),
            _ => return Err(ConfigFault::new("holds an entry that is not a name, a role and a hash", remedy)),
        };
        check_name(name, remedy)?;
        if role != AGENT {
            check_role(name, role, remedy)?;
        }
        if hash.len() != 64 || !hash.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
            // Not repeated: it may be the token.
            return Err(ConfigFault::new(
                format!("what stands behind {name:?} is not a SHA-256 in hex digits"),
                remedy,
            ));
        }
        if tokens.iter().any(|token| token.name == name) {
            return Err(ConfigFault::new(format!("names {name:?} twice"), "give every token a name of its own"));
        }
        let hash = HiddenHash(hash.to_owned());
        tokens.push(ConfiguredToken { name: name.to_owned(), role: role.to_owned(), hash, stream_prefix: prefix });
    }
    Ok(tokens)
}

/// The entries. In a variable they are separated by commas, and argon2id hashes hold some: what has no blank belongs to
/// the entry before it.
fn texts(entry: &RawEntry) -> Result<Vec<String>, ConfigFault> {
    let mut all: Vec<String> = Vec::new();
    for text in list(entry)? {
        match all.last_mut() {
            Some(before) if !text.trim().contains(' ') && before.contains(" $argon2id$") => {
                before.push(',');
                before.push_str(&text);
            }
            _ => all.push(text),
        }
    }
    Ok(all)
}

fn check_name(name: &str, remedy: &str) -> Result<(), ConfigFault> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || "._-@".contains(c);
    match name.len() {
        1..=64 if name.chars().all(allowed) => Ok(()),
        _ => Err(ConfigFault::new("holds a name that is not 1 to 64 of a-z, A-Z, digits, '.', '_', '-', '@'", remedy)),
    }
}

fn check_role(name: &str, role: &str, remedy: &str) -> Result<(), ConfigFault> {
    if ROLES.contains(&role) {
        return Ok(());
    }
    Err(ConfigFault::new(format!("the role of {name:?} is neither viewer nor operator"), remedy))
}
