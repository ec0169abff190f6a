import { configSchema } from '@ovnkit/cni-api'
import * as z from 'zod'

const image = z.strictObject({ repository: z.string().min(1), tag: z.string().min(1) }).partial()
const resources = z.looseObject({})
const labels = z.record(z.string(), z.string())
const count = z.int().min(0)
const storage = z.strictObject({ enabled: z.boolean(), size: z.string() }).partial()
const server = z.strictObject({ replicas: count, resources }).partial()
const database = server.extend({ storage: storage.optional() })

/** What only a deployment has, beside the keys of the configuration. */
const standalone = z
  .strictObject({
    haMode: z.enum(['single', 'ha']),
    addresses: z
      .array(z.string())
      .describe('InternalIPs of the nodes that run the databases: one, or three with haMode ha.'),
    nodeSelector: labels,
    image,
    nbdb: database,
    sbdb: database,
    northd: server,
    dataDir: z.string().startsWith('/'),
  })
  .partial()

const program = { image, resources, nodeSelector: labels }

const deployment = z
  .strictObject({
    controller: z.strictObject({ ...program, replicas: count.min(1) }).partial(),
    node: z.strictObject({ image, resources, ovnController: z.strictObject({ resources }).partial() }).partial(),
    imagePullSecrets: z.array(z.strictObject({ name: z.string() })),
    global: z.looseObject({}),
  })
  .partial()

/** The JSON Schema of the chart's values: the configuration's own, and what only a deployment has. */
export function valuesSchema(): string {
  const { ovn } = configSchema.shape
  const { ssl } = ovn.unwrap().shape
  const values = configSchema.extend({
    ovn: ovn.unwrap().extend({ standalone, ssl: ssl.unwrap().extend({ secret: z.string() }).partial() }),
    ...deployment.shape,
  })
  const schema = z.toJSONSchema(values.partial(), { io: 'input', target: 'draft-7', unrepresentable: 'any' })
  return `${JSON.stringify(schema, null, 2)}\n`
}
