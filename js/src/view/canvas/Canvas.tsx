/**
 * The canvas: all shells as windows on a plane that one pans and zooms, and the others' cursors. A narrow screen shows
 * one shell at a time instead. The windows stay the same elements in both, so that no terminal is ever made anew.
 */
import "./Canvas.css";
import {
  forwardRef,
  useCallback,
  useEffect,
  useImperativeHandle,
  useLayoutEffect,
  useMemo,
  useRef,
  useState,
} from "react";
import type { KeyboardEvent } from "react";
import type { ZoomTransform } from "d3-zoom";
import type { Client } from "../../client/client";
import { Cursors } from "./Cursors";
import { around, FRAME, NEW_SHELL, NOMINAL_CELL, NOMINAL_FONT_SIZE, type Box } from "./geometry";
import type { Ask } from "../Question";
import { KeyRow } from "../terminal/KeyRow";
import { paletteOf } from "../terminal/palettes";
import type { Person } from "../../session/people";
import { usePeople } from "../people";
import { whyReadOnly } from "../permission";
import { place } from "./place";
import { useSettings } from "../settings";
import { ShellTabs } from "./ShellTabs";
import { ShellWindow, type ShellHandle } from "./ShellWindow";
import type { TerminalOptions } from "../terminal/terminal";
import type { Theme } from "../theme";
import { useClient } from "../useClient";
import { useId } from "../useId";
import { Viewport } from "./viewport";

export interface CanvasHandle {
  /** Make a shell where nothing is, and go to it. */
  newShell(): void;
  fitAll(): void;
  /** Pan, or switch, to a shell and type into it. */
  show(sid: number): void;
}

export interface CanvasProps {
  client: Client;
  theme: Theme;
  narrow: boolean;
  /** Whether the focus is for the page around the view. */
  embedded?: boolean;
  ask: Ask;
  notify(text: string): void;
}

const NOBODY: readonly Person[] = [];
/** Someone who types where it is not allowed is told why this often. */
const REFUSAL_INTERVAL = 10_000;
const DOTS = 24;
const PAN_STEP = 60;
const ZOOM_STEP = 1.25;

