import { ProtocolError } from './errors.ts';
import type { Json, JsonObject } from './json.ts';
import { mergePatch } from './mergePatch.ts';
import type { Touch } from './store.ts';
import { expectArray, expectObject, Store } from './store.ts';

/** Kind `rows`: records with an id, in order of first appearance; a removed row that returns stands at the end. */
export class RowsStore extends Store<JsonObject> {
  private readonly idField: string;

  constructor(touch: Touch, idField: string) {
    super(touch);
    this.idField = idField;
  }

  override checkData(data: Json): void {
    for (const row of expectArray(data, 'rows')) {
      if (typeof expectObject(row, 'a row')[this.idField] !== 'string') {
        throw new ProtocolError(`a row must have a string ${this.idField}`);
      }
    }
  }

  override checkChanges(changes: Json): void {
    this.checkData(changes);
  }

  override load(data: Json): void {
    for (const row of data as readonly JsonObject[]) this.put(this.id(row), row);
  }

  override merge(changes: Json): void {
    for (const row of changes as readonly JsonObject[]) {
      const id = this.id(row);
      if (row.deleted === true) this.drop(id);
      else this.put(id, mergePatch(this.held.get(id), row) as JsonObject);
    }
  }

  override toData(): Json {
    return this.entries().map(([, row]) => row);
  }

  protected override present(held: JsonObject): Json {
    return held;
  }

  private id(row: JsonObject): string {
    return row[this.idField] as string;
  }
}
