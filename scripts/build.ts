/**
 * Builds what ships, into dist/: the bundles of controller and node agent (run by Node 24) and the CNI plugin
 * (one executable). Usage: node scripts/build.ts [controller] [node] [cni]
 */
import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { build, type Plugin } from 'esbuild'
import { buildArguments } from '../cni/plugin/build-arguments.ts'
import { relaunch, type StartSettings } from './relaunch.ts'

const dist = 'dist'
// Packages with native code stay packages: they find their binaries relative to themselves.
const native = ['koffi']

/**
 * Takes Node's own modules by `require`. An ES module that imports one makes Node read every export of it: of `node:http` the WebSocket client too, of
 * `node:tls` all root certificates. That costs 20 MiB of resident memory which nobody uses.
 */
const builtinsByRequire: Plugin = {
  name: 'builtins-by-require',
  setup(build) {
    const filter = /^node:/
    build.onResolve({ filter }, ({ path, namespace }) =>
      namespace === 'builtin' ? { path, external: true } : { path, namespace: 'builtin' },
    )
    build.onLoad({ filter, namespace: 'builtin' }, ({ path }) => ({ contents: `module.exports = require('${path}')` }))
  },
}

/**
 * V8 and glibc size themselves for throughput, and these processes mostly wait. Measured: a replica of 72,000 rows 83 MB instead of 118, an idle agent 78 MB
 * instead of 91 (bench/README.md).
 */
const settings = {
  controller: { flags: ['--max-semi-space-size=4'], env: { MALLOC_ARENA_MAX: '1' } },
  node: { flags: ['--max-semi-space-size=1', '--v8-pool-size=0'], env: { MALLOC_ARENA_MAX: '1' } },
} as const satisfies Record<string, StartSettings>

async function bundle(name: string, entry: string, start: StartSettings): Promise<string> {
  const outfile = join(dist, `${name}.mjs`)
  await build({
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    // Node keeps the source text in memory; comments in it that are not Latin-1 double that. Names stay, for stack traces.
    minifySyntax: true,
    minifyWhitespace: true,
    sourcemap: 'linked',
    legalComments: 'linked',
    external: native,
    plugins: [builtinsByRequire],
    // CommonJS dependencies ask for `require`, which ES modules do not have.
    banner: {
      js: `import { createRequire as __cr } from 'node:module'; const require = __cr(import.meta.url); ${relaunch(start)}`,
    },
    logLevel: 'warning',
  })
  return outfile
}

/** The native packages beside the bundle: koffi, and its binary for this platform. */
function copyNative(): void {
  const scope = '@koromix'
  const binaries = readdirSync(join('node_modules', scope)).map(name => `${scope}/${name}`)
  for (const name of [...native, ...binaries]) {
    const from = join('node_modules', name)
    rmSync(join(dist, from), { recursive: true, force: true })
    cpSync(from, join(dist, from), { recursive: true, dereference: true })
  }
}

const targets: Record<string, () => Promise<string>> = {
  controller: () => bundle('zstack-ovnkube-controller', 'cni/controller/main.ts', settings.controller),
  node: async () => {
    copyNative()
    return bundle('zstack-ovnkube-node', 'cni/node/main.ts', settings.node)
  },
  cni: async () => {
    const outfile = join(dist, 'zstack-ovn-cni')
    const { status, stderr } = spawnSync('bun', buildArguments(outfile), { encoding: 'utf8' })
    if (status !== 0) throw new Error(`bun build failed: ${stderr}`)
    return outfile
  },
}

async function main(names: readonly string[]): Promise<void> {
  mkdirSync(dist, { recursive: true })
  for (const name of names.length > 0 ? names : Object.keys(targets)) {
    const target = targets[name]
    if (!target) throw new Error(`expected some of ${Object.keys(targets).join(', ')}; got ${name}`)
    const file = await target()
    console.log(`${file}  ${(statSync(file).size / 1e6).toFixed(1)} MB`)
  }
}

await main(process.argv.slice(2))
