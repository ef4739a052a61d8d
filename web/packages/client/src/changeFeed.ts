/**
 * Who wants to know of which change, told in batches.
 *
 * A message can change hundreds of keys, and several messages can arrive within one frame of the screen; each listener
 * is called once per batch, whatever came. A board of 500 symbols with 40 of them on screen calls 40 listeners.
 */
import type { ReplicaObserver } from './replica.ts';

export type Listener = () => void;
/** Runs `flush` once, soon. */
export type Schedule = (flush: () => void) => void;

const HIDDEN_BATCH_MS = 500;

/** Once per frame of the screen; while the page is hidden, when no frames come, twice a second. */
export function perFrame(flush: () => void): void {
  if (typeof document === 'undefined' || document.hidden)
    setTimeout(flush, typeof document === 'undefined' ? 0 : HIDDEN_BATCH_MS);
  else requestAnimationFrame(flush);
}

export class ChangeFeed implements ReplicaObserver {
  private readonly byKey = new Map<string, Map<string, Set<Listener>>>();
  private readonly byTopic = new Map<string, Set<Listener>>();
  private readonly byMembership = new Map<string, Set<Listener>>();
  private readonly pending = new Set<Listener>();
  private readonly schedule: Schedule;
  private scheduled = false;

  constructor(schedule: Schedule = perFrame) {
    this.schedule = schedule;
  }

  /** Calls `listener` after changes of one key. Returns what ends it. */
  onKey(topic: string, key: string, listener: Listener): () => void {
    let keys = this.byKey.get(topic);
    if (keys === undefined) this.byKey.set(topic, (keys = new Map<string, Set<Listener>>()));
    return this.add(keys, key, listener);
  }

  /** Calls `listener` after any change in a topic. */
  onTopic(topic: string, listener: Listener): () => void {
    return this.add(this.byTopic, topic, listener);
  }

  /** Calls `listener` after keys of a topic came or went. */
  onMembership(topic: string, listener: Listener): () => void {
    return this.add(this.byMembership, topic, listener);
  }

  changed(topic: string, key: string): void {
    this.mark(this.byTopic.get(topic));
    this.mark(this.byKey.get(topic)?.get(key));
  }

  membership(topic: string): void {
    this.mark(this.byMembership.get(topic));
  }

  private add(map: Map<string, Set<Listener>>, name: string, listener: Listener): () => void {
    let listeners = map.get(name);
    if (listeners === undefined) map.set(name, (listeners = new Set()));
    listeners.add(listener);
    return () => {
      const current = map.get(name);
      current?.delete(listener);
      if (current?.size === 0) map.delete(name);
      this.pending.delete(listener);
    };
  }

  private mark(listeners: Set<Listener> | undefined): void {
    if (listeners === undefined) return;
    for (const listener of listeners) this.pending.add(listener);
    if (this.scheduled) return;
    this.scheduled = true;
    this.schedule(() => this.flush());
  }

  private flush(): void {
    this.scheduled = false;
    const batch = [...this.pending];
    this.pending.clear();
    for (const listener of batch) callSafely(listener);
  }
}

/** One listener that throws must not cost the others their news; the error still reaches the console or the process. */
export function callSafely(listener: Listener): void {
  try {
    listener();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}
