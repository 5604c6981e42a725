/** The field in which a shell is renamed, in place of its title. */
import { useEffect, useRef } from "react";
import { trans } from "../../translation";

interface ShellNameProps {
  name: string;
  /** The new name, empty for the program's own title; null if it stays. */
  onDone(name: string | null): void;
}

export function ShellName({ name, onDone }: ShellNameProps) {
  const field = useRef<HTMLInputElement>(null);
  const done = useRef(false);
  useEffect(() => {
    field.current!.focus();
    field.current!.select();
  }, []);
  const finish = (chosen: string | null) => {
    if (done.current) return; // removing the field takes its focus, too
    done.current = true;
    onDone(chosen === name ? null : chosen);
  };
  return (
    <input
      ref={field}
      className="sshx-shell-name"
      aria-label={trans.__("Shell name")}
      placeholder={trans.__("The program's title")}
      defaultValue={name}
      maxLength={64}
      data-lm-suppress-shortcuts="true"
      onPointerDown={(event) => event.stopPropagation()}
      onKeyDown={(event) => {
        if (event.nativeEvent.isComposing) return;
        event.stopPropagation();
        if (event.key === "Enter") finish(event.currentTarget.value.trim());
        else if (event.key === "Escape") finish(null);
      }}
      onBlur={(event) => finish(event.currentTarget.value.trim())}
    />
  );
}
