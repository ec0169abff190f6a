import { writeFileSync } from 'node:fs'
import * as z from 'zod'
import { configDefinition } from './config.ts'
import { configSchema } from './config-schema.ts'

type Described = z.core.JSONSchema.BaseSchema

/** The reference of all keys as Markdown, made from the schema itself. */
export function configReference(): string {
  const schema: Described = z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' })
  const sections = inner(schema).map(([name, section]) => sectionText(name, section))
  return `${HEAD}\n${sections.join('\n')}`
}

const HEAD = `# Configuration

One YAML file, whose path is given by \`--config\` or \`ZSTACK_OVN_CONFIG_FILE\`. Environment variables win over the file, the
file over the defaults. Everything is checked at start as a whole, and every problem is named at once. Where two variables
are listed for a key they mean the same; set to different values they are an error.

This page is made from the schema by cni/api/config-docs.ts.
`

function sectionText(name: string, section: Described): string {
  const rows = keysOf(name, section).map(({ key, described }) => row(key, described))
  return `## ${name}\n\n| key | meaning | default | environment |\n|---|---|---|---|\n${rows.join('\n')}\n`
}

function keysOf(prefix: string, section: Described): { key: string; described: Described }[] {
  return inner(section).flatMap(([name, described]) => {
    const key = `${prefix}.${name}`
    return described.properties ? keysOf(key, described) : [{ key, described }]
  })
}

/** Keys of an object with their schemas; JSON Schema also knows `true` for "anything", which we do not use. */
function inner({ properties = {} }: Described): [string, Described][] {
  return Object.entries(properties).map(([name, schema]) => [name, typeof schema === 'boolean' ? {} : schema])
}

function row(key: string, { description = '', default: value, enum: values }: Described): string {
  const allowed = values ? ` One of ${values.map(each => `\`${each}\``).join(', ')}.` : ''
  const names = configDefinition.env[key] ?? []
  const text = value === '' || value === undefined ? '' : `\`${value}\``
  return `| \`${key}\` | ${description}${allowed} | ${text} | ${names.map(name => `\`${name}\``).join(' ')} |`
}

/** Where the reference lives. */
export const referencePath = new URL('../docs/configuration.md', import.meta.url).pathname

// node cni/api/config-docs.ts: after a change of the schema. A test fails until it was run.
if (import.meta.main) writeFileSync(referencePath, configReference())
