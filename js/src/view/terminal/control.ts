/** What Ctrl makes of a typed character, as terminals send it; other text stays as it is. */
export function control(data: string): string {
  if (data === " ") return "\0";
  if (data === "?") return "\x7f";
  return /^[@-_a-z]$/.test(data) ? String.fromCharCode(data.toUpperCase().charCodeAt(0) & 0x1f) : data;
}
