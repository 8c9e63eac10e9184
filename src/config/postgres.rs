//! Where a PostgreSQL database is, as psql takes it: a URL or a line of `key='value'` pairs, with what is missing taken from
//! the `PG*` variables and the password file. Comes out as such a line, complete.
//!
//! Reads as libpq does: what stands before the first `@` is user and password, so that `?`, `#`, `:` and the like may stand
//! in a password as they are. What could be meant in two ways is refused, as a URL that is cut at another place than its
//! writer thought may connect without TLS, or somewhere else.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use percent_encoding::percent_decode_str;

/// What is wrong, without the value, and what to do.
#[derive(Debug, PartialEq, Eq)]
pub struct PostgresUrlFault {
    /// What is wrong.
    pub fault: String,
    /// What to do.
    pub remedy: &'static str,
}

/// Parameters by their libpq names.
pub type Parameters = BTreeMap<String, String>;

const WRITE: &str = "write postgresql://user:password@host/database";
const ESCAPE: &str = "write the characters / @ % of a user name or password as %2F %40 %25";

/// Taken by the driver or by ourselves.
const KNOWN: [&str; 24] = [
    "host",
    "hostaddr",
    "port",
    "user",
    "password",
    "dbname",
    "passfile",
    "options",
    "application_name",
    "sslmode",
    "sslrootcert",
    "sslnegotiation",
    "connect_timeout",
    "tcp_user_timeout",
    "keepalives",
    "keepalives_idle",
    "keepalives_interval",
    "keepalives_count",
    "keepalives_retries",
    "target_session_attrs",
    "channel_binding",
    "load_balance_hosts",
    "fallback_application_name",
    "client_encoding",
];

/// Without meaning for us, and with values that ask for nothing we do not do.
const HARMLESS: [(&str, &[&str]); 6] = [
    ("gssencmode", &["disable", "prefer"]),
    ("sslcompression", &["0", "1"]),
    ("sslsni", &["0", "1"]),
    ("ssl_min_protocol_version", &["", "TLSv1", "TLSv1.1", "TLSv1.2"]),
    ("krbsrvname", &[]),
    ("gsslib", &[]),
];

/// Where psql looks for a variable when a parameter is missing.
const VARIABLES: [(&str, &str); 9] = [
    ("host", "PGHOST"),
    ("hostaddr", "PGHOSTADDR"),
    ("port", "PGPORT"),
    ("user", "PGUSER"),
    ("password", "PGPASSWORD"),
    ("dbname", "PGDATABASE"),
    ("sslmode", "PGSSLMODE"),
    ("sslrootcert", "PGSSLROOTCERT"),
    ("passfile", "PGPASSFILE"),
];

/// Folders in which PostgreSQL puts its socket, the usual one of distributions first.
const SOCKETS: [&str; 2] = ["/var/run/postgresql", "/tmp"];

/// Whether this is meant to name a PostgreSQL database, rightly or wrongly.
pub fn is_meant(text: &str) -> bool {
    text.starts_with("postgres") || first_key(text).is_some_and(|key| KNOWN.contains(&key))
}

/// The parameters of a URL or of a line of pairs.
///
/// # Errors
/// What is wrong with it; never with a part of it but the names of parameters.
pub fn parse(text: &str) -> Result<Parameters, PostgresUrlFault> {
    let parameters = match text.split_once("://") {
        Some(("postgresql" | "postgres", rest)) => of_url(rest)?,
        _ if text.starts_with("postgres") || first_key(text).is_none() => {
            return Err(wrong("is not the URL of a PostgreSQL database", WRITE));
        }
        _ => of_line(text)?,
    };
    checked(parameters)
}

