/** One socket from its first attempt to its end: framing, sign-of-life watch and round-trip time. Used once. */
import { decodeMessage, encodeMessage } from './codec.ts';
import type { WireFormat } from './codec.ts';
import type { ClientMessage, ServerMessage } from './messages.ts';

/** The part of a WebSocket that is used here: that of browsers, and of the package `ws`. */
export interface SocketLike {
  binaryType: string;
  send(data: string | Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
  onopen: ((event: never) => void) | null;
  onmessage: ((event: never) => void) | null;
  onclose: ((event: never) => void) | null;
  onerror: ((event: never) => void) | null;
}

export type SocketConstructor = new (url: string, protocols: string[]) => SocketLike;

export interface LinkTiming {
  /** How long an attempt may take until the socket is open. */
  readonly openTimeoutMs: number;
  /** How long a token or a subscription may stay without an answer on a link that is otherwise alive. */
  readonly answerMs: number;
  /** After this long without any message the link counts as lost; the server says something every 5 s. */
  readonly silenceMs: number;
  /** How often the round trip is measured. */
  readonly pingEveryMs: number;
}

/** Why a link ended: the server's close code, or no code if it was cut, never opened or fell silent. */
export interface LinkEnd {
  readonly code: number | undefined;
  readonly reason: string;
}

export interface LinkEvents {
  opened(): void;
  message(message: ServerMessage, roundTripMs: number | undefined): void;
  /** Once, and nothing after it. */
  ended(end: LinkEnd): void;
}

/** This side's own close code: a message could not be read, so what is held may be wrong. */
export const UNREADABLE = 4000;

const FIRST_PINGS = 6;
const FIRST_PING_MS = 1_000;

type Timer = ReturnType<typeof setTimeout>;

export class Link {
  private readonly socket: SocketLike;
  private readonly format: WireFormat;
  private readonly timing: LinkTiming;
  private readonly events: LinkEvents;
  private watchdog: Timer | undefined;
  private pinger: Timer | undefined;
  private pingSentAt: number | undefined;
  private pings = 0;
  private isOpen = false;
  private over = false;

  constructor(socket: SocketLike, format: WireFormat, timing: LinkTiming, events: LinkEvents) {
    this.socket = socket;
    this.format = format;
    this.timing = timing;
    this.events = events;
    socket.binaryType = 'arraybuffer';
    socket.onopen = () => this.open();
    socket.onmessage = (event: { readonly data: unknown }) => this.receive(event.data);
    socket.onclose = (event: { readonly code: number; readonly reason: string }) =>
      // 1005 and 1006 are no codes from the wire: RFC 6455 section 7.1.5 gives them to closes without one.
      this.end({ code: event.code === 1005 || event.code === 1006 ? undefined : event.code, reason: event.reason });
    // A close always follows, and says more.
    socket.onerror = () => undefined;
    this.expect(timing.openTimeoutMs, 'no answer to the connection attempt');
  }

  send(messages: readonly ClientMessage[]): void {
    if (this.over) return;
    for (const message of messages) this.socket.send(encodeMessage(message, this.format));
  }

  /** Asks for a sign of life within `withinMs`, for example after the machine was asleep. */
  probe(withinMs: number): void {
    // While the attempt is under way its own time limit holds.
    if (this.over || !this.isOpen) return;
    this.ping();
    this.expect(withinMs, 'no sign of life');
  }

  /** Ends the link from this side. `ended` is called before this returns. */
  drop(reason: string, code?: typeof UNREADABLE): void {
    this.end({ code, reason });
    this.socket.close(code ?? 1000, reason);
  }

  private open(): void {
    if (this.over) return;
    this.isOpen = true;
    this.heard();
    this.events.opened();
    this.pingSoon(0);
  }

  private receive(data: unknown): void {
    if (this.over) return;
    this.heard();
    let message: ServerMessage;
    try {
      message = decodeMessage(data as string | ArrayBuffer);
      this.events.message(message, message.type === 'pong' ? this.roundTrip() : undefined);
    } catch (error) {
      this.drop(error instanceof Error ? error.message : String(error), UNREADABLE);
    }
  }

  private heard(): void {
    this.expect(this.timing.silenceMs, `nothing heard for ${this.timing.silenceMs / 1000} s`);
  }

  private expect(withinMs: number, otherwise: string): void {
    clearTimeout(this.watchdog);
    this.watchdog = setTimeout(() => this.drop(otherwise), withinMs);
  }

  private pingSoon(delayMs: number): void {
    this.pinger = setTimeout(() => {
      this.ping();
      // Sooner at first: one round trip, taken while a page still loads, is no measure.
      const { pingEveryMs } = this.timing;
      this.pingSoon(++this.pings < FIRST_PINGS ? Math.min(FIRST_PING_MS, pingEveryMs) : pingEveryMs);
    }, delayMs);
  }

  private ping(): void {
    // One at a time, so that a pong belongs to the ping that is out.
    if (this.pingSentAt !== undefined) return;
    this.pingSentAt = performance.now();
    this.send([{ action: 'ping' }]);
  }

  private roundTrip(): number | undefined {
    const sentAt = this.pingSentAt;
    this.pingSentAt = undefined;
    return sentAt === undefined ? undefined : performance.now() - sentAt;
  }

  private end(end: LinkEnd): void {
    if (this.over) return;
    this.over = true;
    clearTimeout(this.watchdog);
    clearTimeout(this.pinger);
    this.events.ended(end);
  }
}
