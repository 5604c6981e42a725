//! The node: one iroh endpoint, which dials hosts. Knows nothing of JavaScript, so that its tests run without a browser.

use std::{fmt, sync::Arc, time::Duration};

use iroh::{
    Endpoint, EndpointAddr, RelayMode, RelayUrl, TransportAddr, Watcher,
    endpoint::{Connection, QuicTransportConfig, RecvStream, SendStream, presets},
};
use iroh_tickets::endpoint::EndpointTicket;
use n0_future::{StreamExt, time};
use tokio::sync::Mutex;
use url::Url;

use crate::{
    crypto,
    frames::{FrameDecoder, MAX_FRAME, pack},
};

/// The protocol's name in the handshake of QUIC; the same as in `links/iroh.py`.
pub const ALPN: &[u8] = b"sshx/1";
/// Within which a host answers, or is taken to be away.
const DIAL_TIMEOUT: Duration = Duration::from_secs(10);
/// Within which the host has taken the last frames of a link that is closed.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// Most bytes that wait in this node until the network takes them.
const SEND_WINDOW: u64 = 1 << 20;
/// Most bytes asked of a stream at once.
const READ_SIZE: usize = 256 << 10;

/// Why there is no link, or no longer one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The text is not the address of a host, or one of the relays is not a URL.
    BadAddress,
    /// The host's address names no relay, and a browser has no other way.
    NoRelay,
    /// No relay answers.
    RelayUnreachable,
    /// The relay answers, and the host does not.
    Unreachable,
    /// The link has ended. The text is QUIC's own reason.
    Lost(String),
}

impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::BadAddress => formatter.write_str("badAddress"),
            Error::NoRelay => formatter.write_str("noRelay"),
            Error::RelayUnreachable => formatter.write_str("relayUnreachable"),
            Error::Unreachable => formatter.write_str("unreachable"),
            Error::Lost(reason) => write!(formatter, "lost: {reason}"),
        }
    }
}

impl std::error::Error for Error {}

fn lost(error: impl fmt::Display) -> Error {
    Error::Lost(error.to_string())
}

/// An iroh endpoint.
#[derive(Debug, Clone)]
pub struct Node {
    endpoint: Endpoint,
}

impl Node {
    /// Opens an endpoint with a new identity.
    ///
    /// `relays` are the URLs of the relays over which it is reached. Without any, it has direct paths only, which no
    /// browser has.
    pub async fn spawn(relays: &[String]) -> Result<Self, Error> {
        let urls: Vec<RelayUrl> =
            relays.iter().map(|url| url.parse()).collect::<Result<_, _>>().map_err(|_| Error::BadAddress)?;
        let urls = urls.iter().map(without_dot).collect::<Vec<_>>();
        let mode = if urls.is_empty() { RelayMode::Disabled } else { RelayMode::custom(urls) };
        let transport = QuicTransportConfig::builder().send_window(SEND_WINDOW).build();
        let endpoint = Endpoint::builder(presets::Empty)
            .crypto_provider(Arc::new(crypto::provider()))
            .relay_mode(mode)
            .transport_config(transport)
            .bind()
            .await
            .map_err(lost)?;
        Ok(Self { endpoint })
    }

    /// Opens a stream to the host at `ticket`, an iroh endpoint ticket.
    pub async fn join(&self, ticket: &str) -> Result<Stream, Error> {
        let ticket: EndpointTicket = ticket.parse().map_err(|_| Error::BadAddress)?;
        let EndpointAddr { id, addrs } = ticket.endpoint_addr().clone();
        let address = EndpointAddr::from_parts(id, addrs.into_iter().map(reachable));
        if cfg!(target_family = "wasm") && address.relay_urls().next().is_none() {
            return Err(Error::NoRelay);
        }
        match time::timeout(DIAL_TIMEOUT, self.open(address)).await {
            Ok(Ok(stream)) => Ok(stream),
            _ => Err(self.why_unreachable()),
        }
    }

    /// Closes the endpoint and with it all its streams.
    pub async fn close(&self) {
        let _ = time::timeout(CLOSE_TIMEOUT, self.endpoint.close()).await;
    }

    async fn open(&self, address: EndpointAddr) -> Result<Stream, Error> {
        let connection = self.endpoint.connect(address, ALPN).await.map_err(lost)?;
        let (send, receive) = connection.open_bi().await.map_err(lost)?;
        Ok(Stream::new(connection, send, receive))
    }

    fn why_unreachable(&self) -> Error {
        let relays = self.endpoint.home_relay_status().get();
        if !relays.is_empty() && !relays.iter().any(|relay| relay.is_connected()) {
            return Error::RelayUnreachable;
        }
        Error::Unreachable
    }
}