/// Reads it, adds what is missing, and writes it as a line of pairs.
///
/// # Errors
/// As [`parse`], and when it does not say who connects.
pub fn complete(text: &str, env: &BTreeMap<String, String>) -> Result<String, PostgresUrlFault> {
    let mut parameters = parse(text)?;
    let variable = |name: &str| env.get(name).filter(|value| !value.is_empty()).cloned();
    let has_host = parameters.contains_key("host") || parameters.contains_key("hostaddr");
    for (key, name) in VARIABLES {
        // A host of the variables would stand beside the one that is meant.
        let is_taken = parameters.contains_key(key) || has_host && matches!(key, "host" | "hostaddr");
        if let (false, Some(value)) = (is_taken, variable(name)) {
            parameters.insert(key.to_owned(), value);
        }
    }
    let mut parameters = checked(parameters)?;
    if !parameters.contains_key("host") && !parameters.contains_key("hostaddr") {
        let there = SOCKETS.into_iter().find(|folder| Path::new(folder).join(socket_of(&parameters)).exists());
        parameters.insert("host".to_owned(), there.unwrap_or(SOCKETS[0]).to_owned());
    }
    if !parameters.contains_key("user") {
        // The server asks the machine who we are (peer).
        let is_socket = parameters.get("host").is_some_and(|host| host.starts_with('/'));
        let Some(user) = variable("USER").or_else(|| variable("LOGNAME")).filter(|_| is_socket) else {
            return Err(wrong("names no user", "write postgresql://user:password@host/database, or set PGUSER"));
        };
        parameters.insert("user".to_owned(), user);
    }
    if !parameters.contains_key("password") {
        let home = || variable("HOME").map(|home| Path::new(&home).join(".pgpass"));
        let file = parameters.get("passfile").map(PathBuf::from).or_else(home);
        if let Some(password) = file.and_then(|file| kept_password(&file, &parameters)) {
            parameters.insert("password".to_owned(), password);
        }
    }
    Ok(line(&parameters))
}

/// Parameters as a line of pairs.
pub fn line(parameters: &Parameters) -> String {
    let quoted = |value: &str| value.replace('\\', "\\\\").replace('\'', "\\'");
    let pairs: Vec<_> = parameters.iter().map(|(key, value)| format!("{key}='{}'", quoted(value))).collect();
    pairs.join(" ")
}

fn wrong(fault: impl Into<String>, remedy: &'static str) -> PostgresUrlFault {
    PostgresUrlFault { fault: fault.into(), remedy }
}

/// What stands behind `postgresql://`.
fn of_url(rest: &str) -> Result<Parameters, PostgresUrlFault> {
    let mut found = Parameters::new();
    let (account, rest) = match rest.find(['@', '/']) {
        Some(at) if rest[at..].starts_with('@') => (Some(&rest[..at]), &rest[at + 1..]),
        _ => (None, rest),
    };
    let mut put = |key: &str, text: &str| {
        let value = decoded(text)?;
        if !value.is_empty() {
            found.insert(key.to_owned(), value);
        }
        Ok(())
    };
    if let Some(account) = account {
        let (user, password) = account.split_once(':').unwrap_or((account, ""));
        put("user", user)?;
        put("password", password)?;
    }
    let (hosts, rest) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
    if hosts.contains('@') {
        return Err(wrong("has an @ in its user name or password", ESCAPE));
    }
    let (names, ports) = hosts_of(hosts)?;
    put("host", &names)?;
    put("port", &ports)?;
    let (path, query) = rest.split_once('?').unwrap_or((rest, ""));
    put("dbname", path.strip_prefix('/').unwrap_or(path))?;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let Some((key, value)) = pair.split_once('=') else {
            return Err(wrong("has something behind its ? that is not parameter=value", ESCAPE));
        };
        match (key, value) {
            // As JDBC writes it; libpq knows it too.
            ("ssl", "true") => put("sslmode", "require")?,
            _ => put(&decoded(key)?, value)?,
        }
    }
    Ok(found)
}

