import type { Json, JsonObject } from './json.ts';
import { expectArray, expectObject, Store } from './store.ts';

/** Kind `tape`: the latest entries per key, oldest first; a change appends, then the last `length` are kept. */
export class TapeStore extends Store<readonly Json[]> {
  /** The server's `tape_length`, as `subscribed` tells it. */
  length = 100;

  override checkData(data: Json): void {
    for (const entries of Object.values(expectObject(data, 'a tape'))) {
      for (const entry of expectArray(entries, 'a key of a tape')) expectObject(entry, 'an entry of a tape');
    }
  }

  override checkChanges(changes: Json): void {
    this.checkData(changes);
  }

  override load(data: Json): void {
    for (const [key, entries] of Object.entries(data as JsonObject)) this.keep(key, entries as readonly Json[]);
  }

  override merge(changes: Json): void {
    for (const [key, entries] of Object.entries(changes as JsonObject)) {
      this.keep(key, [...(this.held.get(key) ?? []), ...(entries as readonly Json[])]);
    }
  }

  protected override present(held: readonly Json[]): Json {
    return held;
  }

  private keep(key: string, entries: readonly Json[]): void {
    this.put(key, entries.length > this.length ? entries.slice(entries.length - this.length) : entries);
  }
}
