/** On a narrow screen: which shell is shown. */
import "./ShellTabs.css";
import { useEffect, useRef, type KeyboardEvent } from "react";
import { trans } from "../../translation";

interface ShellTabsProps {
  shells: readonly { sid: number; name: string }[];
  active: number;
  onSelect(sid: number): void;
}

export function ShellTabs({ shells, active, onSelect }: ShellTabsProps) {
  const list = useRef<HTMLDivElement>(null);
  const tab = (sid: number) => list.current?.querySelector<HTMLElement>(`[data-sid="${sid}"]`);

  useEffect(() => {
    // Newer browsers return a promise, which is nothing to clean up.
    tab(active)?.scrollIntoView({ block: "nearest", inline: "nearest" });
  }, [active]);

  const onKey = (event: KeyboardEvent) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step === 0) return;
    event.preventDefault();
    const at = shells.findIndex(({ sid }) => sid === active);
    const { sid } = shells[(at + step + shells.length) % shells.length]!;
    onSelect(sid);
    tab(sid)?.focus();
  };
  return (
    <div
      ref={list}
      className="sshx-tabs"
      role="tablist"
      aria-label={trans.__("Shells")}
      tabIndex={-1}
      onKeyDown={onKey}
    >
      {shells.map(({ sid, name }) => (
        <button
          key={sid}
          type="button"
          role="tab"
          data-sid={sid}
          aria-selected={sid === active}
          tabIndex={sid === active ? 0 : -1}
          title={name}
          onClick={() => onSelect(sid)}
        >
          {name}
        </button>
      ))}
    </div>
  );
}
