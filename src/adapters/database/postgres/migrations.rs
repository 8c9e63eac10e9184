//! The migrations of `sql/postgres`: what they are called, and what each of them makes.

use refinery::Migration;

mod embedded {
    refinery::embed_migrations!("sql/postgres");
}

/// In the order in which they are run.
pub(super) fn all() -> Vec<Migration> {
    let mut all = embedded::migrations::runner().get_migrations().clone();
    all.sort_by_key(Migration::version);
    all
}

/// Version of the newest one in this program.
pub(super) fn newest() -> i32 {
    all().last().map_or(0, Migration::version)
}

/// Tables, indexes and views that these migrations make, in their order.
pub(super) fn made<'a>(migrations: impl Iterator<Item = &'a Migration>) -> Vec<String> {
    migrations.flat_map(|migration| relations(migration.sql().unwrap_or_default())).map(|(_, name)| name).collect()
}

/// Every table that is ours.
pub(super) fn tables() -> Vec<String> {
    let all = all();
    let relations = all.iter().flat_map(|migration| relations(migration.sql().unwrap_or_default()));
    relations.filter(|(kind, _)| kind == "TABLE").map(|(_, name)| name).collect()
}

/// What `CREATE` makes in this text and how it is called.
fn relations(sql: &str) -> Vec<(String, String)> {
    let code = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join(" ");
    let mut words = code.split(|c: char| c.is_whitespace() || c == '(').filter(|word| !word.is_empty());
    let mut found = Vec::new();
    while let Some(word) = words.next() {
        if word != "CREATE" {
            continue;
        }
        let kind = words.find(|word| *word != "UNIQUE").unwrap_or_default();
        if !matches!(kind, "TABLE" | "INDEX" | "VIEW" | "SEQUENCE") {
            continue;
        }
        let name = words.find(|word| !matches!(*word, "IF" | "NOT" | "EXISTS")).unwrap_or_default();
        found.push((kind.to_owned(), name.to_owned()));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_migrations_make_is_read_from_their_text() {
        let sql = "-- CREATE TABLE a comment (\nCREATE TABLE cameras (\n id int);\nCREATE UNIQUE INDEX one ON cameras (id);\n\
                   CREATE FUNCTION f() RETURNS trigger;\nCREATE TABLE IF NOT EXISTS more(x int);";
        let found: Vec<_> = relations(sql).into_iter().map(|(kind, name)| format!("{kind} {name}")).collect();
        assert_eq!(found, ["TABLE cameras", "INDEX one", "TABLE more"]);
        let tables = tables();
        for name in ["cameras", "camera_kinds", "sessions", "segments", "incidents", "camera_probes"] {
            assert!(tables.iter().any(|table| table == name), "{name}: {tables:?}");
        }
    }
}
