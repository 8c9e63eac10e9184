//! Everything that is wrong with one line, and not only what is found first: people correct a file once.

use crate::domain::camera::{CameraEdit, CameraRow, Kinds, check_edit};

/// What stands for a host, a name that is wrong while the rest of its line is checked.
const ANY_HOST: &str = "camera.invalid";
const ANY_NAME: &str = "camera";

/// Columns that say where a camera is: whether a password goes with them is known when they are right.
const PLACE: [&str; 4] = ["kind", "host", "port", "url"];

/// The faults of an edit of `row` (or, without one, of a new camera), each with its column. `wrong`: columns that are known
/// to be wrong and are not told again.
pub(super) fn faults(
    row: Option<&CameraRow>,
    edit: &CameraEdit,
    kinds: &Kinds,
    wrong: &[&str],
) -> Vec<(Option<String>, String)> {
    let mut edit = edit.clone();
    let mut mended: Vec<String> = wrong.iter().map(|column| (*column).to_owned()).collect();
    mended.iter().for_each(|column| mend(&mut edit, column, row.is_some()));
    let mut found = Vec::new();
    // Each of them is put right for the moment, to see what is behind it.
    while let Err(error) = check_edit(row, &edit, kinds) {
        let field = error.field().map(str::to_owned);
        let is_known = field.as_ref().is_some_and(|field| mended.contains(field));
        let is_guess =
            field.as_deref() == Some("password") && PLACE.iter().any(|place| mended.iter().any(|one| one == place));
        if !is_known && !is_guess {
            found.push((field.clone(), error.message().to_owned()));
        }
        match field {
            Some(field) if !is_known => {
                mend(&mut edit, &field, row.is_some());
                mended.push(field);
            }
            _ => break,
        }
    }
    found
}

/// Puts a value into a column that no rule refuses, as far as there is one.
fn mend(edit: &mut CameraEdit, column: &str, is_there: bool) {
    match column {
        "name" => edit.name = (!is_there).then(|| ANY_NAME.to_owned()),
        "kind" => edit.kind = None,
        "host" => edit.host = Some(Some(ANY_HOST.to_owned())),
        "port" => edit.port = Some(None),
        "username" => edit.username = None,
        "password" => edit.password = None,
        "channel" => edit.channel = None,
        "substream" => edit.substream = None,
        "url" => {
            edit.url = Some(None);
            if !matches!(edit.host, Some(Some(_))) {
                edit.host = Some(Some(ANY_HOST.to_owned()));
            }
        }
        "transport" => edit.transport = Some(None),
        "audio" => edit.audio = Some(None),
        "label" => edit.label = None,
        _ => {}
    }
}
