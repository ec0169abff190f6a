export {
  type Cidr,
  cidrContains,
  cidrOf,
  cidrsOverlap,
  hostAddress,
  type ParseCidrOptions,
  parseCidr,
  usableHostCount,
  usableRange,
} from './cidr.ts'
export { cidrWithout, complementOf } from './complement.ts'
export { InetError, type InetErrorCode } from './error.ts'
export {
  addressBits,
  compareIp,
  type Family,
  type IpAddress,
  ipFamily,
  ipFromBigint,
  ipToBigint,
  parseIp,
  tryParseIp,
} from './ip.ts'
export { type Mac, macFromIp, parseMac } from './mac.ts'
export { AddressPool, type AddressPoolOptions, type AllocateResult } from './pool.ts'
export { formatRange, type IpRange, intersectRanges, mergeRanges, parseRange, rangesOverlap } from './range.ts'
