/** Opens a widget's session while the widget has a view, and ends the session when the kernel says so. */
import { SessionModel } from "../session/sessionModel";
import { chosenIdentity } from "../view/settings";
import { finder } from "./access";
import { kernelGone, type Kernel } from "./kernel";
import { onChange, type Model } from "./model";

/** Milliseconds that the client stays after the last view: a cell that moves is gone for a moment. */
const LINGER = 3_000;

export class WidgetSession {
  /** Shared by all views of the widget. */
  readonly session: SessionModel;
  readonly model: Model;
  readonly kernel: Kernel;
  #views = 0;
  #leaving: ReturnType<typeof setTimeout> | undefined;
  #open = false;

  constructor(model: Model, kernel: Kernel) {
    this.model = model;
    this.kernel = kernel;
    const me = { now: () => chosenIdentity() };
    this.session = new SessionModel({ me, find: finder(model, kernel), keeps: "nothing" });
    onChange(model, "session_id", () => {
      this.#shut();
      if (this.#views > 0) this.#start();
    });
    onChange(model, "ended", () => this.#checkEnd());
    kernel.watch(() => this.#checkEnd());
    // The kernel does not see that a page goes, and the host only after a while.
    addEventListener("pagehide", ({ persisted }) => {
      if (!persisted) this.#shut();
    });
  }

  /** Call for each new view; returns what to call when the view is gone. */
  enter(): () => void {
    this.#views += 1;
    clearTimeout(this.#leaving);
    this.#start();
    return () => {
      this.#views -= 1;
      if (this.#views === 0) this.#leaving = setTimeout(() => this.#shut(), LINGER);
    };
  }

  #start(): void {
    const id = this.model.get("session_id");
    if (this.#open || !id) return; // without a session the model stays at the form
    this.#open = true;
    const ended = this.model.get("ended");
    if (ended) this.session.end(ended);
    else void this.session.open(id);
  }

  #shut(): void {
    this.#open = false;
    this.session.leave();
  }

  /** End the session if the kernel said so, or if the session needs a kernel that is gone. */
  #checkEnd(): void {
    if (!this.#open) return;
    const { stage } = this.session;
    const needsKernel = stage.at === "live" && !stage.session;
    const reason = this.model.get("ended") || (this.kernel.gone && needsKernel ? kernelGone() : "");
    if (reason) this.session.end(reason);
  }
}
