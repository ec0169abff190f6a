import type { Lab } from '../lab.ts'

/** A table of machines and their services. */
export async function showStatus(lab: Lab): Promise<string> {
  const rows = await lab.status()
  const lines = rows.map(({ machine, init, services }) => {
    const state = services.map(({ name, pid }) => (pid === undefined ? `${name}:DOWN` : `${name}:${pid}`)).join('  ')
    return `${machine.padEnd(9)} ${init === undefined ? 'off' : state}`
  })
  const { record, plan } = lab
  const head = `lab ${lab.name}: ${record.mode}, ${record.nodes.length} nodes, ${record.families}, ${record.tunnel}, gateway ${record.gateway}, product ${record.product}, API ${plan.server}, NB ${plan.nb}`
  return `${[head, ...lines].join('\n')}\n`
}
