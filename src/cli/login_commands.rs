//! `streamwarden user`, `token` and `audit`: who may log in, and what people have changed.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use log::LevelFilter;
use nix::sys::termios::{LocalFlags, SetArg, tcgetattr, tcsetattr};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

use super::{ApiTarget, CommandFailure, Files, note, printable, say, table};
use crate::adapters::secrets::hash_password;
use crate::app::login_access::LoginAccess;
use crate::app::remote::Remote;
use crate::base::{Error, Result};
use crate::config;
use crate::domain::login::{UserRole, check_password};
use crate::{app, logging};

/// Entries of the audit log that are shown when nobody says how many.
const ENTRIES: u32 = 50;

/// `user ...`
#[derive(Clone, Debug, Subcommand)]
pub enum UserCommand {
    /// Add a user. The password is asked for, or read from standard input or a file.
    Add {
        /// Its name.
        name: String,
        /// What it may do: viewer or operator.
        #[arg(long, default_value = "viewer", value_parser = role)]
        role: UserRole,
        /// How the password is given.
        #[command(flatten)]
        password: PasswordSource,
        /// How and whom to tell.
        #[command(flatten)]
        target: ApiTarget,
    },
    /// List the users.
    #[command(visible_alias = "ls")]
    List(ApiTarget),
    /// Remove a user; its sessions end.
    #[command(visible_aliases = ["rm", "delete"])]
    Remove {
        /// Its name.
        name: String,
        /// How and whom to tell.
        #[command(flatten)]
        target: ApiTarget,
    },
    /// Give a user another password; its sessions end.
    Passwd {
        /// Its name.
        name: String,
        /// How the password is given.
        #[command(flatten)]
        password: PasswordSource,
        /// How and whom to tell.
        #[command(flatten)]
        target: ApiTarget,
    },
    /// Give a user another role.
    Role {
        /// Its name.
        name: String,
        /// viewer or operator.
        #[arg(value_parser = role)]
        role: UserRole,
        /// How and whom to tell.
        #[command(flatten)]
        target: ApiTarget,
    },
    /// Print the hash of a password, for http.users in the configuration.
    Hash(PasswordSource),
}

/// `token ...`
#[derive(Clone, Debug, Subcommand)]
pub enum TokenCommand {
    /// Make a token and print it: it is not kept, and never shown again.
    Add {
        /// Its name.
        name: String,
        /// What it may do: viewer or operator; agent: tell how a host is, and nothing else.
        #[arg(long, default_value = "viewer", value_parser = role)]
        role: UserRole,
        /// It reads only streams whose names begin so (GET /api/v1/streams/NAME and .../live), and nothing else.
        #[arg(long, value_name = "BEGINNING")]
        stream_prefix: Option<String>,
        /// It ends after so long, as in 90d [default: when it is revoked]
        #[arg(long, value_name = "DURATION")]
        expires: Option<String>,
        /// How and whom to tell.
        #[command(flatten)]
        target: ApiTarget,
    },
    /// List the tokens.
    #[command(visible_alias = "ls")]
    List(ApiTarget),
    /// Revoke a token.
    #[command(visible_aliases = ["remove", "rm", "delete"])]
    Revoke {
        /// Its name.
        name: String,
        /// How and whom to tell.
        #[command(flatten)]
        target: ApiTarget,
    },
}

/// `audit ...`
#[derive(Clone, Debug, Subcommand)]
pub enum AuditCommand {
    /// List what people have changed, the newest first.
    #[command(visible_alias = "ls")]
    List {
        /// At most so many.
        #[arg(long, value_name = "N", default_value_t = ENTRIES, value_parser = clap::value_parser!(u32).range(1..=1000))]
        limit: u32,
        /// How and whom to ask.
        #[command(flatten)]
        target: ApiTarget,
    },
}

/// How a password is given: never as an argument, which `ps` shows.
#[derive(Clone, Debug, Args)]
pub struct PasswordSource {
    /// File that holds the password; - reads standard input.
    #[arg(long, value_name = "FILE")]
    password_file: Option<PathBuf>,
}

