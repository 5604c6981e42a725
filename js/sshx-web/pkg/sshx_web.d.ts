/* tslint:disable */
/* eslint-disable */
/**
 * The `ReadableStreamType` enum.
 *
 * *This API requires the following crate features to be activated: `ReadableStreamType`*
 */

export type ReadableStreamType = "bytes";

/** How frames travel to the host and back; `roundTrip` in milliseconds. */
export interface SessionPath {
    path: "relay" | "direct";
    roundTrip: number;
}

/** A frame of 1 to 65,535 bytes has come, or the path has changed. */
export type SessionEvent = { type: "frame"; data: Uint8Array<ArrayBuffer> } | ({ type: "path" } & SessionPath);



export class IntoUnderlyingByteSource {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    cancel(): void;
    pull(controller: ReadableByteStreamController): Promise<any>;
    start(controller: ReadableByteStreamController): void;
    readonly autoAllocateChunkSize: number;
    readonly type: ReadableStreamType;
}

export class IntoUnderlyingSink {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    abort(reason: any): Promise<any>;
    close(): Promise<any>;
    write(chunk: any): Promise<any>;
}

export class IntoUnderlyingSource {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    cancel(): void;
    pull(controller: ReadableStreamDefaultController): Promise<any>;
}

/**
 * The guest's half of one link to a host.
 */
export class Session {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Ends the link, once the host has taken what was sent; after 1 s in any case.
     */
    close(): Promise<void>;
    /**
     * What comes: read only as fast as the reader takes it, beyond that the host has to wait.
     *
     * Ends when the host ends the link, and fails when the link is lost. Can be taken once.
     */
    events(): ReadableStream<SessionEvent>;
    /**
     * The path in use and its round trip, as far as they are known.
     */
    path(): SessionPath | undefined;
    /**
     * The half that sends. All senders of a link are the same.
     */
    sender(): SessionSender;
}

/**
 * Sends frames to the host.
 */
export class SessionSender {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Sends a frame of 1 to 65,535 bytes. Resolves when QUIC has taken it, which it does in the order of the calls;
     * 1 MiB at most waits there for the network.
     */
    send(frame: Uint8Array): Promise<void>;
}

/**
 * One iroh endpoint with a new identity.
 */
export class SshxNode {
    private constructor();
    free(): void;
    [Symbol.dispose](): void;
    /**
     * Closes the endpoint and with it all its links. Takes 1 s at most.
     */
    close(): Promise<void>;
    /**
     * Opens a link to the host at an iroh endpoint ticket. Fails after 10 s at the latest.
     *
     * The host learns of it with the first frame that is sent.
     */
    join(endpointTicket: string): Promise<Session>;
    /**
     * Opens an endpoint that is reached over these relays, given by their URLs.
     */
    static spawn(relays: string[]): Promise<SshxNode>;
}

export type InitInput = RequestInfo | URL | Response | BufferSource | WebAssembly.Module;

