import type { Band } from './rule.ts'

/** Where the rules of a band stand among OVN's ACLs. */
export interface BandPlace {
  /** Undefined on servers without tiers (before OVN 23.06). */
  readonly tier: number | undefined
  /** ACL priority of the first slot; each further one is one less. */
  readonly top: number
  /** How many priorities the band has. */
  readonly slots: number
}

const wide = { top: 30_000, slots: 28_001 }

/**
 * The bands with tiers: each has its own, so that `pass` leads from one to the next. Tier 0 is for what comes before every policy. In network policies what is let
 * through (1001) comes before what is dropped for want of that (1000); in the other bands the order of rules decides.
 */
const tiered: Readonly<Record<Band, BandPlace>> = {
  admin: { tier: 1, ...wide },
  network: { tier: 2, top: 1001, slots: 2 },
  baseline: { tier: 3, ...wide },
}

/** The bands without tiers, one above the other. */
const flat: Readonly<Record<Band, BandPlace>> = {
  admin: { tier: undefined, ...wide },
  network: { tier: undefined, top: 1001, slots: 2 },
  baseline: { tier: undefined, top: 900, slots: 801 },
}

export const placeOf = (band: Band, tiers: boolean): BandPlace => (tiers ? tiered : flat)[band]

/** ACL priority of a slot, counted from 0. */
export const slotPriority = ({ top }: BandPlace, slot: number): number => top - slot
