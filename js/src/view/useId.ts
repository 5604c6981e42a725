/** Ids for the elements of a component, unlike any other's: Preact's are so within one root, and a notebook has many. */
import { useState } from "react";

/** Different where the page has this code twice. */
const prefix = `sshx-${Math.random().toString(36).slice(2, 8)}`;
let count = 0;

export function useId(): string {
  const [id] = useState(() => `${prefix}-${++count}`);
  return id;
}