fn reachable(address: TransportAddr) -> TransportAddr {
    match address {
        TransportAddr::Relay(url) => TransportAddr::Relay(without_dot(&url)),
        other => other,
    }
}

/// The URL without the dot with which iroh's own relays end their names: no Content-Security-Policy can allow that, and a
/// browser finds them without it.
fn without_dot(url: &RelayUrl) -> RelayUrl {
    let mut url: Url = url.clone().into();
    if let Some(name) = url.host_str().and_then(|host| host.strip_suffix('.')).map(str::to_owned) {
        // It was a name, and still is one.
        let _ = url.set_host(Some(&name));
    }
    url.into()
}

/// How frames travel to the host and back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path {
    /// Whether it leads over a relay.
    pub relay: bool,
    pub round_trip: Duration,
}

/// What happens on a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    Frame(bytes::Bytes),
    Path(Path),
}

/// One bidirectional QUIC stream with a connection of its own. Whoever opens it writes first: only then does the other
/// side learn of it.
#[derive(Debug)]
pub struct Stream {
    connection: Connection,
    send: Arc<Mutex<SendStream>>,
    receive: RecvStream,
}

impl Stream {
    fn new(connection: Connection, send: SendStream, receive: RecvStream) -> Self {
        Self { connection, send: Arc::new(Mutex::new(send)), receive }
    }

    /// Takes the stream apart into the half that sends and the one that receives.
    pub fn split(self) -> (Sender, impl n0_future::Stream<Item = Result<Event, Error>>) {
        let Self { connection, send, receive } = self;
        (Sender { connection: connection.clone(), send }, events(connection, receive))
    }
}

/// The half of a stream that sends.
#[derive(Debug, Clone)]
pub struct Sender {
    connection: Connection,
    send: Arc<Mutex<SendStream>>,
}

impl Sender {
    /// Sends a frame of 1 to [`MAX_FRAME`] bytes. Returns when QUIC has taken it, which it does in the order of the calls.
    pub async fn send(&self, frame: &[u8]) -> Result<(), Error> {
        let packed = pack(frame).map_err(|_| Error::Lost("a frame of a wrong size".into()))?;
        self.send.lock().await.write_chunk(packed).await.map_err(|error| self.why(error))
    }

    /// The path in use.
    pub fn path(&self) -> Option<Path> {
        selected(&self.connection)
    }

    /// Ends the stream, once the host has taken what was sent or after [`CLOSE_TIMEOUT`].
    pub async fn close(&self) {
        let finished = async {
            let mut send = self.send.lock().await;
            if send.finish().is_ok() {
                let _ = send.stopped().await;
            }
        };
        let _ = time::timeout(CLOSE_TIMEOUT, finished).await;
        self.connection.close(0u32.into(), b"done");
    }

    fn why(&self, error: impl fmt::Display) -> Error {
        why(&self.connection, error)
    }
}

fn why(connection: &Connection, error: impl fmt::Display) -> Error {
    match connection.close_reason() {
        Some(reason) => lost(reason),
        None => lost(error),
    }
}

fn selected(connection: &Connection) -> Option<Path> {
    let paths = connection.paths();
    let path = paths.iter().find(|path| path.is_selected())?;
    Some(Path { relay: path.is_relay(), round_trip: path.rtt() })
}

/// Frames, and the path when it changes. Ends when the host ends the stream; fails when the connection is lost.
fn events(connection: Connection, receive: RecvStream) -> impl n0_future::Stream<Item = Result<Event, Error>> {
    let paths = {
        let connection = connection.clone();
        connection.clone().path_events().filter_map(move |_| Some(Ok(Event::Path(selected(&connection)?))))
    };
    let first = selected(&connection).map(|path| Ok(Event::Path(path)));
    let frames = frames(connection, receive);
    n0_future::stream::iter(first).chain(until_first_ends(frames, paths))
}

fn frames(connection: Connection, receive: RecvStream) -> impl n0_future::Stream<Item = Result<Event, Error>> {
    let state = Some((connection, receive, FrameDecoder::default()));
    n0_future::stream::unfold(state, async |state| {
        let (connection, mut receive, mut decoder) = state?;
        match next_frame(&connection, &mut receive, &mut decoder).await {
            Ok(Some(frame)) => Some((Ok(Event::Frame(frame)), Some((connection, receive, decoder)))),
            Ok(None) => None,
            Err(error) => Some((Err(error), None)),
        }
    })
}

async fn next_frame(
    connection: &Connection,
    receive: &mut RecvStream,
    decoder: &mut FrameDecoder,
) -> Result<Option<bytes::Bytes>, Error> {
    loop {
        let wrong = |_| Error::Lost(format!("a frame that is empty or longer than {MAX_FRAME} bytes"));
        if let Some(frame) = decoder.next_frame().map_err(wrong)? {
            return Ok(Some(frame));
        }
        match receive.read_chunk(READ_SIZE).await.map_err(|error| why(connection, error))? {
            Some(chunk) => decoder.feed(&chunk),
            None if decoder.is_inside_frame() => return Err(Error::Lost("a frame was cut off".into())),
            None => return Ok(None),
        }
    }
}

