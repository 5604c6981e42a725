/** What one can do with a shell, as buttons: fewer and more rows and columns, find, more, close. */
import "./ShellActions.css";
import { CloseIcon, FindIcon } from "../icons";
import { ShellMenu } from "./ShellMenu";
import { trans } from "../../translation";

interface ShellActionsProps {
  /** Why nothing may be changed, or null. */
  readOnly: string | null;
  /** Why the size may not be changed, or null. */
  fixed: string | null;
  /** Why the shell may not be closed, or null. */
  kept: string | null;
  /** Whether the host's own terminal decides the size, so that there is nothing to lock. */
  viewed: boolean;
  locked: boolean;
  onStep(direction: 1 | -1): void;
  onFind(): void;
  onRename(): void;
  onLockSize(locked: boolean): void;
  /** Take the shell out of the session; null if this person cannot, or not this shell. */
  onRemove: (() => void) | null;
  onClose(): void;
  notify(text: string): void;
}

export function ShellActions(props: ShellActionsProps) {
  const { readOnly, fixed, kept, viewed, locked, onRemove, notify } = props;
  const guarded = (name: string, why: string | null, action: () => void) => ({
    type: "button" as const,
    "aria-label": name,
    title: why ?? name,
    "aria-disabled": why !== null,
    onClick: () => (why === null ? action() : notify(why)),
  });
  return (
    <span className="sshx-shell-actions">
      <button {...guarded(trans.__("Fewer rows and columns, for everyone"), fixed, () => props.onStep(-1))}>−</button>
      <button {...guarded(trans.__("More rows and columns, for everyone"), fixed, () => props.onStep(1))}>+</button>
      <button
        type="button"
        aria-label={trans.__("Find")}
        title={trans.__("Find (Ctrl+Shift+F)")}
        onClick={props.onFind}
      >
        <FindIcon />
      </button>
      <ShellMenu
        items={[
          { label: trans.__("Rename…"), why: readOnly, action: props.onRename },
          {
            label: trans.__("Lock size"),
            checked: locked,
            why: viewed ? (readOnly ?? fixed) : readOnly,
            action: () => props.onLockSize(!locked),
          },
          ...(onRemove ? [{ label: trans.__("Remove from session"), why: null, action: onRemove }] : []),
        ]}
        notify={notify}
      />
      <button {...guarded(trans.__("Close shell"), kept, props.onClose)}>
        <CloseIcon />
      </button>
    </span>
  );
}
