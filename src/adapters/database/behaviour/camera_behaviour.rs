//! Cameras.

use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

use crate::adapters::database::{Condition, Database};
use crate::base::Error;
use crate::base::error::ErrorKind;
use crate::domain::camera::{CameraEdit, CameraRow, check_template};

fn named(name: &str) -> CameraEdit {
    CameraEdit { name: Some(name.to_owned()), ..CameraEdit::default() }
}

fn filled(text: &str) -> Option<Option<String>> {
    Some(Some(text.to_owned()))
}

fn secret(text: &str) -> Option<Option<SecretString>> {
    Some(Some(SecretString::from(text)))
}

/// Everything but the time of the change, secrets in the open: rows themselves have no equality.
fn shown(row: &CameraRow) -> String {
    let open = |secret: &Option<SecretString>| secret.as_ref().map(|secret| secret.expose_secret().to_owned());
    let mut row = row.clone();
    row.updated_at = None;
    format!("{row:?} password {:?} url {:?}", open(&row.password), open(&row.url))
}

pub(in crate::adapters::database) async fn a_new_camera_gets_the_defaults(database: &dyn Database) {
    let added = database.add_camera(named("gate")).await.expect("added");
    assert_eq!((added.name.as_str(), added.kind.as_str()), ("gate", "generic"));
    assert!(added.enabled && added.record);
    assert!(added.host.is_none() && added.port.is_none() && added.password.is_none() && added.url.is_none());
    let nameless = database.add_camera(CameraEdit::default()).await.expect_err("no name");
    assert_eq!((nameless.kind(), nameless.field()), (ErrorKind::Invalid, Some("name")));
}

pub(in crate::adapters::database) async fn a_camera_keeps_every_field(database: &dyn Database) {
    let edit = CameraEdit {
        name: Some("site/gate".to_owned()),
        kind: Some("hikvision".to_owned()),
        host: filled("10.0.0.9"),
        port: Some(Some(8554)),
        username: filled("admin"),
        password: secret("p@ss wörd"),
        channel: filled("3"),
        substream: filled("2"),
        url: secret("rtsp://a:b@h/x"),
        transport: filled("udp"),
        audio: filled("aac"),
        enabled: Some(false),
        record: Some(false),
        label: filled("Eingang Süd"),
    };
    let added = database.add_camera(edit).await.expect("added");
    assert_eq!(added.port, Some(8554));
    assert_eq!(added.channel.as_deref(), Some("3"));
    assert_eq!(added.transport.as_deref(), Some("udp"));
    assert_eq!(added.label.as_deref(), Some("Eingang Süd"));
    assert!(!added.enabled && !added.record && added.updated_at.is_some());
    assert!(shown(&added).contains("p@ss wörd") && shown(&added).contains("rtsp://a:b@h/x"));
    assert!(!format!("{added:?}").contains("p@ss"), "a row prints without its secrets");
    let read = database.camera(added.id).await.expect("read").expect("there");
    assert_eq!(shown(&read), shown(&added));
    let listed = database.cameras().await.expect("listed");
    assert_eq!(listed.iter().map(shown).collect::<Vec<_>>(), [shown(&added)]);
}

pub(in crate::adapters::database) async fn an_edit_changes_only_what_it_names(database: &dyn Database) {
    let edit = CameraEdit { host: filled("h"), password: secret("s"), port: Some(Some(1)), ..named("gate") };
    let added = database.add_camera(edit).await.expect("added");
    let edit = CameraEdit { host: Some(None), enabled: Some(false), ..CameraEdit::default() };
    let edited = database.edit_camera(added.id, edit).await.expect("edited");
    assert_eq!(edited.host, None, "an explicit null clears");
    assert!(!edited.enabled && edited.record);
    assert_eq!(edited.port, Some(1), "an absent field stays");
    assert!(shown(&edited).contains("password Some(\"s\")"));
    let untouched = database.edit_camera(added.id, CameraEdit::default()).await.expect("nothing to do");
    assert_eq!(shown(&untouched), shown(&edited));
}

pub(in crate::adapters::database) async fn a_row_is_written_only_as_it_was_seen(database: &dyn Database) {
    let id = database.add_camera(named("gate")).await.expect("added").id;
    let still = |name: &'static str| {
        Condition::new(move |row| match row.name == name {
            true => Ok(()),
            false => Err(Error::new(ErrorKind::Stale, "another by now")),
        })
    };
    database.edit_camera_if(id, named("door"), still("gate")).await.expect("as it was seen");
    let edited = database.edit_camera_if(id, named("hall"), still("gate")).await.expect_err("another by now");
    let deleted = database.delete_camera_if(id, still("gate")).await.expect_err("another by now");
    assert_eq!((edited.kind(), deleted.kind()), (ErrorKind::Stale, ErrorKind::Stale));
    let row = database.camera(id).await.expect("read").expect("still there");
    assert_eq!(row.name, "door", "nothing was written, and the connections are as good as before");
    database.delete_camera_if(id, still("door")).await.expect("deleted");
    let gone = database.delete_camera_if(id, still("door")).await.expect_err("gone");
    assert_eq!(gone.kind(), ErrorKind::NotFound);
}

