/** Key beside them: the values that we set, as JSON. */
export const notedKeys = 'zstack.io/chassis-keys'

export interface ChassisKeys {
  /** What we set, the note among them. */
  readonly ours: Readonly<Record<string, string>>
  /** What somebody else has set otherwise, a sentence each. */
  readonly problems: readonly string[]
}

/**
 * Which of ovn-controller's keys are ours to set on a machine that may be a hypervisor of ZStack's as well: those that nobody has set, and those that still
 * have the value that we gave them. Values of others stay; where a chassis with them is not what the configuration says, somebody has to decide.
 *
 * @param held the switch's `external_ids`
 */
export function ownKeys(wanted: Readonly<Record<string, string>>, held: Readonly<Record<string, string>>): ChassisKeys {
  const noted = parseNote(held[notedKeys])
  const isOurs = (key: string) => held[key] === undefined || held[key] === noted[key]
  const ours = Object.fromEntries(Object.entries(wanted).filter(([key]) => isOurs(key)))
  const foreign = Object.entries(wanted).filter(([key, value]) => !isOurs(key) && !agrees(key, held[key] ?? '', value))
  return {
    ours: Object.keys(ours).length === 0 ? {} : withNote(ours),
    problems: foreign.map(([key, value]) => `${key} is "${held[key]}", set by somebody else; we would set "${value}"`),
  }
}

/** What we set, together with the note of it: by it an uninstall knows what to take away again. */
export function withNote(ours: Readonly<Record<string, string>>): Record<string, string> {
  return { ...ours, [notedKeys]: JSON.stringify(ours) }
}

/** The keys that have the value that we gave them. */
export function stillOurs(held: Pick<ReadonlyMap<string, string>, 'get'>): ReadonlySet<string> {
  const noted = Object.entries(parseNote(held.get(notedKeys)))
  return new Set(noted.flatMap(([key, value]) => (held.get(key) === value ? [key] : [])))
}

/** Several encapsulations agree with any of them; a hypervisor may watch as much of the database as it likes, and end its tunnels where it likes. */
function agrees(key: string, held: string, wanted: string): boolean {
  if (key === 'ovn-encap-type') return held.split(',').includes(wanted)
  if (key === 'ovn-remote') return held.split(',').sort().join() === wanted.split(',').sort().join()
  return key === 'ovn-monitor-all' || key === 'ovn-encap-ip' || held === wanted
}

function parseNote(text: string | undefined): Record<string, unknown> {
  try {
    const note: unknown = JSON.parse(text ?? '{}')
    return typeof note === 'object' && note !== null ? { ...note } : {}
  } catch {
    return {}
  }
}
