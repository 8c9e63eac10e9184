//! Rows that have come back under other ids: the same name and the same source is the same camera, whatever its id.
//!
//! A table that is emptied and filled again, restored from a backup or numbered by its query gives its cameras new ids. What
//! runs for them goes on, and only takes the new id.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::evaluate::is_same;
use super::published::names;
use crate::domain::fleet::Fleet;

/// Which camera goes on as which, as pairs of the old and the new id; all at once, as ids may change places. Each id
/// is in it at most once as an old and once as a new one, and each new one is an old one too: an id that is taken over
/// while its own camera ends gives that one an id that has become free.
pub fn renumbered(before: &Fleet, after: &Fleet) -> BTreeMap<i64, i64> {
    let is_known = |id: &i64, planned| before.get(id).is_some_and(|known| Arc::ptr_eq(known, planned));
    let others: Vec<_> = after
        .iter()
        .filter(|(id, planned)| !is_known(id, planned))
        .filter_map(|(id, planned)| Some((*id, planned.source()?)))
        .filter(|(id, source)| {
            let same = before.get(id).and_then(|known| known.source());
            same.is_none_or(|same| same.name != source.name)
        })
        .collect();
    if others.is_empty() {
        return BTreeMap::new();
    }
    let known: HashMap<_, _> = names(before).map(|(id, source)| (&source.name, (id, source))).collect();
    let goes_on = |id: i64, name| after.get(&id).and_then(|planned| planned.source()).is_some_and(|s| &s.name == name);
    let mut moved: BTreeMap<i64, i64> = BTreeMap::new();
    for (id, source) in others {
        if let Some((old, was)) = known.get(&source.name)
            && is_same(was, source)
            && !goes_on(*old, &source.name)
        {
            moved.insert(*old, id);
        }
    }
    close_chains(&mut moved);
    moved
}

/// Who is displaced by the first of a chain takes the id that its last one has left.
fn close_chains(moved: &mut BTreeMap<i64, i64>) {
    let from: BTreeMap<i64, i64> = moved.iter().map(|(old, new)| (*new, *old)).collect();
    for head in from.keys().filter(|new| !moved.contains_key(new)).copied().collect::<Vec<_>>() {
        let mut free = head;
        while let Some(old) = from.get(&free) {
            free = *old;
        }
        moved.insert(head, free);
    }
}

/// Gives every entry of a table by id the id that its camera has from now on.
pub fn renumber<T>(table: &mut BTreeMap<i64, T>, moved: &BTreeMap<i64, i64>) {
    let taken: Vec<(i64, T)> =
        moved.iter().filter_map(|(old, new)| table.remove(old).map(|entry| (*new, entry))).collect();
    table.extend(taken);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::camera::{CameraRow, Kinds};
    use crate::domain::{fleet, sample};

    fn fleet(rows: &[(i64, &str)]) -> Fleet {
        let row = |(id, name): &(i64, &str)| {
            let (name, host) = name.split_once('@').unwrap_or((name, "10.0.0.9"));
            CameraRow { url: Some(format!("rtsp://{host}/{name}").into()), ..sample::camera_row(*id, name) }
        };
        fleet::read(&rows.iter().map(row).collect::<Vec<_>>(), &Kinds::new())
    }

    type Rows<'a> = &'a [(i64, &'a str)];
    /// What it is, the rows that run, the rows of the table, and who is whom.
    type Case<'a> = (&'a str, Rows<'a>, Rows<'a>, &'a [(i64, i64)]);

    #[test]
    fn the_same_name_and_source_is_the_same_camera() {
        let table: [Case<'_>; 9] = [
            ("nothing new", &[(1, "a"), (2, "b")], &[(1, "a"), (2, "b")], &[]),
            ("new ids", &[(1, "a"), (2, "b")], &[(7, "a"), (8, "b")], &[(1, 7), (2, 8), (7, 1), (8, 2)]),
            ("two change places", &[(1, "a"), (2, "b")], &[(1, "b"), (2, "a")], &[(1, 2), (2, 1)]),
            ("numbered anew", &[(1, "x"), (2, "a"), (3, "b")], &[(1, "a"), (2, "b")], &[(1, 3), (2, 1), (3, 2)]),
            ("another source", &[(1, "a")], &[(7, "a@10.0.7.7")], &[]),
            ("another name", &[(1, "a")], &[(1, "b")], &[]),
            ("gone", &[(1, "a"), (2, "b")], &[(2, "b")], &[]),
            ("one of both", &[(1, "a"), (2, "b")], &[(7, "a")], &[(1, 7), (7, 1)]),
            ("added", &[(1, "a")], &[(1, "a"), (2, "b")], &[]),
        ];
        for (what, before, after, wanted) in table {
            let (before, after) = (fleet(before), fleet(after));
            let moved: Vec<_> = renumbered(&before, &after).into_iter().collect();
            assert_eq!(moved, wanted, "{what}");
        }
    }

    #[test]
    fn a_table_by_id_follows() {
        let mut table: BTreeMap<i64, &str> = [(1, "x"), (2, "a"), (3, "b"), (9, "z")].into();
        renumber(&mut table, &[(1, 3), (2, 1), (3, 2)].into());
        assert_eq!(table, [(1, "a"), (2, "b"), (3, "x"), (9, "z")].into());
    }
}
