/** Asks how to share, and stays until that has worked. */
import { Dialog } from "@jupyterlab/apputils";
import { ReactWidget } from "@jupyterlab/ui-components";
import { Problem } from "../forms/Field";
import { ShareFields } from "../forms/ShareFields";
import { requestOf } from "../forms/shareRequest";
import type { HostedSession, ShareOptions } from "../api/api";
import { letsGuestsIn } from "./pageConfig";
import { Themed } from "./Themed";
import type { SharedSessions } from "./sessions";
import { trans } from "../translation";

export interface ShareDialogOptions {
  sessions: SharedSessions;
  /** What is filled in at first. */
  options: ShareOptions;
  /** The terminals that can be chosen, and what they are called. */
  terminals: ReadonlyMap<string, string>;
}

/** The session that was made; null if the person has changed their mind. */
export async function askToShare(options: ShareDialogOptions): Promise<HostedSession | null> {
  const dialog = new ShareDialog(options);
  await dialog.launch();
  return dialog.session;
}

class ShareDialog extends Dialog<unknown> {
  session: HostedSession | null = null;
  readonly #body: ShareBody;
  readonly #sessions: SharedSessions;
  #busy = false;
  #cancelled = false;

  constructor({ sessions, options, terminals }: ShareDialogOptions) {
    const body = new ShareBody(options, terminals);
    super({
      title: trans.__("Share Terminal"),
      body,
      buttons: [Dialog.cancelButton(), Dialog.okButton({ label: trans.__("Share") })],
    });
    this.addClass("sshx-dialog");
    this.#body = body;
    this.#sessions = sessions;
  }

  override resolve(index?: number): void {
    if (index === 0) this.reject();
    else void this.#share();
  }

  override reject(): void {
    this.#cancelled = true;
    super.reject();
  }

  async #share(): Promise<void> {
    if (this.#busy) return;
    this.#tell("", true);
    try {
      const session = await this.#sessions.share(requestOf(this.#body.options));
      if (this.#cancelled) {
        await this.#sessions.stop(session.id);
        return;
      }
      this.session = session;
      super.resolve(1);
    } catch (error) {
      void this.#sessions.refresh(); // it may have come to be all the same
      if (this.#cancelled) return;
      this.#tell((error as Error).message, false);
    }
  }

  #tell(problem: string, busy: boolean): void {
    this.#busy = busy;
    this.#body.tell(problem, busy);
    this.node.querySelector(".jp-Dialog-footer .jp-mod-accept")?.setAttribute("aria-disabled", String(busy));
  }
}

class ShareBody extends ReactWidget {
  #problem = "";
  #busy = false;

  constructor(
    public options: ShareOptions,
    private readonly terminals: ReadonlyMap<string, string>,
  ) {
    super();
  }

  tell(problem: string, busy: boolean): void {
    this.#problem = problem;
    this.#busy = busy;
    this.update();
  }

  protected override render() {
    const { options, terminals } = this;
    return (
      <Themed className="sshx-forms sshx-dialog-form">
        <ShareFields
          options={options}
          onOptions={(next) => {
            this.options = next;
            this.update();
          }}
          running={[...terminals.keys()]}
          titles={terminals}
          guests={letsGuestsIn()}
        />
        <Problem>{this.#problem}</Problem>
        {this.#busy && (
          <p className="sshx-form-hint" role="status">
            {trans.__("Sharing…")}
          </p>
        )}
      </Themed>
    );
  }
}
