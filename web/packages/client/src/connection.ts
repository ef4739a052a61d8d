/**
 * Keeps a session connected: attempts, backoff, resume, and what each close code asks for (PROTOCOL section 6).
 *
 * ::
 *
 *     idle ──connect──> connecting ──answered──> live ──cut, silent──> lost ──answered──> live
 *                           │                     │                     │
 *                           └─────────────────────┴── 4400 to 4499 ─────┴──> closed ──connect──> connecting
 */
import { Backoff } from './backoff.ts';
import type { ClosePolicy } from './closePolicy.ts';
import { closePolicy, RATE_LIMIT_WAIT_MS } from './closePolicy.ts';
import { callSafely } from './changeFeed.ts';
import type { WireFormat } from './codec.ts';
import { subprotocol } from './codec.ts';
import type { LinkEnd, LinkTiming, SocketConstructor } from './link.ts';
import { Link, UNREADABLE } from './link.ts';
import type { ClientMessage, ErrorMessage, ServerMessage } from './messages.ts';
import type { ServerClock } from './serverClock.ts';
import type { Session } from './session.ts';

export type ConnectionState = 'idle' | 'connecting' | 'live' | 'lost' | 'closed';

/** What a person should know about the connection. Times are epoch milliseconds by the local clock. */
export interface ConnectionStatus {
  readonly state: ConnectionState;
  /** When the state began; for `lost`, when the last message was heard, for the values are as old as that. */
  readonly since: number;
  /** When the next attempt begins; `undefined` while one is under way, or if there is none to come. */
  readonly nextTryAt: number | undefined;
  /** Attempts since the connection was last live. */
  readonly attempts: number;
  /** The round trip of a ping: the median of the latest, for a busy moment of this program is not the network's. */
  readonly latencyMs: number | undefined;
  /** Why the last connection ended, and what that asks for. */
  readonly end: (LinkEnd & { readonly policy: ClosePolicy }) | undefined;
  /** The server's last refusal on this connection. */
  readonly error: ErrorMessage | undefined;
  /** What the token permits, as patterns; `undefined` while no token was accepted. */
  readonly permissions: readonly string[] | undefined;
}

export interface ConnectionOptions {
  readonly url: string;
  readonly format: WireFormat;
  readonly socket: SocketConstructor;
  readonly timing: LinkTiming;
  readonly backoff: Backoff;
  /** An API key or a JWT, asked for at each connection; `undefined` if the server needs none. */
  readonly token: (() => string | undefined) | undefined;
  /** Calls back when it is worth to try at once: back online, or the page is looked at again. */
  readonly wakes: (onWake: () => void) => () => void;
}

const STEADY_AFTER_MS = 10_000;
const MEDIAN_OF = 5;
const PROBE_MS = 3_000;
const RETRY_REFUSED_MS = 2_000;
const ANSWERS: ReadonlySet<ServerMessage['type']> = new Set(['subscribed', 'state_update', 'error']);

export class Connection {
  private readonly session: Session;
  private readonly clock: ServerClock;
  private readonly options: ConnectionOptions;
  private readonly listeners = new Set<() => void>();
  private link: Link | undefined;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private steady: ReturnType<typeof setTimeout> | undefined;
  private repeat: ReturnType<typeof setTimeout> | undefined;
  private answerDue: ReturnType<typeof setTimeout> | undefined;
  private stopWaking: (() => void) | undefined;
  private heardAt = 0;
  /** What the last connection showed; another holder may see other things, so nothing is resumed from this one's. */
  private tokenBefore: string | undefined;
  private roundTrips: readonly number[] = [];
  private current: ConnectionStatus = {
    state: 'idle',
    since: Date.now(),
    nextTryAt: undefined,
    attempts: 0,
    latencyMs: undefined,
    end: undefined,
    error: undefined,
    permissions: undefined,
  };

  constructor(session: Session, clock: ServerClock, options: ConnectionOptions) {
    this.session = session;
    this.clock = clock;
    this.options = options;
  }

  /** The same object until something changes. */
  get status(): ConnectionStatus {
    return this.current;
  }

