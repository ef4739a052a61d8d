/** Every message of the protocol (PROTOCOL sections 2 and 3), as it stands on the wire. */
import type { JsonObject } from './json.ts';

/** A place in a board's history: after commit `sequence` of one `epoch`. */
export interface Cursor {
  readonly epoch: string;
  readonly sequence: number;
}

export type MessageId = string | number;

export interface Subscribe {
  readonly action: 'subscribe';
  readonly subscriptions: readonly string[];
  /** The least time between two diffs, 20 to 10,000; the answer tells the effective one. */
  readonly interval_ms?: number;
  /** Only in the first `subscribe` of a connection, with the subscriptions that the cursor was held for. */
  readonly resume?: Cursor;
  readonly id?: MessageId;
}

export interface Unsubscribe {
  readonly action: 'unsubscribe';
  readonly subscriptions: readonly string[];
  readonly id?: MessageId;
}

export interface Authenticate {
  readonly action: 'authenticate';
  readonly token: string;
  readonly id?: MessageId;
}

export interface Ping {
  readonly action: 'ping';
  readonly id?: MessageId;
}

export type ClientMessage = Subscribe | Unsubscribe | Authenticate | Ping;

export interface Subscribed {
  readonly type: 'subscribed';
  /** All that is held after the action. */
  readonly subscriptions: readonly string[];
  readonly epoch: string;
  readonly sequence: number;
  readonly interval_ms: number;
  readonly tape_length: number;
  readonly resumed: boolean;
  readonly id?: MessageId;
}

export interface StateUpdate {
  readonly type: 'state_update';
  readonly epoch: string;
  readonly sequence: number;
  readonly timestamp: string;
  /** What it covers: all that was held under these is dropped before `data` is taken. */
  readonly subscriptions: readonly string[];
  readonly data: JsonObject;
}

export interface DiffUpdate {
  readonly type: 'diff_update';
  readonly epoch: string;
  /** Exclusive: the diff continues a state at exactly this sequence. */
  readonly since: number;
  readonly sequence: number;
  readonly timestamp: string;
  readonly changes: JsonObject;
}

export interface Unsubscribed {
  readonly type: 'unsubscribed';
  readonly subscriptions: readonly string[];
  readonly id?: MessageId;
}

export interface Authenticated {
  readonly type: 'authenticated';
  readonly subject: string;
  readonly permissions: readonly string[];
  readonly expires?: string;
  readonly id?: MessageId;
}

export interface Heartbeat {
  readonly type: 'heartbeat';
  readonly epoch: string;
  readonly sequence: number;
  readonly timestamp: string;
}

export interface Pong {
  readonly type: 'pong';
  readonly timestamp: string;
  readonly id?: MessageId;
}

export type ErrorCode =
  | 'bad_message'
  | 'unknown_action'
  | 'unknown_topic'
  | 'bad_subscription'
  | 'forbidden'
  | 'unauthenticated'
  | 'rate_limited'
  | 'too_many_subscriptions'
  | 'too_large';

export interface ErrorMessage {
  readonly type: 'error';
  /** One of `ErrorCode`, or one that a newer server knows. */
  readonly code: ErrorCode | (string & {});
  readonly message: string;
  readonly id?: MessageId;
}

export type ServerMessage =
  Subscribed | StateUpdate | DiffUpdate | Unsubscribed | Authenticated | Heartbeat | Pong | ErrorMessage;
