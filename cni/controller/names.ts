/** Names of what the controller makes in the Northbound database. Other parts and people look for them: promises. */

/** The logical port of a pod, and the `iface-id` of its interface. */
export function logicalPortName(namespace: string, pod: string): string {
  return `${namespace}_${pod}`
}

/** The logical port of a node's management port. */
export function nodePortName(node: string): string {
  return `node-${node}`
}

export const clusterRouter = 'cluster'
export const joinSwitch = 'join'

/** The address set that holds the ranges of all overlay networks of a family. */
export function overlayAddressSet(family: 4 | 6): string {
  return `overlay_v${family}`
}
