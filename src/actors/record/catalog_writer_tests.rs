//! Order of the catalogue writer, and what follows when an operation is given up.

use futures_util::{FutureExt, StreamExt};

use super::super::folder_lock::{FolderLeft, LockedFolders};
use super::*;
use crate::adapters::spool::Spool;
use crate::base::Scope;
use crate::domain::arrival::FileArrival;
use crate::domain::recording::SegmentState;
use crate::domain::sample;

#[test]
fn operations_are_done_in_order_and_tried_again() {
    let mut catalog_writer = CatalogWriter::default();
    let finish = |folder: &str| CatalogOperation::Finish(folder.to_owned());
    catalog_writer.add([finish("a"), finish("b")]);
    assert_eq!(catalog_writer.next(), Some(finish("a")));
    assert_eq!(catalog_writer.next(), None, "one at a time");
    let down = Error::unavailable("the disk is full");
    assert_eq!(catalog_writer.done(Err(&down), 1.0), Next::After(Duration::from_millis(500)));
    assert_eq!(catalog_writer.trouble(), Some("the disk is full"));
    for _ in 0..50 {
        assert_eq!(catalog_writer.next(), Some(finish("a")), "what may heal is never given up");
        assert!(matches!(catalog_writer.done(Err(&down), 1.0), Next::After(_)));
    }
    assert_eq!(catalog_writer.next(), Some(finish("a")));
    assert_eq!(catalog_writer.done(Ok(()), 0.0), Next::Now);
    assert_eq!(catalog_writer.trouble(), None);
    assert_eq!(catalog_writer.next(), Some(finish("b")));
    catalog_writer.done(Ok(()), 0.0);
    assert!(catalog_writer.is_idle() && catalog_writer.next().is_none());
}

/// Fails the next operation until it is given up.
fn give_up(catalog_writer: &mut CatalogWriter, error: &Error) -> CatalogOperation {
    let operation = catalog_writer.next().expect("an operation");
    for _ in 1..CatalogWriter::TRIES {
        assert!(matches!(catalog_writer.done(Err(error), 0.0), Next::After(_)));
        assert_eq!(catalog_writer.next().as_ref(), Some(&operation));
    }
    assert_eq!(catalog_writer.done(Err(error), 0.0), Next::Now);
    operation
}

#[test]
fn what_will_not_heal_is_given_up_and_a_crowd_is_an_obstacle() {
    let mut catalog_writer = CatalogWriter::default();
    let put = |n: usize| CatalogOperation::Put(Box::new(segment(session(1).id, u32::try_from(n).expect("few"))));
    catalog_writer.add((0..=CatalogWriter::FULL).map(put));
    assert!(catalog_writer.obstacle().is_some());
    give_up(&mut catalog_writer, &Error::new(ErrorKind::Conflict, "no"));
    assert_eq!(catalog_writer.next(), Some(put(1)));
    assert_eq!(catalog_writer.obstacle(), None);
    // One file that cannot be read is no disk that heals.
    catalog_writer.done(Ok(()), 0.0);
    give_up(&mut catalog_writer, &Error::unavailable("it cannot be read").about(Scope::Item));
    assert_eq!(catalog_writer.next(), Some(put(3)));
}

fn session(id: u128) -> RecordingSession {
    RecordingSession { id: Uuid::from_u128(id), started_at: DateTime::UNIX_EPOCH, ..sample::session("a") }
}

fn segment(id: Uuid, number: u32) -> Segment {
    super::super::run::draft("", &RecordingSession { id, ..session(0) }, number, id, DateTime::UNIX_EPOCH, "f")
}

fn close(id: u128) -> CatalogOperation {
    CatalogOperation::Close { session: Uuid::from_u128(id), at: DateTime::UNIX_EPOCH, reason: "over".into() }
}

/// Everything that is handed out, each operation with this result.
fn rest(catalog_writer: &mut CatalogWriter, result: Result<(), &Error>) -> Vec<CatalogOperation> {
    std::iter::from_fn(|| {
        let operation = catalog_writer.next()?;
        catalog_writer.done(result, 0.0);
        Some(operation)
    })
    .collect()
}

#[test]
fn after_an_operation_that_was_given_up_nothing_says_that_its_session_is_finished() {
    let refused = Error::new(ErrorKind::Internal, "no");
    let put = |id, number| CatalogOperation::Put(Box::new(segment(Uuid::from_u128(id), number)));
    let finish = || CatalogOperation::Finish("f".into());
    // A run of two days; something of the first is given up: the second is closed, no folder is finished.
    let mut catalog_writer = CatalogWriter::default();
    catalog_writer.add([
        put(1, 0),
        put(1, 1),
        CatalogOperation::Open(session(2)),
        close(1),
        put(2, 0),
        close(2),
        finish(),
        finish(),
    ]);
    give_up(&mut catalog_writer, &refused);
    let done = rest(&mut catalog_writer, Ok(()));
    assert_eq!(done, [put(1, 1), CatalogOperation::Open(session(2)), put(2, 0), close(2)]);
    assert!(catalog_writer.is_idle());
    // A close that was given up forbids the end as well.
    let mut catalog_writer = CatalogWriter::default();
    catalog_writer.add([close(1), finish(), CatalogOperation::Discard("f".into())]);
    give_up(&mut catalog_writer, &refused);
    assert_eq!(rest(&mut catalog_writer, Ok(())), []);
}

