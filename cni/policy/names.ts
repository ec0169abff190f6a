import type { Family } from '@ovnkit/inet'
import { groupId, type PodGroup } from './group.ts'

/** Names of rows, which are their keys, too. */

/** The port group of the pods that policies isolate. */
export const subjectName = (group: PodGroup): string => subjectGroup(groupId(group))
export const subjectGroup = (id: string): string => `np_${id}`

/** The address set of a group's pods as peers, of one family. */
export const peerSetName = (group: PodGroup, family: Family): string => peerSet(groupId(group), family)
export const peerSet = (id: string, family: Family): string => `np_${id}_v${family}`
