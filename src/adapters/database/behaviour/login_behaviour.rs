//! Users, tokens, sessions and the audit log.

use chrono::{DateTime, TimeDelta, TimeZone, Utc};
use serde_json::json;
use uuid::Uuid;

use LastOperator::{MayGo, Stays};

use crate::adapters::database::{AuditQuery, Database};
use crate::base::error::ErrorKind;
use crate::domain::login::{AUDIT_KEPT, AuditEntry, LastOperator, LoginSession, SecretHash, Token, User, UserRole};

fn at(minute: i64) -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 3, 1, 12, 0, 0).single().expect("a time") + TimeDelta::minutes(minute)
}

fn user(name: &str, role: UserRole) -> User {
    let password_hash = SecretHash(format!("$argon2id$of {name}"));
    User { name: name.to_owned(), role, password_hash, created_at: Some(at(0)) }
}

fn session(user: &str, number: u128) -> LoginSession {
    LoginSession {
        id: Uuid::from_u128(number),
        user: user.to_owned(),
        hash: SecretHash(format!("hash {number}")),
        address: "10.0.0.9".to_owned(),
        created_at: at(0),
        expires_at: at(60),
        used_at: at(0),
    }
}

pub(in crate::adapters::database) async fn users_are_kept_and_a_new_password_ends_their_sessions(
    database: &dyn Database,
) {
    assert_eq!(database.logins().await.expect("read").users, []);
    let (anna, bert) = (user("anna", UserRole::Operator), user("bert", UserRole::Viewer));
    database.add_user(bert.clone()).await.expect("added");
    database.add_user(anna.clone()).await.expect("added");
    let taken = database.add_user(user("anna", UserRole::Viewer)).await.expect_err("taken");
    assert_eq!((taken.kind(), taken.field()), (ErrorKind::Conflict, Some("name")));
    let similar = database.add_user(user("ANNA", UserRole::Viewer)).await.expect_err("similar");
    assert_eq!((similar.kind(), similar.field()), (ErrorKind::Conflict, Some("name")));
    assert!(similar.message().contains("\"anna\" only in upper and lower case"), "{similar}");
    assert_eq!(database.logins().await.expect("read").users, [anna.clone(), bert.clone()]);

    let sessions = [session("anna", 1), session("bert", 2)];
    for one in &sessions {
        database.add_session(one.clone()).await.expect("added");
    }
    database.edit_user("anna".to_owned(), Some(UserRole::Viewer), None, MayGo).await.expect("edited");
    assert_eq!(database.logins().await.expect("read").sessions.len(), 2, "a role is read anew with each request");
    let new = SecretHash("$argon2id$new".to_owned());
    database.edit_user("anna".to_owned(), None, Some(new.clone()), Stays).await.expect("edited");
    let table = database.logins().await.expect("read");
    assert_eq!(table.users[0], User { role: UserRole::Viewer, password_hash: new, ..anna });
    assert_eq!(table.sessions, [sessions[1].clone()]);
    database.remove_user("bert".to_owned(), Stays).await.expect("removed");
    assert_eq!(database.logins().await.expect("read").sessions, []);
    let gone = database.remove_user("bert".to_owned(), Stays).await.expect_err("gone");
    assert_eq!(gone.kind(), ErrorKind::NotFound);
    let gone = database.edit_user("bert".to_owned(), Some(UserRole::Viewer), None, Stays).await.expect_err("gone");
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}

pub(in crate::adapters::database) async fn of_operators_who_take_the_role_from_one_another_one_stays(
    database: &dyn Database,
) {
    let (anna, bert) = (|| "anna".to_owned(), || "bert".to_owned());
    let viewer = Some(UserRole::Viewer);
    for round in 0..12 {
        database.add_user(user("anna", UserRole::Operator)).await.expect("added");
        database.add_user(user("bert", UserRole::Operator)).await.expect("added");
        // All four ways in which both can go.
        let first = async {
            match round % 2 {
                0 => database.edit_user(anna(), viewer, None, Stays).await,
                _ => database.remove_user(anna(), Stays).await,
            }
        };
        let second = async {
            match round / 2 % 2 {
                0 => database.edit_user(bert(), viewer, None, Stays).await,
                _ => database.remove_user(bert(), Stays).await,
            }
        };
        let done = tokio::join!(first, second);
        let refused: Vec<_> = [done.0, done.1].into_iter().filter_map(|one| one.err()).collect();
        assert_eq!(refused.iter().map(|error| error.kind()).collect::<Vec<_>>(), [ErrorKind::Conflict], "{round}");
        assert!(refused[0].message().contains("last operator"), "{refused:?}");
        let left = database.logins().await.expect("read").users;
        assert_eq!(left.iter().filter(|one| one.role == UserRole::Operator).count(), 1, "{round}: {left:?}");
        for one in left {
            database.remove_user(one.name, MayGo).await.expect("removed");
        }
    }
}

