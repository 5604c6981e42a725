export function catalogs(): Record<string, Record<string, string[]>>;
export function strings(): Map<string, string | null>;
export function updated(before: Record<string, unknown>, language: string): Record<string, unknown>;
