/** Turns for something that may be done so often: a burst at once, then so many per second. */
export class Pace {
  private readonly burst: number;
  private readonly stepMs: number;
  /** When the turn after the last one would begin, if there were no burst. */
  private next = -Infinity;

  constructor(burst: number, perSecond: number) {
    this.burst = burst;
    this.stepMs = 1000 / perSecond;
  }

  /** Takes the next turn. Returns in how many milliseconds it begins. */
  take(nowMs: number): number {
    const begins = Math.max(this.next, nowMs - (this.burst - 1) * this.stepMs);
    this.next = begins + this.stepMs;
    return Math.max(0, begins - nowMs);
  }
}
