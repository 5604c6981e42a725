/** What others see of a person. The host makes up what is missing. */
export interface Identity {
  name?: string;
  /** `#rrggbb`. */
  color?: string;
}

/** The person who uses this browser. */
export interface Me {
  /** The identity as far as it is known now. */
  now: () => Identity;
  /** Resolves when nothing more will become known. */
  ready?: Promise<unknown>;
  /** Calls `listener` when `now` may have changed; returns how to stop that. */
  on?: (listener: () => void) => () => void;
}