/// The items of both streams, until `first` ends.
fn until_first_ends<Item>(
    first: impl n0_future::Stream<Item = Item>,
    second: impl n0_future::Stream<Item = Item>,
) -> impl n0_future::Stream<Item = Item> {
    let first = first.map(Some).chain(n0_future::stream::once(None));
    n0_future::stream::or(first, second.map(Some)).take_while(Option::is_some).filter_map(|item| item)
}

#[cfg(test)]
mod tests {
    use super::*;
    use iroh::endpoint::Incoming;

    async fn host() -> (Endpoint, String) {
        let endpoint = Endpoint::builder(presets::Minimal)
            .alpns(vec![ALPN.to_vec()])
            .relay_mode(RelayMode::Disabled)
            .bind_addr("127.0.0.1:0")
            .unwrap()
            .bind()
            .await
            .unwrap();
        let addresses = endpoint.bound_sockets().into_iter().filter(|socket| socket.is_ipv4()).map(TransportAddr::Ip);
        let ticket = EndpointTicket::new(EndpointAddr::from_parts(endpoint.id(), addresses));
        (endpoint, ticket.to_string())
    }

    async fn echo(incoming: Incoming) {
        let connection = incoming.await.unwrap();
        let (mut send, mut receive) = connection.accept_bi().await.unwrap();
        while let Some(chunk) = receive.read_chunk(READ_SIZE).await.unwrap() {
            send.write_chunk(chunk).await.unwrap();
        }
        send.finish().unwrap();
        let _ = connection.closed().await;
    }

    #[tokio::test]
    async fn frames_go_to_the_host_and_back_in_order() {
        let (host, ticket) = host().await;
        let serving = {
            let host = host.clone();
            tokio::spawn(async move { echo(host.accept().await.unwrap()).await })
        };
        let node = Node::spawn(&[]).await.unwrap();
        let (sender, events) = node.join(&ticket).await.unwrap().split();
        let sent: Vec<Vec<u8>> = (1..=20u8).map(|n| vec![n; n as usize * 3000]).collect();
        let sending = {
            let (sender, sent) = (sender.clone(), sent.clone());
            tokio::spawn(async move {
                for frame in sent {
                    sender.send(&frame).await.unwrap();
                }
            })
        };
        let mut events = Box::pin(events);
        let mut received = Vec::new();
        let mut paths = Vec::new();
        while received.len() < sent.len() {
            match events.next().await.unwrap().unwrap() {
                Event::Frame(frame) => received.push(frame.to_vec()),
                Event::Path(path) => paths.push(path),
            }
        }
        assert_eq!(received, sent);
        assert!(!paths.is_empty() && paths.iter().all(|path| !path.relay));
        sending.await.unwrap();
        sender.close().await;
        serving.await.unwrap();
        node.close().await;
    }

    #[tokio::test]
    async fn a_host_that_closes_the_connection_ends_the_events_with_its_reason() {
        let (host, ticket) = host().await;
        tokio::spawn(async move {
            let connection = host.accept().await.unwrap().await.unwrap();
            let _ = connection.accept_bi().await;
            connection.close(1u32.into(), b"shutting down");
            host.close().await;
        });
        let node = Node::spawn(&[]).await.unwrap();
        let (sender, events) = node.join(&ticket).await.unwrap().split();
        sender.send(&[1]).await.unwrap();
        let mut events = Box::pin(events.filter(|event| !matches!(event, Ok(Event::Path(_)))));
        match events.next().await {
            Some(Err(Error::Lost(reason))) => assert!(reason.contains("shutting down"), "{reason}"),
            other => panic!("{other:?}"),
        }
        assert!(events.next().await.is_none());
    }

    #[test]
    fn names_of_relays_lose_the_dot_at_their_end() {
        let without = |url: &str| without_dot(&url.parse().unwrap()).to_string();
        assert_eq!(without("https://relay.example.org.:8443/a."), "https://relay.example.org:8443/a.");
        assert_eq!(without("https://relay.example.org/"), "https://relay.example.org/");
        assert_eq!(without("http://127.0.0.1:3340/"), "http://127.0.0.1:3340/");
    }

    #[tokio::test]
    async fn what_is_no_address_is_said() {
        let node = Node::spawn(&[]).await.unwrap();
        assert_eq!(node.join("endpointnonsense").await.unwrap_err(), Error::BadAddress);
        assert_eq!(Node::spawn(&["no url".into()]).await.unwrap_err(), Error::BadAddress);
    }
}
