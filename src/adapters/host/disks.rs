//! Disks: what is mounted, how full it is, how much is read and written.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use nix::sys::statvfs::statvfs;

use super::files::HostFiles;
use super::parse;
use crate::domain::host::{DiskForecast, DiskStatus, DiskTrend, IoBytes};

/// File systems that keep data; an overlay counts as the root of a container.
const KINDS: [&str; 18] = [
    "ext2",
    "ext3",
    "ext4",
    "xfs",
    "btrfs",
    "zfs",
    "f2fs",
    "exfat",
    "vfat",
    "ntfs3",
    "overlay",
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "ceph",
    "9p",
    "fuse.sshfs",
];
/// All disks together are waited for so long; who is later is told as hung, and looked at when it comes back.
const LIMIT: Duration = Duration::from_secs(2);
/// More of them are not looked at.
const MOST: usize = 64;

/// Size of a disk, as it says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Space {
    total: u64,
    free: u64,
    used: u64,
    inodes: Option<(u64, u64)>,
}

type Answer = Result<Space, String>;

/// The disks of a host: their trends, and who has not answered.
pub(super) struct Disks {
    ask: fn(&Path) -> Answer,
    limit: Duration,
    trends: BTreeMap<String, DiskTrend>,
    hung: BTreeMap<String, (Receiver<Answer>, DateTime<Utc>)>,
}

impl Default for Disks {
    fn default() -> Self {
        Self { ask: space, limit: LIMIT, trends: BTreeMap::new(), hung: BTreeMap::new() }
    }
}

impl Disks {
    /// Every disk once, at its shortest mount point, with the bytes that it has read and written.
    pub(super) fn look(&mut self, files: &mut HostFiles<'_>) -> (Vec<DiskStatus>, BTreeMap<String, IoBytes>) {
        let mut mounts = files.parsed("disks", "self/mountinfo", mounted).unwrap_or_default();
        if mounts.len() > MOST {
            files.lacks("disks", &format!("only {MOST} of {} are looked at", mounts.len()));
            mounts.truncate(MOST);
        }
        let counted = files.parsed("disks.rates", "diskstats", parse::disks).unwrap_or_default();
        let known: BTreeSet<&String> = mounts.iter().map(|mount| &mount.at).collect();
        self.trends.retain(|mount, _| known.contains(mount));
        self.hung.retain(|mount, _| known.contains(mount));
        let answers = self.ask_all(&mounts);
        let (mut disks, mut bytes) = (Vec::new(), BTreeMap::new());
        for (mount, answer) in mounts.into_iter().zip(answers) {
            bytes.extend(counted.get(&mount.number).map(|counted| (mount.device.clone(), *counted)));
            disks.push(self.status(mount, answer));
        }
        (disks, bytes)
    }

    /// One answer for each, in time.
    fn ask_all(&mut self, mounts: &[Mount]) -> Vec<Answer> {
        let deadline = Instant::now() + self.limit;
        let asked: Vec<_> = mounts.iter().map(|mount| self.begin(&mount.at)).collect();
        let wait = |(mount, (told, since)): (&Mount, (Receiver<Answer>, DateTime<Utc>))| {
            let left = deadline.saturating_duration_since(Instant::now());
            match told.recv_timeout(left) {
                Ok(answer) => answer,
                Err(RecvTimeoutError::Disconnected) => Err("no thread to look at it could be started".to_owned()),
                Err(RecvTimeoutError::Timeout) => {
                    self.hung.insert(mount.at.clone(), (told, since));
                    Err(format!("hangs: it has not answered since {}", since.format("%Y-%m-%dT%H:%M:%SZ")))
                }
            }
        };
        mounts.iter().zip(asked).map(wait).collect()
    }

    /// The answer to come, from a thread that may wait for ever; of one that hangs, from the thread of then.
    fn begin(&mut self, mount: &str) -> (Receiver<Answer>, DateTime<Utc>) {
        if let Some(waiting) = self.hung.remove(mount) {
            return waiting;
        }
        let (tell, told) = channel();
        let (ask, path) = (self.ask, mount.to_owned());
        // Nobody there any more: the answer is dropped.
        let look = move || _ = tell.send(ask(Path::new(&path)));
        // Without a thread the channel is closed, which is told.
        _ = std::thread::Builder::new().name("disk".to_owned()).stack_size(64 * 1024).spawn(look);
        (told, Utc::now())
    }

    fn status(&mut self, mount: Mount, answer: Answer) -> DiskStatus {
        let Mount { at, device, .. } = mount;
        let mut disk = DiskStatus {
            mount: at,
            device,
            total: None,
            free: None,
            used_percent: None,
            inodes: None,
            inodes_free: None,
            read_rate: None,
            write_rate: None,
            forecast: DiskForecast::Unknown,
            days_until_full: None,
            reason: None,
        };
        let space = match answer {
            Ok(space) => space,
            Err(why) => {
                disk.reason = Some(why);
                return disk;
            }
        };
        let Space { total, free, used, inodes } = space;
        (disk.total, disk.free) = (Some(total), Some(free));
        // What is kept for root is neither free nor used by us: as `df` counts.
        let usable = used + free;
        let percent = |part: u64, all: u64| (part as f64 / all as f64 * 10_000.0).round() / 100.0;
        disk.used_percent = (usable > 0).then(|| percent(used, usable));
        (disk.inodes, disk.inodes_free) = (inodes.map(|both| both.0), inodes.map(|both| both.1));
        let trend = self.trends.entry(disk.mount.clone()).or_default();
        trend.add(Utc::now().timestamp(), used, total);
        (disk.forecast, disk.days_until_full) = trend.forecast(free);
        disk
    }
}

