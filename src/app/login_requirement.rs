//! Who is let in: nothing that other machines can reach is served before somebody can log in there.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::watch;
use uuid::Uuid;

use crate::actors::logins::Logins;
use crate::adapters::database::Stores;
use crate::base::{Error, Result};
use crate::config::Settings;
use crate::config::settings::{DatabaseSettings, HttpSettings};
use crate::domain::login::{LoginTable, SecretHash, Token, User};

/// Whether only this machine can reach it.
pub(super) fn is_loopback(listen: SocketAddr) -> bool {
    listen.ip().to_canonical().is_loopback()
}

/// Refuses an address that other machines reach where nobody can be there who could log in, before anything is opened.
///
/// # Errors
/// `Invalid` at `http.listen`, with the remedy.
pub(super) fn refuse_open(settings: &Settings) -> Result<()> {
    let is_empty = match &settings.database {
        DatabaseSettings::Sqlite(file) | DatabaseSettings::Site { own: file, .. } => !file.exists(),
        DatabaseSettings::Postgres(_) => false,
    };
    let configured = configured(&settings.http);
    if is_empty && !is_loopback(settings.http.listen) && !configured.has_logins() {
        return Err(open(settings.http.listen));
    }
    Ok(())
}

/// The logins of these settings.
///
/// # Errors
/// `Invalid` at `http.listen` when other machines reach it and nobody could log in; `Internal` when `data_dir` cannot be written.
pub(super) async fn open_logins(
    settings: &Settings,
    stores: &Stores,
    configured: watch::Receiver<LoginTable>,
) -> Result<Arc<Logins>> {
    let is_loopback = is_loopback(settings.http.listen);
    let logins = Logins::open(stores.logins.clone(), configured, !is_loopback, settings.data_dir.clone()).await?;
    if let Some((fault, remedy)) = open_status_page(settings, logins.has_logins() == Some(false)) {
        log::warn!("http.status_page.login {fault}; {remedy}");
    }
    match logins.has_logins() {
        Some(false) if !is_loopback => Err(open(settings.http.listen)),
        // Not known yet: then nobody is let in.
        _ => Ok(logins),
    }
}

/// What is wrong with a page for viewers that asks for a login where nobody is asked for one, and what to do; a proxy in front may show it to
/// everybody.
pub(super) fn open_status_page(settings: &Settings, nobody_logs_in: bool) -> Option<(&'static str, &'static str)> {
    let page = &settings.http.status_page;
    let fault = "asks for a login, but there is no user and no token: nobody is asked for one, and whoever reaches /status sees it";
    (nobody_logs_in && page.enabled && page.login).then_some((fault, "add a user: streamwarden user add NAME"))
}

/// What is wrong with such an address, and what to do.
pub(super) fn open(listen: SocketAddr) -> Error {
    Error::invalid("http.listen", format!("{}; {ADD_USER}", no_user(listen)))
}

/// What is wrong with it.
pub(super) fn no_user(listen: SocketAddr) -> String {
    format!("{listen} can be reached from other machines, and there is no login yet: nobody could log in")
}

/// What to do about it.
pub(super) const ADD_USER: &str = "add a user first (`streamwarden user add NAME --role operator`, with the same --config) \
                                   or name one in http.users, or listen on 127.0.0.1 or [::1]";

/// Users and tokens of the configuration.
pub(super) fn configured(http: &HttpSettings) -> LoginTable {
    let users = http.users.iter().filter_map(|user| {
        let (name, password_hash) = (user.name.clone(), SecretHash(user.hash.0.clone()));
        // The words were checked when they were read.
        Some(User { name, role: user.role.parse().ok()?, password_hash, created_at: None })
    });
    let tokens = http.tokens.iter().enumerate().filter_map(|(number, token)| {
        Some(Token {
            // Of this version no other ids are made.
            id: Uuid::from_u128(u128::try_from(number).ok()? + 1),
            name: token.name.clone(),
            role: token.role.parse().ok()?,
            hash: SecretHash(token.hash.0.clone()),
            stream_prefix: token.stream_prefix.clone(),
            created_at: None,
            expires_at: None,
            used_at: None,
        })
    });
    LoginTable { users: users.collect(), tokens: tokens.collect(), sessions: Vec::new() }
}
