/** Writes the CustomResourceDefinition into the manifests: node cni/deploy/generate-crd.ts */
import { writeFileSync } from 'node:fs'
import { subnetCrdYaml } from '@ovnkit/cni-api'

const header = '# Made by cni/deploy/generate-crd.ts from cni/api; do not edit.\n'

/** The manifest's text. */
export function crdManifest(): string {
  return header + subnetCrdYaml()
}

if (import.meta.main) writeFileSync(new URL('yaml/subnet-crd.yaml', import.meta.url), crdManifest())
