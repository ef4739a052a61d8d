/** The values that travel: those of JSON, which is what MessagePack is limited to here (PROTOCOL section 3). */
export type Json = null | boolean | number | string | readonly Json[] | JsonObject;

export interface JsonObject {
  readonly [key: string]: Json;
}

export interface MutableJsonObject {
  [key: string]: Json;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Sets a property whose name came over the wire.
 *
 * Keys are opaque, and `target['__proto__'] = value` would replace the prototype instead of setting a property.
 */
export function setOwn(target: MutableJsonObject, key: string, value: Json): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, configurable: true, enumerable: true, writable: true });
  } else {
    target[key] = value;
  }
}

/** A property of the object itself: `constructor` is only there if the wire brought it. */
export function getOwn(source: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(source, key) ? source[key] : undefined;
}
