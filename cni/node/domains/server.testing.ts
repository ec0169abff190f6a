/** A DNS server for tests, over UDP and TCP: `node server.testing.ts ADDRESS NAME=ADDRESS,ADDRESS...`; more than one datagram holds is cut short. */
import { createSocket } from 'node:dgram'
import { createServer } from 'node:net'
import { type Answer, decode, encode, type Packet, streamDecode, streamEncode } from 'dns-packet'

const [address = '127.0.0.1', ...entries] = process.argv.slice(2)
const known = new Map(
  entries.map(entry => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1).split(',')]),
)
const longest = 1200
const truncated = 1 << 9

function answer(query: Buffer, decoded: (query: Buffer) => Packet) {
  const { id, questions = [] } = decoded(query)
  const [question] = questions
  const wanted = question?.type === 'AAAA' ? ':' : '.'
  const addresses = (known.get((question?.name ?? '').toLowerCase()) ?? []).filter(data => data.includes(wanted))
  const answers = addresses.map(
    (data): Answer => ({ type: wanted === ':' ? 'AAAA' : 'A', name: question?.name ?? '', data, ttl: 5 }),
  )
  return { type: 'response', id: id ?? 0, questions, answers } as const
}

const udp = createSocket(address.includes(':') ? 'udp6' : 'udp4')
udp.on('message', (query, { address: client, port }) => {
  const full = answer(query, decode)
  const bytes = encode(full)
  udp.send(bytes.length > longest ? encode({ ...full, answers: [], flags: truncated }) : bytes, port, client)
})
udp.bind(53, address)
createServer(socket =>
  socket.on('data', query => {
    const bytes = streamEncode(answer(Buffer.from(query), streamDecode))
    // In pieces, as a wide answer comes.
    socket.setNoDelay(true)
    for (let at = 0; at < bytes.length; at += 100) socket.write(bytes.subarray(at, at + 100))
    socket.end()
  }),
).listen(53, address, () => process.stdout.write('ready\n'))
