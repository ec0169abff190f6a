import { describe, expect, it } from 'vitest'
import { parseQuantity, readBandwidth } from './bandwidth.ts'

describe('a quantity', () => {
  it.each([
    ['10', 10n],
    ['+1k', 1000n],
    ['10M', 10_000_000n],
    ['1.5G', 1_500_000_000n],
    ['.5k', 500n],
    ['5.', 5n],
    ['1Ki', 1024n],
    ['1.5Mi', 1_572_864n],
    ['3e6', 3_000_000n],
    ['3E6', 3_000_000n],
    ['1E', 10n ** 18n],
    ['25e-1', 3n],
    ['100m', 1n],
    ['1500u', 1n],
    ['1n', 1n],
    ['-1.5k', -1500n],
  ])('%s is %s', (text, value) => expect(parseQuantity(text)).toBe(value))

  it.each(['', '.', 'M', '10 M', '10MB', '10K', '0x10', '1e', '1.2.3', '10kbit', 'ten'])('"%s" is none', text =>
    expect(parseQuantity(text)).toBeUndefined(),
  )
})

describe('the bandwidth annotations', () => {
  const ingress = 'kubernetes.io/ingress-bandwidth'
  const egress = 'kubernetes.io/egress-bandwidth'

  it('limit each direction that is named', () => {
    expect(readBandwidth({})).toEqual({ limits: {}, problems: [] })
    expect(readBandwidth({ [ingress]: '10M' }).limits).toEqual({ ingress: 10_000_000n })
    expect(readBandwidth({ [ingress]: '1k', [egress]: '1P' }).limits).toEqual({ ingress: 1000n, egress: 10n ** 15n })
  })

  it.each(['999', '1.001P', '-1M', 'fast', ''])('do not limit what says "%s", and tell', text => {
    const { limits, problems } = readBandwidth({ [ingress]: '1M', [egress]: text })
    expect(limits).toEqual({ ingress: 1_000_000n })
    expect(problems).toEqual([`annotation ${egress}: expected 1k to 1P bits per second, got "${text}"`])
  })
})
