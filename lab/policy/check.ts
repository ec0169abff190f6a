import { setTimeout as delay } from 'node:timers/promises'
import { environmentOf } from '../environment.ts'
import { run } from '../state/run.ts'
import { patience } from '../state/wait.ts'
import { wrongIn } from './judge.ts'
import type { Probe } from './probe.ts'
import { probesOf, type Surroundings } from './questions.ts'
import { askAll } from './round.ts'
import { outsider, type Stage } from './stage.ts'

export interface Wrong {
  readonly probe: Probe
  readonly what: string
}

export interface Checked {
  /** Connections that were asked for, and of them those that ought to be let through. */
  readonly asked: number
  readonly open: number
  /** What is wrong and stays so. */
  readonly wrong: readonly Wrong[]
  /** What policies of the cluster do not say of themselves, and ought to. */
  readonly untold: readonly string[]
  /** How many were wrong at first, and milliseconds until none was. */
  readonly late: number
  readonly lateMs: number
}

/** Milliseconds in which a cluster has to become what its objects say. */
const within = 15_000

/**
 * Asks for every connection and compares with the documents. What is wrong is asked again until it is right, or stays wrong for too
 * long; silence that is right is asked for once more, later.
 */
export async function check(stage: Stage): Promise<Checked> {
  const began = performance.now()
  await installed(stage)
  const probes = probesOf(await stage.world(), await surroundingsOf(stage))
  let wrong = await ask(stage, probes)
  const late = wrong.length
  const first = performance.now()
  while (wrong.length > 0 && performance.now() - first < within * patience) {
    await installed(stage)
    wrong = await ask(
      stage,
      wrong.map(({ probe }) => probe),
    )
  }
  const lateMs = late === 0 ? 0 : Math.round(performance.now() - began)
  const silent = probes.filter(({ verdict }) => verdict.allowed === false)
  if (wrong.length === 0) wrong = await ask(stage, silent)
  const open = probes.filter(({ verdict }) => verdict.allowed === true).length
  return { asked: probes.length, open, wrong, untold: await untold(stage), late, lateMs }
}

/** What is told a moment later is told. */
async function untold(stage: Stage): Promise<string[]> {
  const began = performance.now()
  let missing = await stage.untold()
  while (missing.length > 0 && performance.now() - began < within * patience) {
    await delay(200)
    missing = await stage.untold()
  }
  return missing
}

async function ask(stage: Stage, probes: readonly Probe[]): Promise<Wrong[]> {
  const answers = await askAll(stage.peers, probes)
  return probes.flatMap(probe => {
    const what = wrongIn(probe, answers.get(probe.id))
    return what === undefined ? [] : [{ probe, what }]
  })
}

/** Every chassis has what is in the Northbound database. */
export async function installed({ lab }: Stage): Promise<void> {
  const env = await environmentOf(lab)
  // The first one comes after what the controller was just told, if not before: the second one then waits for it.
  for (let i = 0; i < 2; i++) await run(['ovn-nbctl', '--wait=hv', '--timeout=60', 'sync'], { env })
}

/** Who can be asked beside the pods. */
export async function surroundingsOf(stage: Stage): Promise<Surroundings> {
  const { plan, nodes } = stage.lab
  return {
    families: plan.networks.map(({ family }) => family),
    nodes: nodes.map(name => ({ name, addresses: plan.nodeAddresses(name) })),
    outsider: { name: outsider, addresses: plan.networks.map(({ client }) => client) },
    ...(await stage.services()),
  }
}
