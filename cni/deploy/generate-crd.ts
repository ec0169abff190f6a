/** Writes the CustomResourceDefinitions into the manifests: node cni/deploy/generate-crd.ts */
import { writeFileSync } from 'node:fs'
import { customResourceDefinitions } from '@ovnkit/cni-api'
import { stringify } from 'yaml'

const header = '# Made by cni/deploy/generate-crd.ts from cni/api; do not edit.\n'

/** The manifests' texts, by file name. */
export const crdManifests = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(customResourceDefinitions()).map(([file, definition]) => [
      file,
      header + stringify(definition, { lineWidth: 0, aliasDuplicateObjects: false }),
    ]),
  )

if (import.meta.main) {
  for (const [file, text] of Object.entries(crdManifests()))
    writeFileSync(new URL(`yaml/${file}`, import.meta.url), text)
}