export interface InitOutput {
    readonly memory: WebAssembly.Memory;
    readonly __wbg_intounderlyingbytesource_free: (a: number, b: number) => void;
    readonly __wbg_intounderlyingsink_free: (a: number, b: number) => void;
    readonly __wbg_intounderlyingsource_free: (a: number, b: number) => void;
    readonly __wbg_session_free: (a: number, b: number) => void;
    readonly __wbg_sessionsender_free: (a: number, b: number) => void;
    readonly __wbg_sshxnode_free: (a: number, b: number) => void;
    readonly intounderlyingbytesource_autoAllocateChunkSize: (a: number) => number;
    readonly intounderlyingbytesource_cancel: (a: number) => void;
    readonly intounderlyingbytesource_pull: (a: number, b: any) => any;
    readonly intounderlyingbytesource_start: (a: number, b: any) => void;
    readonly intounderlyingbytesource_type: (a: number) => number;
    readonly intounderlyingsink_abort: (a: number, b: any) => any;
    readonly intounderlyingsink_close: (a: number) => any;
    readonly intounderlyingsink_write: (a: number, b: any) => any;
    readonly intounderlyingsource_cancel: (a: number) => void;
    readonly intounderlyingsource_pull: (a: number, b: any) => any;
    readonly session_close: (a: number) => any;
    readonly session_events: (a: number) => [number, number, number];
    readonly session_path: (a: number) => any;
    readonly session_sender: (a: number) => number;
    readonly sessionsender_send: (a: number, b: any) => any;
    readonly sshxnode_close: (a: number) => any;
    readonly sshxnode_join: (a: number, b: number, c: number) => any;
    readonly sshxnode_spawn: (a: number, b: number) => any;
    readonly ring_core_0_17_14__bn_mul_mont: (a: number, b: number, c: number, d: number, e: number, f: number) => void;
    readonly wasm_bindgen_d54a72f54e24dbce___convert__closures_____invoke___js_sys_982c351394e97df2___Function_fn_wasm_bindgen_d54a72f54e24dbce___JsValue_____wasm_bindgen_d54a72f54e24dbce___sys__Undefined___js_sys_982c351394e97df2___Function_fn_wasm_bindgen_d54a72f54e24dbce___JsValue_____wasm_bindgen_d54a72f54e24dbce___sys__Undefined_______true_: (a: number, b: number, c: any, d: any) => void;
    readonly wasm_bindgen_d54a72f54e24dbce___convert__closures_____invoke___wasm_bindgen_d54a72f54e24dbce___JsValue__core_7c21147c62bd2e4___result__Result_____wasm_bindgen_d54a72f54e24dbce___JsError___true_: (a: number, b: number, c: any) => [number, number];
    readonly wasm_bindgen_d54a72f54e24dbce___convert__closures_____invoke___wasm_bindgen_d54a72f54e24dbce___JsValue______true_: (a: number, b: number, c: any) => void;
    readonly wasm_bindgen_d54a72f54e24dbce___convert__closures_____invoke___web_sys_ad8bbfd865d6162d___features__gen_CloseEvent__CloseEvent______true_: (a: number, b: number, c: any) => void;
    readonly wasm_bindgen_d54a72f54e24dbce___convert__closures_____invoke___web_sys_ad8bbfd865d6162d___features__gen_MessageEvent__MessageEvent______true_: (a: number, b: number, c: any) => void;
    readonly wasm_bindgen_d54a72f54e24dbce___convert__closures_____invoke_______true_: (a: number, b: number) => void;
    readonly wasm_bindgen_d54a72f54e24dbce___convert__closures_____invoke_______true__1_: (a: number, b: number) => void;
    readonly wasm_bindgen_d54a72f54e24dbce___convert__closures_____invoke_______true__2_: (a: number, b: number) => void;
    readonly wasm_bindgen_d54a72f54e24dbce___convert__closures_____invoke_______true__3_: (a: number, b: number) => void;
    readonly __wbindgen_malloc: (a: number, b: number) => number;
    readonly __wbindgen_realloc: (a: number, b: number, c: number, d: number) => number;
    readonly __wbindgen_free: (a: number, b: number, c: number) => void;
    readonly __wbindgen_exn_store: (a: number) => void;
    readonly __externref_table_alloc: () => number;
    readonly __wbindgen_externrefs: WebAssembly.Table;
    readonly __wbindgen_destroy_closure: (a: number, b: number) => void;
    readonly __externref_table_dealloc: (a: number) => void;
    readonly __externref_drop_slice: (a: number, b: number) => void;
    readonly __wbindgen_start: () => void;
}

export type SyncInitInput = BufferSource | WebAssembly.Module;

/**
 * Instantiates the given `module`, which can either be bytes or
 * a precompiled `WebAssembly.Module`.
 *
 * @param {{ module: SyncInitInput }} module - Passing `SyncInitInput` directly is deprecated.
 *
 * @returns {InitOutput}
 */
export function initSync(module: { module: SyncInitInput } | SyncInitInput): InitOutput;

/**
 * If `module_or_path` is {RequestInfo} or {URL}, makes a request and
 * for everything else, calls `WebAssembly.instantiate` directly.
 *
 * @param {{ module_or_path: InitInput | Promise<InitInput> }} module_or_path - Passing `InitInput` directly is deprecated.
 *
 * @returns {Promise<InitOutput>}
 */
export default function __wbg_init (module_or_path: { module_or_path: InitInput | Promise<InitInput> } | InitInput | Promise<InitInput>): Promise<InitOutput>;
