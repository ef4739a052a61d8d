/** Exponential backoff with full jitter, so that a thousand clients do not come back in one instant. */
export class Backoff {
  private readonly baseMs: number;
  private readonly capMs: number;
  private readonly random: () => number;
  private count = 0;

  constructor(baseMs = 500, capMs = 10_000, random: () => number = Math.random) {
    this.baseMs = baseMs;
    this.capMs = capMs;
    this.random = random;
  }

  get attempts(): number {
    return this.count;
  }

  /** The delay before the next attempt, at least `floorMs`. */
  next(floorMs = 0): number {
    const ceiling = Math.min(this.capMs, this.baseMs * 2 ** Math.min(this.count, 30));
    this.count++;
    return floorMs + this.random() * ceiling;
  }

  reset(): void {
    this.count = 0;
  }
}
