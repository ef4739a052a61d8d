/** When a number is too old to be trusted without a word about it. */

/** Prices and books of anything traded move within seconds; a symbol that was silent for this long says so. */
export const STALE_AFTER_MS = 10_000;

/** Milliseconds since arrival by the server's clock, or `undefined` if the arrival is not known. */
export function ageOf(receivedAt: number | undefined, serverNow: number): number | undefined {
  return receivedAt === undefined ? undefined : Math.max(0, serverNow - receivedAt);
}

export function isStale(ageMs: number | undefined): boolean {
  return ageMs !== undefined && ageMs > STALE_AFTER_MS;
}
