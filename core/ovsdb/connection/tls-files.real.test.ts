import { rm, writeFile } from 'node:fs/promises'
import { temporaryFolder } from '@ovnkit/testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Identity, TestPki } from '../testing/pki.ts'
import { explainTls, tlsFileProblems } from './tls-files.ts'

let dir: string
let pki: TestPki
let own: Identity
beforeAll(async () => {
  dir = await temporaryFolder()
  pki = await TestPki.create(dir)
  own = await pki.issue('own')
})
afterAll(() => rm(dir, { recursive: true }))

const problems = (changes: object, now?: number) => tlsFileProblems({ ca: pki.ca, ...own, ...changes }, now)
const day = 86_400_000

async function written(name: string, text: string): Promise<string> {
  await writeFile(`${dir}/${name}`, text)
  return `${dir}/${name}`
}

describe('files of a TLS identity', () => {
  it('that go together are in order', async () => {
    expect(await problems({})).toEqual([])
  })

  it('that are missing are named, each of them', async () => {
    const nowhere = `${dir}/nowhere`
    expect(await problems({ ca: nowhere, key: `${nowhere}.key` })).toEqual([
      `there is no file ${nowhere}`,
      `there is no file ${nowhere}.key`,
    ])
    expect(await problems({ cert: dir })).toEqual([`${dir} cannot be read (EISDIR)`])
  })

  it('that hold something else are named with what was expected', async () => {
    const empty = await written('empty.pem', '')
    expect(await problems({ ca: empty })).toEqual([`${empty} holds no PEM of certificates of authorities`])
    expect(await problems({ cert: own.key })).toEqual([`${own.key} holds no PEM of a certificate`])
    expect(await problems({ key: own.cert })).toEqual([
      `${own.cert} holds no PEM of a private key without a passphrase`,
    ])
  })

  it('of which the key is of another certificate are told apart', async () => {
    const { key } = await pki.issue('other')
    expect(await problems({ key })).toEqual([`${key} is not the key of the certificate in ${own.cert}`])
  })

  it('that are out of their time are told with the date', async () => {
    const [late, early] = [await problems({}, Date.now() + 9 * day), await problems({}, Date.now() - 9 * day)]
    expect(late).toEqual([
      expect.stringMatching(new RegExp(`^${pki.ca} expired on 20`)),
      expect.stringMatching(new RegExp(`^${own.cert} expired on 20`)),
    ])
    expect(early.map(text => text.replace(/ before .*/, ''))).toEqual([
      `${pki.ca} is not valid`,
      `${own.cert} is not valid`,
    ])
  })
})

describe('an error of TLS', () => {
  const explained = async (code: string, message = 'x') => {
    const error = Object.assign(new Error(message), { code })
    return (await explainTls(error, { ca: pki.ca, ...own })).message
  }

  it.each([
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', "the server's certificate is not of an authority in CA (x)"],
    ['SELF_SIGNED_CERT_IN_CHAIN', "the server's certificate is not of an authority in CA (x)"],
    ['CERT_HAS_EXPIRED', "the server's certificate, or that of its authority, expired (x)"],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'the server does not speak TLS at this address (x)'],
    ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'the server refuses the certificate in CERT (x)'],
    ['ECONNREFUSED', 'x'],
  ])('%s says which side has to change', async (code, message) => {
    expect(await explained(code)).toBe(message.replace('CA', pki.ca).replace('CERT', own.cert))
  })

  it('is that of a file, where there is something wrong with one', async () => {
    const key = `${dir}/gone`
    const error = await explainTls(new Error('x'), { ca: pki.ca, ...own, key })
    expect(error.message).toBe(`there is no file ${key} (x)`)
    expect(await explainTls(error, { ca: pki.ca, ...own, key })).toBe(error)
  })
})
