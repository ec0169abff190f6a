/** A JSON value as it comes off the wire. Integers beyond 2^53-1 arrive as `bigint`, everything else as usual. */
export type Json = null | boolean | number | bigint | string | JsonArray | JsonObject

/** A JSON array of the wire. */
export type JsonArray = readonly Json[]

/** A JSON object of the wire. */
export type JsonObject = { readonly [member: string]: Json }

/** Whether a value is an object, not an array or null. */
export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