/// Names and ports of `a:6000,b,[::1]:6001`, each joined by commas.
fn hosts_of(text: &str) -> Result<(String, String), PostgresUrlFault> {
    let (mut names, mut ports) = (Vec::new(), Vec::new());
    for host in text.split(',') {
        let (name, port) = match host.strip_prefix('[').map(|rest| rest.split_once(']')) {
            Some(Some((name, rest))) if rest.is_empty() || rest.starts_with(':') => (name, rest.strip_prefix(':')),
            Some(_) => return Err(wrong("has a [ in its host without a ]", WRITE)),
            None => host.split_once(':').map_or((host, None), |(name, port)| (name, Some(port))),
        };
        let port = port.filter(|port| !port.is_empty());
        if port.is_some_and(|port| port.parse::<u16>().is_err()) {
            return Err(wrong(
                "is not the URL of a PostgreSQL database: what stands behind the : of its host is no port",
                ESCAPE,
            ));
        }
        names.push(name);
        ports.push(port.unwrap_or_default());
    }
    let is_given = ports.iter().any(|port| !port.is_empty());
    let ports: Vec<_> = ports.into_iter().map(|port| if port.is_empty() { "5432" } else { port }).collect();
    Ok((names.join(","), if is_given { ports.join(",") } else { String::new() }))
}

fn decoded(text: &str) -> Result<String, PostgresUrlFault> {
    let is_escape = |rest: &str| rest.len() >= 2 && rest.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit);
    if text.split('%').skip(1).any(|rest| !is_escape(rest)) {
        return Err(wrong("has a % that is not followed by two hexadecimal digits", ESCAPE));
    }
    match percent_decode_str(text).decode_utf8() {
        Ok(text) if !text.contains('\0') => Ok(text.into_owned()),
        _ => Err(wrong("has a part that is no text (UTF-8, without NUL)", ESCAPE)),
    }
}

/// The word before the first `=`.
fn first_key(text: &str) -> Option<&str> {
    let (key, _) = text.split_once('=')?;
    let key = key.trim();
    (!key.is_empty() && key.chars().all(|c| c.is_ascii_lowercase() || c == '_')).then_some(key)
}

/// `key=value key = 'a value with \' and blanks'`.
fn of_line(text: &str) -> Result<Parameters, PostgresUrlFault> {
    let mut found = Parameters::new();
    let mut rest = text.trim_start();
    while !rest.is_empty() {
        let Some(key) = first_key(rest) else {
            return Err(wrong("is not a line of key=value pairs", "write host=... user=... password=... dbname=..."));
        };
        let after = rest.split_once('=').map_or("", |(_, after)| after.trim_start());
        let is_quoted = after.starts_with('\'');
        let mut chars = after.char_indices().skip(usize::from(is_quoted));
        let (mut value, mut end) = (String::new(), (!is_quoted).then_some(after.len()));
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => value.extend(chars.next().map(|(_, escaped)| escaped)),
                '\'' if is_quoted => {
                    end = Some(at + 1);
                    break;
                }
                c if c.is_whitespace() && !is_quoted => {
                    end = Some(at);
                    break;
                }
                c => value.push(c),
            }
        }
        let Some(end) = end else {
            return Err(wrong("has a ' that is not closed", "write \\' for one inside of a value"));
        };
        if value.contains('\0') {
            return Err(wrong("has a NUL character", WRITE));
        }
        if !value.is_empty() {
            found.insert(key.to_owned(), value);
        }
        rest = after[end..].trim_start();
    }
    Ok(found)
}

/// Refuses what we do not do, so that nobody believes it is done.
fn checked(mut parameters: Parameters) -> Result<Parameters, PostgresUrlFault> {
    for (key, value) in &parameters {
        let harmless = HARMLESS.iter().find(|(name, _)| name == key);
        let is_harmless = harmless.is_some_and(|(_, values)| values.is_empty() || values.contains(&value.as_str()));
        if !KNOWN.contains(&key.as_str()) && !is_harmless {
            let plain = key.len() <= 40 && key.chars().all(|c| c.is_ascii_lowercase() || c == '_');
            let shown = if plain { format!("the parameter {key}") } else { "a parameter".to_owned() };
            return Err(wrong(
                format!(
                    "is not the URL of a PostgreSQL database that we can use: {shown} is not known here or has a value that is not"
                ),
                "leave it out, or write the characters ? & of a password as %3F %26",
            ));
        }
    }
    let value = |key: &str| parameters.get(key).map(String::as_str);
    if !matches!(
        value("sslmode"),
        None | Some("disable" | "allow" | "prefer" | "require" | "verify-ca" | "verify-full")
    ) {
        return Err(wrong("has an unknown sslmode", "write disable, prefer, require, verify-ca or verify-full"));
    }
    if value("channel_binding") == Some("require") {
        return Err(wrong("demands channel_binding, which we cannot do", "write sslmode=verify-full instead"));
    }
    if !matches!(value("client_encoding"), None | Some("auto" | "UTF8" | "utf8" | "UTF-8" | "utf-8")) {
        return Err(wrong("has a client_encoding other than UTF8", "leave it out"));
    }
    let fallback = parameters.remove("fallback_application_name");
    if let Some(name) = fallback.filter(|_| !parameters.contains_key("application_name")) {
        parameters.insert("application_name".to_owned(), name);
    }
    if let Some(count) = parameters.remove("keepalives_count") {
        parameters.insert("keepalives_retries".to_owned(), count);
    }
    parameters.retain(|key, _| KNOWN.contains(&key.as_str()) && key != "client_encoding");
    Ok(parameters)
}

