//! What a fleet publishes: the sources of its rows, and the names they have.

use std::collections::HashMap;

use crate::domain::camera::CameraSource;
use crate::domain::fleet::Fleet;
use crate::domain::name::StreamName;

/// Every row that has a source.
pub(super) fn names(fleet: &Fleet) -> impl Iterator<Item = (i64, &CameraSource)> {
    fleet.iter().filter_map(|(id, planned)| Some((*id, planned.source()?)))
}

/// What is published under each name, and by which row. A fleet has each name once.
pub(super) fn by_name(fleet: &Fleet) -> HashMap<&StreamName, (i64, &CameraSource)> {
    names(fleet).map(|(id, source)| (&source.name, (id, source))).collect()
}
