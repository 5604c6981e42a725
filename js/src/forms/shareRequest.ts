/** The request to share, without the form that asks for it: JupyterLab also shares without asking. */
import type { ShareOptions } from "../api/api";

/** The body of the request: the options without those that are empty. */
export function requestOf({
  name = "",
  terminals = [],
  cwd,
  password,
  expires_in,
  ...flags
}: ShareOptions): ShareOptions {
  return {
    ...flags,
    ...(name.trim() && { name: name.trim() }),
    ...(terminals.length > 0 && { terminals }),
    ...(cwd && { cwd }),
    ...(password && { password }),
    ...(expires_in && { expires_in }),
  };
}
