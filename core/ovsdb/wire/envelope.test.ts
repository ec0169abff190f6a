import { describe, expect, test } from 'vitest'
import { encodeErrorReply, encodeNotification, encodeReply, encodeRequest, parseMessage } from './envelope.ts'
import { ProtocolError } from './errors.ts'

describe('parseMessage', () => {
  test.each([
    ['{"id":"echo","method":"echo","params":[]}', { kind: 'request', method: 'echo', params: [], id: 'echo' }],
    ['{"id":null,"method":"update2","params":[1]}', { kind: 'notification', method: 'update2', params: [1] }],
    ['{"method":"update2","params":[]}', { kind: 'notification', method: 'update2', params: [] }],
    ['{"result":{},"error":null,"id":7}', { kind: 'reply', id: 7, result: {} }],
    ['{"result":null,"id":7}', { kind: 'reply', id: 7, result: null }],
    ['{"id":4,"error":"canceled"}', { kind: 'error', id: 4, error: 'canceled' }],
    ['{"id":4,"result":null,"error":{"error":"x"}}', { kind: 'error', id: 4, error: { error: 'x' } }],
  ])('%s', (text, message) => {
    expect(parseMessage(text)).toEqual(message)
  })

  test.each([
    ['a foreign member', '{"jsonrpc":"2.0","id":1,"result":1}'],
    ['a method that is no string', '{"id":1,"method":1,"params":[]}'],
    ['no params', '{"id":1,"method":"echo"}'],
    ['params that are no array', '{"id":1,"method":"echo","params":{}}'],
    ['params that are null', '{"id":1,"method":"echo","params":null}'],
    ['request and reply at once', '{"id":1,"method":"echo","params":[],"result":1}'],
    ['a reply without id', '{"result":1,"error":null}'],
    ['neither result nor error', '{"id":1,"error":null}'],
    ['params in a reply', '{"id":1,"result":1,"params":[]}'],
    ['text that is no JSON', '{"id":01}'],
  ])('refuses %s', (_what, text) => {
    expect(() => parseMessage(text)).toThrow(ProtocolError)
  })
})

describe('encoding', () => {
  test('messages have the members that ovsdb-server wants, and no others', () => {
    expect(JSON.parse(encodeRequest(1, 'get_server_id', []))).toEqual({ id: 1, method: 'get_server_id', params: [] })
    expect(JSON.parse(encodeNotification('cancel', [1]))).toEqual({ id: null, method: 'cancel', params: [1] })
    expect(JSON.parse(encodeReply('echo', []))).toEqual({ id: 'echo', result: [], error: null })
    expect(JSON.parse(encodeErrorReply(1, 'unknown method'))).toEqual({ id: 1, error: 'unknown method' })
  })
})
