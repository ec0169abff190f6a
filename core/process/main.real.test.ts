import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { describe, expect, it } from 'vitest'

/** Run a program in a process of its own: signals and exit codes are the subject. */
async function run(body: string, onReady?: (kill: (signal: NodeJS.Signals) => void) => void) {
  const index = new URL('./index.ts', import.meta.url).href
  const source = `import { runMain, ConfigError } from '${index}'\nawait runMain('t', async ({ signal, logger }) => {${body}})`
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', source], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const before = output.includes('"ready"')
    output += chunk
    if (!before && output.includes('"ready"')) onReady?.(signal => child.kill(signal))
  })
  const [code] = await once(child, 'close') // when all output is read; 'exit' may come before
  const messages = output
    .split('\n')
    .filter(line => line.startsWith('{'))
    .map(line => JSON.parse(line).msg)
  return { code, messages }
}

const waitForSignal = `
  const timer = setInterval(() => {}, 1000)
  logger.info('ready')
  await new Promise(resolve => signal.addEventListener('abort', resolve))
`

describe('runMain', () => {
  it('drains on SIGTERM and ends with 0', async () => {
    const body = `${waitForSignal}; await new Promise(r => setTimeout(r, 20)); clearInterval(timer); logger.info('drained')`
    expect(await run(body, kill => kill('SIGTERM'))).toEqual({ code: 0, messages: ['ready', 'stopping', 'drained'] })
  })

  it('ends at once on the second signal', async () => {
    const body = `${waitForSignal}; process.kill(process.pid, 'SIGINT'); await new Promise(() => {})`
    expect(await run(body, kill => kill('SIGINT'))).toEqual({ code: 130, messages: ['ready', 'stopping'] })
  })

  it('ends with 1 and says why when something unexpected happens', async () => {
    const unhandled = await run(`Promise.reject(new Error('lost')); ${waitForSignal}`)
    expect(unhandled).toEqual({ code: 1, messages: ['ready', 'an unexpected error ended the process'] })
    expect((await run(`throw new Error('no')`)).code).toBe(1)
  })

  it('lists the problems of a configuration', async () => {
    const problem = (message: string) => `{ key: 'a', source: 'default', message: '${message}' }`
    const result = await run(`throw new ConfigError([${problem('first')}, ${problem('second')}])`)
    expect(result).toEqual({ code: 1, messages: ['first', 'second'] })
  })
})
