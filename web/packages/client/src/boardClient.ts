/** A live board: connect, say what you want to see, read the replica, be told of changes. */
import { Backoff } from './backoff.ts';
import type { Listener, Schedule } from './changeFeed.ts';
import { ChangeFeed } from './changeFeed.ts';
import type { WireFormat } from './codec.ts';
import type { ConnectionStatus } from './connection.ts';
import { Connection } from './connection.ts';
import { Interest } from './interest.ts';
import type { LinkTiming, SocketConstructor } from './link.ts';
import { Replica } from './replica.ts';
import { ServerClock } from './serverClock.ts';
import { Session } from './session.ts';
import { covers } from './subscription.ts';
import type { TopicName, TopicRecords } from './topics.ts';
import { browserWakes } from './wakes.ts';

export interface BoardClientOptions {
  /** The endpoint, `ws://host:8000/ws?client=web`. */
  readonly url: string;
  /** MessagePack unless said otherwise. */
  readonly format?: WireFormat;
  /** The least time between two diffs; the server's default for the client class otherwise. */
  readonly intervalMs?: number;
  /** An API key or a JWT, asked for at each connection. */
  readonly token?: () => string | undefined;
  /** The platform's WebSocket unless said otherwise; the package `ws` fits too. */
  readonly socket?: SocketConstructor;
  readonly timing?: Partial<LinkTiming>;
  readonly backoff?: Backoff;
  /** When to call listeners: once per frame of the screen unless said otherwise. */
  readonly schedule?: Schedule;
  readonly wakes?: (onWake: () => void) => () => void;
}

/**
 * The server says something every 5 s; two in a row may be late, the third makes it lost. An answer may take longer: a
 * gateway waits for its own replica before it resumes one that is ahead.
 */
const TIMING: LinkTiming = { openTimeoutMs: 10_000, answerMs: 20_000, silenceMs: 12_000, pingEveryMs: 4_000 };

export class BoardClient {
  /** The server's clock, for ages. */
  readonly clock = new ServerClock();
  private readonly changes: ChangeFeed;
  private readonly replica: Replica;
  private readonly interest = new Interest();
  private readonly session: Session;
  private readonly connection: Connection;
  private syncing = false;

  constructor(options: BoardClientOptions) {
    this.changes = new ChangeFeed(options.schedule);
    this.replica = new Replica(this.changes);
    this.session = new Session(this.replica, this.interest, options.intervalMs);
    this.connection = new Connection(this.session, this.clock, {
      url: options.url,
      format: options.format ?? 'msgpack',
      socket: options.socket ?? WebSocket,
      timing: { ...TIMING, ...options.timing },
      backoff: options.backoff ?? new Backoff(),
      token: options.token,
      wakes: options.wakes ?? browserWakes,
    });
  }

  /** The state of the connection; the same object until it changes. */
  get status(): ConnectionStatus {
    return this.connection.status;
  }

  /** How the session went so far, for a health display. */
  get counts(): { readonly gaps: number; readonly resumes: number } {
    return { gaps: this.session.gaps, resumes: this.session.resumes };
  }

  /** Begins, or tries again at once. */
  connect(): void {
    this.connection.connect();
  }

  close(): void {
    this.connection.close();
  }

  /** Asks for `topic`, `topic:key` or `*` until the returned function is called; counted, so callers need not agree. */
  subscribe(subscriptions: readonly string[]): () => void {
    this.interest.add(subscriptions);
    this.syncSoon();
    let released = false;
    return () => {
      if (released) return;
      released = true;
      this.interest.remove(subscriptions);
      this.syncSoon();
    };
  }

  /** Whether the server has answered for this subscription, so that an absent key is known to be absent. */
  holds(subscription: string): boolean {
    return covers(this.replica.held, subscription);
  }

  /** What a key holds; the same object until it changes. */
  get<T extends TopicName>(topic: T, key: string): TopicRecords[T] | undefined {
    return this.replica.get(topic, key);
  }

  /** Every key of a topic; the same array until a key comes or goes. */
  keys(topic: TopicName): readonly string[] {
    return this.replica.keys(topic);
  }

  /** Every key of a topic with what it holds; the same array until anything in the topic changes. */
  entries<T extends TopicName>(topic: T): readonly (readonly [string, TopicRecords[T]])[] {
    return this.replica.entries(topic);
  }

  onKey(topic: TopicName, key: string, listener: Listener): () => void {
    return this.changes.onKey(topic, key, listener);
  }

  onTopic(topic: TopicName, listener: Listener): () => void {
    return this.changes.onTopic(topic, listener);
  }

  /** Calls `listener` after keys of a topic came or went. */
  onMembership(topic: TopicName, listener: Listener): () => void {
    return this.changes.onMembership(topic, listener);
  }

  onStatus(listener: Listener): () => void {
    return this.connection.onStatus(listener);
  }

  /** One message for all that changes in one turn: a view that is swapped gives up and asks in the same breath. */
  private syncSoon(): void {
    if (this.syncing) return;
    this.syncing = true;
    queueMicrotask(() => {
      this.syncing = false;
      this.connection.sync();
    });
  }
}
