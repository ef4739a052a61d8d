/**
 * A board rebuilt from what a server says: snapshots taken, diffs merged, gaps noticed (PROTOCOL sections 3 to 5).
 *
 * No I/O and no clock. After every message that it takes, its state is the server's at the cursor, for what is
 * subscribed to. What it hands out never changes; a changed key hands out a new object.
 */
import { FieldsStore } from './fieldsStore.ts';
import type { Json, JsonObject, MutableJsonObject } from './json.ts';
import { setOwn } from './json.ts';
import { LadderStore } from './ladderStore.ts';
import type { Cursor, DiffUpdate, Heartbeat, ServerMessage, StateUpdate } from './messages.ts';
import { RowsStore } from './rowsStore.ts';
import type { Store, Touch } from './store.ts';
import { expectObject } from './store.ts';
import { covers, splitSubscription } from './subscription.ts';
import { TapeStore } from './tapeStore.ts';
import type { TopicName, TopicRecords } from './topics.ts';
import { isTopic, TOPICS } from './topics.ts';

/** What became of a message. After `gap` nothing is merged until a `state_update` covers all that is held. */
export type Outcome = 'applied' | 'gap' | 'ignored';

/** Is told which keys a message changed, and where keys came or went. */
export interface ReplicaObserver {
  changed(topic: string, key: string): void;
  membership(topic: string): void;
}

const SILENT: ReplicaObserver = { changed: () => undefined, membership: () => undefined };
const NOTHING: readonly never[] = Object.freeze([]);

export class Replica {
  private readonly stores = new Map<string, Store<unknown>>();
  private readonly observer: ReplicaObserver;
  private place: Cursor | undefined;
  private subscriptions: readonly string[] = [];
  private tapeLength = 100;
  private gapped = false;

  constructor(observer: ReplicaObserver = SILENT) {
    this.observer = observer;
  }

  /** The last place that is known for certain, or `undefined` before the first message that tells one. */
  get cursor(): Cursor | undefined {
    return this.place;
  }

  /** The subscriptions that the server holds, as its last answer listed them. */
  get held(): readonly string[] {
    return this.subscriptions;
  }

  /** Whether diffs are missing: the state is what it was before the gap. */
  get hasGap(): boolean {
    return this.gapped;
  }

  /** Takes one message. Raises `ProtocolError` if it breaks the protocol; the state is then as it was. */
  apply(message: ServerMessage): Outcome {
    switch (message.type) {
      case 'subscribed':
        this.setTapeLength(message.tape_length);
        this.hold(message.subscriptions);
        return 'applied';
      case 'unsubscribed':
        this.hold(message.subscriptions);
        return 'applied';
      case 'state_update':
        return this.takeState(message);
      case 'diff_update':
        return this.takeDiff(message);
      case 'heartbeat':
        return this.takeHeartbeat(message);
      default:
        return 'ignored';
    }
  }

  /** What a key holds; the same object until it changes. */
  get<T extends TopicName>(topic: T, key: string): TopicRecords[T] | undefined {
    return this.stores.get(topic)?.get(key) as TopicRecords[T] | undefined;
  }

  /** Every key of a topic; the same array until a key comes or goes. */
  keys(topic: TopicName): readonly string[] {
    return this.stores.get(topic)?.keys() ?? NOTHING;
  }

  /** Every key of a topic with what it holds; the same array until anything in the topic changes. */
  entries<T extends TopicName>(topic: T): readonly (readonly [string, TopicRecords[T]])[] {
    const entries: unknown = this.stores.get(topic)?.entries() ?? NOTHING;
    return entries as readonly (readonly [string, TopicRecords[T]])[];
  }

  /** The whole state in the shape of `state_update.data`. */
  toData(): JsonObject {
    const data: MutableJsonObject = {};
    for (const [topic, store] of this.stores) setOwn(data, topic, store.toData());
    return data;
  }

