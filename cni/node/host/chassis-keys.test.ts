import { expect, it } from 'vitest'
import { notedKeys, ownKeys, stillOurs, withNote } from './chassis-keys.ts'

const wanted = { 'ovn-remote': 'tcp:1:6642', 'ovn-encap-type': 'geneve', 'ovn-encap-ip': '192.0.2.1' }

it('keys that nobody has set are ours, and are noted', () => {
  const { ours, problems } = ownKeys(wanted, { 'system-id': 'x' })
  expect(ours).toEqual({ ...wanted, [notedKeys]: JSON.stringify(wanted) })
  expect(problems).toEqual([])
})

it('ours follow the configuration', () => {
  const held = {
    ...wanted,
    'ovn-remote': 'tcp:0:6642',
    [notedKeys]: JSON.stringify({ ...wanted, 'ovn-remote': 'tcp:0:6642' }),
  }
  expect(ownKeys(wanted, held).ours).toMatchObject(wanted)
})

it('those of a hypervisor stay, also when it sets them after us; what does not agree is said', () => {
  const hypervisor = { 'ovn-remote': 'tcp:9:6642', 'ovn-encap-type': 'geneve,vxlan', 'ovn-encap-ip': '198.51.100.1' }
  expect(ownKeys(wanted, hypervisor)).toEqual({
    ours: {},
    problems: ['ovn-remote is "tcp:9:6642", set by somebody else; we would set "tcp:1:6642"'],
  })
  const later = { ...wanted, 'ovn-encap-ip': '198.51.100.1', [notedKeys]: JSON.stringify(wanted) }
  const { ours } = ownKeys(wanted, later)
  expect(ours).toMatchObject({ 'ovn-remote': 'tcp:1:6642', 'ovn-encap-type': 'geneve' })
  expect(ours).not.toHaveProperty('ovn-encap-ip')
})

it('what we set can be told from what others have set, or set since', () => {
  const held = new Map(Object.entries(withNote(wanted)))
  expect([...stillOurs(held)].sort()).toEqual(['ovn-encap-ip', 'ovn-encap-type', 'ovn-remote'])
  held.set('ovn-remote', 'tcp:9:6642')
  expect([...stillOurs(held)].sort()).toEqual(['ovn-encap-ip', 'ovn-encap-type'])
  expect([...stillOurs(new Map(Object.entries(wanted)))]).toEqual([])
})
