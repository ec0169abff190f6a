import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { freePort, startFaultyLine, temporaryFolder, waitUntil } from './index.ts'

describe('waitUntil', () => {
  it('gives what was waited for, after conditions that throw or are false', async () => {
    let tries = 0
    const value = await waitUntil('the third try', () => {
      tries += 1
      if (tries === 1) throw new Error('not yet')
      return tries === 3 ? 'there' : undefined
    })
    expect([value, tries]).toEqual(['there', 3])
  })

  it('says in vain for what, and why', async () => {
    const cause = new Error('no such table')
    const waiting = waitUntil('a row', () => Promise.reject(cause), 20)
    await expect(waiting).rejects.toMatchObject({ message: 'waited 20 ms in vain for a row', cause })
  })
})

it('a free port is below those of outgoing connections, and given once', async () => {
  const ports = await Promise.all(Array.from({ length: 50 }, () => freePort()))
  expect(new Set(ports).size).toBe(50)
  expect(Math.max(...ports)).toBeLessThan(32_768)
})

it('a temporary folder is there, and another one each time', async () => {
  const folders = [await temporaryFolder(), await temporaryFolder()]
  expect(new Set(folders).size).toBe(2)
  for (const folder of folders) {
    expect(existsSync(folder)).toBe(true)
    await rm(folder, { recursive: true })
  }
})

describe('a faulty line', () => {
  let server: Server
  let port: number
  beforeEach(async () => {
    port = await freePort()
    server = createServer(socket => socket.on('error', () => undefined).pipe(socket))
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  })
  afterEach(() => server.close())

  it('carries by TCP and by unix socket, in the pieces that were asked for', async () => {
    await using line = await startFaultyLine(port)
    line.pieces(2)
    for (const socket of [connect(line.port, '127.0.0.1'), connect(line.path)]) {
      let got = ''
      socket.on('data', chunk => {
        got += chunk
      })
      socket.write('hello')
      await waitUntil('the echo', () => got === 'hello')
      socket.destroy()
    }
    expect(line.accepted).toBe(2)
    expect(line.delivered).toBe(10)
  })

  it('holds back what comes while it is frozen', async () => {
    await using line = await startFaultyLine(port)
    const socket = connect(line.port, '127.0.0.1')
    let got = ''
    socket.on('data', chunk => {
      got += chunk
    })
    socket.write('a')
    await waitUntil('the first', () => got === 'a')
    line.freeze()
    socket.write('b')
    await using other = await startFaultyLine(port)
    const witness = connect(other.port, '127.0.0.1')
    witness.write('x')
    await once(witness, 'data')
    expect(got).toBe('a')
    line.thaw()
    await waitUntil('the second', () => got === 'ab')
    socket.destroy()
    witness.destroy()
  })

  it('cuts: new connections work; breaks down: they do not, until mended', async () => {
    await using line = await startFaultyLine(port)
    const first = connect(line.port, '127.0.0.1')
    await once(first, 'connect')
    await waitUntil('its acceptance', () => line.accepted === 1)
    line.cut()
    await once(first, 'close')
    line.breakDown()
    const second = connect(line.port, '127.0.0.1').on('error', () => undefined)
    await once(second, 'close')
    line.mend()
    const third = connect(line.port, '127.0.0.1')
    third.write('hello')
    expect(String((await once(third, 'data'))[0])).toBe('hello')
    third.destroy()
  })
})