  onStatus(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  /** Begins, or tries again at once. Does nothing while connected. */
  connect(): void {
    if (this.link !== undefined) return;
    this.stopWaking ??= this.options.wakes(() => this.wake());
    clearTimeout(this.retry);
    if (this.current.state === 'idle' || this.current.state === 'closed') this.enter('connecting');
    this.update({ nextTryAt: undefined, attempts: this.current.attempts + 1, error: undefined });
    this.attempt();
  }

  /** Ends the connection for good, until `connect`. */
  close(): void {
    this.stopWaking?.();
    this.stopWaking = undefined;
    this.detach()?.drop('closed by the client');
    this.session.closed();
    this.enter('idle');
    this.update({ nextTryAt: undefined, latencyMs: undefined });
  }

  /** Says to the server what changed in the interest. */
  sync(): void {
    this.answer(this.session.sync());
  }

  /** Back online, or looked at again after a while: do not wait for the timer, and do not trust an old silence. */
  private wake(): void {
    if (this.current.state === 'lost' && this.link === undefined) {
      if (this.current.end?.policy !== 'retry-later') this.connect();
    } else {
      this.link?.probe(PROBE_MS);
    }
  }

  private attempt(): void {
    const { url, format, socket: Socket, timing } = this.options;
    const link = new Link(new Socket(url, [subprotocol(format)]), format, timing, {
      opened: () => this.opened(),
      message: (message, roundTripMs) => this.receive(message, roundTripMs),
      // A link that was closed from here is no longer this connection's, and its end is no loss.
      ended: (end) => {
        if (this.link === link) this.ended(end);
      },
    });
    this.link = link;
  }

  private opened(): void {
    const token = this.options.token?.();
    if (token !== this.tokenBefore) this.session.forget();
    this.tokenBefore = token;
    if (token === undefined) {
      this.begin();
      return;
    }
    this.link?.send([{ action: 'authenticate', token }]);
    this.expectAnswer(true);
  }

  private begin(): void {
    this.answer(this.session.open());
    this.settle();
  }

  private receive(message: ServerMessage, roundTripMs: number | undefined): void {
    this.heardAt = Date.now();
    if (message.type === 'pong') this.measured(message.timestamp, roundTripMs);
    if (message.type === 'heartbeat') this.clock.observe(message.timestamp);
    if (message.type === 'authenticated') {
      this.update({ permissions: message.permissions });
      this.begin();
      return;
    }
    const owed = this.session.receive(message);
    if (ANSWERS.has(message.type)) this.expectAnswer();
    this.answer(owed);
    if (message.type === 'error') this.refused(message);
    this.settle();
  }

  private answer(messages: readonly ClientMessage[]): void {
    if (messages.length === 0) return;
    this.link?.send(messages);
    this.expectAnswer();
  }

  /** Pongs and heartbeats show that the link is alive, not that the server has heard what it was asked. */
  private expectAnswer(waiting = this.session.waiting): void {
    clearTimeout(this.answerDue);
    const { answerMs } = this.options.timing;
    const drop = (): void => this.link?.drop(`no answer for ${answerMs / 1000} s`);
    this.answerDue = waiting ? setTimeout(drop, answerMs) : undefined;
  }

  private refused(error: ErrorMessage): void {
    this.update({ error });
    if (error.code !== 'rate_limited') return;
    clearTimeout(this.repeat);
    this.repeat = setTimeout(() => this.answer(this.session.again()), RETRY_REFUSED_MS);
  }

  private settle(): void {
    if (this.current.state === 'live' || !this.session.live) return;
    this.enter('live');
    this.update({ nextTryAt: undefined, attempts: 0, end: undefined });
    // A server that accepts and soon drops is no success: the backoff starts over only once the link has held.
    this.steady = setTimeout(() => this.options.backoff.reset(), STEADY_AFTER_MS);
  }

  private measured(timestamp: string, roundTripMs: number | undefined): void {
    this.clock.observe(timestamp, roundTripMs);
    if (roundTripMs === undefined) return;
    this.roundTrips = [...this.roundTrips, roundTripMs].slice(-MEDIAN_OF);
    this.update({ latencyMs: median(this.roundTrips) });
  }

  private ended(end: LinkEnd): void {
    this.detach();
    this.session.closed();
    const policy = closePolicy(end.code);
    if (end.code === UNREADABLE) this.session.forget();
    if (policy === 'retry-slower') this.session.slowDown();
    if (policy === 'stop' || policy === 'authenticate') {
      this.enter('closed');
      this.update({ end: { ...end, policy }, nextTryAt: undefined, latencyMs: undefined });
      return;
    }
    if (this.current.state === 'live') this.enter('lost', this.heardAt);
    else if (this.current.state === 'connecting') this.enter('lost');
    const delay = this.options.backoff.next(policy === 'retry-later' ? RATE_LIMIT_WAIT_MS : 0);
    this.retry = setTimeout(() => this.connect(), delay);
    this.update({ end: { ...end, policy }, nextTryAt: Date.now() + delay, latencyMs: undefined });
  }

  private detach(): Link | undefined {
    const { link } = this;
    this.link = undefined;
    this.roundTrips = [];
    for (const timer of [this.retry, this.steady, this.repeat, this.answerDue]) clearTimeout(timer);
    return link;
  }

  private enter(state: ConnectionState, since = Date.now()): void {
    if (this.current.state !== state) this.update({ state, since });
  }

  private update(change: Partial<ConnectionStatus>): void {
    this.current = { ...this.current, ...change };
    for (const listener of this.listeners) callSafely(listener);
  }
}

function median(values: readonly number[]): number | undefined {
  return values.toSorted((a, b) => a - b)[values.length >> 1];
}
