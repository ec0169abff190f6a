import { once } from 'node:events'
import { connect } from 'node:net'
import type { Uuid } from '@ovnkit/ovsdb'

/** A logical switch port that is to be made, in the switch that it belongs to. */
export interface NewPort {
  readonly uuid: Uuid<'Logical_Switch_Port'>
  readonly switch: Uuid<'Logical_Switch'>
  readonly address: string
  readonly pod: string
}

/** The end of an answer without an error, as ovsdb-server writes it. */
const answered = '"error":null}'

/**
 * Connects to `unix:PATH` and builds the bytes of one `transact` (RFC 7047, 4.1.3). The function that is returned writes them and resolves with the answer: what no
 * client can undercut.
 */
export async function rawWrite(remote: string, ports: readonly NewPort[]): Promise<() => Promise<readonly never[]>> {
  const params = ['OVN_Northbound', ...ports.flatMap(operationsOf)]
  const bytes = Buffer.from(JSON.stringify({ id: 1, method: 'transact', params }))
  const socket = connect(remote.replace(/^unix:/, '')).setEncoding('latin1')
  await once(socket, 'connect')
  return async () => {
    let end = ''
    socket.write(bytes)
    for await (const data of socket) {
      end = `${end}${data}`.slice(-answered.length - 10)
      if (end.includes(answered)) break
    }
    return []
  }
}

function operationsOf({ uuid, switch: target, address, pod }: NewPort) {
  const row = { name: uuid, addresses: address, external_ids: ['map', [['pod', pod]]] }
  return [
    { op: 'insert', table: 'Logical_Switch_Port', uuid, row },
    {
      op: 'mutate',
      table: 'Logical_Switch',
      where: [['_uuid', '==', ['uuid', target]]],
      mutations: [['ports', 'insert', ['set', [['uuid', uuid]]]]],
    },
  ]
}
