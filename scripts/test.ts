/**
 * Runs suites one after another, shows a table and what failed, and closes with `N passed, N failed, N skipped`.
 * Usage: node scripts/test.ts SUITE...   (suites: see `suites` below)
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'

interface Count {
  passed: number
  failed: number
  skipped: number
  /** What failed, by name and with the start of its message: told once more at the very end, where a log is read first. */
  failures: readonly string[]
}

const scratch = mkdtempSync(join(tmpdir(), 'ovnkit-test-'))
const none: Count = { passed: 0, failed: 0, skipped: 0, failures: [] }
const failure = (what: string): Count => ({ ...none, failed: 1, failures: [what] })
const add = (a: Count, b: Count): Count => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped,
  failures: [...a.failures, ...b.failures],
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
    count = add(count, ok ? { ...none, passed: 1 } : failure(name))
  }
  return count
}

interface VitestReport {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: {
    name: string
    message: string
    assertionResults: { fullName: string; status: string; failureMessages: string[] | null }[]
  }[]
}

function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T
  } catch {
    return undefined
  }
}

/** Each failed test, and each file that failed without one, with its first message. */
const failuresOf = ({ testResults }: VitestReport): string[] =>
  testResults.flatMap(file => {
    const failed = file.assertionResults.filter(({ status }) => status === 'failed')
    const path = relative(process.cwd(), file.name)
    if (failed.length === 0) return file.message === '' ? [] : [`${path}\n${file.message}`]
    return failed.map(({ fullName, failureMessages }) => `${path}: ${fullName}\n${failureMessages?.[0] ?? ''}`)
  })

/** One vitest project; a run that ends without a report (a crash, no test found) counts as one failure. */
function vitest(project: string): Count {
  const outputFile = join(scratch, `${project}.json`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${outputFile}`]
  const ok = run('vitest', ['run', '--project', project, ...reporters])
  const report = readJson<VitestReport>(outputFile)
  if (!report) return failure(`${project}: no report`)
  const failures = failuresOf(report)
  const count: Count = {
    passed: report.numPassedTests,
    // A file that does not load is a failure without a failed test.
    failed: Math.max(report.numFailedTests, failures.length),
    skipped: report.numPendingTests + report.numTodoTests,
    failures,
  }
  // So is an unhandled error, which the report does not name.
  return ok || count.failed > 0 ? count : add(count, failure(`${project}: an error outside of the tests, see above`))
}

const tools = () => run('node', ['lab/tools/main.ts'])
const helm = () => run('node', ['lab/tools/main.ts', 'helm'])
/** The product's images, on a base that no registry is needed for. */
const images = () => run('env', ['BASE=local', 'OUT=dist/images', 'scripts/images.sh'])
const bundles = () => run('node', ['scripts/build.ts', 'controller', 'node', 'cni'])

/** Lab scenarios of one kind; the lab writes its counts to the report file. */
function lab(kind: 'light' | 'kubelet' | 'all'): Count {
  if (!tools() || !bundles() || (kind === 'all' && !(helm() && images()))) return failure('tools, bundles or images')
  const outputFile = join(scratch, `lab-${kind}.json`)
  const ok = run('node', ['lab/main.ts', 'test', kind, '--report', outputFile])
  const count = readJson<Count>(outputFile)
  return count && (ok || count.failed > 0) ? count : failure(`lab ${kind}: ended without a report`)
}

/** Kubernetes' own tests of the network, on a cluster of these families; with `quick` a few minutes' worth of them. */
function conformance(families: 'ipv4' | 'ipv6' | 'dual', ...options: readonly string[]): Count {
  if (!tools() || !run('node', ['lab/tools/main.ts', 'e2e']) || !bundles()) return failure('tools or bundles')
  const outputFile = join(scratch, `conformance-${families}.json`)
  const ok = run('node', ['lab/main.ts', 'e2e', '--families', families, '--report', outputFile, ...options])
  const count = readJson<Count>(outputFile)
  return count && (ok || count.failed > 0) ? count : failure(`conformance, ${families}: ended without a report`)
}

/** The conformance suites of the network policy API, on the OVN that has all that they ask for. */
function policyApi(): Count {
  if (!tools() || !bundles()) return failure('tools or bundles')
  const outputFile = join(scratch, 'network-policy-api.json')
  const options = ['--suite', 'network-policy-api', '--nodes', '2', '--report', outputFile]
  const ok = run('node', ['lab/main.ts', 'e2e', ...options])
  const count = readJson<Count>(outputFile)
  return count && (ok || count.failed > 0) ? count : failure('network-policy-api: ended without a report')
}

const suites: Record<string, () => Count> = {
  check,
  unit: () => vitest('unit'),
  property: () => vitest('property'),
  integration: () => (tools() && helm() && bundles() ? vitest('real') : failure('tools or bundles')),
  light: () => lab('light'),
  kubelet: () => lab('kubelet'),
  conformance: () => conformance('dual', '--quick', '--nodes', '2'),
  e2e: () => lab('all'),
  'conformance-ipv4': () => conformance('ipv4'),
  'conformance-ipv6': () => conformance('ipv6'),
  'conformance-dual': () => conformance('dual'),
  'network-policy-api': policyApi,
}

/** The start of a failure's text: a whole one may be pages of a server's log. */
function brief(text: string): string {
  const lines = text.split('\n').filter(line => line.trim() !== '' && !line.includes('/node_modules/'))
  return lines
    .slice(0, 8)
    .map((line, number) => `${number === 0 ? 'FAILED ' : '       '}${line.slice(0, 200)}`)
    .join('\n')
}

function main(names: readonly string[]): void {
  const unknown = names.filter(name => !(name in suites))
  if (names.length === 0 || unknown.length > 0) {
    console.error(`expected some of ${Object.keys(suites).join(', ')}; got ${unknown.join(' ') || 'nothing'}`)
    process.exit(2)
  }
  const rows: object[] = []
  let total = none
  for (const suite of names) {
    console.log(`\n=== ${suite}`)
    const started = performance.now()
    const count = suites[suite]?.() ?? none
    const { passed, failed, skipped } = count
    rows.push({ suite, passed, failed, skipped, seconds: Math.round((performance.now() - started) / 1000) })
    total = add(total, count)
  }
  rmSync(scratch, { recursive: true, force: true })
  console.log('')
  console.table(rows)
  for (const text of total.failures) console.log(brief(text))
  console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
  process.exit(total.failed === 0 && total.passed > 0 ? 0 : 1)
}

main(process.argv.slice(2))
