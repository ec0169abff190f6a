import { openNetns, setOffloads, userspaceDatapathOffloads } from '@ovnkit/linux'
import { coalesced } from '@ovnkit/process'
import { theSwitch } from '../facts/switch.ts'
import type { HostContext } from '../host/context.ts'
import { forRunningPods, type RunningOptions } from './running.ts'

/**
 * Takes the offloads from running pods when the bridge becomes one of the userspace datapath: it neither fills in checksums nor cuts segments, so that nobody would accept what they send.
 * In the other direction nothing is lost but speed, until they start anew.
 */
export function followDatapath({
  context,
  ...options
}: RunningOptions & { readonly context: HostContext }): Disposable {
  const { switches } = context
  const what = { what: 'switch off the offloads of a pod', isMeant: () => true }
  const align = coalesced(
    () =>
      forRunningPods(options, what, ({ path, ifName }) => {
        using netns = openNetns(path)
        setOffloads(ifName, netns, userspaceDatapathOffloads)
      }),
    err => options.logger.warn({ err }, 'could not switch off the offloads of pods'),
  )
  let known = switches.get(theSwitch)?.datapath
  return switches.subscribe(() => {
    const datapath = switches.get(theSwitch)?.datapath
    if (datapath === undefined || datapath === known) return
    if (datapath === 'netdev' && known !== undefined) align()
    known = datapath
  })
}
