import { parseIp, parseMac } from '@ovnkit/inet'
import { describe, expect, it } from 'vitest'
import { formatAddressConflicts, parseAddressConflicts } from './address-conflicts.ts'

const conflict = (address: string) => ({
  address: parseIp(address),
  mac: parseMac('02:00:00:00:00:01'),
  pod: 'default/a',
  uid: 'u',
  until: 1_800_000_000_000,
})

describe('annotation zstack.io/address-conflicts', () => {
  it('is read as it was written, in one order', () => {
    const both = [conflict('fd00::5'), conflict('10.0.0.5')]
    const text = formatAddressConflicts(both)
    expect(parseAddressConflicts(text)).toEqual(both.toReversed())
    expect(formatAddressConflicts(both.toReversed())).toBe(text)
    expect(text).toContain('"until":"2027-01-15T08:00:00.000Z"')
  })

  it('is not there where there is nothing to say', () => {
    expect(formatAddressConflicts([])).toBeUndefined()
    expect(parseAddressConflicts(undefined)).toEqual([])
  })

  it.each(['x', '{}', '[1]', '[{}]', '[{"address":"10.0.0.1","mac":"02:00:00:00:00:01","until":"soon"}]'])(
    'says nothing where somebody wrote %s',
    text => expect(parseAddressConflicts(text)).toEqual([]),
  )
})
