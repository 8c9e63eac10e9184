//! From a fault to the people who hear of it, with a real Prometheus and a real Alertmanager.

mod chain;
mod dashboards;
mod exposed;
mod instances;
