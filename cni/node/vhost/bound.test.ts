import { expect, it } from 'vitest'
import { boundSockets } from './bound.ts'

it('reads names of bound sockets, with blanks in their paths, and leaves out those without a file', () => {
  const table = [
    'Num       RefCount Protocol Flags    Type St Inode Path',
    '000000007f668791: 00000002 00000000 00000000 0001 03 88198257',
    '00000000f8de43a9: 00000002 00000000 00010000 0001 01   17 /run/openvswitch/vhu1',
    '00000000f8de43aa: 00000003 00000000 00000000 0001 03 88991577 /a folder/a socket',
    '00000000453d12b9: 00000002 00000000 00010000 0001 01 88198258 @abstract',
    '',
  ].join('\n')
  expect([...boundSockets(table)]).toEqual(['vhu1', 'a socket'])
})
