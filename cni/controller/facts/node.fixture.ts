import type { NodeFacts } from './node.ts'

/** A node that is well, for tests. */
export const healthyNode = (name: string, more: Partial<NodeFacts> = {}): NodeFacts => ({
  name,
  uid: name,
  labels: {},
  ready: true,
  schedulable: true,
  internal: [],
  addresses: [],
  chassis: name,
  zone: '',
  annotations: {},
  ...more,
})