fn socket_of(parameters: &Parameters) -> String {
    format!(".s.PGSQL.{}", parameters.get("port").map_or("5432", String::as_str))
}

/// The password of the first line of the file that fits; `None` when there is none, or when others may read the file.
fn kept_password(file: &Path, parameters: &Parameters) -> Option<String> {
    let mode = std::fs::metadata(file).ok()?.permissions().mode();
    if mode & 0o077 != 0 {
        log::warn!("the password file {} is not used: others may read it; chmod 600", file.display());
        return None;
    }
    let text = std::fs::read_to_string(file).ok()?;
    let value = |key: &str| parameters.get(key).map_or("", String::as_str);
    let host = match value("host") {
        host if host.starts_with('/') => "localhost",
        "" => value("hostaddr"),
        host => host,
    };
    let port = if value("port").is_empty() { "5432" } else { value("port") };
    let database = if value("dbname").is_empty() { value("user") } else { value("dbname") };
    let wanted = [host, port, database, value("user")];
    text.lines().filter(|line| !line.starts_with('#')).find_map(|line| {
        let fields = fields(line);
        let fits = fields.iter().zip(wanted).all(|(field, wanted)| field == "*" || field == wanted);
        (fields.len() == 5 && fits).then(|| fields[4].clone())
    })
}

/// Fields of a line of a password file: between colons, `\` takes the next character as it is; the fifth is the rest.
fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        let last = fields.len();
        match c {
            '\\' => fields[last - 1].extend(chars.next()),
            ':' if last < 5 => fields.push(String::new()),
            c => fields[last - 1].push(c),
        }
    }
    fields
}

/// As a URL for people, without the password.
pub fn shown(text: &str) -> String {
    use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
    const RESERVED: &AsciiSet =
        &CONTROLS.add(b' ').add(b'/').add(b'?').add(b'#').add(b'@').add(b'%').add(b':').add(b'&');
    let Ok(mut parameters) = parse(text) else { return "***".to_owned() };
    let encoded = |text: &str| utf8_percent_encode(text, RESERVED).to_string();
    let mut take = |key: &str| parameters.remove(key).map(|value| encoded(&value));
    let account = match (take("user"), take("password")) {
        (Some(user), Some(_)) => format!("{user}:***@"),
        (Some(user), None) => format!("{user}@"),
        (None, _) => String::new(),
    };
    let (hosts, ports) = (take("host").unwrap_or_default(), take("port").unwrap_or_default());
    let port = |at: usize| ports.split(',').nth(at).or(ports.split(',').next()).filter(|port| !port.is_empty());
    let host = |(at, host): (usize, &str)| port(at).map_or(host.to_owned(), |port| format!("{host}:{port}"));
    let hosts = hosts.split(',').enumerate().map(host).collect::<Vec<_>>().join(",");
    let database = take("dbname").map(|name| format!("/{name}")).unwrap_or_default();
    let rest: Vec<_> = parameters.iter().map(|(key, value)| format!("{key}={}", encoded(value))).collect();
    let query = if rest.is_empty() { String::new() } else { format!("?{}", rest.join("&")) };
    format!("postgresql://{account}{hosts}{database}{query}")
}
