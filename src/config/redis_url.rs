//! URLs of Redis servers, as redis-cli and the client libraries take them.

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};

use crate::base::redact;

/// What is wrong with a URL, and the remedy. Never repeats a part of it.
#[derive(Debug)]
pub struct RedisUrlFault {
    /// What is wrong.
    pub fault: String,
    /// What to write.
    pub remedy: &'static str,
}

const WRITE: &str = "write redis://user:password@host:6379/0, rediss://... for TLS, or redis+unix:///path/of/socket";
const ESCAPE: &str = "write redis://user:password@host:6379/0; the characters / @ # % of a password as %2F %40 %23 %25";

/// Reads it.
///
/// # Errors
/// What is wrong with it, without any part of it.
pub fn parse(text: &str) -> Result<ConnectionInfo, RedisUrlFault> {
    let wrong = |fault: &str, remedy| RedisUrlFault { fault: fault.to_owned(), remedy };
    let scheme = text.split_once("://").map_or("", |(scheme, _)| scheme);
    if !["redis", "rediss", "valkey", "valkeys", "redis+unix", "valkey+unix", "unix"].contains(&scheme) {
        return Err(wrong("is not the URL of a Redis server", WRITE));
    }
    if text.ends_with("#insecure") {
        return Err(wrong(
            "would take the certificate of anybody (#insecure)",
            "name the authority of its certificate in live.redis_ca_file",
        ));
    }
    let info = text.into_connection_info().map_err(|_| wrong("is not the URL of a Redis server", ESCAPE))?;
    if info.redis_settings().db() < 0 {
        return Err(wrong("names a database below 0", "write the number of a database, 0 for the first"));
    }
    Ok(info)
}

/// Whether it asks for TLS.
pub fn is_tls(text: &str) -> bool {
    text.starts_with("rediss://") || text.starts_with("valkeys://")
}

/// For people, without the password.
pub fn shown(text: &str) -> String {
    let Ok(info) = parse(text) else { return "***".to_owned() };
    let redis = info.redis_settings();
    let account = match (redis.username(), redis.password()) {
        (Some(user), Some(_)) => format!("{user}:***@"),
        (Some(user), None) => format!("{user}@"),
        (None, Some(_)) => ":***@".to_owned(),
        (None, None) => String::new(),
    };
    let with_brackets = |host: &str| if host.contains(':') { format!("[{host}]") } else { host.to_owned() };
    redact::text(&match info.addr() {
        ConnectionAddr::Tcp(host, port) => format!("redis://{account}{}:{port}/{}", with_brackets(host), redis.db()),
        ConnectionAddr::TcpTls { host, port, .. } => {
            format!("rediss://{account}{}:{port}/{}", with_brackets(host), redis.db())
        }
        ConnectionAddr::Unix(path) => format!("redis+unix://{}?db={}", path.display(), redis.db()),
        _ => "***".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read_shown_without_their_password_and_refused_with_a_remedy() {
        for (typed, wanted) in [
            ("redis://127.0.0.1", "redis://127.0.0.1:6379/0"),
            ("redis://:hunter2@r.example.org:7000/3", "redis://***@r.example.org:7000/3"),
            ("redis://app:hunt%40er@[::1]/1", "redis://***@[::1]:6379/1"),
            ("rediss://app@r/0", "rediss://app@r:6379/0"),
            ("redis+unix:///run/redis/redis.sock?db=2&pass=hunter2", "redis+unix:///run/redis/redis.sock?db=2"),
        ] {
            assert!(parse(typed).is_ok(), "{typed}");
            let shown = shown(typed);
            assert!(!shown.contains("hunt"), "{shown}");
            let plain = shown.replace(":***@", "***@").replace("app***@", "***@");
            assert_eq!(
                plain,
                wanted
                    .replace("rediss://app@", "rediss://***@")
                    .replace("***@", if shown.contains("***") { "***@" } else { "app@" }),
                "{typed}"
            );
        }
        for (typed, fault) in [
            ("hunter2", "is not the URL"),
            ("http://hunter2/0", "is not the URL"),
            ("redis://:hunter2@host:port/0", "is not the URL"),
            ("redis://:hunter2@host/first", "is not the URL"),
            ("redis://:hunter2@host/-1", "below 0"),
            ("rediss://:hunter2@host/0#insecure", "of anybody"),
        ] {
            let wrong = parse(typed).expect_err(typed);
            assert!(wrong.fault.contains(fault) && !format!("{wrong:?}").contains("hunter"), "{typed}: {wrong:?}");
        }
    }
}
