/** Finds text in a terminal and its scrollback. */
import "./FindBar.css";
import type { ISearchOptions, SearchAddon } from "@xterm/addon-search";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import type { Theme } from "../theme";
import { trans } from "../../translation";

/** A program's text keeps its color, so that the background decides whether it can be read. */
function optionsFor(theme: Theme): ISearchOptions {
  const dark = theme === "dark";
  return {
    decorations: {
      matchBackground: dark ? "#6b5200" : "#ffe08a",
      matchOverviewRuler: "#d9a400",
      activeMatchBackground: dark ? "#8f3d0f" : "#ffb77a",
      activeMatchBorder: "#ff8c42", // the match is selected too, and what is selected has another background
      activeMatchColorOverviewRuler: "#ff8c42",
    },
  };
}

interface FindBarProps {
  search: SearchAddon;
  /** Whether the terminal's colors are light or dark. */
  theme: Theme;
  onClose(): void;
}

export function FindBar({ search, theme, onClose }: FindBarProps) {
  const options = optionsFor(theme);
  const bar = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const [text, setText] = useState("");
  const [found, setFound] = useState({ resultIndex: -1, resultCount: 0 });

  // A small window at the left of the view is narrower than the bar, which reaches to the right there.
  useLayoutEffect(() => {
    const shell = bar.current!.closest(".sshx-shell");
    const view = bar.current!.closest(".sshx-canvas");
    if (shell && view) bar.current!.dataset.side = middle(shell) < middle(view) ? "left" : "right";
  }, []);

  useEffect(() => {
    input.current?.focus();
    const listening = search.onDidChangeResults(setFound);
    return () => {
      listening.dispose();
      search.clearDecorations();
    };
  }, [search]);

  const find = (direction: 1 | -1) => {
    if (direction === 1) search.findNext(text, options);
    else search.findPrevious(text, options);
  };
  const results = found.resultCount === 0 ? trans.__("Not found") : `${found.resultIndex + 1} of ${found.resultCount}`;
  return (
    <div ref={bar} className="sshx-find" role="search">
      <input
        ref={input}
        type="text"
        aria-label={trans.__("Find in terminal")}
        placeholder={trans.__("Find")}
        value={text}
        onInput={({ currentTarget: { value } }) => {
          setText(value);
          if (value === "") search.clearDecorations();
          // What is printed last is what one looks for first.
          else search.findPrevious(value, { ...options, incremental: true });
        }}
        onKeyDown={(event) => {
          if (event.key === "Escape") onClose();
          else if (event.key === "Enter") find(event.shiftKey ? 1 : -1);
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      <span className="sshx-find-results" role="status">
        {text === "" ? "" : results}
      </span>
      <button
        type="button"
        aria-label={trans.__("Previous match")}
        title={trans.__("Previous match (Enter)")}
        onClick={() => find(-1)}
      >
        ↑
      </button>
      <button
        type="button"
        aria-label={trans.__("Next match")}
        title={trans.__("Next match (Shift+Enter)")}
        onClick={() => find(1)}
      >
        ↓
      </button>
      <button type="button" aria-label={trans.__("Close find")} title={trans.__("Close (Esc)")} onClick={onClose}>
        ✕
      </button>
    </div>
  );
}

function middle(element: Element): number {
  const { left, right } = element.getBoundingClientRect();
  return (left + right) / 2;
}
