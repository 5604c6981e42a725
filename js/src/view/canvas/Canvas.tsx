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
import { Follow, type Change, type Subject } from "./follow";
import { around, NEW_SHELL, NOMINAL_CELL, NOMINAL_FONT_SIZE, windowSize, type Box } from "./geometry";
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
import { tidy } from "./tidy";
import { useClient } from "../useClient";
import { useId } from "../useId";
import { Viewport } from "./viewport";
import { trans } from "../../translation";

export interface CanvasHandle {
  /** Make a shell where nothing is, and go to it. */
  newShell(): void;
  fitAll(): void;
  /** Arrange all windows, for everyone, and show them. */
  tidy(): void;
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
/** What ends a press. */
const ENDS = ["pointerup", "pointercancel", "blur"] as const;

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
      screenReader: settings.screenReader,
    }),
    [settings, theme],
  );
  const focused = useMemo(() => byFocus(people), [people]);

  // --- The wide layout's viewport ---

  /** What a window covers, in pixels of the page before the zoom; as it would be on the canvas, on a narrow screen. */
  const boxOf = useCallback(
    (sid: number): Box | null => {
      const shown = handles.current.get(sid);
      const shell = client.shells.get(sid);
      if (!shown?.element.offsetWidth || !shell) return null;
      if (narrow) return scaled({ x: shell.x, y: shell.y, ...windowSize(shell, nominalCell(shown, unit)) }, unit);
      const { offsetLeft: x, offsetTop: y, offsetWidth: width, offsetHeight: height } = shown.element;
      return { x, y, width, height };
    },
    [client, narrow, unit],
  );

  const allBoxes = useCallback(
    () => [...client.shells.keys()].map(boxOf).filter((box) => box !== null),
    [client, boxOf],
  );

  const boxes = useRef({ boxOf, allBoxes });
  useLayoutEffect(() => {
    boxes.current = { boxOf, allBoxes };
  });
  const follow = useMemo(
    () =>
      new Follow({
        has: (sid) => client.shells.has(sid),
        boxOf: (sid) => boxes.current.boxOf(sid),
        allBoxes: () => boxes.current.allBoxes(),
      }),
    [client],
  );

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
      onByHand: () => follow.letGo(),
    });
    viewport.current = made;
    return () => {
      viewport.current = null;
      made.close();
    };
  }, [narrow, draw, follow]);

  const fitAll = useCallback(() => {
    for (const { fitWidth } of handles.current.values()) fitWidth(); // on a narrow screen
    if (viewport.current) follow.all(viewport.current);
  }, [follow]);

  // --- Going to a shell ---

  const next = useRef<{ sid: number; opened: boolean } | null>(null);
  const goTo = useCallback(
    (sid: number, opened: boolean) => {
      setChosen(sid);
      const shown = handles.current.get(sid);
      if (!shown) {
        next.current = { sid, opened }; // it is just coming
        return;
      }
      next.current = null;
      if (viewport.current) follow[opened ? "opened" : "show"](viewport.current, sid);
      // A window that a narrow screen has hidden takes the focus once it is shown.
      requestAnimationFrame(() => shown.terminal.focus());
    },
    [follow],
  );
  const show = useCallback((sid: number) => goTo(sid, false), [goTo]);

  const arrived = useRef(false);
  const sizes = useRef<ResizeObserver | null>(null);
  const newShell = useCallback(() => {
    const why = whyReadOnly(client);
    if (why !== null) {
      notify(why);
      return;
    }
    const measured = [...handles.current.values()].find(({ terminal }) => terminal.cell !== null);
    const size = windowSize(NEW_SHELL, nominalCell(measured, unit));
    const seen = viewport.current?.visible ?? around(allBoxes()) ?? { x: 0, y: 0, ...size };
    const taken = allBoxes().map((box) => scaled(box, 1 / unit));
    const { x, y } = place(size, taken, scaled(seen, 1 / unit));
    void client.create(x, y).then((sid) => {
      if (sid === null) return; // told as an error
      arrived.current = true;
      goTo(sid, true);
    });
  }, [client, unit, allBoxes, notify, goTo]);

  const arrange = useCallback(() => {
    const windows = [...client.shells.keys()].flatMap((sid) => {
      const box = boxOf(sid);
      return box ? [{ sid, ...scaled(box, 1 / unit) }] : [];
    });
    const places = tidy(windows, viewport.current?.visible ?? { width: 16, height: 10 });
    // From the lowest to the topmost: each is raised as it moves.
    for (const [sid, shell] of client.shells) {
      const place = places.get(sid);
      if (place && (place.x !== shell.x || place.y !== shell.y)) client.move(sid, place);
    }
    const arranged = windows.map((window) => scaled({ ...window, ...places.get(window.sid) }, unit));
    if (viewport.current) follow.all(viewport.current, arranged);
  }, [client, unit, boxOf, follow]);

  const arrive = useCallback(() => {
    if (arrived.current || !root.current?.clientWidth || handles.current.size === 0) return;
    if (handles.current.size < client.shells.size) return;
    arrived.current = true;
    if (viewport.current) follow.all(viewport.current);
    // Who is nowhere else can type at once.
    const topmost = [...client.shells.keys()].at(-1)!;
    if (!embedded && document.activeElement === document.body) handles.current.get(topmost)?.terminal.focus();
  }, [client, embedded, follow]);

  const register = useCallback(
    (sid: number, shown: ShellHandle | null) => {
      if (!shown) {
        const closed = handles.current.get(sid)?.element;
        handles.current.delete(sid);
        if (closed) sizes.current?.unobserve(closed);
        if (closed?.contains(document.activeElement)) root.current?.focus();
        return;
      }
      handles.current.set(sid, shown);
      sizes.current?.observe(shown.element);
      if (next.current?.sid === sid) goTo(sid, next.current.opened);
      arrive();
    },
    [goTo, arrive],
  );

  // --- What one looks at stays in view ---

  const changed = useCallback(
    (change: Change) => {
      if (arrived.current && viewport.current) follow.changed(viewport.current, change);
    },
    [follow],
  );

  useLayoutEffect(() => {
    const canvas = root.current!;
    const observer = new ResizeObserver((entries) => {
      changed(entries.some(({ target }) => target === canvas) ? "frame" : "windows");
      arrive(); // in a panel that is not shown yet there is nothing to fit into
    });
    observer.observe(canvas);
    for (const { element } of handles.current.values()) observer.observe(element);
    sizes.current = observer;
    return () => {
      sizes.current = null;
      observer.disconnect();
    };
  }, [changed, arrive]);

  const known = useRef(shells);
  useLayoutEffect(() => {
    const same = shells.size === known.current.size && [...shells.keys()].every((sid) => known.current.has(sid));
    known.current = shells;
    changed(same ? "windows" : "shells");
  }, [changed, shells, unit]);

  useLayoutEffect(() => changed("frame"), [changed, narrow]);

  useEffect(() => {
    const canvas = root.current!;
    const hold = () => follow.hold();
    const release = () => follow.release(viewport.current);
    canvas.addEventListener("pointerdown", hold, { capture: true });
    for (const end of ENDS) window.addEventListener(end, release);
    return () => {
      canvas.removeEventListener("pointerdown", hold, { capture: true });
      for (const end of ENDS) window.removeEventListener(end, release);
    };
  }, [follow]);

  useImperativeHandle(handle, () => ({ newShell, fitAll, tidy: arrange, show }), [newShell, fitAll, arrange, show]);

  // Double-click a title: all of that window; again: what was there before.
  const before = useRef<{ subject: Subject; transform: ZoomTransform } | null>(null);
  const fitOne = useCallback(
    (sid: number) => {
      const view = viewport.current;
      if (!view) return;
      const { subject } = follow;
      const filled = subject !== null && subject !== "all" && subject.fills && subject.sid === sid;
      if (!filled || !before.current) {
        before.current = { subject, transform: view.transform };
        follow.fill(view, sid);
        return;
      }
      follow.subject = before.current.subject;
      if (follow.subject === "all") follow.all(view);
      else view.glideTo(before.current.transform);
      before.current = null;
    },
    [follow],
  );

  // Who goes by keyboard to what is out of sight sees it.
  const onFocus = useCallback(
    (event: FocusEvent) => {
      const target = event.target as Element;
      const sid = [...handles.current].find(([, { element }]) => element.contains(target))?.[0];
      if (sid === undefined || !viewport.current) return;
      // While all are in view, one that is not yet is gliding there.
      if (follow.subject === "all" || within(target, root.current!)) follow.turnTo(sid);
      else follow.show(viewport.current, sid);
    },
    [follow],
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
    if (event.key !== "0") follow.letGo();
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
          shells={listed.map(([sid, { title }]) => ({ sid, name: title || trans.__("Terminal %1", sid) }))}
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
        aria-label={trans.__("Canvas")}
        aria-describedby={narrow ? undefined : hint}
        tabIndex={narrow ? -1 : 0}
        onKeyDown={onKey}
      >
        <span id={hint} hidden>
          {trans.__("Press the arrow keys to pan, plus and minus to zoom, and 0 to show everything.")}
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

/** A cell at the nominal font size: measured, if there is a window. */
function nominalCell(measured: ShellHandle | undefined, unit: number): { width: number; height: number } {
  const cell = measured?.terminal.cell;
  return cell ? { width: cell.width / unit, height: cell.height / unit } : NOMINAL_CELL;
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