/// Twenty editors have seen the same row; whoever is first wins and the others learn of it.
pub(in crate::adapters::database) async fn one_of_many_editors_wins(database: &dyn Database) {
    let id = database.add_camera(named("gate")).await.expect("added").id;
    let unseen = || {
        Condition::new(|row| match row.host {
            None => Ok(()),
            Some(_) => Err(Error::new(ErrorKind::Stale, "another by now")),
        })
    };
    let edits = (0..20).map(|editor: i32| {
        let edit = CameraEdit { host: filled(&format!("h{editor}")), ..CameraEdit::default() };
        database.edit_camera_if(id, edit, unseen())
    });
    let answers = futures_util::future::join_all(edits).await;
    let (won, lost): (Vec<_>, Vec<_>) = answers.into_iter().partition(Result::is_ok);
    assert_eq!(won.len(), 1);
    assert!(lost.into_iter().all(|lost| lost.expect_err("lost").kind() == ErrorKind::Stale));
    let row = database.camera(id).await.expect("read").expect("there");
    assert_eq!(row.host, won[0].as_ref().expect("won").host, "what was answered is what is there");
}

pub(in crate::adapters::database) async fn names_are_unique(database: &dyn Database) {
    database.add_camera(named("a")).await.expect("added");
    let other = database.add_camera(named("b")).await.expect("added");
    for error in [
        database.add_camera(named("a")).await.expect_err("taken"),
        database.edit_camera(other.id, named("a")).await.expect_err("taken"),
    ] {
        assert_eq!((error.kind(), error.field()), (ErrorKind::Conflict, Some("name")));
        assert!(error.to_string().contains("\"a\""), "{error}");
    }
    database.edit_camera(other.id, named("b")).await.expect("its own name is no conflict");
}

pub(in crate::adapters::database) async fn an_unknown_camera_is_not_found(database: &dyn Database) {
    assert!(database.camera(77).await.expect("asked").is_none());
    let edit = database.edit_camera(77, named("x")).await.expect_err("none");
    let delete = database.delete_camera(77).await.expect_err("none");
    assert_eq!((edit.kind(), delete.kind()), (ErrorKind::NotFound, ErrorKind::NotFound));
}

pub(in crate::adapters::database) async fn ids_are_not_used_again(database: &dyn Database) {
    let first = database.add_camera(named("a")).await.expect("added");
    database.delete_camera(first.id).await.expect("deleted");
    let second = database.add_camera(named("a")).await.expect("the name is free again");
    assert!(second.id > first.id);
}

pub(in crate::adapters::database) async fn every_kind_has_a_template(database: &dyn Database) {
    let kinds = database.camera_kinds().await.expect("kinds");
    let names: Vec<&str> = kinds.iter().map(|(name, _)| name.as_str()).collect();
    let seeded = [
        "amcrest",
        "axis",
        "dahua",
        "foscam",
        "generic",
        "hikvision",
        "onvif",
        "reolink",
        "tapo",
        "ubiquiti",
        "ubiquiti-standalone",
        "uniview",
    ];
    assert_eq!(names, seeded);
    for (name, template) in &kinds {
        check_template(template).expect(name);
        assert!(template.contains("{host}"), "{name}: {template}");
    }
}

pub(in crate::adapters::database) async fn kinds_are_written_replaced_and_deleted(database: &dyn Database) {
    let template = async || {
        let kinds = database.camera_kinds().await.expect("kinds");
        kinds.into_iter().find(|(kind, _)| kind == "acme").map(|(_, template)| template)
    };
    let mut changes = database.camera_changes();
    for text in ["rtsp://{host}/a'b", "rtsp://{host}/c"] {
        changes.mark_unchanged();
        database.put_camera_kind("acme".to_owned(), text.to_owned()).await.expect("written");
        assert_eq!(template().await.as_deref(), Some(text));
        tokio::time::timeout(Duration::from_secs(10), changes.changed()).await.expect("announced").expect("watched");
    }
    let own_url = CameraEdit { kind: Some("acme".to_owned()), url: Some(Some("rtsp://h/x".into())), ..named("own") };
    let id = database.add_camera(own_url).await.expect("added").id;
    let refused = database.delete_camera_kind("acme").await.expect_err("a camera has it");
    assert_eq!(refused.kind(), ErrorKind::Conflict, "{refused}");
    assert!(template().await.is_some(), "and it is still there");
    database.delete_camera(id).await.expect("deleted");
    database.delete_camera_kind("acme").await.expect("deleted");
    assert_eq!(template().await, None);
    assert_eq!(database.delete_camera_kind("acme").await.expect_err("none").kind(), ErrorKind::NotFound);
}

