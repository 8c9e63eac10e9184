//! Temperatures: `/sys/class/hwmon`, and thermal zones where there is none.

use std::fs;
use std::path::{Path, PathBuf};

use super::files::line;
use crate::domain::host::Temperature;

/// Every sensor that gives a sensible number, by name.
pub(super) fn temperatures(sys: &Path) -> Vec<Temperature> {
    let mut found = Vec::new();
    for chip in folders(&sys.join("class/hwmon")) {
        let name = line(&chip.join("name")).unwrap_or_else(|| "sensor".to_owned());
        for number in 1..=64 {
            let input = chip.join(format!("temp{number}_input"));
            let label = line(&chip.join(format!("temp{number}_label")));
            let name = format!("{name} {}", label.unwrap_or_else(|| number.to_string()));
            found.extend(read(&input, name));
        }
    }
    if found.is_empty() {
        for zone in folders(&sys.join("class/thermal")) {
            let name = line(&zone.join("type")).unwrap_or_else(|| "zone".to_owned());
            found.extend(read(&zone.join("temp"), name));
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found
}

fn folders(parent: &Path) -> Vec<PathBuf> {
    fs::read_dir(parent).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

fn read(file: &Path, name: String) -> Option<Temperature> {
    let celsius = line(file)?.parse::<f64>().ok()? / 1000.0;
    // Sensors that are not connected say -128, 0 or 255.
    (-60.0..200.0).contains(&celsius).then_some(Temperature { name, celsius }).filter(|one| one.celsius != 0.0)
}
