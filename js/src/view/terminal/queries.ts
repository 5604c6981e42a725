/**
 * Programs ask their terminal what it is and where its cursor is. The host answers, once, and at once; a viewer's
 * terminal must not answer too, or its answers would be typed into the shell.
 */
import type { IDisposable, IParser } from "@xterm/xterm";

/** Make a terminal's parser take queries without answering them. */
export function ignoreQueries(parser: IParser): IDisposable {
  const taken = () => true;
  const handlers = [
    parser.registerCsiHandler({ final: "c" }, taken), // DA1
    parser.registerCsiHandler({ prefix: ">", final: "c" }, taken), // DA2
    parser.registerCsiHandler({ prefix: "=", final: "c" }, taken), // DA3
    parser.registerCsiHandler({ prefix: ">", final: "q" }, taken), // XTVERSION
    parser.registerCsiHandler({ final: "n" }, taken), // DSR
    parser.registerCsiHandler({ prefix: "?", final: "n" }, taken),
    parser.registerCsiHandler({ intermediates: "$", final: "p" }, taken), // DECRQM
    parser.registerCsiHandler({ prefix: "?", intermediates: "$", final: "p" }, taken),
    parser.registerCsiHandler({ final: "t" }, taken), // window operations and reports
    parser.registerCsiHandler({ prefix: "?", final: "S" }, taken), // XTSMGRAPHICS
    parser.registerDcsHandler({ intermediates: "$", final: "q" }, taken), // DECRQSS
    // Colors are set with the same sequences as they are asked for.
    ...[4, 10, 11, 12].map((id) => parser.registerOscHandler(id, (data) => data.split(";").includes("?"))),
  ];
  return { dispose: () => handlers.forEach((handler) => handler.dispose()) };
}

/** Whether `data` is a report of the focus (mode 1004): a shell that several people see has no focus to report. */
export function isFocusReport(data: string): boolean {
  return data === "\x1b[I" || data === "\x1b[O";
}
