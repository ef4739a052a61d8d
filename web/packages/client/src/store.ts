/** What one topic holds, by key. Each merge kind of PROTOCOL section 4 is a subclass in its own file. */
import { ProtocolError } from './errors.ts';
import type { Json, JsonObject, MutableJsonObject } from './json.ts';
import { isObject, setOwn } from './json.ts';

/** Is told what changed, while it changes. */
export interface Touch {
  changed(key: string): void;
  /** A key came or went. */
  membership(): void;
}

/**
 * `Held` is what the store keeps per key. What it hands out never changes: a key that changes gets a new object, so
 * that a reference tells whether anything changed.
 */
export abstract class Store<Held> {
  protected readonly held = new Map<string, Held>();
  private readonly touch: Touch;
  private keyList: readonly string[] | undefined;
  private entryList: readonly (readonly [string, Json])[] | undefined;

  constructor(touch: Touch) {
    this.touch = touch;
  }

  /** Raises `ProtocolError` if `data` has not the shape of a snapshot of this kind. Changes nothing. */
  abstract checkData(data: Json): void;
  /** Raises `ProtocolError` if `changes` has not the shape of a diff of this kind. Changes nothing. */
  abstract checkChanges(changes: Json): void;
  /** Takes a checked snapshot: what it names replaces what is held. */
  abstract load(data: Json): void;
  /** Merges a checked diff. */
  abstract merge(changes: Json): void;
  protected abstract present(held: Held): Json;

  /** What `key` holds; the same object until it changes. */
  get(key: string): Json | undefined {
    const held = this.held.get(key);
    return held === undefined ? undefined : this.present(held);
  }

  /** Every key in order of appearance; the same array until a key comes or goes. */
  keys(): readonly string[] {
    return (this.keyList ??= Object.freeze([...this.held.keys()]));
  }

  /** Every key with what it holds; the same array until anything in the topic changes. */
  entries(): readonly (readonly [string, Json])[] {
    return (this.entryList ??= Object.freeze([...this.held].map(([key, held]) => [key, this.present(held)] as const)));
  }

  drop(key: string): void {
    if (!this.held.delete(key)) return;
    this.members();
    this.note(key);
  }

  clear(): void {
    for (const key of this.keys()) this.drop(key);
  }

  /** In the shape of `state_update.data`. */
  toData(): Json {
    const data: MutableJsonObject = {};
    for (const [key, value] of this.entries()) setOwn(data, key, value);
    return data;
  }

  protected put(key: string, held: Held): void {
    const isNew = !this.held.has(key);
    this.held.set(key, held);
    if (isNew) this.members();
    this.note(key);
  }

  /** `key` was changed in place. */
  protected note(key: string): void {
    this.entryList = undefined;
    this.touch.changed(key);
  }

  private members(): void {
    this.keyList = undefined;
    this.touch.membership();
  }
}

export function expectObject(value: Json | undefined, what: string): JsonObject {
  if (!isObject(value)) throw new ProtocolError(`${what} must be an object`);
  return value;
}

export function expectArray(value: Json | undefined, what: string): readonly Json[] {
  if (!Array.isArray(value)) throw new ProtocolError(`${what} must be an array`);
  return value as readonly Json[];
}
