/** One thing that is wrong with a configuration. */
export interface ConfigProblem {
  /** Dotted key, `network.clusterCIDR`; empty for the file as a whole. */
  readonly key: string
  /** Where the value came from: `env ZSTACK_OVN_MODE`, `file /etc/...`, `default`. */
  readonly source: string
  /** Complete sentence with key, what was expected and what came. */
  readonly message: string
}

/** Everything that is wrong with a configuration, at once. */
export class ConfigError extends Error {
  readonly problems: readonly ConfigProblem[]
  constructor(problems: readonly ConfigProblem[]) {
    super(`the configuration has ${problems.length} problem(s):\n${problems.map(p => `- ${p.message}`).join('\n')}`)
    this.name = 'ConfigError'
    this.problems = problems
  }
}
