/** The client as a library: what `package.json` exports. */
export { SshxClient, type Client, type ClientOptions } from "./client";
export type { ClientEvent, HeldInput, Refusal, SessionInfo, State } from "./events";
export type { LostReason } from "./outbox";
export type { TerminalSink } from "./output";