/// Something that is mounted.
#[derive(Debug, PartialEq, Eq)]
struct Mount {
    at: String,
    device: String,
    /// Major and minor number, as in `/proc/diskstats`.
    number: (u32, u32),
}

/// Each disk at its shortest mount point, by that. `None` without a line that is understood.
fn mounted(text: &str) -> Option<Vec<Mount>> {
    let mut found: BTreeMap<(u32, u32), Mount> = BTreeMap::new();
    let mut is_understood = false;
    for (number, at, kind, device) in text.lines().filter_map(parse::mount) {
        is_understood = true;
        if !KINDS.contains(&kind.as_str()) || (kind == "overlay" && at != "/") {
            continue;
        }
        let mount = Mount { at, device, number };
        match found.get_mut(&number) {
            Some(known) if mount.at.len() < known.at.len() => *known = mount,
            Some(_) => {}
            None => _ = found.insert(number, mount),
        }
    }
    let mut mounts: Vec<Mount> = found.into_values().collect();
    mounts.sort_by(|a, b| a.at.cmp(&b.at));
    is_understood.then_some(mounts)
}

fn space(mount: &Path) -> Answer {
    let found = statvfs(mount).map_err(|error| error.desc().to_owned())?;
    let block = found.fragment_size();
    let (total, free) = (found.blocks() * block, found.blocks_available() * block);
    let used = total.saturating_sub(found.blocks_free() * block);
    // Some file systems make inodes as they are needed.
    let inodes = (found.files() > 0).then(|| (found.files(), found.files_available()));
    Ok(Space { total, free, used, inodes })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    const TABLE: &str = "23 28 0:21 / /proc rw,nosuid shared:12 - proc proc rw\n\
        30 28 8:1 /rec /srv/rec rw shared:1 - ext4 /dev/sda1 rw\n31 28 8:1 / /srv rw shared:1 - ext4 /dev/sda1 rw\n\
        32 28 0:52 / /nas rw - nfs4 nas:/x rw\n33 28 8:17 / /a\\040b rw - xfs /dev/sdb1 rw\n\
        34 28 0:60 / /x rw - overlay overlay rw\n35 28 0:61 / / rw - overlay overlay rw\n\
        36 28 7:0 / /snap/x ro - squashfs /dev/loop0 ro\nbroken\n";

    fn at(mounts: &[Mount]) -> Vec<&str> {
        mounts.iter().map(|mount| mount.at.as_str()).collect()
    }

    #[test]
    fn disks_are_found_once_and_at_their_shortest_mount() {
        let mounts = mounted(TABLE).expect("understood");
        assert_eq!(at(&mounts), ["/", "/a b", "/nas", "/srv"]);
        assert_eq!((mounts[3].device.as_str(), mounts[3].number), ("/dev/sda1", (8, 1)));
        assert_eq!(mounted("broken\n"), None);
    }

    /// Held while `/nas` hangs.
    static NAS: Mutex<()> = Mutex::new(());

    fn hanging(mount: &Path) -> Answer {
        if mount == Path::new("/nas") {
            drop(NAS.lock());
        }
        Ok(Space { total: 1_000, free: 300, used: 500, inodes: None })
    }

    #[test]
    fn a_disk_that_hangs_holds_up_no_other_and_is_known_again_when_it_answers() {
        let mut disks = Disks { ask: hanging, limit: Duration::from_secs(1), ..Disks::default() };
        let mounts = || mounted(TABLE).expect("understood");
        let hangs = NAS.lock().expect("free");
        for _ in 0..2 {
            let answers = disks.ask_all(&mounts());
            assert!([0, 1, 3].into_iter().all(|place: usize| answers[place].is_ok()), "{answers:?}");
            assert!(answers[2].as_ref().is_err_and(|why| why.contains("has not answered since")), "{answers:?}");
            assert_eq!(disks.hung.len(), 1, "one thread, however often it is looked at");
        }
        let status = disks.status(mounts().remove(2), Err("hangs".to_owned()));
        assert_eq!((status.total, status.used_percent, status.reason.as_deref()), (None, None, Some("hangs")));
        drop(hangs);
        disks.limit = Duration::from_secs(60);
        let answers = disks.ask_all(&mounts());
        assert!(answers.iter().all(Result::is_ok) && disks.hung.is_empty(), "{answers:?}");
        let status = disks.status(mounts().remove(2), answers[2].clone());
        assert_eq!((status.used_percent, status.inodes), (Some(62.5), None), "as df counts: 500 of 800");
    }
}
