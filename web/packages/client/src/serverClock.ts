/** The server's clock as seen from here, so that ages are right on a machine whose own clock is not. */

interface Sample {
  readonly offsetMs: number;
  readonly uncertaintyMs: number;
  readonly at: number;
}

/** After this long a better sample gives way, for clocks drift. */
const SAMPLE_LIFE_MS = 120_000;
const UNKNOWN_TRANSIT_MS = 250;

export class ServerClock {
  private readonly local: () => number;
  private best: Sample | undefined;

  constructor(local: () => number = Date.now) {
    this.local = local;
  }

  /** Server time less local time; 0 until something is known. */
  get offsetMs(): number {
    return this.best?.offsetMs ?? 0;
  }

  /** Epoch milliseconds by the server's clock. */
  now(): number {
    return this.local() + this.offsetMs;
  }

  /**
   * A message that was sent at `timestamp` (RFC 3339) has just arrived. Of a pong the round trip is known; of any other
   * message only that it was on its way for a while, so it counts as a poor sample.
   */
  observe(timestamp: string, roundTripMs?: number): void {
    const sentAt = Date.parse(timestamp);
    if (Number.isNaN(sentAt)) return;
    const at = this.local();
    const uncertaintyMs = roundTripMs === undefined ? UNKNOWN_TRANSIT_MS : roundTripMs / 2;
    const { best } = this;
    if (best !== undefined && at - best.at < SAMPLE_LIFE_MS && uncertaintyMs > best.uncertaintyMs) return;
    this.best = { offsetMs: sentAt + (roundTripMs ?? 0) / 2 - at, uncertaintyMs, at };
  }
}
