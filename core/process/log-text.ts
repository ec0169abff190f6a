/** One JSON log line as a line for eyes: time, level, name, message, then the fields; a stack on lines of its own. */
export function textLine(json: string): string {
  const { level, time, name, msg, err, ...fields } = JSON.parse(json)
  const head = `${time} ${String(level).toUpperCase().padEnd(5)} ${name}: ${msg ?? ''}`
  const pairs = Object.entries(fields).map(([key, value]) => ` ${key}=${fieldText(value)}`)
  return `${head}${pairs.join('')}${err === undefined ? '' : errorText(err)}\n`
}

function fieldText(value: unknown): string {
  if (typeof value === 'string' && /^[^\s"=]+$/.test(value)) return value
  return JSON.stringify(value)
}

function errorText(err: unknown): string {
  const text = typeof err === 'object' && err !== null && 'stack' in err ? String(err.stack) : fieldText(err)
  return `\n    ${text.replaceAll('\n', '\n    ')}`
}
