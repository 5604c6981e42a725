/** The colors that a terminal can have, by the name that the person sees. */
import type { ITheme } from "@xterm/xterm";
import type { Settings } from "../settings";
import type { Theme } from "../theme";

// The sixteen colors are black, red, green, yellow, blue, magenta, cyan, white, and the same again bright.
export const PALETTES: Record<string, ITheme> = {
  "JupyterLab light": palette(
    ["#ffffff", "#000000", "#616161", "#61616144"],
    "#000000 #c0271d #1a7a2e #8a6500 #1a56c4 #a0209a #0b7285 #5f6368 #5f6368 #d93025 #188038 #9a6700 #1967d2 #b5359c #0e8194 #202124",
  ),
  "JupyterLab dark": palette(
    ["#111111", "#ffffff", "#ffffff", "#ffffff4d"],
    "#2e3436 #ef4a4a #4ec13f #d9b300 #5c93e6 #c07fc4 #1fb8ba #d3d7cf #7d827a #ff6b6b #8ae234 #fce94f #8ab4f8 #d5a0dc #34e2e2 #eeeeec",
  ),
  "Solarized light": palette(
    ["#fdf6e3", "#657b83", "#586e75", "#93a1a155"],
    "#073642 #dc322f #859900 #b58900 #268bd2 #d33682 #2aa198 #93a1a1 #586e75 #cb4b16 #586e75 #657b83 #839496 #6c71c4 #93a1a1 #002b36",
  ),
  "Solarized dark": palette(
    ["#002b36", "#839496", "#93a1a1", "#586e7588"],
    "#073642 #dc322f #859900 #b58900 #268bd2 #d33682 #2aa198 #eee8d5 #586e75 #cb4b16 #586e75 #657b83 #839496 #6c71c4 #93a1a1 #fdf6e3",
  ),
  "GitHub light": palette(
    ["#ffffff", "#1f2328", "#0969da", "#0969da33"],
    "#24292f #cf222e #116329 #4d2d00 #0969da #8250df #1b7c83 #6e7781 #57606a #a40e26 #1a7f37 #633c01 #218bff #a475f9 #3192aa #8c959f",
  ),
  "GitHub dark": palette(
    ["#0d1117", "#e6edf3", "#2f81f7", "#2f81f755"],
    "#484f58 #ff7b72 #3fb950 #d29922 #58a6ff #bc8cff #39c5cf #b1bac4 #6e7681 #ffa198 #56d364 #e3b341 #79c0ff #d2a8ff #56d4dd #ffffff",
  ),
  "One Light": palette(
    ["#fafafa", "#383a42", "#526fff", "#526fff33"],
    "#383a42 #e45649 #50a14f #c18401 #4078f2 #a626a4 #0184bc #a0a1a7 #696c77 #e45649 #50a14f #c18401 #4078f2 #a626a4 #0184bc #383a42",
  ),
  "One Dark": palette(
    ["#282c34", "#abb2bf", "#528bff", "#3e4451"],
    "#3f4451 #e06c75 #98c379 #e5c07b #61afef #c678dd #56b6c2 #abb2bf #5c6370 #e06c75 #98c379 #e5c07b #61afef #c678dd #56b6c2 #ffffff",
  ),
  "Gruvbox light": palette(
    ["#fbf1c7", "#3c3836", "#3c3836", "#d5c4a1"],
    "#fbf1c7 #cc241d #98971a #d79921 #458588 #b16286 #689d6a #7c6f64 #928374 #9d0006 #79740e #b57614 #076678 #8f3f71 #427b58 #3c3836",
  ),
  "Gruvbox dark": palette(
    ["#282828", "#ebdbb2", "#ebdbb2", "#504945"],
    "#282828 #cc241d #98971a #d79921 #458588 #b16286 #689d6a #a89984 #928374 #fb4934 #b8bb26 #fabd2f #83a598 #d3869b #8ec07c #ebdbb2",
  ),
  Dracula: palette(
    ["#282a36", "#f8f8f2", "#f8f8f2", "#44475a"],
    "#21222c #ff5555 #50fa7b #f1fa8c #bd93f9 #ff79c6 #8be9fd #f8f8f2 #6272a4 #ff6e6e #69ff94 #ffffa5 #d6acff #ff92df #a4ffff #ffffff",
  ),
  Nord: palette(
    ["#2e3440", "#d8dee9", "#d8dee9", "#434c5e"],
    "#3b4252 #bf616a #a3be8c #ebcb8b #81a1c1 #b48ead #88c0d0 #e5e9f0 #4c566a #bf616a #a3be8c #ebcb8b #81a1c1 #b48ead #8fbcbb #eceff4",
  ),
  "Tokyo Night": palette(
    ["#1a1b26", "#c0caf5", "#c0caf5", "#283457"],
    "#15161e #f7768e #9ece6a #e0af68 #7aa2f7 #bb9af7 #7dcfff #a9b1d6 #414868 #f7768e #9ece6a #e0af68 #7aa2f7 #bb9af7 #7dcfff #c0caf5",
  ),
  "Catppuccin Mocha": palette(
    ["#1e1e2e", "#cdd6f4", "#f5e0dc", "#585b7088"],
    "#45475a #f38ba8 #a6e3a1 #f9e2af #89b4fa #f5c2e7 #94e2d5 #bac2de #585b70 #f38ba8 #a6e3a1 #f9e2af #89b4fa #f5c2e7 #94e2d5 #a6adc8",
  ),
};

/** The palette that the person chose, or JupyterLab's for the theme. */
export function paletteOf(settings: Settings, theme: Theme): ITheme {
  return PALETTES[settings.palette] ?? PALETTES[`JupyterLab ${theme}`]!;
}

function palette(
  base: [background: string, foreground: string, cursor: string, selection: string],
  ansi: string,
): ITheme {
  const [background, foreground, cursor, selectionBackground] = base;
  const [black, red, green, yellow, blue, magenta, cyan, white, ...bright] = ansi.split(" ") as Colors;
  const [brightBlack, brightRed, brightGreen, brightYellow, brightBlue, brightMagenta, brightCyan, brightWhite] =
    bright;
  return {
    ...{ background, foreground, cursor, cursorAccent: background, selectionBackground },
    ...{ black, red, green, yellow, blue, magenta, cyan, white },
    ...{ brightBlack, brightRed, brightGreen, brightYellow, brightBlue, brightMagenta, brightCyan, brightWhite },
  };
}

type Eight = [string, string, string, string, string, string, string, string];
type Colors = [...Eight, ...Eight];

/** Whether a palette is light or dark. */
export function themeOf({ background = "#000000" }: ITheme): Theme {
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(background.slice(at, at + 2), 16));
  return 0.299 * red! + 0.587 * green! + 0.114 * blue! > 128 ? "light" : "dark"; // luma of ITU-R BT.601
}
