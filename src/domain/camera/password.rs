//! A stored password goes only where it was entered for: to the scheme, host and port, by the kind, that its row had when a
//! person wrote it there.
//!
//! Whoever may edit a camera may not read its password, and must not be able to send it to a host of their choice
//! either. So an edit, a draft or a new template that would lead it elsewhere has to bring the password with it.

use secrecy::ExposeSecret;

use super::destination::Destination;
use super::source::{self, Kinds};
use super::template;
use super::{CameraEdit, CameraRow};
use crate::base::{Error, ErrorKind, Result};

/// Refuses an edit that leads the password of `row` elsewhere without bringing it. `target` is the row it leads to.
pub(super) fn check_edit(row: &CameraRow, target: &CameraRow, edit: &CameraEdit, kinds: &Kinds) -> Result<()> {
    if !has_password(row) || edit.password.is_some() {
        return Ok(());
    }
    let (before, after) = (source::destination(row, kinds), source::destination(target, kinds));
    if before == after {
        return Ok(());
    }
    let remedy = "enter it again together with this change (on the command line with --password-file), or clear it";
    let place = |place: Option<Destination>| place.map_or_else(|| "another source".to_owned(), |it| it.to_string());
    let (before, after) = (place(before), place(after));
    let sentence = format!("the stored one was entered for {before} and is not sent to {after}; {remedy}");
    Err(Error::invalid("password", sentence))
}

/// Refuses a template that leads stored passwords elsewhere than the kinds before it did. `Conflict` says of how many.
///
/// `kinds` is the whole table: a kind of other capitals may have served a row so far. A row that came to no URL has its
/// password for its own host, and for the port in its column where there is one.
pub fn check_kind_change(kinds: &Kinds, kind: &str, new: &str, rows: &[CameraRow]) -> Result<()> {
    let mut changed = kinds.clone();
    changed.insert(kind.to_owned(), new.to_owned());
    let (mut moved, mut led_astray) = (0, 0);
    for row in rows.iter().filter(|row| has_password(row) && !row.has_url()) {
        let after = source::destination(row, &changed);
        match (source::destination(row, kinds), after) {
            (Some(before), after) => moved += usize::from(after.as_ref() != Some(&before)),
            (None, Some(after)) => led_astray += usize::from(template::takes_password(new) && !is_own(row, &after)),
            (None, None) => {}
        }
    }
    let remedy = "save this template as another kind, and give the cameras that kind together with their passwords";
    let sentence = match (moved, led_astray) {
        (0, 0) => return Ok(()),
        (0, cameras) => format!(
            "the host or port is not that of the row for {cameras} cameras of this kind, whose stored passwords were \
             entered for it; write {{host}} and {{port}}, or {remedy}"
        ),
        (cameras, _) => format!(
            "the scheme, host or port would change for {cameras} cameras of this kind, whose stored passwords were \
             entered for the present one; {remedy}"
        ),
    };
    Err(Error::new(ErrorKind::Conflict, sentence).at("urlTemplate"))
}

/// Whether this is the host of the row's column, and its port where the row has one.
fn is_own(row: &CameraRow, place: &Destination) -> bool {
    let host = row.host.as_deref().unwrap_or_default().trim().trim_matches(['[', ']']);
    let own_port = row.port.is_none_or(|port| place.port.is_some_and(|called| i64::from(called) == port));
    own_port && place.host.trim_matches(['[', ']']).eq_ignore_ascii_case(host)
}

