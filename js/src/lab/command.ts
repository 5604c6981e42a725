/** The commands' ids, which menus and shortcuts in `schema/plugin.json` have too. */
export const Command = {
  share: "sshx:share-terminal",
  create: "sshx:new-session",
  join: "sshx:join-session",
  /** Shows a session in a tab; for the layout's restoration. */
  open: "sshx:open-session",
  copy: "sshx:copy-ticket",
  copyRead: "sshx:copy-read-ticket",
  stop: "sshx:stop-sharing",
} as const;