  private takeState(message: StateUpdate): Outcome {
    const data = expectObject(message.data, 'data');
    for (const [store, value] of this.parts(data)) store.checkData(value);
    for (const subscription of message.subscriptions) this.dropUnder(subscription);
    for (const [store, value] of this.parts(data)) store.load(value);
    const complete = this.subscriptions.every((one) => covers(message.subscriptions, one));
    // A snapshot of a part says nothing about the rest, so it mends no gap there, nor does it carry the rest along
    // into another epoch.
    const continues = !this.gapped && (this.place === undefined || this.place.epoch === message.epoch);
    this.gapped = !complete && !continues;
    if (this.gapped) return 'gap';
    this.moveTo(message);
    return 'applied';
  }

  private takeDiff(message: DiffUpdate): Outcome {
    if (this.gapped) return 'gap';
    if (this.place?.epoch !== message.epoch || this.place.sequence !== message.since) {
      this.gapped = true;
      return 'gap';
    }
    const parts = this.parts(expectObject(message.changes, 'changes'));
    // Everything is checked before anything is changed: a commit is never seen half-applied.
    for (const [store, changes] of parts) store.checkChanges(changes);
    for (const [store, changes] of parts) store.merge(changes);
    this.moveTo(message);
    return 'applied';
  }

  private takeHeartbeat(message: Heartbeat): Outcome {
    if (this.gapped) return 'gap';
    if (this.place !== undefined && this.place.epoch !== message.epoch && this.subscriptions.length > 0) {
      // The snapshot of a new epoch comes before its first heartbeat; without it the state is of another board.
      this.gapped = true;
      return 'gap';
    }
    // A gateway that lags behind a resumed cursor waits until it is there; its heartbeats must not turn the cursor back.
    if (this.place?.epoch === message.epoch && message.sequence < this.place.sequence) return 'ignored';
    this.moveTo(message);
    return 'applied';
  }

  private moveTo(place: Cursor): void {
    this.place = { epoch: place.epoch, sequence: place.sequence };
  }

  private parts(byTopic: JsonObject): [Store<unknown>, Json][] {
    const parts: [Store<unknown>, Json][] = [];
    for (const [topic, value] of Object.entries(byTopic)) {
      if (isTopic(topic)) parts.push([this.store(topic), value]);
    }
    return parts;
  }

  /** Only what is still subscribed to stays: the server says no more about the rest. */
  private hold(subscriptions: readonly string[]): void {
    this.subscriptions = [...subscriptions];
    for (const [topic, store] of this.stores) {
      if (covers(subscriptions, topic)) continue;
      for (const key of store.keys()) {
        if (!covers(subscriptions, `${topic}:${key}`)) store.drop(key);
      }
      if (!subscriptions.some((one) => splitSubscription(one).topic === topic)) this.stores.delete(topic);
    }
  }

  private dropUnder(subscription: string): void {
    if (subscription === '*') {
      for (const store of this.stores.values()) store.clear();
      this.stores.clear();
      return;
    }
    const { topic, key } = splitSubscription(subscription);
    if (!isTopic(topic)) return;
    // A topic that was asked for is there, be it empty: that tells "nothing yet" from "not asked for".
    const store = this.store(topic);
    if (key === undefined) store.clear();
    else store.drop(key);
  }

  private setTapeLength(length: number): void {
    this.tapeLength = length;
    for (const store of this.stores.values()) {
      if (store instanceof TapeStore) store.length = length;
    }
  }

  private store(topic: TopicName): Store<unknown> {
    let store = this.stores.get(topic);
    if (store === undefined) {
      store = this.newStore(topic);
      this.stores.set(topic, store);
    }
    return store;
  }

  private newStore(topic: TopicName): Store<unknown> {
    const touch: Touch = {
      changed: (key) => this.observer.changed(topic, key),
      membership: () => this.observer.membership(topic),
    };
    const { kind, idField } = TOPICS[topic];
    if (kind === 'rows') return new RowsStore(touch, idField ?? '');
    if (kind === 'ladder') return new LadderStore(touch);
    if (kind === 'fields') return new FieldsStore(touch);
    const tape = new TapeStore(touch);
    tape.length = this.tapeLength;
    return tape;
  }
}