fn role(word: &str) -> std::result::Result<UserRole, String> {
    word.parse().map_err(|_| "write viewer or operator; agent for a token".to_owned())
}

/// `streamwarden user ...`
///
/// # Errors
/// The configuration's complaints, or why it could not be done.
pub fn user(files: &Files, command: UserCommand) -> Result<(), CommandFailure> {
    begin(files);
    app::block_on(act_on_user(files, command))?
}

/// `streamwarden token ...`
///
/// # Errors
/// As [`user`].
pub fn token(files: &Files, command: TokenCommand) -> Result<(), CommandFailure> {
    begin(files);
    app::block_on(act_on_token(files, command))?
}

/// `streamwarden audit ...`
///
/// # Errors
/// As [`user`].
pub fn audit(files: &Files, command: AuditCommand) -> Result<(), CommandFailure> {
    begin(files);
    let AuditCommand::List { limit, target } = command;
    app::block_on(async {
        let entries = access(files, &target).await?.audit(limit).await?;
        if target.print.json {
            return say(&json!({ "items": entries, "next": null }).to_string());
        }
        let mut lines = vec![["TIME", "WHO", "FROM", "ACTION", "TARGET"].map(str::to_owned)];
        lines.extend(entries.iter().map(|one| {
            let at = one.at.format("%Y-%m-%dT%H:%M:%SZ").to_string();
            [at, one.who.clone(), one.address.clone(), one.action.clone(), one.target.clone()]
                .map(|cell| printable(&cell))
        }));
        say(&table(&lines).join("\n"))
    })?
}

fn begin(files: &Files) {
    logging::start_on_console(files.log_level.unwrap_or(LevelFilter::Warn));
}

async fn access(files: &Files, target: &ApiTarget) -> Result<LoginAccess, CommandFailure> {
    match &target.api {
        Some(url) => Ok(LoginAccess::Running(Remote::at(url, files.access()?).map_err(CommandFailure::Usage)?)),
        None => LoginAccess::of(&files.settings()?).await.map_err(CommandFailure::of_place),
    }
}

/// As [`access`], for adding: the first user is added before the first start.
async fn access_to_add(files: &Files, target: &ApiTarget) -> Result<LoginAccess, CommandFailure> {
    match &target.api {
        Some(_) => access(files, target).await,
        None => LoginAccess::to_add(&files.settings()?).await.map_err(CommandFailure::of_place),
    }
}

async fn act_on_user(files: &Files, command: UserCommand) -> Result<(), CommandFailure> {
    match command {
        UserCommand::Hash(source) => {
            let password = source.read()?;
            check_password(password.expose_secret()).map_err(CommandFailure::Usage)?;
            say(&hash_password(password).await?.0)
        }
        UserCommand::Add { name, role, password, target } => {
            let access = access_to_add(files, &target).await?;
            let password = password.read()?;
            access.add_user(&name, role, password).await.map_err(CommandFailure::of_arguments)?;
            done(&target, json!({ "name": name, "role": role }), &format!("added user {name} ({role})"))
        }
        UserCommand::List(target) => {
            let users = access(files, &target).await?.users().await?;
            list(&target, &users, [("NAME", "name"), ("ROLE", "role"), ("ADDED", "createdAt")])
        }
        UserCommand::Remove { name, target } => {
            access(files, &target).await?.remove_user(&name).await.map_err(CommandFailure::of_arguments)?;
            done(&target, json!({ "name": name }), &format!("removed user {}", printable(&name)))
        }
        UserCommand::Passwd { name, password, target } => {
            let access = access(files, &target).await?;
            let password = password.read()?;
            access.edit_user(&name, None, Some(password)).await.map_err(CommandFailure::of_arguments)?;
            done(
                &target,
                json!({ "name": name }),
                &format!("changed the password of {}; its sessions end", printable(&name)),
            )
        }
        UserCommand::Role { name, role, target } => {
            let access = access(files, &target).await?;
            access.edit_user(&name, Some(role), None).await.map_err(CommandFailure::of_arguments)?;
            done(&target, json!({ "name": name, "role": role }), &format!("{} is {role} now", printable(&name)))
        }
    }
}

