/** Calls `call` at once and then at most once per `interval` milliseconds, with the newest argument; none is lost at the end. */
export class Throttle<T> {
  private newest: { value: T } | null = null;
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(
    private readonly interval: number,
    private readonly call: (value: T) => void,
  ) {}

  push(value: T): void {
    if (this.timer !== null) {
      this.newest = { value };
      return;
    }
    this.call(value);
    this.timer = setTimeout(() => {
      this.timer = null;
      const newest = this.newest;
      this.newest = null;
      if (newest) this.push(newest.value);
    }, this.interval);
  }

  /** Forget what waits, and call with `value` now. */
  finish(value: T): void {
    this.cancel();
    this.call(value);
  }

  cancel(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
    this.newest = null;
  }
}