pub(in crate::adapters::database) async fn tokens_and_sessions_are_kept_noted_and_revoked(database: &dyn Database) {
    let token = Token {
        id: Uuid::from_u128(7),
        name: "obs".to_owned(),
        role: UserRole::Viewer,
        hash: SecretHash("hash 7".to_owned()),
        stream_prefix: Some("studio/".to_owned()),
        created_at: Some(at(0)),
        expires_at: Some(at(9)),
        used_at: None,
    };
    database.add_token(token.clone()).await.expect("added");
    let again = Token { id: Uuid::from_u128(8), hash: SecretHash("other".to_owned()), ..token.clone() };
    assert_eq!(database.add_token(again).await.expect_err("taken").kind(), ErrorKind::Conflict);
    database.add_session(session("anna", 1)).await.expect("added");
    let used = vec![(Uuid::from_u128(7), at(5)), (Uuid::from_u128(1), at(6)), (Uuid::from_u128(99), at(6))];
    database.note_used(used).await.expect("noted");
    database.note_used(vec![(Uuid::from_u128(7), at(4))]).await.expect("noted");
    let table = database.logins().await.expect("read");
    assert_eq!(table.tokens, [Token { used_at: Some(at(5)), ..token }]);
    assert_eq!(table.sessions, [LoginSession { used_at: at(6), ..session("anna", 1) }]);

    let later = LoginSession { created_at: at(61), expires_at: at(99), used_at: at(61), ..session("anna", 2) };
    database.add_session(later.clone()).await.expect("added");
    assert_eq!(
        database.logins().await.expect("read").sessions,
        std::slice::from_ref(&later),
        "what is over is forgotten"
    );
    database.remove_session(later.id).await.expect("ended");
    assert_eq!(database.remove_session(later.id).await.expect_err("gone").kind(), ErrorKind::NotFound);
    database.remove_token("obs".to_owned()).await.expect("revoked");
    assert_eq!(database.remove_token("obs".to_owned()).await.expect_err("gone").kind(), ErrorKind::NotFound);
    let table = database.logins().await.expect("read");
    assert_eq!((table.tokens, table.sessions), (vec![], vec![]));
}

pub(in crate::adapters::database) async fn changes_by_people_are_listed_from_the_newest(database: &dyn Database) {
    let entry = |number: u128, who: &str, minute| AuditEntry {
        id: Uuid::from_u128(number),
        at: at(minute),
        who: who.to_owned(),
        address: "10.0.0.9".to_owned(),
        action: "PATCH /api/v1/cameras/{id}".to_owned(),
        target: "gate".to_owned(),
        before: Some(json!({ "port": 554 })),
        after: None,
    };
    let all = || AuditQuery { limit: 10, ..AuditQuery::default() };
    let entries = [entry(1, "anna", 0), entry(2, "bert", 1), entry(3, "anna", 1)];
    for one in &entries {
        database.write_audit(one.clone()).await.expect("written");
    }
    let ids = async |query: AuditQuery| -> Vec<u128> {
        database.audit(query).await.expect("listed").iter().map(|one| one.id.as_u128()).collect()
    };
    assert_eq!(ids(all()).await, [3, 2, 1]);
    assert_eq!(ids(AuditQuery { limit: 2, ..all() }).await, [3, 2]);
    assert_eq!(ids(AuditQuery { after: Some(Uuid::from_u128(2)), ..all() }).await, [1]);
    assert_eq!(ids(AuditQuery { who: Some("anna".to_owned()), ..all() }).await, [3, 1]);
    assert_eq!(ids(AuditQuery { from: Some(at(1)), ..all() }).await, [3, 2]);
    assert_eq!(ids(AuditQuery { to: Some(at(1)), ..all() }).await, [1]);
    assert_eq!(database.audit(AuditQuery { limit: 1, ..all() }).await.expect("listed"), [entries[2].clone()]);
    let much_later = AuditEntry { at: at(1) + AUDIT_KEPT, ..entry(4, "anna", 0) };
    database.write_audit(much_later).await.expect("written");
    assert_eq!(ids(all()).await, [4, 3, 2], "bounded by age");
}