export const Canvas = forwardRef<CanvasHandle, CanvasProps>(function Canvas(props, handle) {
  const { client, theme, narrow, embedded = false, ask, notify } = props;
  const shells = useClient(client, (client) => client.shells);
  const readOnly = useClient(client, whyReadOnly);
  const owner = useClient(client, (now) => now.role === "owner");
  const people = usePeople(client);
  const settings = useSettings();
  const unit = settings.fontSize / NOMINAL_FONT_SIZE;
  const root = useRef<HTMLDivElement>(null);
  const world = useRef<HTMLDivElement>(null);
  const viewport = useRef<Viewport | null>(null);
  const handles = useRef(new Map<number, ShellHandle>());
  const [chosen, setChosen] = useState<number | null>(null);
  const [ctrl, setCtrl] = useState(false);
  const hint = useId();
  const active = chosen !== null && shells.has(chosen) ? chosen : ([...shells.keys()].at(-1) ?? null);
  if (active !== chosen) setChosen(active); // and it stays, whatever others raise

  const options = useMemo<TerminalOptions>(
    () => ({
      palette: paletteOf(settings, theme),
      fontSize: settings.fontSize,
      scrollback: settings.scrollback,
      predictiveEcho: settings.predictiveEcho,
    }),
    [settings, theme],
  );
  const focused = useMemo(() => byFocus(people), [people]);

  // --- The wide layout's viewport ---

  const draw = useCallback(({ x, y, k }: ZoomTransform) => {
    const { style } = root.current!;
    const dots = DOTS * (k < 0.6 ? 2 * k : k);
    style.backgroundSize = `${dots}px ${dots}px`;
    style.backgroundPosition = `${x}px ${y}px`;
    // Not on the canvas: all that is in the windows would inherit it.
    root.current!.querySelector<HTMLElement>(".sshx-cursors")?.style.setProperty("--sshx-unzoom", `${1 / k}`);
  }, []);

  useLayoutEffect(() => {
    if (narrow) return;
    const made = new Viewport(root.current!, world.current!, {
      pans: (target, event) => target.closest(event.type === "wheel" ? ".sshx-terminal" : ".sshx-shell") === null,
      onChange: draw,
    });
    viewport.current = made;
    return () => {
      viewport.current = null;
      made.close();
    };
  }, [narrow, draw]);

  /** What a window covers, in pixels of the page before the zoom. */
  const boxOf = useCallback((sid: number): Box | null => {
    const element = handles.current.get(sid)?.element;
    if (!element?.offsetWidth) return null;
    return { x: element.offsetLeft, y: element.offsetTop, width: element.offsetWidth, height: element.offsetHeight };
  }, []);

  const allBoxes = useCallback(
    () => [...client.shells.keys()].map(boxOf).filter((box) => box !== null),
    [client, boxOf],
  );

  const fitAll = useCallback(() => {
    for (const { fitWidth } of handles.current.values()) fitWidth(); // on a narrow screen
    const all = around(allBoxes());
    if (all) viewport.current?.fit(all);
  }, [allBoxes]);

  // --- Going to a shell ---

  const next = useRef<number | null>(null);
  const show = useCallback(
    (sid: number) => {
      setChosen(sid);
      const shown = handles.current.get(sid);
      const box = boxOf(sid);
      if (!shown) {
        next.current = sid; // it is just coming
        return;
      }
      next.current = null;
      if (box) viewport.current?.reveal(box);
      // A window that a narrow screen has hidden takes the focus once it is shown.
      requestAnimationFrame(() => shown.terminal.focus());
    },
    [boxOf],
  );

  const arrived = useRef(false);
  const newShell = useCallback(() => {
    const why = whyReadOnly(client);
    if (why !== null) {
      notify(why);
      return;
    }
    const cell = [...handles.current.values()].map(({ terminal }) => terminal.cell).find((cell) => cell !== null);
    const { width, height } = cell ? { width: cell.width / unit, height: cell.height / unit } : NOMINAL_CELL;
    const size = { width: NEW_SHELL.cols * width + FRAME.width, height: NEW_SHELL.rows * height + FRAME.height };
    const seen = viewport.current?.visible ?? around(allBoxes()) ?? { x: 0, y: 0, ...size };
    const taken = allBoxes().map((box) => scaled(box, 1 / unit));
    const { x, y } = place(size, taken, scaled(seen, 1 / unit));
    void client.create(x, y).then((sid) => {
      if (sid === null) return; // told as an error
      arrived.current = true;
      show(sid);
    });
  }, [client, unit, allBoxes, notify, show]);

  const arrive = useCallback(() => {
    if (arrived.current || !root.current?.clientWidth || handles.current.size === 0) return;
    if (handles.current.size < client.shells.size) return;
    arrived.current = true;
    fitAll();
    // Who is nowhere else can type at once.
    const topmost = [...client.shells.keys()].at(-1)!;
    if (!embedded && document.activeElement === document.body) handles.current.get(topmost)?.terminal.focus();
  }, [client, embedded, fitAll]);

  const register = useCallback(
    (sid: number, shown: ShellHandle | null) => {
      if (!shown) {
        const closed = handles.current.get(sid)?.element;
        handles.current.delete(sid);
        if (closed?.contains(document.activeElement)) root.current?.focus();
        return;
      }
      handles.current.set(sid, shown);
      if (next.current === sid) show(sid);
      arrive();
    },
    [show, arrive],
  );

  // In a panel that is not shown yet there is nothing to fit into. Later on, what is in the middle stays there, and the
  // shell that one works in stays in sight.
  useEffect(() => {
    const canvas = root.current!;
    let [width, height] = [canvas.clientWidth, canvas.clientHeight];
    const resized = new ResizeObserver(() => {
      const { clientWidth, clientHeight } = canvas;
      const view = viewport.current;
      if (arrived.current && view) {
        const box = active === null ? null : boxOf(active);
        const seen = box !== null && view.shows(box, width, height);
        view.panBy((clientWidth - width) / 2, (clientHeight - height) / 2);
        if (seen) view.reveal(box);
      }
      [width, height] = [clientWidth, clientHeight];
      arrive();
    });
    resized.observe(canvas);
    return () => resized.disconnect();
  }, [arrive, active, boxOf]);

  useImperativeHandle(handle, () => ({ newShell, fitAll, show }), [newShell, fitAll, show]);

  // Double-click a title: all of that window; again: what was there before.
  const before = useRef<{ sid: number; transform: ZoomTransform } | null>(null);
  const fitOne = useCallback(
    (sid: number) => {
      const box = boxOf(sid);
      if (!viewport.current || !box) return;
      if (before.current?.sid === sid) {
        viewport.current.glideTo(before.current.transform);
        before.current = null;
      } else {
        before.current = { sid, transform: viewport.current.transform };
        viewport.current.fit(box, 1.5);
      }
    },
    [boxOf],
  );

  // Who goes by keyboard to what is out of sight sees it.
  const onFocus = useCallback(
    (event: FocusEvent) => {
      const target = event.target as Element;
      const sid = [...handles.current].find(([, { element }]) => element.contains(target))?.[0];
      const box = sid === undefined ? null : boxOf(sid);
      if (box && viewport.current && !within(target, root.current!)) viewport.current.reveal(box);
    },
    [boxOf],
  );
  useEffect(() => {
    const canvas = root.current!;
    canvas.addEventListener("focusin", onFocus);
    return () => canvas.removeEventListener("focusin", onFocus);
  }, [onFocus]);

  const refusedAt = useRef(-Infinity);
  const onRefused = useCallback(() => {
    const now = performance.now();
    const why = whyReadOnly(client);
    if (why === null || now - refusedAt.current < REFUSAL_INTERVAL) return;
    refusedAt.current = now;
    notify(why);
  }, [client, notify]);

  // --- My cursor ---

  useEffect(() => {
    const canvas = root.current!;
    if (narrow || !settings.shareCursor) return;
    const hide = () => client.setCursor(null);
    const move = (event: PointerEvent) => {
      if (event.pointerType === "touch" || !viewport.current) return;
      const [x, y] = viewport.current.toContent(event.clientX, event.clientY);
      client.setCursor([Math.round(x / unit), Math.round(y / unit)]);
    };
    canvas.addEventListener("pointermove", move);
    canvas.addEventListener("pointerleave", hide);
    window.addEventListener("blur", hide);
    return () => {
      canvas.removeEventListener("pointermove", move);
      canvas.removeEventListener("pointerleave", hide);
      window.removeEventListener("blur", hide);
      hide();
    };
  }, [client, narrow, unit, settings.shareCursor]);

  const onKey = (event: KeyboardEvent) => {
    const view = viewport.current;
    if (event.target !== event.currentTarget || !view || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "ArrowLeft") view.panBy(PAN_STEP, 0);
    else if (event.key === "ArrowRight") view.panBy(-PAN_STEP, 0);
    else if (event.key === "ArrowUp") view.panBy(0, PAN_STEP);
    else if (event.key === "ArrowDown") view.panBy(0, -PAN_STEP);
    else if (event.key === "+" || event.key === "=") view.zoomBy(ZOOM_STEP);
    else if (event.key === "-") view.zoomBy(1 / ZOOM_STEP);
    else if (event.key === "0") fitAll();
    else return;
    event.preventDefault();
  };

  // By their numbers: an element that changes its place among its siblings would lose its focus. `level` is the order.
  const levels = new Map([...shells.keys()].map((sid, level) => [sid, level]));
  const listed = [...shells].sort(([a], [b]) => a - b);
  const onCtrlUsed = useCallback(() => setCtrl(false), []);
  return (
    <div className="sshx-shells" data-narrow={narrow}>
      {narrow && active !== null && listed.length > 1 && (
        <ShellTabs
          shells={listed.map(([sid, { title }]) => ({ sid, name: title || `Terminal ${sid}` }))}
          active={active}
          onSelect={setChosen}
        />
      )}
      {/* Panned by keyboard as other regions are scrolled. */}
      {/* eslint-disable-next-line jsx-a11y/no-noninteractive-element-interactions */}
      <div
        ref={root}
        className="sshx-canvas"
        role="region"
        aria-label="Canvas"
        aria-describedby={narrow ? undefined : hint}
        tabIndex={narrow ? -1 : 0}
        onKeyDown={onKey}
      >
        <span id={hint} hidden>
          Arrows to pan, plus and minus to zoom, 0 to show everything.
        </span>
        <div ref={world} className="sshx-world">
          {listed.map(([sid, { x, y, rows, cols, title, protected: theHosts, viewed, locked }]) => (
            <ShellWindow
              key={sid}
              {...{
                client,
                sid,
                x,
                y,
                rows,
                cols,
                title,
                viewed,
                locked,
                unit,
                options,
                owner,
                readOnly,
                narrow,
                onCtrlUsed,
                register,
                onRefused,
                ask,
                notify,
              }}
              protected={theHosts}
              level={levels.get(sid)!}
              topmost={levels.get(sid) === shells.size - 1}
              people={focused.get(sid) ?? NOBODY}
              active={sid === active}
              ctrl={ctrl}
              onFit={fitOne}
              onActivate={setChosen}
            />
          ))}
          {!narrow && <Cursors client={client} unit={unit} />}
        </div>
      </div>
      {narrow && active !== null && readOnly === null && (
        <KeyRow terminal={() => handles.current.get(active)?.terminal} ctrl={ctrl} onCtrl={setCtrl} />
      )}
    </div>
  );
});

function within(element: Element, frame: Element): boolean {
  const [inner, outer] = [element.getBoundingClientRect(), frame.getBoundingClientRect()];
  return (
    inner.left >= outer.left && inner.right <= outer.right && inner.top >= outer.top && inner.bottom <= outer.bottom
  );
}

function byFocus(people: readonly Person[]): Map<number, Person[]> {
  const groups = new Map<number, Person[]>();
  for (const person of people) {
    if (person.focus === null || person.me || person.pending) continue;
    const group = groups.get(person.focus);
    if (group) group.push(person);
    else groups.set(person.focus, [person]);
  }
  return groups;
}

function scaled({ x, y, width, height }: Box, factor: number): Box {
  return { x: x * factor, y: y * factor, width: width * factor, height: height * factor };
}
