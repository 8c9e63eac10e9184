//! From "ffmpeg closed it" to "safe on this disk": check, repair, sync, and the move after midnight.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::time::Duration;

use super::mp4::{Checked, Cut, Mend, check, respaced};
use super::{Spool, fault, sync_folder};
use crate::base::{Error, ErrorKind, Result, Scope};

/// A file that is whole and durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    /// What it holds.
    pub checked: Checked,
    /// Its size now.
    pub bytes: u64,
    /// What it lost, in a sentence; `None` for a file that was whole.
    pub damage: Option<String>,
}

impl Spool {
    /// Checks a file that nobody writes any more, cuts off a box that ends too early, and syncs file and folder.
    ///
    /// What is cut off goes into the quarantine; where that is not possible it stays in the file, as does what follows a
    /// box that makes no sense. `Ok(None)`: not one whole fragment was in it; the file is deleted when no media had come,
    /// else put into the quarantine. `NotFound`: there is no such file.
    pub fn seal(&self, folder: &str, number: u32) -> Result<Option<Sealed>> {
        self.check()?;
        let spool_path = Self::file(folder, number);
        let path = self.path(&spool_path)?;
        let fault = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => Error::not_found(format!("{spool_path} is not in the spool")),
            _ => fault(&path, error),
        };
        let mut file = OpenOptions::new().read(true).write(true).open(&path).map_err(fault)?;
        let checked = check(&mut file).map_err(fault)?;
        let size = file.metadata().map_err(fault)?.len();
        if checked.fragments == 0 {
            drop(file);
            if is_empty(&checked, size) {
                fs::remove_file(&path).map_err(fault)?;
            } else {
                let why = checked.cut.as_ref().map(describe).unwrap_or_else(|| "it holds no media".to_owned());
                let kept = self.quarantine_file(folder, number)?;
                log::warn!("{spool_path} holds no whole fragment and was moved to {}: {why}", kept.display());
            }
            return Ok(None);
        }
        let (bytes, damage) = match &checked.cut {
            None => (size, None),
            Some(cut) if cut.why.is_short() => self.cut_off(folder, number, &mut file, &checked, cut, size)?,
            Some(cut) => (size, Some(format!("what follows byte {} cannot be played: {}", cut.at, cut.why))),
        };
        write(&file, &checked.mends).map_err(fault)?;
        file.sync_all().map_err(fault)?;
        sync_folder(&self.path(folder)?)?;
        Ok(Some(Sealed { checked, bytes, damage }))
    }

    /// Gives samples of a sealed file that are squeezed the time that they took, and moves what begins before the end of the file
    /// that was sealed before it; returns the number of pictures. `before`: where that file may be. `came_for`: how long this one took
    /// to come.
    ///
    /// Media and lengths of boxes stay, so a file can be played whatever part of it has been written, and doing it again completes it.
    pub fn respace(
        &self,
        (folder, number): (&str, u32),
        before: &[(String, u32)],
        came_for: Option<Duration>,
        sealed: &mut Sealed,
    ) -> Result<u64> {
        self.check()?;
        let path = self.path(&Self::file(folder, number))?;
        let fault = |error| fault(&path, error);
        let mut file = OpenOptions::new().read(true).write(true).open(&path).map_err(fault)?;
        let open = |(folder, number): &(String, u32)| File::open(self.path(&Self::file(folder, *number)).ok()?).ok();
        let mut before = before.iter().find_map(open);
        let found = respaced(&mut file, sealed.checked.whole_bytes(), before.as_mut(), came_for).map_err(fault)?;
        if !found.mends.is_empty() {
            write(&file, &found.mends).map_err(fault)?;
            file.sync_all().map_err(fault)?;
            let mends = std::mem::take(&mut sealed.checked.mends);
            sealed.checked = Checked { mends, ..check(&mut file).map_err(fault)? };
        }
        Ok(found.pictures)
    }

    /// Cuts off what follows the last whole fragment, once a copy of it is safe. Returns the size and what to say.
    fn cut_off(
        &self,
        folder: &str,
        number: u32,
        file: &mut File,
        checked: &Checked,
        cut: &Cut,
        size: u64,
    ) -> Result<(u64, Option<String>)> {
        let whole = checked.whole_bytes();
        let lost = size.saturating_sub(whole);
        match self.quarantine_end(folder, number, file, whole) {
            Ok(_) => {
                file.set_len(whole).map_err(|error| fault(&self.root().join(Self::file(folder, number)), error))?;
                Ok((whole, Some(format!("its last {lost} bytes were cut off: {}", describe(cut)))))
            }
            // A full disk must not keep what is whole from being stored.
            Err(error) => {
                log::warn!("the damaged end of {} stays in the file: {error}", Self::file(folder, number));
                Ok((size, Some(format!("its last {lost} bytes cannot be played: {}", describe(cut)))))
            }
        }
    }

    /// Moves a sealed file into the folder of the session it belongs to. Doing it twice is fine.
    pub fn adopt(&self, from: (&str, u32), to: (&str, u32)) -> Result<()> {
        self.check()?;
        let source = self.path(&Self::file(from.0, from.1))?;
        let target = self.path(&Self::file(to.0, to.1))?;
        match (source.exists(), target.exists()) {
            (false, true) => return Ok(()),
            (true, true) => {
                let target = target.display();
                return Err(Error::new(ErrorKind::Conflict, format!("{target} exists already and is not replaced"))
                    .about(Scope::Item));
            }
            _ => fs::rename(&source, &target).map_err(|error| fault(&source, error))?,
        }
        sync_folder(&self.path(to.0)?)?;
        sync_folder(&self.path(from.0)?)
    }
}

/// Writes what is to be changed. Neighbours go together, so that no number is written by halves, and what comes last goes first: what moves
/// away makes room before what is before it grows.
fn write(file: &File, mends: &[Mend]) -> std::io::Result<()> {
    // What was found last at a place counts.
    let mends: BTreeMap<u64, [u8; 4]> = mends.iter().map(|mend| (mend.at, mend.bytes)).collect();
    let mut runs: Vec<(u64, Vec<u8>)> = Vec::new();
    for (place, bytes) in mends {
        match runs.last_mut() {
            Some((at, run)) if *at + run.len() as u64 == place => run.extend(bytes),
            _ => runs.push((place, bytes.to_vec())),
        }
    }
    runs.iter().rev().try_for_each(|(at, bytes)| file.write_all_at(bytes, *at))
}

/// Whether a file without a whole fragment ended before the first one began: there is nothing to keep.
fn is_empty(checked: &Checked, size: u64) -> bool {
    /// Shorter than the header of a box.
    const NO_BOX: u64 = 8;
    let is_short = checked.cut.as_ref().is_none_or(|cut| cut.why.is_short());
    let no_media = checked.init_bytes == 0 || size < checked.init_bytes + NO_BOX;
    is_short && no_media && checked.unknown_boxes == 0
}

fn describe(cut: &Cut) -> String {
    format!("{} (byte {})", cut.why, cut.at)
}
