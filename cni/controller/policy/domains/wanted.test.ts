import type { DomainUse } from '@ovnkit/cni-policy'
import { parseSelector } from '@ovnkit/cni-policy'
import type { ServiceFacts } from '@ovnkit/cni-service'
import { parseCidr, parseIp } from '@ovnkit/inet'
import { Store } from '@ovnkit/reconcile'
import { expect, it } from 'vitest'
import { service } from '../../service/service.fixture.ts'
import { followWanted, ofCluster } from './wanted.ts'

it('is what policies name, and who is believed, while any policy names anything', async () => {
  const use = new Store<DomainUse>({ name: 'use' })
  const services = new Store<ServiceFacts>({ name: 'services' })
  const { store, stop } = followWanted({
    servers: [{ service: 'kube-system/kube-dns' }, { network: parseCidr('169.254.20.10/32') }],
    use,
    services,
  })
  using _ = stop
  expect(store.size).toBe(0)
  const namespaces = { selector: parseSelector({ matchLabels: { team: 'a' } }) }
  const pods = parseSelector({ matchExpressions: [{ key: 'app', operator: 'Exists' }] })
  use.set(ofCluster, { names: ['*.example.com'], subjects: [{ namespaces, pods }] })
  expect(store.get(ofCluster)).toEqual({
    names: ['*.example.com'],
    servers: ['169.254.20.10/32'],
    pods: [
      {
        namespaceSelector: { matchExpressions: [{ key: 'team', operator: 'In', values: ['a'] }] },
        podSelector: { matchExpressions: [{ key: 'app', operator: 'Exists' }] },
      },
    ],
  })
  const clusterIPs = ['10.96.0.10', 'fd96::a'].map(parseIp)
  services.set('kube-system/kube-dns', service({ namespace: 'kube-system', name: 'kube-dns', clusterIPs }))
  await Promise.resolve()
  expect(store.get(ofCluster)?.servers).toEqual(['10.96.0.10/32', 'fd96::a/128', '169.254.20.10/32'])
  use.delete(ofCluster)
  expect(store.size).toBe(0)
})
