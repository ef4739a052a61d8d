import type { Json, MutableJsonObject } from './json.ts';
import { getOwn, isObject, setOwn } from './json.ts';

/**
 * JSON merge patch, RFC 7396: objects merge, `null` removes, anything else (arrays too) replaces.
 *
 * Returns a new value; neither argument is changed, and what the patch does not name is shared with `target`.
 */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const result: MutableJsonObject = isObject(target) ? { ...target } : {};
  for (const key of Object.keys(patch)) {
    const value = patch[key] as Json;
    if (value === null) {
      Reflect.deleteProperty(result, key);
    } else {
      setOwn(result, key, isObject(value) ? mergePatch(getOwn(result, key), value) : value);
    }
  }
  return result;
}
