//! Tables of other programs under names of ours: what is said about them. A table of cameras may be what the site wants to
//! have read, so that the query for it is shown.

use std::fmt::Write as _;

use super::postgres_address::Connected;
use super::postgres_fault::PostgresFailure;
use super::quoted::quoted;

/// How other programs call a column of ours, the likeliest first.
const NAMES: [(&str, &[&str]); 8] = [
    ("id", &["id", "camera_id", "cam_id", "camera_no", "cam_no", "nr", "no", "num", "number", "camera_number", "pk"]),
    ("name", &["name", "camera_name", "cam_name", "path", "slug", "label", "title", "display_name", "description"]),
    (
        "url",
        &["url", "rtsp_url", "stream_url", "rtsp", "uri", "rtsp_uri", "stream", "source", "source_url", "link", "u"],
    ),
    ("host", &["host", "ip", "ip_address", "ipaddress", "address", "addr", "hostname"]),
    ("port", &["port", "rtsp_port"]),
    ("username", &["username", "user_name", "user", "login"]),
    ("password", &["password", "pass", "passwd", "pwd"]),
    ("enabled", &["enabled", "active", "is_active", "is_enabled"]),
];

/// What is said about a table `cameras` that is not ours.
pub(super) async fn cameras(client: &Connected) -> Result<String, PostgresFailure> {
    let sql = "SELECT attname::text, current_schema()::text FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid \
               WHERE relnamespace = to_regnamespace(quote_ident(current_schema())) AND relname = 'cameras' \
               AND attnum > 0 AND NOT attisdropped ORDER BY attnum";
    let rows = client.query_typed(sql, &[]).await?;
    let columns: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
    let schema = rows.first().map(|row| row.get::<_, String>(1)).unwrap_or_default();
    let query = query(&columns, &schema);
    Ok(format!(
        "has a table cameras that is not ours; to read cameras from it write database.cameras_query = '{query}', or keep \
         ours apart from it with database.schema = \"streamwarden\" (or in another database: createdb streamwarden)"
    ))
}

/// What is said about anything else that has a name of ours.
pub(super) fn other(kind: &str, name: &str) -> String {
    format!(
        "has {kind} {name} that is not ours; keep our tables apart from it with database.schema = \"streamwarden\", or \
         name another database (createdb streamwarden)"
    )
}

/// A query for `database.cameras_query` from the columns of a table `cameras`.
fn query(columns: &[String], schema: &str) -> String {
    let found = |ours: &str| {
        let (_, names) = NAMES.iter().find(|(name, _)| *name == ours)?;
        names.iter().find_map(|name| columns.iter().find(|column| column.eq_ignore_ascii_case(name)))
    };
    let wanted: &[&str] = match found("url") {
        Some(_) => &["id", "name", "url", "enabled"],
        None => &["id", "name", "host", "port", "username", "password", "enabled"],
    };
    let mut sql = "SELECT ".to_owned();
    for ours in wanted {
        let separator = if sql.ends_with("SELECT ") { "" } else { ", " };
        let _ = match found(ours) {
            Some(column) if column == ours => write!(sql, "{separator}{ours}"),
            Some(column) => write!(sql, "{separator}{} AS {ours}", identifier(column)),
            None if matches!(*ours, "id" | "name") => write!(sql, "{separator}... AS {ours}"),
            None => Ok(()),
        };
    }
    let table = if schema == "public" { String::new() } else { format!("{}.", identifier(schema)) };
    format!("{sql} FROM {table}cameras")
}

fn identifier(name: &str) -> String {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    // The one word among those above that stands for something else.
    if name.chars().all(plain) && name != "user" && !name.starts_with(|c: char| c.is_ascii_digit()) {
        return name.to_owned();
    }
    quoted(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_made_from_the_columns_that_are_there() {
        for (columns, schema, wanted) in [
            ("id name url", "public", "SELECT id, name, url FROM cameras"),
            (
                "nr Label u active x",
                "public",
                "SELECT nr AS id, \"Label\" AS name, u AS url, active AS enabled FROM cameras",
            ),
            ("id name url host enabled", "public", "SELECT id, name, url, enabled FROM cameras"),
            (
                "cam_id title ip user pwd",
                "cctv",
                "SELECT cam_id AS id, title AS name, ip AS host, \"user\" AS username, pwd AS password FROM cctv.cameras",
            ),
            ("a b", "My Site", "SELECT ... AS id, ... AS name FROM \"My Site\".cameras"),
        ] {
            let columns: Vec<String> = columns.split(' ').map(str::to_owned).collect();
            assert_eq!(query(&columns, schema), wanted);
        }
    }
}
