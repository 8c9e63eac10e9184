//! The text protocol over a connection that is kept: it is told of changes and asked for what changes all the time.

use std::net::SocketAddr;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, timeout_at};

use super::text_protocol::{LineTooLong, TextItem, TextParser, TextState};
use super::{LONGEST_ANSWER, REQUEST_LIMIT};
use crate::domain::encoder::{EncoderFault, EncoderFaultKind, EncoderOrder, EncoderReading};

/// The first block of whoever speaks the protocol.
const PREAMBLE: &str = "PROTOCOL PREAMBLE";
const STREAM_STATE: &str = "STREAM STATE";

/// A device, by the text protocol.
#[derive(Debug, Default)]
pub(super) struct TextClient {
    connection: Option<Connection>,
}

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    parser: TextParser,
    state: TextState,
    /// It has said that it speaks the protocol.
    greeted: bool,
    /// Bytes that came since it was asked.
    read: usize,
}

impl TextClient {
    /// What the device does now. A connection that the device has ended meanwhile, as at a restart, is made anew once.
    pub(super) async fn read(&mut self, addresses: &[SocketAddr]) -> Result<EncoderReading, EncoderFault> {
        if let Some(mut kept) = self.connection.take() {
            match kept.ask().await {
                Ok(reading) => {
                    self.connection = Some(kept);
                    return Ok(reading);
                }
                Err(fault) if fault.kind != EncoderFaultKind::Cut => return Err(fault),
                Err(_) => {}
            }
        }
        let mut fresh = Connection::open(addresses).await?;
        let reading = fresh.ask().await?;
        self.connection = Some(fresh);
        Ok(reading)
    }

    /// Tells the device what to do, over a connection of its own.
    pub(super) async fn order(addresses: &[SocketAddr], order: EncoderOrder) -> Result<(), EncoderFault> {
        let action = match order {
            EncoderOrder::Start => "Start",
            EncoderOrder::Stop => "Stop",
        };
        let mut connection = Connection::open(addresses).await?;
        let until = Instant::now() + REQUEST_LIMIT;
        connection.send(&format!("{STREAM_STATE}:\nAction: {action}\n\n"), until).await?;
        loop {
            match connection.item(until).await? {
                TextItem::Ack => return Ok(()),
                TextItem::Nack => {
                    let words = format!("it does not take the order to {}; look at its settings", order.as_str());
                    return Err(EncoderFault::new(EncoderFaultKind::Declined, words));
                }
                TextItem::Block { .. } => {}
            }
        }
    }
}

impl Connection {
    async fn open(addresses: &[SocketAddr]) -> Result<Self, EncoderFault> {
        let until = Instant::now() + REQUEST_LIMIT;
        let connected = timeout_at(until, TcpStream::connect(addresses)).await.map_err(|_| late())?;
        let stream = connected.map_err(|error| match error.kind() {
            std::io::ErrorKind::ConnectionRefused => {
                EncoderFault::new(EncoderFaultKind::Refused, "nobody listens at its port for the text protocol")
            }
            _ => EncoderFault::new(EncoderFaultKind::TimedOut, format!("it cannot be reached: {error}")),
        })?;
        let (parser, state) = (TextParser::default(), TextState::default());
        Ok(Self { stream, parser, state, greeted: false, read: 0 })
    }

    /// Asks for the state and takes up everything that comes before it.
    async fn ask(&mut self) -> Result<EncoderReading, EncoderFault> {
        let until = Instant::now() + REQUEST_LIMIT;
        self.read = 0;
        self.send(&format!("{STREAM_STATE}:\n\n"), until).await?;
        let mut acknowledged = false;
        loop {
            match self.item(until).await? {
                TextItem::Ack => acknowledged = true,
                TextItem::Nack => return Err(not_it("it does not know the block STREAM STATE")),
                TextItem::Block { name, .. } if name == STREAM_STATE && acknowledged => {
                    return self.state.reading().ok_or_else(|| not_it("it does not say what it does"));
                }
                TextItem::Block { .. } => {}
            }
        }
    }

    async fn send(&mut self, text: &str, until: Instant) -> Result<(), EncoderFault> {
        let sent = timeout_at(until, self.stream.write_all(text.as_bytes())).await.map_err(|_| late())?;
        sent.map_err(|_| cut())
    }

    /// The next item; blocks are taken up.
    async fn item(&mut self, until: Instant) -> Result<TextItem, EncoderFault> {
        let mut buffer = [0; 4 * 1024];
        loop {
            if let Some(item) = self.parser.next() {
                if let TextItem::Block { name, pairs } = &item {
                    self.greeted |= name == PREAMBLE;
                    if !self.greeted {
                        return Err(not_it("it does not begin as the text protocol does"));
                    }
                    self.state.merge(name, pairs);
                }
                return Ok(item);
            }
            let got = timeout_at(until, self.stream.read(&mut buffer)).await;
            let count = match got {
                Err(_) if self.read > 0 && !self.greeted => {
                    return Err(not_it("what it sends is not the text protocol"));
                }
                Err(_) => return Err(late()),
                Ok(Err(_) | Ok(0)) if self.read > 0 && !self.greeted => {
                    return Err(not_it("what it sends is not the text protocol"));
                }
                Ok(Err(_) | Ok(0)) => return Err(cut()),
                Ok(Ok(count)) => count,
            };
            self.read += count;
            let fits = self.read <= LONGEST_ANSWER && self.parser.push(&buffer[..count]) != Err(LineTooLong);
            if !fits {
                let words = "it sends far more than an encoder has to say; check the address";
                return Err(EncoderFault::new(EncoderFaultKind::TooLong, words));
            }
        }
    }
}

fn late() -> EncoderFault {
    let words = format!("no answer by the text protocol within {} s", REQUEST_LIMIT.as_secs());
    EncoderFault::new(EncoderFaultKind::TimedOut, words)
}

fn cut() -> EncoderFault {
    let words = "it ended the connection in the middle of an answer; it may be restarting";
    EncoderFault::new(EncoderFaultKind::Cut, words)
}

fn not_it(what: &str) -> EncoderFault {
    EncoderFault::new(EncoderFaultKind::NotEncoder, format!("{what}; check address and port"))
}