async fn act_on_token(files: &Files, command: TokenCommand) -> Result<(), CommandFailure> {
    match command {
        TokenCommand::Add { name, role, stream_prefix, expires, target } => {
            let expires_at = expires.map(|text| end(&text)).transpose().map_err(CommandFailure::Usage)?;
            let access = access_to_add(files, &target).await?;
            let made = access.add_token(&name, role, stream_prefix, expires_at).await;
            let token = made.map_err(CommandFailure::of_arguments)?;
            let token = token.expose_secret();
            if !target.print.json {
                note("the token is shown this once; send it as Authorization: Bearer TOKEN");
            }
            done(&target, json!({ "name": name, "role": role, "token": token }), token)
        }
        TokenCommand::List(target) => {
            let tokens = access(files, &target).await?.tokens().await?;
            let columns = [
                ("NAME", "name"),
                ("ROLE", "role"),
                ("STREAMS", "streamPrefix"),
                ("EXPIRES", "expiresAt"),
                ("LAST USED", "usedAt"),
            ];
            list(&target, &tokens, columns)
        }
        TokenCommand::Revoke { name, target } => {
            access(files, &target).await?.revoke_token(&name).await?;
            done(&target, json!({ "name": name }), &format!("revoked token {}", printable(&name)))
        }
    }
}

fn done(target: &ApiTarget, json: Value, words: &str) -> Result<(), CommandFailure> {
    say(&if target.print.json { json.to_string() } else { words.to_owned() })
}

fn list<const N: usize>(target: &ApiTarget, items: &[Value], columns: [(&str, &str); N]) -> Result<(), CommandFailure> {
    if target.print.json {
        return say(&json!({ "items": items, "next": null }).to_string());
    }
    let mut lines = vec![columns.map(|(title, _)| title.to_owned())];
    lines.extend(items.iter().map(|item| columns.map(|(_, key)| printable(item[key].as_str().unwrap_or("-")))));
    say(&table(&lines).join("\n"))
}

fn end(text: &str) -> Result<DateTime<Utc>> {
    let wrong = || Error::invalid("--expires", "must be a duration like 12h, 90d or 1y");
    let lasts = config::parse_duration(text).map_err(|_| wrong())?;
    Utc::now().checked_add_signed(chrono::TimeDelta::from_std(lasts).map_err(|_| wrong())?).ok_or_else(wrong)
}

impl PasswordSource {
    /// From the file, from standard input, or typed unseen and twice.
    fn read(&self) -> Result<SecretString, CommandFailure> {
        let text = match &self.password_file {
            Some(file) if file != Path::new("-") => std::fs::read_to_string(file).map_err(|error| {
                CommandFailure::Usage(Error::invalid("--password-file", format!("cannot be read: {error}")))
            })?,
            None if std::io::stdin().is_terminal() => {
                let (first, again) = (typed("Password: ")?, typed("Once more: ")?);
                if first != again {
                    return Err(CommandFailure::Usage(Error::invalid(
                        "password",
                        "was typed differently; nothing was done",
                    )));
                }
                first
            }
            _ => line()?,
        };
        Ok(text.trim_end_matches(['\r', '\n']).to_owned().into())
    }
}

fn typed(prompt: &str) -> Result<String, CommandFailure> {
    note(prompt);
    let stdin = std::io::stdin();
    let before = tcgetattr(&stdin).ok();
    if let Some(before) = &before {
        let mut unseen = before.clone();
        unseen.local_flags.remove(LocalFlags::ECHO);
        let _ = tcsetattr(&stdin, SetArg::TCSANOW, &unseen);
    }
    let text = line();
    if let Some(before) = &before {
        let _ = tcsetattr(&stdin, SetArg::TCSANOW, before);
    }
    text
}

fn line() -> Result<String, CommandFailure> {
    let mut text = String::new();
    let read = std::io::stdin().read_line(&mut text);
    read.map_err(|error| Error::internal(format!("standard input cannot be read: {error}")).with_source(error))?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
