/** True when everything that `wanted` names is in `held`: members of objects by name, arrays element by element and of equal length. */
export function covers(held: unknown, wanted: unknown): boolean {
  if (Object.is(held, wanted)) return true
  if (Array.isArray(wanted))
    return (
      Array.isArray(held) && held.length === wanted.length && wanted.every((element, i) => covers(held[i], element))
    )
  if (!isRecord(wanted)) return (wanted === null || wanted === undefined) && (held === undefined || held === null)
  if (!isRecord(held)) return false
  return Object.entries(wanted).every(([name, value]) => covers(held[name], value))
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
