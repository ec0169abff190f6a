import type { Pod } from '@ovnkit/kube'
import { expect, it } from 'vitest'
import { namedPortsOf } from './named-ports.ts'

const spec = (more: object): Pod['spec'] => ({ containers: [], ...more })

it('has the named ports of containers and of init containers that go on running', () => {
  const ports = [{ name: 'http', containerPort: 80 }, { containerPort: 81 }]
  const dns = [{ name: 'dns', containerPort: 53, protocol: 'UDP' }]
  const found = namedPortsOf(
    spec({
      containers: [{ name: 'a', ports }],
      initContainers: [
        { name: 'b', restartPolicy: 'Always', ports: dns },
        { name: 'c', ports: [{ name: 'gone', containerPort: 1 }] },
      ],
    }),
  )
  expect(found).toEqual([
    { protocol: 'TCP', name: 'http', number: 80 },
    { protocol: 'UDP', name: 'dns', number: 53 },
  ])
})

it('takes the first where a name is there twice, and tells protocols apart', () => {
  const containers = [
    { name: 'a', ports: [{ name: 'x', containerPort: 1 }] },
    {
      name: 'b',
      ports: [
        { name: 'x', containerPort: 2 },
        { name: 'x', containerPort: 3, protocol: 'SCTP' },
      ],
    },
  ]
  expect(namedPortsOf(spec({ containers }))).toEqual([
    { protocol: 'TCP', name: 'x', number: 1 },
    { protocol: 'SCTP', name: 'x', number: 3 },
  ])
})

it('is empty for a pod without any', () => {
  expect(namedPortsOf(undefined)).toEqual([])
})
