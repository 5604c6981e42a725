/**
 * A person as a colored disc with their initials. The name is always said beside it or by what holds it: the initials
 * come from the style sheet, so that they are no part of that.
 */
import "./Avatar.css";

export function Avatar({ name, color }: { name: string; color: string }) {
  return (
    <span
      className="sshx-avatar"
      data-text={initials(name)}
      style={{ backgroundColor: color, color: inkOn(color) }}
      aria-hidden="true"
    />
  );
}

/** The first characters of the first two words. */
export function initials(name: string): string {
  const words = name.split(/\s+/u).filter(Boolean).slice(0, 2);
  return words.map((word) => Array.from(word)[0]!.toUpperCase()).join("") || "?";
}

/** Black or white, whichever is better to read on `color` (WCAG 2, relative luminance). */
export function inkOn(color: string): string {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const share = parseInt(color.slice(at, at + 2), 16) / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.179 ? "#000000" : "#ffffff";
}
