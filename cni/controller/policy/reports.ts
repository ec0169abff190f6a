import type { Policy } from '@ovnkit/cni-policy'
import { type EventRecorder, type Resource, resources } from '@ovnkit/kube'
import type { ReadableStore } from '@ovnkit/reconcile'
import type { NamespaceFacts } from '../facts/namespace.ts'

/** Tells in Events what of NetworkPolicies and of namespaces' annotations cannot be carried out, once for as long as it stays the same. */
export function reportPolicies(options: {
  readonly networkPolicies: ReadableStore<Policy>
  readonly namespaceFacts: ReadableStore<NamespaceFacts>
  readonly events: Pick<EventRecorder, 'event'>
}): Disposable {
  const { networkPolicies, namespaceFacts, events } = options
  const stack = new DisposableStack()
  const warn = (reason: string, { resource, namespace, name, uid }: About, problems: Problems) => {
    for (const message of problems) {
      const about = { resource, name, uid, ...(namespace !== '' && { namespace }) }
      events.event(about, { type: 'Warning', reason, message })
    }
  }
  stack.use(
    eachNew(networkPolicies, (_, policy, problems) =>
      warn('InvalidRule', { ...policy, resource: resources.networkPolicies }, problems),
    ),
  )
  stack.use(
    eachNew(namespaceFacts, (name, { uid }, problems) =>
      warn('InvalidAnnotation', { resource: resources.namespaces, namespace: '', name, uid }, problems),
    ),
  )
  return stack
}

type Problems = readonly string[]

interface About {
  readonly resource: Resource
  readonly namespace: string
  readonly name: string
  readonly uid: string
}

/** Tells of problems that a value has and its predecessor did not have; first of those that are there. */
function eachNew<V extends { readonly problems: Problems }>(
  store: ReadableStore<V>,
  tell: (key: string, value: V, problems: Problems) => void,
): Disposable {
  const look = (key: string, value: V | undefined, old: V | undefined) => {
    if (value === undefined) return
    const fresh = value.problems.filter(problem => !old?.problems.includes(problem))
    if (fresh.length > 0) tell(key, value, fresh)
  }
  for (const key of store.keys()) look(key, store.get(key), undefined)
  return store.subscribe(look)
}