fn has_password(row: &CameraRow) -> bool {
    row.password.as_ref().is_some_and(|password| !password.expose_secret().is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::{check_edit, draft};
    use super::*;
    use crate::domain::sample;

    fn kinds() -> Kinds {
        [
            ("generic", "rtsp://{username}:{password}@{host}:{port=554}/"),
            ("same", "rtsp://{username}:{password}@{host}:{port=554}/"),
            ("secure", "rtsps://{username}:{password}@{host}/"),
            ("literal", "rtsp://{username}:{password}@203.0.113.9/"),
            ("smuggled", "rtsp://{username}:{password}@{host}.example.org/"),
        ]
        .map(|(kind, template)| (kind.to_owned(), template.to_owned()))
        .into()
    }

    fn row() -> CameraRow {
        CameraRow {
            host: Some("10.0.0.9".into()),
            username: Some("viewer".into()),
            password: Some("s3cret".into()),
            ..sample::camera_row(7, "gate")
        }
    }

    fn by_url(url: &str) -> CameraRow {
        CameraRow { url: Some(url.to_owned().into()), ..row() }
    }

    #[test]
    fn a_password_follows_no_edit_to_another_place() {
        let own = by_url("rtsp://10.0.0.9/a");
        let unused = CameraRow { username: None, ..row() };
        let off = CameraRow { enabled: false, ..row() };
        let unreadable = CameraRow { kind: "gone".into(), ..row() };
        let bare = CameraRow { password: None, ..row() };
        let table = [
            (row(), r#"{"host":"127.0.0.1"}"#, true),
            (row(), r#"{"port":8554}"#, true),
            (row(), r#"{"kind":"Generic"}"#, false),
            (row(), r#"{"kind":"same"}"#, true),
            (row(), r#"{"kind":"secure"}"#, true),
            (row(), r#"{"url":"rtsp://10.0.0.9:554/"}"#, true),
            (row(), r#"{"url":"rtsp://127.0.0.1/x"}"#, true),
            (row(), r#"{"url":"http://10.0.0.9/x"}"#, true),
            (own.clone(), r#"{"url":"rtsp://10.0.0.8/a"}"#, true),
            (own.clone(), r#"{"url":"rtsp://10.0.0.9:555/a"}"#, true),
            (own.clone(), r#"{"url":"rtsps://10.0.0.9/a"}"#, true),
            (own.clone(), r#"{"url":null}"#, true),
            (unused, r#"{"host":"127.0.0.1"}"#, true),
            (off.clone(), r#"{"host":"127.0.0.1"}"#, true),
            (off, r#"{"host":"127.0.0.1","enabled":true}"#, true),
            (unreadable.clone(), r#"{"kind":"generic"}"#, true),
            (unreadable, r#"{"kind":"generic","password":"again"}"#, false),
            (row(), r#"{"host":"127.0.0.1","password":"again"}"#, false),
            (row(), r#"{"host":"127.0.0.1","password":null}"#, false),
            (row(), r#"{"host":"10.0.0.9","port":554}"#, false),
            (row(), r#"{"username":"other","channel":"2","transport":"udp","name":"other"}"#, false),
            (own.clone(), r#"{"url":"RTSP://10.0.0.9:554/b?x=1"}"#, false),
            (own, r#"{"kind":"same","host":"h","port":1}"#, false),
            (bare, r#"{"host":"127.0.0.1"}"#, false),
        ];
        for (row, json, refused) in table {
            let edit: CameraEdit = serde_json::from_str(json).expect(json);
            let (saved, tried) = (check_edit(Some(&row), &edit, &kinds()), draft(Some(&row), &edit, &kinds()));
            for error in [saved.err(), tried.err()] {
                let field = error.as_ref().and_then(|error| error.field());
                assert_eq!(field, refused.then_some("password"), "{json}: {error:?}");
                let words = error.map(|error| error.to_string()).unwrap_or_default();
                assert!(!words.contains("s3cret") && refused == words.contains("enter it again"), "{words}");
            }
        }
    }

    #[test]
    fn a_template_leads_no_password_to_a_host_of_its_own() {
        for kind in ["literal", "smuggled"] {
            let row = CameraRow { kind: kind.into(), channel: Some("1".into()), ..row() };
            let error = super::super::CameraSource::from_row(&row, &kinds()).expect_err(kind);
            assert_eq!(error.field(), Some("kind"), "{error}");
            let open = CameraRow { password: None, ..row };
            assert!(super::super::CameraSource::from_row(&open, &kinds()).is_ok(), "nothing is sent there");
        }
    }

    #[test]
    fn a_changed_template_leads_no_stored_password_elsewhere() {
        let old = "rtsp://{username}:{password}@{host}:{port=554}/";
        let (with_port, open) = (CameraRow { port: Some(554), ..row() }, CameraRow { password: None, ..row() });
        let table = [
            (old, row(), false),
            ("rtsp://{username}:{password}@{host}/live/{channel=1}", row(), false),
            ("rtsp://{username}:{password}@{host}:{port=5554}/", row(), true),
            ("rtsp://{username}:{password}@{host}:{port=5554}/", with_port, false),
            ("rtsps://{username}:{password}@{host}:{port=554}/", row(), true),
            ("rtsp://{username}:{password}@203.0.113.9/", row(), true),
            ("rtsp://{username}:{password}@{host}/{channel}", row(), true),
            ("rtsps://{username}:{password}@{host}/", by_url("rtsp://10.0.0.9/a"), false),
            ("rtsps://{username}:{password}@{host}/", open, false),
            ("rtsps://{username}:{password}@{host}/", CameraRow { kind: "other".into(), ..row() }, false),
        ];
        for (new, row, refused) in table {
            let kinds = Kinds::from([("generic".to_owned(), old.to_owned())]);
            let changed = check_kind_change(&kinds, "generic", new, std::slice::from_ref(&row));
            assert_eq!(
                changed.as_ref().err().map(Error::kind),
                refused.then_some(ErrorKind::Conflict),
                "{new}: {changed:?}"
            );
            assert!(check_kind_change(&Kinds::new(), "generic", new, &[row]).is_ok(), "a new kind");
        }
    }

    #[test]
    fn a_new_kind_leads_stored_passwords_to_the_place_of_their_row_alone() {
        let row = |port, username: Option<&str>| CameraRow {
            port,
            kind: " NewMake ".into(),
            username: username.map(Into::into),
            ..row()
        };
        let table = [
            ("rtsp://{username}:{password}@{host}:{port=554}/", Some(8554), false),
            ("rtsp://{username}:{password}@{host}:23009/", Some(8554), true),
            ("rtsp://{host}:23009/{password}", Some(8554), true),
            ("rtsp://{username}:{password}@{host}/", Some(8554), true),
            ("rtsp://{username}:{password}@{host}/", Some(554), false),
            ("rtsp://{username}:{password}@{host}:23009/", None, false),
            ("rtsp://203.0.113.9:23009/", Some(8554), false),
        ];
        for (new, port, refused) in table {
            let changed = check_kind_change(&Kinds::new(), "newmake", new, &[row(port, Some("viewer"))]);
            assert_eq!(changed.is_err(), refused, "{new} {port:?}: {changed:?}");
        }
        // What would be called elsewhere all the same is called nowhere.
        for (new, username) in [
            ("rtsp://{credentials}203.0.113.9:23009/", Some("viewer")),
            ("rtsp://{username}:{password}@203.0.113.9/", Some("viewer")),
            ("rtsp://{username}:{password}@{host}:{port=554@203.0.113.9}/", Some("viewer")),
            ("rtsp://{username=203.0.113.9/}:{password}@{host}/", None),
        ] {
            let kinds = Kinds::from([("newmake".to_owned(), new.to_owned())]);
            let called = super::super::CameraSource::from_row(&row(None, username), &kinds);
            assert_eq!(called.expect_err(new).field(), Some("kind"), "{new}");
        }
    }

    #[test]
    fn a_kind_of_other_capitals_is_the_one_that_a_row_had() {
        let kinds = Kinds::from([("Generic".to_owned(), "rtsp://{username}:{password}@{host}/".to_owned())]);
        let changed = check_kind_change(&kinds, "generic", "rtsp://{username}:{password}@{host}:23009/", &[row()]);
        assert_eq!(changed.map_err(|error| error.kind()), Err(ErrorKind::Conflict));
    }
}
