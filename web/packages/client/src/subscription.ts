/** A subscription names what a client wants: `topic`, `topic:key`, or `*` for every topic. */

/** The topic and, if it names one, the key: all after the first colon, for keys hold colons (`kraken:BTCUSDT`). */
export function splitSubscription(subscription: string): { readonly topic: string; readonly key: string | undefined } {
  const colon = subscription.indexOf(':');
  return colon < 0
    ? { topic: subscription, key: undefined }
    : { topic: subscription.slice(0, colon), key: subscription.slice(colon + 1) };
}

/** Whether `held` brings all that `subscription` asks for. */
export function covers(held: Iterable<string>, subscription: string): boolean {
  const { topic } = splitSubscription(subscription);
  for (const one of held) {
    if (one === '*' || one === subscription || one === topic) return true;
  }
  return false;
}

/** Without repeats and without what a wider one brings anyway, in order: fewer for the server to match. */
export function withoutCovered(subscriptions: Iterable<string>): string[] {
  const all = new Set(subscriptions);
  if (all.has('*')) return ['*'];
  return [...all].filter((one) => !one.includes(':') || !all.has(splitSubscription(one).topic));
}

export function sameSubscriptions(a: Iterable<string>, b: Iterable<string>): boolean {
  const left = new Set(a);
  const right = new Set(b);
  return left.size === right.size && [...left].every((one) => right.has(one));
}
