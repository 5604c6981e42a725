/** What a link is: a duplex of frames between one client and the host, whatever lies between. */

/** How frames travel: within one machine or Jupyter server, straight to the host's machine, or through a relay. */
export type PathKind = "local" | "direct" | "relay";

export interface LinkHandlers {
  /** A frame has come. */
  onFrame(frame: Uint8Array): void;
  /** How frames travel has become known, or has changed. */
  onPath(path: PathKind): void;
  /** The link has ended; nothing follows. `reason` is a sentence; `unreachable`: there was never a way to the host. */
  onClose(reason: string, unreachable: boolean): void;
}

export interface Link {
  send(frame: Uint8Array): void;
  /** Bytes that `send` took and the network has not. */
  readonly buffered: number;
  /** Whether what is sent is held up on its way, so that silence tells nothing about the host. */
  readonly held?: boolean;
  close(): void;
}

/** Makes a link. Handlers may be called before the promise resolves; a rejection's message is a sentence. */
export type Dial = (handlers: LinkHandlers) => Promise<Link>;
