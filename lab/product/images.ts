import { existsSync } from 'node:fs'

const folder = new URL('../../dist/images/', import.meta.url).pathname

/** Archives of the product's own images, as `OUT=dist/images scripts/images.sh` leaves them. */
export function productImages(): string[] {
  const archives = ['controller', 'node', 'ovn'].map(name => `${folder}${name}.tar`)
  const missing = archives.find(archive => !existsSync(archive))
  if (missing === undefined) return archives
  throw new Error(`${missing} is not there: make build, then BASE=local OUT=dist/images scripts/images.sh`)
}
