//! The state all browsers share: the items as of `seq`, and the changes waiting for the next frame.
//!
//! Plain data: told what happened, gives frames out. Never reads the clock and sends nothing.

use std::collections::BTreeMap;

use super::feed_filter::FeedFilter;
use super::feed_frame::FeedFrame;
use super::hub_wire::{self, Delta, ItemKey};
use crate::adapters::live::{Change, Latest};

/// Items as of `seq`, and what changed since.
#[derive(Default)]
pub(super) struct SnapshotCache {
    seq: u64,
    items: BTreeMap<ItemKey, Item>,
    waiting: BTreeMap<ItemKey, Option<Item>>,
    /// Frames of the snapshots as of `seq`: a hundred browsers that want the same share them.
    snapshots: BTreeMap<FeedFilter, Vec<FeedFrame>>,
}

/// A thing as it was told. Its text is made once, and only when somebody is there to read it.
struct Item {
    told: Change,
    text: Option<Box<str>>,
}

impl Item {
    fn of(told: Change) -> Self {
        Self { told, text: None }
    }

    fn text(&mut self) -> &str {
        self.text.get_or_insert_with(|| hub_wire::item(&self.told).unwrap_or_default())
    }
}

/// One waiting change, with the entries that tell of it: a filter may see a thing come or go that only changed.
struct ChangeEntries {
    was: Option<Change>,
    is: Option<Change>,
    upsert: String,
    update: Option<String>,
    remove: String,
}

impl ChangeEntries {
    fn new(key: &ItemKey, was: Option<&mut Item>, is: Option<&mut Item>) -> Self {
        let told = |item: &Option<&mut Item>| item.as_ref().map(|item| item.told.clone());
        let (old, new) = (told(&was), told(&is));
        let new_text = is.map(Item::text);
        let update = was.zip(new_text).and_then(|(was, text)| hub_wire::difference(key, was.text(), text));
        let upsert = new_text.map(|text| hub_wire::envelope(key, text)).unwrap_or_default();
        Self { was: old, is: new, upsert, update, remove: hub_wire::removal(key) }
    }

    fn put<'a>(&'a self, delta: &mut Delta<'a>, filter: &FeedFilter) {
        let wanted = |told: &Option<Change>| told.as_ref().is_some_and(|told| filter.wants(told));
        match (wanted(&self.was), wanted(&self.is)) {
            (false, true) => delta.upsert.push(&self.upsert),
            (true, true) => delta.update.extend(self.update.as_deref()),
            (true, false) => delta.remove.push(&self.remove),
            (false, false) => {}
        }
    }
}

impl SnapshotCache {
    /// Number of the last frame.
    pub(super) fn seq(&self) -> u64 {
        self.seq
    }

    /// Forgets everything and takes this instead; whoever has an older picture needs the snapshot.
    pub(super) fn replace(&mut self, latest: Latest) {
        self.seq += 1;
        self.waiting.clear();
        self.snapshots.clear();
        self.items = hub_wire::everything(latest).map(|told| (hub_wire::key(&told), Item::of(told))).collect();
    }

    /// Notes changes for the next frame. True when there is something to tell: a change that changes nothing is dropped.
    pub(super) fn note(&mut self, changes: &[Change]) -> bool {
        for change in changes {
            let (key, is_gone) = (hub_wire::key(change), hub_wire::is_gone(change));
            let changes_nothing = match self.items.get(&key) {
                Some(known) => known.told == *change,
                None => is_gone,
            };
            if changes_nothing {
                self.waiting.remove(&key);
            } else {
                self.waiting.insert(key, (!is_gone).then(|| Item::of(change.clone())));
            }
        }
        !self.waiting.is_empty()
    }

    /// Takes up changes at once: nobody is there to be told.
    pub(super) fn take_up(&mut self, changes: &[Change]) {
        self.pass();
        let mut is_new = false;
        for change in changes {
            let (key, is_gone) = (hub_wire::key(change), hub_wire::is_gone(change));
            match self.items.get_mut(&key) {
                _ if is_gone => is_new |= self.items.remove(&key).is_some(),
                Some(known) if known.told == *change => {}
                Some(known) => {
                    *known = Item::of(change.clone());
                    is_new = true;
                }
                None => {
                    self.items.insert(key, Item::of(change.clone()));
                    is_new = true;
                }
            }
        }
        if is_new {
            self.seq += 1;
            self.snapshots.clear();
        }
    }

    /// The waiting changes as one frame for each filter that wants any of them. `last` has the number of the frame that
    /// the clients of each filter got before; it is moved on. Each entry is serialised once for all filters.
    pub(super) fn flush(&mut self, last: &mut BTreeMap<FeedFilter, u64>) -> BTreeMap<FeedFilter, FeedFrame> {
        if last.is_empty() {
            self.pass();
        }
        if self.waiting.is_empty() {
            return BTreeMap::new();
        }
        let (waiting, items) = (&mut self.waiting, &mut self.items);
        let told = waiting.iter_mut().map(|(key, item)| ChangeEntries::new(key, items.get_mut(key), item.as_mut()));
        let told: Vec<ChangeEntries> = told.collect();
        self.pass();
        let mut frames = BTreeMap::new();
        for (filter, prev) in last {
            let mut delta = Delta::default();
            told.iter().for_each(|told| told.put(&mut delta, filter));
            if let Some(frame) = delta.frame(self.seq, *prev) {
                *prev = self.seq;
                frames.insert(filter.clone(), frame);
            }
        }
        frames
    }

    /// Takes up the waiting changes without telling anybody: nobody is there.
    fn pass(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        self.seq += 1;
        self.snapshots.clear();
        for (key, item) in std::mem::take(&mut self.waiting) {
            match item {
                Some(item) => self.items.insert(key, item),
                None => self.items.remove(&key),
            };
        }
    }

    /// Forgets the snapshots of other filters.
    pub(super) fn keep_snapshots(&mut self, wanted: impl Fn(&FeedFilter) -> bool) {
        self.snapshots.retain(|filter, _| wanted(filter));
    }

    /// Everything that the filter wants as of `seq`; waiting changes come with the next delta.
    pub(super) fn snapshot(&mut self, filter: &FeedFilter) -> &[FeedFrame] {
        let (seq, items) = (self.seq, &mut self.items);
        self.snapshots.entry(filter.clone()).or_insert_with(|| {
            let wanted = items.iter_mut().filter(|(_, item)| filter.wants(&item.told));
            hub_wire::snapshot(seq, wanted.map(|(key, item)| hub_wire::envelope(key, item.text())))
        })
    }
}

#[cfg(test)]
#[path = "snapshot_cache_tests.rs"]
mod tests;
