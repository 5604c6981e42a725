/** A shell as a window on the canvas: its title bar, its terminal, its edges. On a narrow screen, all of the view. */
import "./ShellWindow.css";
import { memo, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { CSSProperties, KeyboardEvent, PointerEvent } from "react";
import type { Client } from "../../client/client";
import type { Place, Size } from "../../protocol/messages";
import type { Ask } from "../Question";
import { closeShell } from "./closing";
import { drag } from "./drag";
import { Faces } from "./Faces";
import { FindBar } from "../terminal/FindBar";
import { LockIcon } from "../icons";
import { CursorFollower } from "./cursorFollower";
import { clampSize, stepSize } from "./geometry";
import { askToPaste } from "../terminal/pasting";
import type { Person } from "../../session/people";
import { whySizeIsFixed } from "../permission";
import { ShellActions } from "./ShellActions";
import { ScreenReaderButton } from "./ScreenReaderButton";
import { ShellName } from "./ShellName";
import type { ShellTerminal, TerminalEvents, TerminalOptions } from "../terminal/terminal";
import { Throttle } from "./throttle";
import { onTouchDrag } from "./touchDrag";
import { useTerminal } from "../terminal/useTerminal";
import { Viewport } from "./viewport";
import { useId } from "../useId";
import { themeOf } from "../terminal/palettes";
import { trans } from "../../translation";

/** What the canvas knows of a window that is shown. */
export interface ShellHandle {
  element: HTMLElement;
  terminal: ShellTerminal;
  /** On a narrow screen, show the whole width again. */
  fitWidth(): void;
}

export interface ShellWindowProps {
  client: Client;
  sid: number;
  x: number;
  y: number;
  rows: number;
  cols: number;
  title: string;
  protected: boolean;
  viewed: boolean;
  locked: boolean;
  /** 0 is the lowest. */
  level: number;
  topmost: boolean;
  /** Pixels of the page for one of the canvas, before the zoom. */
  unit: number;
  options: TerminalOptions;
  people: readonly Person[];
  /** Whether this person is the host. */
  owner: boolean;
  /** Why nothing may be changed, or null. */
  readOnly: string | null;
  narrow: boolean;
  /** Whether a narrow screen shows this one. */
  active: boolean;
  ctrl: boolean;
  onCtrlUsed(): void;
  register(sid: number, handle: ShellHandle | null): void;
  /** Show all of it, or go back to what was shown before. */
  onFit(sid: number): void;
  onActivate(sid: number): void;
  /** Typed where it is not allowed. */
  onRefused(): void;
  ask: Ask;
  notify(text: string): void;
}

/** Others see a movement this often. */
const MOVE_INTERVAL = 80;
/** A move that the host has not confirmed by then is taken back. */
const CONFIRMED_WITHIN = 1500;
const KEY_STEP = 20;

/** Pixels of the font below which a narrow screen shows a part of the terminal rather than all of its width. */
const READABLE = 11;

const EDGES = ["right", "bottom", "corner"] as const;
type Edge = (typeof EDGES)[number];

const ARROWS: Record<string, readonly [number, number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

export const ShellWindow = memo(function ShellWindow(props: ShellWindowProps) {
  const { client, sid, rows, cols, title, viewed, locked, unit, options, owner, readOnly, narrow, active, ctrl } =
    props;
  const { register, onFit, onActivate, onRefused, onCtrlUsed, ask, notify } = props;
  const { fontSize } = options;
  const element = useRef<HTMLElement>(null);
  const body = useRef<HTMLDivElement>(null);
  const screen = useRef<HTMLDivElement>(null);
  const bar = useRef<HTMLButtonElement>(null);
  const viewport = useRef<Viewport | null>(null);
  const fit = useRef<(() => void) | null>(null);
  const hint = useId();
  const [finding, setFinding] = useState(false);
  const [moving, setMoving] = useState<{ x: number; y: number } | null>(null);
  const [resizing, setResizing] = useState<{ size: Size; cell: { width: number; height: number } } | null>(null);
  const [naming, setNaming] = useState(false);
  const name = title || trans.__("Terminal %1", sid);
  const fixed = readOnly ?? whySizeIsFixed({ viewed, locked }, owner);
  const theHosts = props.protected && !owner ? trans.__("Only the host can close this terminal.") : null;

  const events: TerminalEvents = {
    onFind: () => setFinding(true),
    onLeave: () => bar.current?.focus(),
    onRefused,
    onCtrlUsed,
    onSize: () => fit.current?.(),
    onPasteLines: (text) => askToPaste(ask, name, text),
  };
  const terminal = useTerminal(screen, client, sid, {
    options,
    title: name,
    hint: `${hint}-terminal`,
    typable: readOnly === null,
    events,
  });

  useLayoutEffect(() => {
    if (!terminal || !element.current) return;
    register(sid, { element: element.current, terminal, fitWidth: () => viewport.current?.fitWidth() });
    return () => register(sid, null);
  }, [register, sid, terminal]);

  useLayoutEffect(() => terminal?.holdCtrl(ctrl && active), [terminal, ctrl, active]);

  // On a narrow screen the terminal is dragged and pinched in its own frame.
  useEffect(() => {
    if (!narrow || !active || !terminal) return;
    const frame = body.current!;
    const made = new Viewport(frame, screen.current!, {
      pans: () => false,
      contained: true,
      onByHand: () => cursor.letGo(),
    });
    const cursor = new CursorFollower(terminal, made, frame);
    fit.current = () => {
      made.fitWidth(Math.min(1, READABLE / fontSize));
      cursor.keep();
    };
    let width = 0;
    const resized = new ResizeObserver(() => {
      // A phone that is turned fits anew; one whose keyboard opens keeps its zoom.
      if (frame.clientWidth !== width) fit.current?.();
      width = frame.clientWidth;
      cursor.keep();
    });
    resized.observe(frame);
    viewport.current = made;
    return () => {
      viewport.current = null;
      fit.current = null;
      cursor.close();
      resized.disconnect();
      made.close();
    };
  }, [narrow, active, terminal, fontSize]);

  // A finger drags the picture; what the picture cannot follow scrolls the terminal.
  useEffect(() => {
    const target = screen.current!;
    return onTouchDrag(target, (dx, dy, at) => {
      const panned = viewport.current?.panBy(dx, dy, true)[1] ?? 0;
      terminal?.scrollBy((panned - dy) / zoomOf(target), at);
    });
  }, [terminal]);

  // Who takes the frame with the mouse types into the terminal next. A finger would open the keyboard on the screen.
  useEffect(() => {
    const shell = element.current!;
    const onClick = (event: globalThis.MouseEvent) => {
      const touched = "pointerType" in event && event.pointerType === "touch";
      if (touched || event.detail === 0) return; // 0: by keyboard
      const target = event.target as Element;
      if (target.closest(".sshx-shell-name, .sshx-menu-root")) return; // they have a use for it
      if (target.closest(".sshx-title-bar, .sshx-edge")) terminal?.focus();
    };
    shell.addEventListener("click", onClick);
    return () => shell.removeEventListener("click", onClick);
  }, [terminal]);

  const moves = useMemo(() => new Throttle<Place>(MOVE_INTERVAL, (to) => client.move(sid, to)), [client, sid]);
  const sizes = useMemo(() => new Throttle<Size>(MOVE_INTERVAL, (to) => client.resize(sid, to)), [client, sid]);
  useEffect(
    () => () => {
      moves.cancel();
      sizes.cancel();
    },
    [moves, sizes],
  );

  // The person's own movement shows at once; the host has the last word.
  const { x, y } = moving ?? props;
  useEffect(() => {
    if (!moving) return;
    const timer = setTimeout(() => setMoving(null), CONFIRMED_WITHIN);
    return () => clearTimeout(timer);
  }, [moving]);

  const moveTo = (to: { x: number; y: number }, last: boolean) => {
    setMoving(to);
    if (last) moves.finish(to);
    else moves.push(to);
  };
  // Steps add up, also when the host is far away.
  const asked = useRef<{ size: Size; at: number } | null>(null);
  const sizeNow = (): Size => {
    const recent = asked.current && performance.now() - asked.current.at < CONFIRMED_WITHIN;
    return recent ? asked.current!.size : { rows, cols };
  };
  const resizeTo = (size: Size, last: boolean) => {
    asked.current = { size, at: performance.now() };
    if (last) sizes.finish(size);
    else sizes.push(size);
  };
  const startMove = (event: PointerEvent<HTMLElement>) => {
    if (narrow || event.button !== 0 || isAction(event)) return;
    const scale = zoomOf(element.current!) * unit;
    drag(event.currentTarget, event.nativeEvent, (dx, dy, last) => {
      if (readOnly === null) moveTo({ x: x + dx / scale, y: y + dy / scale }, last);
      else if (last) notify(readOnly);
    });
  };
  const startResize = (edge: Edge) => (event: PointerEvent<HTMLElement>) => {
    const cell = terminal?.cell;
    if (!cell || event.button !== 0) return;
    const zoom = zoomOf(element.current!);
    drag(event.currentTarget, event.nativeEvent, (dx, dy, last) => {
      if (fixed !== null) {
        if (last) notify(fixed);
        return;
      }
      const size = clampSize({
        cols: edge === "bottom" ? cols : cols + dx / zoom / cell.width,
        rows: edge === "right" ? rows : rows + dy / zoom / cell.height,
      });
      setResizing(last ? null : { size, cell });
      resizeTo(size, last);
    });
  };

  const onTitleKey = (event: KeyboardEvent) => {
    const arrow = ARROWS[event.key];
    if (event.key === "Enter") terminal?.focus();
    else if (event.key === " ") onFit(sid);
    else if ((arrow || event.key === "F2") && readOnly !== null) notify(readOnly);
    else if (event.key === "F2") setNaming(true);
    else if (arrow && event.shiftKey && fixed !== null) notify(fixed);
    else if (arrow && event.shiftKey) {
      const now = sizeNow();
      resizeTo(clampSize({ rows: now.rows + arrow[1], cols: now.cols + arrow[0] }), true);
    } else if (arrow) moveTo({ x: x + arrow[0] * KEY_STEP, y: y + arrow[1] * KEY_STEP }, true);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const closeFind = useCallback(() => {
    setFinding(false);
    terminal?.focus();
  }, [terminal]);

  const size = resizing?.size ?? { rows, cols };
  return (
    <section
      ref={element}
      role="group"
      aria-label={trans.__("Shell %1", name)}
      className="sshx-shell"
      data-topmost={props.topmost}
      data-active={active}
      data-read-only={readOnly !== null}
      data-fixed={fixed !== null}
      style={narrow ? {} : { left: x * unit, top: y * unit, zIndex: props.level }}
      onPointerDownCapture={() => {
        onActivate(sid);
        if (!props.topmost && readOnly === null) client.move(sid, null);
      }}
    >
      <ScreenReaderButton on={options.screenReader} />
      {/* The button in it does the same by keyboard. */}
      <div
        className="sshx-title-bar"
        onPointerDown={startMove}
        onDoubleClick={(event) => !isAction(event) && onFit(sid)}
      >
        {naming ? (
          <ShellName
            name={name}
            onDone={(chosen) => {
              setNaming(false);
              if (chosen !== null) client.renameShell(sid, chosen);
              requestAnimationFrame(() => bar.current?.focus());
            }}
          />
        ) : (
          <button
            ref={bar}
            type="button"
            className="sshx-title"
            title={name}
            aria-describedby={hint}
            onKeyDown={onTitleKey}
          >
            {name}
          </button>
        )}
        <span id={hint} hidden>
          {trans.__(
            "Press Enter to type, the arrow keys to move the shell, Shift and the arrow keys to resize it, F2 to rename it, or Space to show all of it. In the terminal, press Control Shift Enter to return here.",
          )}
        </span>
        <span id={`${hint}-terminal`} hidden>
          {trans.__("Press Control Shift Enter to move the focus from the terminal to its title.")}{" "}
          {!options.screenReader && trans.__("The button before the title turns on screen reader support.")}
        </span>
        <Faces people={props.people} />
        <span className="sshx-shell-size" title={locked || viewed ? (fixed ?? undefined) : undefined}>
          {(locked || viewed) && <LockIcon />}
          {size.cols}×{size.rows}
        </span>
        <ShellActions
          {...{ readOnly, fixed, viewed, locked, notify }}
          kept={readOnly ?? theHosts}
          onStep={(direction) => resizeTo(stepSize(sizeNow(), direction), true)}
          onFind={() => setFinding(true)}
          onRename={() => setNaming(true)}
          onLockSize={(lock) => client.lockSize(sid, lock)}
          onRemove={props.protected && owner ? () => client.removeShell(sid) : null}
          onClose={() => void closeShell({ client, sid, name, wasRunning: props.protected, ask })}
        />
      </div>
      {finding && terminal && <FindBar search={terminal.search} theme={themeOf(options.palette)} onClose={closeFind} />}
      <div
        ref={body}
        className="sshx-shell-body"
        style={{ "--sshx-terminal": options.palette.background } as CSSProperties}
      >
        {/* Keys typed here are no shortcuts of a JupyterLab around it. */}
        <div ref={screen} className="sshx-terminal" data-lm-suppress-shortcuts="true" />
      </div>
      {!narrow &&
        !(viewed || locked) &&
        EDGES.map((edge) => (
          <div
            key={edge}
            className={`sshx-edge sshx-edge-${edge}`}
            aria-hidden="true"
            onPointerDown={startResize(edge)}
          />
        ))}
      {resizing && (
        <div
          className="sshx-outline"
          style={{
            width: `calc(100% + ${(resizing.size.cols - cols) * resizing.cell.width}px)`,
            height: `calc(100% + ${(resizing.size.rows - rows) * resizing.cell.height}px)`,
          }}
        >
          <span>
            {size.cols}×{size.rows}
          </span>
        </div>
      )}
    </section>
  );
});

function isAction({ target }: { target: EventTarget }): boolean {
  return (target as Element).closest(".sshx-shell-actions") !== null;
}

/** Pixels of the screen for one of the element's own. */
function zoomOf(element: HTMLElement): number {
  return element.getBoundingClientRect().width / element.offsetWidth;
}
