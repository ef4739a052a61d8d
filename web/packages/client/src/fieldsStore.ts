import type { Json, JsonObject } from './json.ts';
import { mergePatch } from './mergePatch.ts';
import { expectObject, Store } from './store.ts';

/** Kind `fields`: a map of key to a map of fields; a change is an RFC 7396 merge patch of that. */
export class FieldsStore extends Store<JsonObject> {
  override checkData(data: Json): void {
    for (const fields of Object.values(expectObject(data, 'fields'))) expectObject(fields, 'a key of fields');
  }

  override checkChanges(changes: Json): void {
    for (const patch of Object.values(expectObject(changes, 'fields'))) {
      if (patch !== null) expectObject(patch, 'a key of fields');
    }
  }

  override load(data: Json): void {
    for (const [key, fields] of Object.entries(data as JsonObject)) this.put(key, fields as JsonObject);
  }

  override merge(changes: Json): void {
    for (const [key, patch] of Object.entries(changes as JsonObject)) {
      if (patch === null) this.drop(key);
      else this.put(key, mergePatch(this.held.get(key), patch) as JsonObject);
    }
  }

  protected override present(held: JsonObject): Json {
    return held;
  }
}
