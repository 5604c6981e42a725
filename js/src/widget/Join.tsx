/** The ticket box: asks the kernel to join, and is replaced by the session once that has worked. */
import { JoinForm } from "../forms/JoinForm";
import { fieldOf, type Complaint } from "../session/complaint";
import type { Ticket } from "../ticket";
import { getSettings } from "../view/settings";
import { useTheme, type Theme } from "../view/theme";
import { kernelGone, type Kernel } from "./kernel";
import { useBusy } from "./useBusy";
import { trans } from "../translation";

export function Join({ kernel, theme }: { kernel: Kernel; theme: Theme | undefined }) {
  const busy = useBusy(kernel);
  const join = async (ticket: Ticket, password: string | null): Promise<Complaint | null> => {
    const { name } = getSettings();
    const joining = kernel.ask({ type: "join", ticket: ticket.encode(), name, password }, "joined", "refused");
    // Joining may take as long as the host thinks about it; a kernel that is there answers this at once.
    const gone = kernel.silence(Promise.race([joining, kernel.ask({ type: "access" }, "access", "ended")]));
    const answer = await Promise.race([joining, gone]);
    if (!answer) return { field: null, message: kernelGone() };
    const { message } = answer;
    if (message.type === "joined") return null;
    return { field: fieldOf(String(message.reason), password), message: String(message.message) };
  };
  return (
    <div className="sshx sshx-forms sshx-widget-join" data-theme={useTheme(theme)} data-lm-suppress-shortcuts="true">
      <JoinForm
        onJoin={join}
        waiting={
          busy
            ? trans.__("The kernel is running a cell. The session opens when the cell finishes.")
            : trans.__("Connecting…")
        }
      />
    </div>
  );
}