#[test]
fn a_session_that_could_not_be_opened_is_offered_again_before_its_rows() {
    let refused = Error::new(ErrorKind::Internal, "no");
    let put = |number| CatalogOperation::Put(Box::new(segment(session(1).id, number)));
    let mut catalog_writer = CatalogWriter::default();
    catalog_writer.add([CatalogOperation::Open(session(1)), put(0), put(1), put(2), close(1)]);
    give_up(&mut catalog_writer, &refused);
    assert_eq!(catalog_writer.next(), Some(CatalogOperation::Open(session(1))));
    assert_eq!(catalog_writer.done(Err(&refused), 0.0), Next::Now, "its row is given up with it, at once");
    assert_eq!(
        rest(&mut catalog_writer, Ok(())),
        [CatalogOperation::Open(session(1)), put(1), put(2)],
        "it was taken this time"
    );
}

fn seal_of(number: u32) -> CatalogOperation {
    let draft = segment(session(1).id, number);
    CatalogOperation::Seal(Box::new(SealOrder {
        from: ("f".into(), number),
        to: ("f".into(), number),
        draft,
        arrival: FileArrival::NOT_KNOWN,
        why: None,
    }))
}

#[test]
fn an_open_file_that_somebody_deleted_is_missing_and_said_to_be_gone() {
    let folder = tempfile::tempdir().expect("a folder");
    let spool = Spool::open(folder.path().join("spool")).expect("a spool");
    let note = Note { session: session(1), key_prefix: String::new(), continues: None };
    spool.begin(&note).expect("a folder of the session");
    let place = (Spool::folder(&note.session), 0);
    let order = SealOrder {
        from: place.clone(),
        to: place,
        draft: segment(session(1).id, 0),
        arrival: FileArrival::NOT_KNOWN,
        why: Some("cut short: the stream ended".to_owned()),
    };
    let gone = seal(&spool, &order).expect("no failure: others can still be sealed");
    assert_eq!((gone.state, gone.reason.as_deref()), (SegmentState::Missing, Some("its file is not in the spool")));
    // A file with nothing in it is another matter.
    std::fs::write(spool.path(&gone.spool_path).expect("a path"), "").expect("written");
    let empty = seal(&spool, &order).expect("sealed");
    assert_eq!(empty.state, SegmentState::Lost);
    assert!(empty.reason.is_some_and(|why| why.starts_with("nothing of it could be kept")));
}

#[test]
fn a_file_that_cannot_be_sealed_holds_up_no_other_and_is_tried_again_while_its_session_goes_on() {
    let unreadable = Error::unavailable("it may not be read").about(Scope::Item);
    let at = Duration::from_secs;
    let mut catalog_writer = CatalogWriter::default();
    catalog_writer.add([seal_of(0), seal_of(1), seal_of(2)]);
    give_up(&mut catalog_writer, &unreadable);
    assert_eq!(rest(&mut catalog_writer, Err(&unreadable)), [seal_of(1), seal_of(2)], "the next are not waited for");
    let said = catalog_writer.stuck().expect("it is said");
    assert!(said.contains("3 segments") && said.contains("it may not be read"), "{said}");
    assert!(!catalog_writer.try_again(at(10), 0.0) && catalog_writer.next().is_none(), "not at once");
    assert!(catalog_writer.try_again(at(40), 0.0));
    assert!(catalog_writer.stuck().is_some_and(|said| said.contains("3 segments")), "while it is tried as well");
    // One stays as it is; the others are sealed, and so is what comes meanwhile.
    let first = catalog_writer.next().expect("the oldest first");
    assert_eq!((first, catalog_writer.done(Err(&unreadable), 0.0)), (seal_of(0), Next::Now));
    catalog_writer.add([seal_of(3)]);
    assert_eq!(rest(&mut catalog_writer, Ok(())), [seal_of(1), seal_of(2), seal_of(3)]);
    assert!(catalog_writer.stuck().is_some_and(|said| said.contains("a segment is")));
    // The end of the session is tried once more for, and waits for nothing.
    let finish = || CatalogOperation::Finish("f".into());
    catalog_writer.add([close(1), finish()]);
    assert_eq!(rest(&mut catalog_writer, Ok(())), [seal_of(0), close(1), finish()]);
    assert_eq!(catalog_writer.stuck(), None);
    catalog_writer.add([seal_of(4), close(1), finish()]);
    give_up(&mut catalog_writer, &unreadable);
    assert_eq!(rest(&mut catalog_writer, Err(&unreadable)), [seal_of(4)], "left to the recovery");
}

#[test]
fn the_folder_of_a_run_with_an_operation_given_up_is_not_given_back_clean() {
    let folders = LockedFolders::default();
    let mut left = Box::pin(folders.left());
    let mut catalog_writer = CatalogWriter::default();
    let runs = |writer: &mut CatalogWriter, folder: &str| {
        let lock = FolderLock::take(&folders, folder);
        assert!(folders.has(folder));
        let (session, at, reason) = (session(1).id, DateTime::UNIX_EPOCH, String::new());
        writer.add([CatalogOperation::Close { session, at, reason }, CatalogOperation::Finish(folder.to_owned())]);
        writer.release(lock);
    };
    runs(&mut catalog_writer, "good");
    let done = [close_of(session(1).id), CatalogOperation::Finish("good".into())];
    assert_eq!(rest(&mut catalog_writer, Ok(())), done);
    assert!(!folders.has("good"));
    assert_eq!(left.next().now_or_never(), None, "everything of it is known");
    runs(&mut catalog_writer, "bad");
    give_up(&mut catalog_writer, &Error::new(ErrorKind::Internal, "no"));
    assert_eq!(rest(&mut catalog_writer, Ok(())), []);
    assert!(!folders.has("bad"));
    assert_eq!(left.next().now_or_never(), Some(Some(FolderLeft)), "the recovery hears of it");
}

fn close_of(session: Uuid) -> CatalogOperation {
    CatalogOperation::Close { session, at: DateTime::UNIX_EPOCH, reason: String::new() }
}
