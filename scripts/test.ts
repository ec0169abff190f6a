/**
 * Runs suites one after another, shows a table, and closes with `N passed, N failed, N skipped`.
 * Usage: node scripts/test.ts SUITE...   (suites: see `suites` below)
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

interface Count {
  passed: number
  failed: number
  skipped: number
}

interface Row extends Count {
  suite: string
  seconds: number
}

const scratch = mkdtempSync(join(tmpdir(), 'ovnkit-test-'))
const none: Count = { passed: 0, failed: 0, skipped: 0 }
const failure: Count = { ...none, failed: 1 }
const add = (a: Count, b: Count): Count => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
})

/** Runs a program with its output shown; true when it exits with 0. */
function run(program: string, args: readonly string[]): boolean {
  const { status, error } = spawnSync(program, args, { stdio: ['ignore', 'inherit', 'inherit'] })
  if (error) console.error(`${program}: ${error.message}`)
  return status === 0
}

const checks: Record<string, readonly [string, ...string[]]> = {
  types: ['tsc', '--noEmit'],
  'lint, format, dependency rules': ['biome', 'check', '--error-on-warnings', '.'],
  'unused code': ['knip'],
}

function check(): Count {
  let count = none
  for (const [name, [program, ...args]] of Object.entries(checks)) {
    const ok = run(program, args)
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}`)
    count = add(count, ok ? { ...none, passed: 1 } : failure)
  }
  return count
}

interface VitestReport {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
}

function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T
  } catch {
    return undefined
  }
}

/** One vitest project; a run that ends without a report (a crash, no test found) counts as one failure. */
function vitest(project: string): Count {
  const outputFile = join(scratch, `${project}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${outputFile}`]
  const ok = run('vitest', ['run', '--project', project, ...reporters])
  const report = readJson<VitestReport>(outputFile)
  if (!report) return failure
  const count = {
    passed: report.numPassedTests,
    failed: report.numFailedTests,
    skipped: report.numPendingTests + report.numTodoTests,
  }
  // A file that does not load, or an unhandled error, fails the run without a failed test.
  return ok || count.failed > 0 ? count : add(count, failure)
}

const tools = () => run('node', ['lab/tools/main.ts'])
const helm = () => run('node', ['lab/tools/main.ts', 'helm'])
/** The product's images, on a base that no registry is needed for. */
const images = () => run('env', ['BASE=local', 'OUT=dist/images', 'scripts/images.sh'])
const bundles = () => run('node', ['scripts/build.ts', 'controller', 'node', 'cni'])

/** Lab scenarios of one kind; the lab writes its counts to the report file. */
function lab(kind: 'light' | 'kubelet' | 'all'): Count {
  if (!tools() || !bundles() || (kind === 'all' && !(helm() && images()))) return failure
  const outputFile = join(scratch, `lab-${kind}.json`)
  const ok = run('node', ['lab/main.ts', 'test', kind, '--report', outputFile])
  const count = readJson<Count>(outputFile)
  return count && (ok || count.failed > 0) ? count : failure
}

const suites: Record<string, () => Count> = {
  check,
  unit: () => vitest('unit'),
  property: () => vitest('property'),
  integration: () => (tools() && helm() && bundles() ? vitest('real') : failure),
  light: () => lab('light'),
  kubelet: () => lab('kubelet'),
  e2e: () => lab('all'),
}

function main(names: readonly string[]): void {
  const unknown = names.filter(name => !(name in suites))
  if (names.length === 0 || unknown.length > 0) {
    console.error(`expected some of ${Object.keys(suites).join(', ')}; got ${unknown.join(' ') || 'nothing'}`)
    process.exit(2)
  }
  const rows: Row[] = []
  for (const suite of names) {
    console.log(`\n=== ${suite}`)
    const started = performance.now()
    const count = suites[suite]?.() ?? none
    rows.push({ suite, ...count, seconds: Math.round((performance.now() - started) / 1000) })
  }
  rmSync(scratch, { recursive: true, force: true })
  const total = rows.reduce<Count>(add, none)
  console.log('')
  console.table(rows)
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1)
}

main(process.argv.slice(2))
