import { externalIds, managedBy } from '@ovnkit/cni-api'
import { type NbRow, OVN_Northbound, OVN_Southbound } from '@ovnkit/ovn'
import { openDatabase } from '@ovnkit/ovsdb'
import type { Rule, Rules, Verdict } from './hits.ts'

/** How to reach the databases. */
export interface Databases {
  readonly nb: string
  readonly sb: string
  readonly tls: { readonly ca: string; readonly cert: string; readonly key: string } | undefined
}

/** Stages of logical switches in which policies are asked (ovn-northd(8)), by their names before and since OVN 23.06. */
const stages = ['ls_in_acl_after_lb', 'ls_in_acl_after_lb_eval', 'ls_out_acl', 'ls_out_acl_eval']

/**
 * What the flows with these cookies carry out. A flow's cookie begins its logical flow's UUID, whose `stage-hint` begins that of its ACL (ovn-architecture(7)), and the ACL names
 * its policies. Neither database can be asked by the beginning of a UUID: both tell all of their rows of this kind once, and the connections end.
 */
export async function lookUpRules(
  cookies: ReadonlySet<number>,
  databases: Databases,
  signal: AbortSignal,
): Promise<Rules> {
  const hints = await hintsOf(cookies, databases, signal)
  const wanted = new Set(hints.values())
  const rules = wanted.size === 0 ? new Map<string, Rule>() : await rulesOf(wanted, databases, signal)
  return new Map([...hints].map(([cookie, hint]) => [cookie, rules.get(hint)]))
}

/** First digits of the ACL's UUID, by cookie; empty for a flow of the same stages that is of none. */
async function hintsOf(cookies: ReadonlySet<number>, { sb, tls }: Databases, signal: AbortSignal) {
  await using db = openDatabase(OVN_Southbound, {
    remotes: sb,
    tls,
    // Any server tells: what is a moment old is asked for again.
    leaderOnly: false,
    tables: {
      Logical_Flow: {
        columns: ['external_ids'],
        where: stages.map(stage => ['external_ids', 'includes', new Map([['stage-name', stage]])] as const),
      },
    },
  })
  await db.ready({ signal })
  const hints = new Map<number, string>()
  for (const { _uuid, external_ids } of db.table('Logical_Flow').rows()) {
    const cookie = Number.parseInt(_uuid.slice(0, 8), 16)
    if (cookies.has(cookie)) hints.set(cookie, external_ids.get('stage-hint') ?? '')
  }
  return hints
}

async function rulesOf(hints: ReadonlySet<string>, { nb, tls }: Databases, signal: AbortSignal) {
  await using db = openDatabase(OVN_Northbound, {
    remotes: nb,
    tls,
    leaderOnly: false,
    tables: {
      ACL: {
        columns: ['direction', 'action', 'external_ids'],
        where: [['external_ids', 'includes', new Map([[externalIds.managedBy, managedBy]])]],
      },
    },
  })
  await db.ready({ signal })
  const rules = new Map<string, Rule>()
  for (const row of db.table('ACL').rows()) {
    const hint = row._uuid.slice(0, 8)
    const rule = hints.has(hint) ? ruleOf(row) : undefined
    if (rule !== undefined) rules.set(hint, rule)
  }
  return rules
}

const verdicts: Readonly<Record<string, Verdict>> = { 'allow-related': 'allow', drop: 'deny', pass: 'pass' }

function ruleOf({
  direction,
  action,
  external_ids,
}: Pick<NbRow<'ACL'>, 'direction' | 'action' | 'external_ids'>): Rule | undefined {
  const policies = external_ids.get(externalIds.policies)
  const verdict = verdicts[action]
  if (policies === undefined || verdict === undefined) return undefined
  return { policies: policies.split(' '), direction: direction === 'to-lport' ? 'ingress' : 'egress', verdict }
}
