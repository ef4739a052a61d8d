import { ProtocolError } from './errors.ts';
import type { Json, JsonObject, MutableJsonObject } from './json.ts';
import { getOwn } from './json.ts';
import { mergePatch } from './mergePatch.ts';
import type { Level } from './records.ts';
import { expectArray, expectObject, Store } from './store.ts';

/** A book that is changed in place: a thousand levels are too many to copy for each of the ten that move. */
interface Book {
  readonly bids: Level[];
  readonly asks: Level[];
  fields: JsonObject;
  /** What was handed out last, until the next change. */
  snapshot: Json | undefined;
}

type Side = 'bids' | 'asks';

const SIDES: readonly Side[] = ['bids', 'asks'];

/** Kind `ladder`: price levels per side, best first; a size sets its level, size 0 removes it. */
export class LadderStore extends Store<Book> {
  override checkData(data: Json): void {
    for (const book of Object.values(expectObject(data, 'a ladder'))) checkBook(book);
  }

  override checkChanges(changes: Json): void {
    for (const book of Object.values(expectObject(changes, 'a ladder'))) {
      if (book !== null) checkBook(book);
    }
  }

  override load(data: Json): void {
    for (const [key, given] of Object.entries(data as JsonObject)) {
      const book: Book = { bids: [], asks: [], fields: {}, snapshot: undefined };
      change(book, given as JsonObject);
      this.put(key, book);
    }
  }

  override merge(changes: Json): void {
    for (const [key, given] of Object.entries(changes as JsonObject)) {
      if (given === null) {
        this.drop(key);
        continue;
      }
      const book = this.held.get(key) ?? { bids: [], asks: [], fields: {}, snapshot: undefined };
      change(book, given as JsonObject);
      this.put(key, book);
    }
  }

  protected override present(held: Book): Json {
    return (held.snapshot ??= { ...held.fields, bids: [...held.bids], asks: [...held.asks] });
  }
}

function checkBook(value: Json): void {
  const book = expectObject(value, 'a book');
  for (const side of SIDES) {
    const levels = getOwn(book, side);
    if (levels === undefined) continue;
    for (const level of expectArray(levels, side)) {
      const [price, size] = expectArray(level, 'a level');
      if (typeof price !== 'number' || typeof size !== 'number') {
        throw new ProtocolError('a level must be a price and a size');
      }
    }
  }
}

function change(book: Book, given: JsonObject): void {
  const fields: MutableJsonObject = { ...given };
  for (const side of SIDES) {
    Reflect.deleteProperty(fields, side);
    const sign = side === 'bids' ? -1 : 1;
    for (const level of (getOwn(given, side) ?? []) as readonly Level[]) setLevel(book[side], level, sign);
  }
  book.fields = mergePatch(book.fields, fields) as JsonObject;
  book.snapshot = undefined;
}

/** `sign` 1 keeps prices ascending (asks), -1 descending (bids). */
function setLevel(levels: Level[], level: Level, sign: 1 | -1): void {
  const [price, size] = level;
  let low = 0;
  let high = levels.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (((levels[middle] as Level)[0] - price) * sign < 0) low = middle + 1;
    else high = middle;
  }
  const found = levels[low]?.[0] === price ? levels[low] : undefined;
  if (size === 0) {
    if (found) levels.splice(low, 1);
  } else if (found) {
    // The price stays as it was: 0 and -0 are one level, and the server keeps the spelling that came first.
    levels[low] = [found[0], size];
  } else {
    levels.splice(low, 0, level);
  }
}
