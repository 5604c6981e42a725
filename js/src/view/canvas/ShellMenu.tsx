/** The menu of a shell, for what one seldom does. Keys as in other menus: arrows, Home, End, Enter, Escape. */
import "./ShellMenu.css";
import { useEffect, useRef, useState, type KeyboardEvent } from "react";
import { MoreIcon } from "../icons";
import { trans } from "../../translation";

export interface MenuItem {
  label: string;
  /** For an item that is on or off. */
  checked?: boolean;
  /** Why it cannot be used, or null. */
  why: string | null;
  action(): void;
}

interface ShellMenuProps {
  items: readonly MenuItem[];
  notify(text: string): void;
}

export function ShellMenu({ items, notify }: ShellMenuProps) {
  const root = useRef<HTMLSpanElement>(null);
  const [open, setOpen] = useState(false);

  useEffect(() => {
    if (!open) return;
    const shown = root.current!;
    shown.querySelector<HTMLElement>("[role^=menuitem]")?.focus();
    const onPress = (event: Event) => {
      if (!event.composedPath().includes(shown)) setOpen(false);
    };
    document.addEventListener("pointerdown", onPress, { capture: true });
    return () => document.removeEventListener("pointerdown", onPress, { capture: true });
  }, [open]);

  const close = () => {
    setOpen(false);
    root.current?.querySelector<HTMLElement>("[aria-haspopup]")?.focus();
  };
  const onKey = (event: KeyboardEvent) => {
    const all = [...root.current!.querySelectorAll<HTMLElement>("[role^=menuitem]")];
    const at = all.findIndex((item) => item === event.target);
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: -1 }[event.key];
    if (event.key === "Escape" || event.key === "Tab") close();
    else if (to !== undefined) all.at(to % all.length)?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const choose = ({ why, action }: MenuItem) => {
    if (why !== null) {
      notify(why);
      return;
    }
    close();
    action();
  };
  return (
    <span ref={root} className="sshx-menu-root">
      <button
        type="button"
        aria-label={trans.__("Shell menu")}
        title={trans.__("Rename, lock the size, and more")}
        aria-haspopup="menu"
        aria-expanded={open}
        onClick={() => setOpen(!open)}
      >
        <MoreIcon />
      </button>
      {open && (
        <div className="sshx-menu" role="menu" aria-label={trans.__("Shell")} tabIndex={-1} onKeyDown={onKey}>
          {items.map((item) => (
            <button
              key={item.label}
              type="button"
              role={item.checked === undefined ? "menuitem" : "menuitemcheckbox"}
              aria-checked={item.checked}
              aria-disabled={item.why !== null}
              title={item.why ?? undefined}
              tabIndex={-1}
              onClick={() => choose(item)}
            >
              <span aria-hidden="true">{item.checked ? "✓" : ""}</span>
              {item.label}
            </button>
          ))}
        </div>
      )}
    </span>
  );
}
