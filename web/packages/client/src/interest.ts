import { withoutCovered } from './subscription.ts';

/** What the parts of a program want to see, counted: the last one to lose interest ends a subscription. */
export class Interest {
  private readonly counts = new Map<string, number>();

  /** All that is wanted, without what a wider subscription brings anyway. */
  wanted(): string[] {
    return withoutCovered(this.counts.keys());
  }

  add(subscriptions: readonly string[]): void {
    for (const one of subscriptions) this.counts.set(one, (this.counts.get(one) ?? 0) + 1);
  }

  remove(subscriptions: readonly string[]): void {
    for (const one of subscriptions) {
      const count = (this.counts.get(one) ?? 0) - 1;
      if (count > 0) this.counts.set(one, count);
      else this.counts.delete(one);
    }
  }
}
