/** Writes the CustomResourceDefinitions into manifests and chart: node cni/deploy/generate-crd.ts */
import { writeFileSync } from 'node:fs'
import { customResourceDefinitions } from '@ovnkit/cni-api'
import { stringify } from 'yaml'

const header = '# Made by cni/deploy/generate-crd.ts from cni/api; do not edit.\n'
const text = (definition: object) => header + stringify(definition, { lineWidth: 0, aliasDuplicateObjects: false })

/** An uninstall of the chart takes no Subnet with it: a definition that goes takes its objects along. */
const keep = { 'helm.sh/resource-policy': 'keep' }

/** The manifests' texts, by file name in this folder. */
export const crdManifests = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(customResourceDefinitions()).flatMap(([file, definition]) => [
      [`yaml/${file}`, text(definition)],
      [`helm/files/crds/${file}`, text({ ...definition, metadata: { ...definition.metadata, annotations: keep } })],
    ]),
  )

if (import.meta.main)
  for (const [file, content] of Object.entries(crdManifests())) writeFileSync(new URL(file, import.meta.url), content)
