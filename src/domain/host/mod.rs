//! A host as its agent measures it: the form of the API, rates from counters, and when a disk is full. Pure.
//!
//! What cannot be measured is null, and [`HostStatus::unmeasured`] says why; it is never a zero.

mod disk;
mod rates;
mod report;
mod reporters;
mod silence;
mod status;

pub use disk::{DiskLevel, DiskLimits, DiskTrend, carry_forecasts, disk_level};
pub use rates::{CpuTicks, HostCounters, HostRates, IoBytes, rates};
pub use report::checked;
pub use reporters::HostReporters;
pub use silence::silent_after;
pub use status::{
    Cpu, DiskForecast, DiskStatus, HostState, HostStatus, Load, Memory, NO_PROCESS, NetworkStatus, Pressure,
    PressureShare, ProcessUsage, Temperature,
};
