//! A look at a Redis, for `streamwarden check`: version, rights, memory policy, clock. Changes nothing.

use chrono::Utc;
use redis::aio::ConnectionManager;
use redis::{RedisResult, Value};

use super::connect::Target;
use super::keys::{self, Keys};
use crate::base::{Error, Result};
use crate::config::settings::RedisSettings;

/// A clock that differs more is told, in ms.
const CLOCK_MS: i64 = 1_000;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// Where, which version, with how many keys of ours to come.
    pub found: String,
    /// What works and somebody should know, with its remedy.
    pub notes: Vec<(String, String)>,
}

/// Looks at it.
///
/// # Errors
/// What makes it unfit for use, with its remedy.
pub async fn inspect(settings: &RedisSettings, servers: &[String]) -> Result<Inspection> {
    let target = Target::of(settings)?;
    let keys = Keys::new(&settings.prefix, servers);
    let mut connection = target.commands()?;
    let pong: RedisResult<()> = redis::cmd("PING").query_async(&mut connection).await;
    pong.map_err(|error| target.error(&error))?;
    let mut inspection = Inspection::default();
    let version = describe(&target, &mut connection, &mut inspection).await?;
    rights(&target, &keys, &mut connection).await?;
    let mut subscription = target.subscription().await?;
    let channel = keys.own_updates();
    subscription.connection.subscribe(&channel).await.map_err(|error| {
        let remedy = format!("give the user +subscribe and &{}:*", settings.prefix);
        Error::unavailable(format!("{}; {remedy}", target.error(&error).message()))
    })?;
    clock(&mut connection, &mut inspection).await;
    inspection.found = format!("{}, {version}, prefix {}", target.shown, settings.prefix);
    Ok(inspection)
}

/// Version, role and memory, as far as the user may ask for them.
async fn describe(target: &Target, connection: &mut ConnectionManager, inspection: &mut Inspection) -> Result<String> {
    let info: RedisResult<String> = redis::cmd("INFO").query_async(connection).await;
    let Ok(info) = info else {
        let remedy = "give the user +info, or look at maxmemory-policy yourself";
        inspection.notes.push(("the user may not ask for version and memory (INFO)".to_owned(), remedy.to_owned()));
        return Ok("version unknown".to_owned());
    };
    let value = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    let version = value("redis_version").unwrap_or("?");
    if is_older(version, (6, 2)) {
        let text = format!("{}: Redis {version} is too old; 6.2 or later is needed", target.shown);
        return Err(Error::unavailable(text));
    }
    if value("role") == Some("slave") {
        let text = format!("{}: it is a read-only replica; name the primary in live.redis_url", target.shown);
        return Err(Error::unavailable(text));
    }
    let (policy, most) = (value("maxmemory_policy").unwrap_or("noeviction"), value("maxmemory_human").unwrap_or("0B"));
    if most != "0B" && policy != "noeviction" {
        let found = format!("maxmemory {most} with {policy}: history is thrown away when it is full");
        inspection.notes.push((found, "raise maxmemory, or set maxmemory-policy to noeviction".to_owned()));
    }
    Ok(format!("Redis {version}"))
}

fn is_older(version: &str, than: (u32, u32)) -> bool {
    let mut parts = version.split('.').map(|part| part.parse().unwrap_or(u32::MAX));
    (parts.next().unwrap_or(u32::MAX), parts.next().unwrap_or(0)) < than
}

/// Each command that is used, in a transaction that is thrown away: the server judges rights, memory and replication when a
/// command is queued.
async fn rights(target: &Target, keys: &Keys, connection: &mut ConnectionManager) -> Result<()> {
    let key = keys.tried();
    let base = keys.bases().next().map_or_else(String::new, |(_, base)| base.to_owned());
    let (latest, updates) = (keys::latest(&base), keys::updates(&base));
    let commands: [&[&str]; 19] = [
        &["MULTI"],
        &["SET", &latest, "[]", "EX", "1"],
        &["GET", &latest],
        &["XADD", &key, "MINID", "~", "1", "1-1", "s", "0"],
        &["XRANGE", &key, "-", "+"],
        &["XREVRANGE", &key, "+", "-"],
        &["EXPIRE", &key, "1"],
        &["PEXPIRE", &key, "1"],
        &["INCR", &key],
        &["HSET", &key, "a", "1"],
        &["HGETALL", &key],
        &["HDEL", &key, "a"],
        &["ZADD", &key, "1", "a"],
        &["ZRANGE", &key, "0", "-1"],
        &["TYPE", &key],
        &["DEL", &key],
        &["PING"],
        &["PUBLISH", &updates, "{}"],
        &["DISCARD"],
    ];
    let mut pipeline = redis::Pipeline::new();
    pipeline.ignore_errors();
    for words in commands {
        pipeline.cmd(words[0]).arg(&words[1..]);
    }
    let answers: RedisResult<Vec<RedisResult<Value>>> = pipeline.query_async(connection).await;
    let answers = answers.map_err(|error| target.error(&error))?;
    let refused = |(answer, words): (RedisResult<Value>, &&[&str])| Some((words[0].to_owned(), answer.err()?));
    let mut refused: Vec<_> = answers.into_iter().zip(&commands).filter_map(refused).collect();
    if let Some(at) = refused.iter().position(|(_, error)| error.code() != Some("NOPERM")) {
        return Err(target.error(&refused.remove(at).1));
    }
    if refused.is_empty() {
        return Ok(());
    }
    let names: Vec<String> = refused.iter().map(|(name, _)| name.clone()).collect();
    let give: Vec<String> = names.iter().map(|name| format!("+{}", name.to_ascii_lowercase())).collect();
    let text = format!("{}: the user may not run {}; give it {}", target.shown, names.join(", "), give.join(" "));
    Err(Error::unavailable(format!("{text}, keys ~{base}:* and channels &{base}:*")))
}

async fn clock(connection: &mut ConnectionManager, inspection: &mut Inspection) {
    let before = Utc::now();
    let time: RedisResult<(i64, i64)> = redis::cmd("TIME").query_async(connection).await;
    let Ok((seconds, micros)) = time else { return };
    let ours = before + (Utc::now() - before) / 2;
    let apart = (seconds * 1_000 + micros / 1_000 - ours.timestamp_millis()).abs();
    if apart > CLOCK_MS {
        let found = format!("its clock differs from ours by {:.1} s", apart as f64 / 1e3);
        inspection.notes.push((found, "keep both machines' clocks by NTP".to_owned()));
    }
}

#[cfg(test)]
mod tests {
    use super::is_older;

    #[test]
    fn versions_are_compared_by_their_numbers() {
        for (version, older) in [("6.0.16", true), ("6.2.0", false), ("7.0.15", false), ("10.1", false), ("?", false)] {
            assert_eq!(is_older(version, (6, 2)), older, "{version}");
        }
    }
}
