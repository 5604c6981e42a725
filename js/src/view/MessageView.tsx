/** A message in place of the session's view, while there is no client. */
import type { ComponentProps } from "react";
import { Message } from "./notices/Screens";
import { useTheme, type Theme } from "./theme";

interface MessageViewProps extends ComponentProps<typeof Message> {
  theme: Theme | undefined;
}

export function MessageView({ theme, ...message }: MessageViewProps) {
  return (
    <div className="sshx sshx-session" data-theme={useTheme(theme)}>
      <div className="sshx-main">
        <Message {...message} />
      </div>
    </div>
  );
}
