//! From "ffmpeg closed it" to "safe on this disk": check, repair, sync, and the move after midnight.

use std::fs::{self, OpenOptions};

use super::mp4::{Checked, Cut, check};
use super::{Spool, fault, sync_folder};
use crate::base::{Error, Kind, Result};

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
    /// Checks a file that nobody writes any more, cuts off what is not whole, and syncs file and folder.
    ///
    /// `Ok(None)`: not one whole fragment was in it. A file that merely ended too early is deleted then; one that we do
    /// not understand is put aside as `*.broken` for people to look at. `NotFound`: there is no such file.
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
        if checked.fragments == 0 {
            drop(file);
            if checked.cut.as_ref().is_some_and(|cut| !cut.why.is_short()) {
                log::warn!(
                    "{spool_path} cannot be read and is put aside: {}",
                    checked.cut.as_ref().map(describe).unwrap_or_default()
                );
                fs::rename(&path, path.with_extension("mp4.broken")).map_err(fault)?;
            } else {
                fs::remove_file(&path).map_err(fault)?;
            }
            return Ok(None);
        }
        let size = file.metadata().map_err(fault)?.len();
        let (bytes, damage) = match &checked.cut {
            None => (size, None),
            Some(cut) => {
                file.set_len(checked.whole_bytes()).map_err(fault)?;
                let lost = size - checked.whole_bytes();
                (checked.whole_bytes(), Some(format!("its last {lost} bytes were cut off: {}", describe(cut))))
            }
        };
        file.sync_all().map_err(fault)?;
        sync_folder(&self.path(folder)?)?;
        Ok(Some(Sealed { checked, bytes, damage }))
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
                return Err(Error::new(Kind::Conflict, format!("{target} exists already and is not replaced")));
            }
            _ => fs::rename(&source, &target).map_err(|error| fault(&source, error))?,
        }
        sync_folder(&self.path(to.0)?)?;
        sync_folder(&self.path(from.0)?)
    }
}

fn describe(cut: &Cut) -> String {
    format!("{} (byte {})", cut.why, cut.at)
}
