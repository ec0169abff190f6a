/** Is resource version `a` later than `b`? Decimal numbers of any length (KEP-5504 makes this order official). */
export function isLater(a: string, b: string): boolean {
  return a.length === b.length ? a > b : a.length > b.length
}
