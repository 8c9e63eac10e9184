//! One device: speaks the protocol that it speaks, at addresses that whoever asks has looked at.

use std::net::{IpAddr, SocketAddr};

use super::rest_client::RestClient;
use super::text_client::TextClient;
use crate::config::settings::ApiTrust;
use crate::domain::encoder::{EncoderFault, EncoderFaultKind, EncoderOrder, EncoderProtocol, EncoderReading};

/// Which protocol is spoken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProtocolChoice {
    /// Whichever the device speaks.
    Automatic,
    /// This one alone.
    Only(EncoderProtocol),
}

/// Where a device is.
#[derive(Clone, Debug)]
pub struct EncoderAddress {
    /// Name or address.
    pub host: String,
    /// Port of REST.
    pub rest_port: u16,
    /// Port of the text protocol.
    pub text_port: u16,
    /// Which protocol is spoken.
    pub protocol: ProtocolChoice,
    /// REST is encrypted, and whose certificate the device may show; `None`: it is not.
    pub tls: Option<ApiTrust>,
}

impl EncoderAddress {
    /// Its addresses, each with the port of REST.
    pub fn rest_at(&self, at: &[IpAddr]) -> Vec<SocketAddr> {
        with_port(at, self.rest_port)
    }

    /// The ports that may be called.
    pub fn ports(&self) -> Vec<u16> {
        match self.protocol {
            ProtocolChoice::Automatic => vec![self.rest_port, self.text_port],
            ProtocolChoice::Only(EncoderProtocol::Rest) => vec![self.rest_port],
            ProtocolChoice::Only(EncoderProtocol::Text) => vec![self.text_port],
        }
    }
}

/// A device.
pub struct WebPresenter {
    address: EncoderAddress,
    rest: RestClient,
    text: TextClient,
    /// What it answered to the last time.
    speaks: Option<EncoderProtocol>,
}

impl WebPresenter {
    /// Asks nobody yet.
    pub fn new(address: EncoderAddress) -> Self {
        let rest = RestClient::new(&url_host(&address.host), address.rest_port, address.tls.clone());
        Self { address, rest, text: TextClient::default(), speaks: None }
    }

    /// What it does now, at one of these addresses. Takes some requests' limits at most: whoever asks has a limit of his own.
    ///
    /// # Errors
    /// Why it did not answer.
    pub async fn read(&mut self, at: &[IpAddr]) -> Result<EncoderReading, EncoderFault> {
        let known = self.speaks;
        let mut fault: Option<EncoderFault> = None;
        for protocol in self.order_of_trying() {
            let again = known == Some(protocol);
            let tried = match protocol {
                EncoderProtocol::Rest => self.rest.read(&with_port(at, self.address.rest_port), again).await,
                EncoderProtocol::Text => self.text.read(&with_port(at, self.address.text_port)).await,
            };
            match tried {
                Ok(reading) => {
                    self.speaks = Some(protocol);
                    return Ok(reading.plausible());
                }
                Err(found) => {
                    let both = |before: EncoderFault| before.more_telling(found.clone());
                    fault = Some(fault.map_or_else(|| found.clone(), both));
                }
            }
        }
        self.rest.forget();
        let ports = self.address.ports().iter().map(u16::to_string).collect::<Vec<_>>().join(" and ");
        let nobody = || {
            let words = format!("nobody listens at {ports}; check that it is on, its address and its port");
            EncoderFault::new(EncoderFaultKind::Refused, words)
        };
        let fault = fault.filter(|fault| fault.kind != EncoderFaultKind::Refused).unwrap_or_else(nobody);
        Err(if fault.kind == EncoderFaultKind::NotEncoder { self.with_places(&fault) } else { fault })
    }

    /// Of what answers and is no encoder: where it was asked, and in which protocols.
    fn with_places(&self, fault: &EncoderFault) -> EncoderFault {
        let EncoderAddress { host, rest_port, text_port, .. } = &self.address;
        let asked = self.order_of_trying().into_iter().map(|protocol| match protocol {
            EncoderProtocol::Rest => format!("REST at port {rest_port}"),
            EncoderProtocol::Text => format!("the text protocol at port {text_port}"),
        });
        let asked = asked.collect::<Vec<_>>().join(" and ");
        EncoderFault::new(fault.kind, format!("{}; {host} was asked by {asked}", fault.message))
    }

    /// Tells it what to do; it has taken the order, and what came of it the next reading says. `speaks`: what it was last seen to
    /// speak; else it is found out by asking.
    ///
    /// # Errors
    /// Why it did not take it.
    pub async fn order(
        &mut self,
        at: &[IpAddr],
        order: EncoderOrder,
        speaks: Option<EncoderProtocol>,
    ) -> Result<(), EncoderFault> {
        let protocol = match speaks {
            Some(protocol) => protocol,
            None => self.read(at).await?.protocol,
        };
        match protocol {
            EncoderProtocol::Rest => self.rest.order(&with_port(at, self.address.rest_port), order).await,
            EncoderProtocol::Text => TextClient::order(&with_port(at, self.address.text_port), order).await,
        }
    }

    /// The one that worked last comes first.
    fn order_of_trying(&self) -> Vec<EncoderProtocol> {
        match (self.address.protocol, self.speaks) {
            (ProtocolChoice::Only(protocol), _) => vec![protocol],
            (ProtocolChoice::Automatic, Some(EncoderProtocol::Text)) => {
                vec![EncoderProtocol::Text, EncoderProtocol::Rest]
            }
            (ProtocolChoice::Automatic, _) => vec![EncoderProtocol::Rest, EncoderProtocol::Text],
        }
    }
}

fn with_port(at: &[IpAddr], port: u16) -> Vec<SocketAddr> {
    at.iter().map(|address| SocketAddr::new(*address, port)).collect()
}

/// An address of six has brackets in a URL.
pub(super) fn url_host(host: &str) -> String {
    match host.trim_matches(['[', ']']).parse::<IpAddr>() {
        Ok(IpAddr::V6(address)) => format!("[{address}]"),
        _ => host.to_owned(),
    }
}
