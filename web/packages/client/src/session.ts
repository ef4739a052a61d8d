/**
 * The client's side of the protocol without any I/O: messages in, messages to send out.
 *
 * It outlives connections: `open` begins the next one, and resumes where the replica stands if the subscriptions are
 * still the same.
 */
import type { Interest } from './interest.ts';
import type { ClientMessage, ErrorMessage, ServerMessage, Subscribe } from './messages.ts';
import type { Replica } from './replica.ts';
import { sameSubscriptions } from './subscription.ts';

const LONGEST_INTERVAL_MS = 10_000;

export class Session {
  /** The least time between two diffs to ask for; `undefined` leaves it to the server. */
  intervalMs: number | undefined;
  /** The last `error` of this connection, until a subscription succeeds. */
  error: ErrorMessage | undefined;
  /** How often diffs were missing, so that the state was asked for again. */
  gaps = 0;
  /** How often a connection went on where the last one had ended. */
  resumes = 0;

  private readonly replica: Replica;
  private readonly interest: Interest;
  private requested: readonly string[] = [];
  /** What the last connection had asked for: the server may have refused a part of it, and would again. */
  private requestedBefore: readonly string[] = [];
  private opened = false;
  private syncing = false;
  private healing = false;
  private answered = false;
  /** Subscribes that the server has not answered yet, by id, oldest first. */
  private readonly unanswered = new Set<number>();
  /** A subscribe was answered and its state is still on its way. */
  private stateDue = false;
  private nextId = 1;

  constructor(replica: Replica, interest: Interest, intervalMs?: number) {
    this.replica = replica;
    this.interest = interest;
    this.intervalMs = intervalMs;
  }

  /** Whether the server has answered, so that what the replica holds is alive. */
  get live(): boolean {
    return this.opened && !this.syncing && (this.answered || this.requested.length === 0);
  }

  /** Whether the state has been asked for because diffs are missing. */
  get mending(): boolean {
    return this.healing;
  }

  /** Whether the server owes an answer, or the state that it has announced. */
  get waiting(): boolean {
    return this.opened && (this.syncing || this.stateDue || this.unanswered.size > 0);
  }

  /** A connection is open and, where that is needed, authenticated: what to say first. */
  open(): ClientMessage[] {
    this.opened = true;
    this.answered = false;
    this.unanswered.clear();
    this.stateDue = false;
    this.healing = false;
    this.error = undefined;
    this.requested = this.interest.wanted();
    this.syncing = this.requested.length > 0;
    return this.syncing ? [this.firstSubscribe()] : [];
  }

  /** The connection is gone; the replica and its cursor stay. */
  closed(): void {
    this.opened = false;
    this.syncing = false;
    // A connection that brought nothing changed nothing.
    if (!this.answered) return;
    // What was asked for and never came cannot be resumed: a diff from the old cursor would bring its changes alone.
    const complete = this.unanswered.size === 0 && !this.stateDue;
    this.requestedBefore = complete ? this.requested : [];
  }

  /** Makes the next `open` start from a fresh snapshot: what is held may be wrong. */
  forget(): void {
    this.requestedBefore = [];
  }

  /** What to say after the interest changed. New subscriptions go first, so that nothing wanted falls in between. */
  sync(): ClientMessage[] {
    if (!this.opened) return [];
    const wanted = this.interest.wanted();
    const added = wanted.filter((one) => !this.requested.includes(one));
    const removed = this.requested.filter((one) => !wanted.includes(one));
    this.requested = wanted;
    const messages: ClientMessage[] = [];
    if (added.length > 0) messages.push(this.subscribe(added));
    if (removed.length > 0) messages.push({ action: 'unsubscribe', subscriptions: removed, id: this.nextId++ });
    return messages;
  }

  /** Takes a message; returns what to say to it. Raises `ProtocolError` if it breaks the protocol. */
  receive(message: ServerMessage): ClientMessage[] {
    if (message.type === 'error') {
      this.takeError(message);
      return [];
    }
    // Before the answer to the first subscribe, heartbeats tell the server's place, not that of this replica.
    if (this.syncing && (message.type === 'heartbeat' || message.type === 'diff_update')) return [];
    const outcome = this.replica.apply(message);
    if (message.type === 'subscribed') {
      this.settle(message.id);
      this.stateDue = !message.resumed;
      this.takeAnswer(message.resumed);
    }
    if (message.type === 'state_update') this.syncing = this.stateDue = false;
    if (!this.replica.hasGap) this.healing = false;
    return outcome === 'gap' ? this.heal() : [];
  }

  /** After a close for slowness: fewer, larger diffs from now on. */
  slowDown(current = 250): void {
    this.intervalMs = Math.min((this.intervalMs ?? current) * 2, LONGEST_INTERVAL_MS);
  }

  /** Says again all that is wanted: the server answers in full, whatever it missed. */
  again(): ClientMessage[] {
    return this.opened && this.requested.length > 0 ? [this.subscribe(this.requested)] : [];
  }

  /** An answer came; one without an id is to the oldest question. */
  private settle(id: unknown): void {
    const [oldest] = this.unanswered;
    if (typeof id === 'number') this.unanswered.delete(id);
    else if (oldest !== undefined) this.unanswered.delete(oldest);
  }

  private takeError(message: ErrorMessage): void {
    this.error = message;
    this.settle(message.id);
    if (message.code === 'unauthenticated' || message.code === 'rate_limited') return;
    // A refused subscription is an answer too: there is nothing to wait for.
    this.answered = true;
    if (this.replica.held.length === 0) this.syncing = false;
  }

  private takeAnswer(resumed: boolean): void {
    this.answered = true;
    this.error = undefined;
    if (!resumed || !this.syncing) return;
    this.resumes++;
    this.syncing = false;
  }

  /** Asks once for the whole state; more diffs that arrive until then are no new gap. */
  private heal(): ClientMessage[] {
    if (this.healing) return [];
    this.healing = true;
    this.gaps++;
    return [this.subscribe(this.requested)];
  }

  private firstSubscribe(): Subscribe {
    const message = this.subscribe(this.requested);
    const { cursor, hasGap } = this.replica;
    if (cursor === undefined || hasGap || !sameSubscriptions(this.requested, this.requestedBefore)) return message;
    return { ...message, resume: cursor };
  }

  private subscribe(subscriptions: readonly string[]): Subscribe {
    const id = this.nextId++;
    this.unanswered.add(id);
    const message: Subscribe = { action: 'subscribe', subscriptions, id };
    return this.intervalMs === undefined ? message : { ...message, interval_ms: this.intervalMs };
  }
}
