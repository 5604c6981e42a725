//! `sshx-web`: a guest's iroh node in a browser. It moves frames between a page and a session's host, over the host's
//! relay, since browsers have no UDP, and knows nothing of what is in them.
//!
//! ```js
//! const node = await SshxNode.spawn(["https://relay.example.org"]);
//! const session = await node.join(endpointTicket);
//! const sender = session.sender();
//! await sender.send(frame);
//! for await (const event of session.events()) …  // { type: "frame", data } or { type: "path", path, roundTrip }
//! await session.close();
//! ```
//!
//! Errors are JavaScript `Error`s whose message is a word: `badAddress`, `noRelay`, `relayUnreachable`, `unreachable`, or
//! `lost: ` and QUIC's own reason.

mod crypto;
mod frames;
mod node;

use std::cell::RefCell;

use js_sys::{Object, Reflect, Uint8Array};
use n0_future::{StreamExt, boxed::BoxStream};
use node::{Error, Event, Node, Path, Sender};
use wasm_bindgen::prelude::*;
use wasm_streams::readable::sys::ReadableStream as JsReadableStream;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** How frames travel to the host and back; `roundTrip` in milliseconds. */
export interface SessionPath {
  path: "relay" | "direct";
  roundTrip: number;
}

/** A frame of 1 to 65,535 bytes has come, or the path has changed. */
export type SessionEvent = { type: "frame"; data: Uint8Array<ArrayBuffer> } | ({ type: "path" } & SessionPath);
"#;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(typescript_type = "ReadableStream<SessionEvent>")]
    pub type Events;
    #[wasm_bindgen(typescript_type = "SessionPath | undefined")]
    pub type MaybePath;
}

/// One iroh endpoint with a new identity.
#[wasm_bindgen]
pub struct SshxNode(Node);

#[wasm_bindgen]
impl SshxNode {
    /// Opens an endpoint that is reached over these relays, given by their URLs.
    pub async fn spawn(relays: Vec<String>) -> Result<SshxNode, JsError> {
        Ok(Self(Node::spawn(&relays).await?))
    }

    /// Opens a link to the host at an iroh endpoint ticket. Fails after 10 s at the latest.
    ///
    /// The host learns of it with the first frame that is sent.
    pub async fn join(&self, #[wasm_bindgen(js_name = endpointTicket)] ticket: String) -> Result<Session, JsError> {
        let (sender, events) = self.0.join(&ticket).await?.split();
        Ok(Session { sender, events: RefCell::new(Some(Box::pin(events))) })
    }

    /// Closes the endpoint and with it all its links. Takes 1 s at most.
    pub async fn close(&self) {
        self.0.close().await;
    }
}

/// The guest's half of one link to a host.
#[wasm_bindgen]
pub struct Session {
    sender: Sender,
    events: RefCell<Option<BoxStream<Result<Event, Error>>>>,
}

#[wasm_bindgen]
impl Session {
    /// The half that sends. All senders of a link are the same.
    pub fn sender(&self) -> SessionSender {
        SessionSender(self.sender.clone())
    }

    /// What comes: read only as fast as the reader takes it, beyond that the host has to wait.
    ///
    /// Ends when the host ends the link, and fails when the link is lost. Can be taken once.
    pub fn events(&self) -> Result<Events, JsError> {
        let events = self.events.take().ok_or_else(|| JsError::new("the events were taken already"))?;
        let stream = events.map(|event| match event {
            Ok(event) => Ok(to_js(event)),
            Err(error) => Err(JsError::from(error).into()),
        });
        let stream: JsReadableStream = wasm_streams::ReadableStream::from_stream(stream).into_raw();
        Ok(JsValue::from(stream).unchecked_into())
    }

    /// The path in use and its round trip, as far as they are known.
    pub fn path(&self) -> MaybePath {
        let path = self.sender.path().map(|path| describe(&Object::new(), path).into());
        path.unwrap_or(JsValue::UNDEFINED).unchecked_into()
    }

    /// Ends the link, once the host has taken what was sent; after 1 s in any case.
    pub async fn close(&self) {
        self.sender.close().await;
    }
}

/// Sends frames to the host.
#[wasm_bindgen]
pub struct SessionSender(Sender);

#[wasm_bindgen]
impl SessionSender {
    /// Sends a frame of 1 to 65,535 bytes. Resolves when QUIC has taken it, which it does in the order of the calls;
    /// 1 MiB at most waits there for the network.
    pub async fn send(&self, frame: Uint8Array) -> Result<(), JsError> {
        Ok(self.0.send(&frame.to_vec()).await?)
    }
}

fn to_js(event: Event) -> JsValue {
    let object = Object::new();
    match event {
        Event::Frame(frame) => {
            set(&object, "type", "frame");
            set(&object, "data", Uint8Array::from(&frame[..]));
        }
        Event::Path(path) => {
            set(&object, "type", "path");
            describe(&object, path);
        }
    }
    object.into()
}

fn describe(object: &Object, path: Path) -> Object {
    set(object, "path", if path.relay { "relay" } else { "direct" });
    set(object, "roundTrip", path.round_trip.as_secs_f64() * 1000.0);
    object.clone()
}

fn set(object: &Object, key: &str, value: impl Into<JsValue>) {
    // A plain object takes any property.
    let _ = Reflect::set(object, &key.into(), &value.into());
}