pub(in crate::adapters::database) async fn a_kind_leads_no_stored_password_elsewhere(database: &dyn Database) {
    let (kind, old) = ("acme".to_owned(), "rtsp://{username}:{password}@{host}:{port=554}/");
    database.put_camera_kind(kind.clone(), old.to_owned()).await.expect("a new kind");
    let login = CameraEdit { username: filled("u"), password: Some(Some("p".into())), ..named("gate") };
    let camera = CameraEdit { kind: Some(kind.clone()), host: filled("10.0.0.9"), ..login };
    let id = database.add_camera(camera).await.expect("added").id;
    for elsewhere in [old.replace("{host}", "203.0.113.9"), old.replace("554", "5554"), old.replace("rtsp", "http")] {
        let refused = database.put_camera_kind(kind.clone(), elsewhere).await.expect_err("a password would go there");
        assert_eq!((refused.kind(), refused.field()), (ErrorKind::Conflict, Some("urlTemplate")));
    }
    database.put_camera_kind(kind.clone(), format!("{old}live")).await.expect("the same place");
    // Served by the kind of other letters so far, which one of its own letters would take over from.
    let login = CameraEdit { username: filled("u"), password: Some(Some("p".into())), ..named("yard") };
    let camera = CameraEdit { kind: Some("ACME".to_owned()), host: filled("10.0.0.8"), ..login };
    let other = database.add_camera(camera).await.expect("added").id;
    let refused = database.put_camera_kind("ACME".to_owned(), old.replace("554", "5554")).await.expect_err("elsewhere");
    assert_eq!((refused.kind(), refused.field()), (ErrorKind::Conflict, Some("urlTemplate")));
    database.delete_camera_if(other, Condition::always()).await.expect("deleted");
    let cleared = CameraEdit { password: Some(None), ..CameraEdit::default() };
    database.edit_camera(id, cleared).await.expect("cleared");
    database.put_camera_kind(kind, old.replace("554", "5554")).await.expect("no password goes there");
}

/// A hundred times somebody deletes a kind while somebody else adds a camera of it: never both.
pub(in crate::adapters::database) async fn no_camera_is_left_without_its_kind(database: &dyn Database) {
    for round in 0..100 {
        database.put_camera_kind("acme".to_owned(), "rtsp://{host}/".to_owned()).await.expect("there");
        let kind = Some("acme".to_owned());
        let camera = CameraEdit { kind: kind.clone(), host: filled("h"), ..named(&format!("c{round}")) };
        let (added, deleted) = match round % 2 {
            0 => futures_util::future::join(database.add_camera(camera), database.delete_camera_kind("acme")).await,
            _ => {
                let there = database.add_camera(CameraEdit { kind: None, ..camera }).await.expect("added").id;
                let edit = database.edit_camera(there, CameraEdit { kind, ..CameraEdit::default() });
                futures_util::future::join(edit, database.delete_camera_kind("acme")).await
            }
        };
        match (added, deleted) {
            (Ok(row), Err(refused)) => {
                assert_eq!(refused.kind(), ErrorKind::Conflict, "{refused}");
                database.delete_camera(row.id).await.expect("deleted");
            }
            (Err(refused), Ok(())) => assert_eq!(refused.field(), Some("kind"), "{refused}"),
            other => panic!("round {round}: {other:?}"),
        }
    }
}

pub(in crate::adapters::database) async fn hostile_text_comes_back_as_it_went_in(database: &dyn Database) {
    for name in ["'; DROP TABLE cameras; --", "$(reboot)", "../../etc/passwd", "-i", "ü\u{202e}x"] {
        let added = database.add_camera(CameraEdit { host: filled(name), ..named(name) }).await.expect(name);
        assert_eq!((added.name.as_str(), added.host.as_deref()), (name, Some(name)));
    }
    assert_eq!(database.cameras().await.expect("listed").len(), 5);
}

pub(in crate::adapters::database) async fn a_change_is_announced_at_once(database: &dyn Database) {
    let mut changes = database.camera_changes();
    changes.mark_unchanged();
    let mut announced = async |what: &str| {
        // Far more than it takes; the test of the 2 seconds is where foreign processes write.
        let waited = tokio::time::timeout(Duration::from_secs(10), changes.changed()).await;
        waited.unwrap_or_else(|_| panic!("{what} was not announced")).expect("watched");
    };
    let added = database.add_camera(named("gate")).await.expect("added");
    announced("adding").await;
    database.edit_camera(added.id, named("door")).await.expect("edited");
    announced("editing").await;
    database.delete_camera(added.id).await.expect("deleted");
    announced("deleting").await;
}
