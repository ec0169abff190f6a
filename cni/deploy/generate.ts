/**
 * Writes everything of this folder that is made of something else: node cni/deploy/generate.ts. Needs Helm (`node lab/tools/main.ts helm` finds or builds it).
 *
 * - CustomResourceDefinitions come from cni/api, the schema of the chart's values from the configuration's schema there.
 * - The chart's permissions come from yaml/rbac.yaml.
 * - The other manifests are the chart's output, so that both ways of installing are one.
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { findTool } from '@ovnkit/kube/testing'
import { parseAllDocuments, stringify } from 'yaml'
import { crdManifests } from './generate-crd.ts'
import { valuesSchema } from './values-schema.ts'

const path = (file: string) => new URL(file, import.meta.url).pathname
const namespace = 'kube-system'

/** Files that no program is needed for, by their names in this folder. */
export function derivedFiles(): Readonly<Record<string, string>> {
  const rbac = readFileSync(path('yaml/rbac.yaml'), 'utf8')
  return {
    ...crdManifests(),
    'helm/values.schema.json': valuesSchema(),
    'helm/templates/rbac.yaml': rbac.replaceAll(`namespace: ${namespace}`, 'namespace: {{ .Release.Namespace }}'),
  }
}

/** Placeholders that a user replaces in the one file that has them. */
const addresses = ['CONTROL_PLANE_1_IP', 'CONTROL_PLANE_2_IP', 'CONTROL_PLANE_3_IP']
const common = ['--set', 'kubernetes.apiServer=https://API_SERVER_IP:6443']
const databases = ['ovn-nb-db', 'ovn-sb-db', 'ovn-northd']

/** Folder -> what the chart is rendered with, and which templates the folder holds. */
const renderings: Readonly<Record<string, { values: readonly string[]; templates: readonly string[] }>> = {
  yaml: {
    values: ['--set', `ovn.standalone.addresses={CONTROL_PLANE_IP}`],
    templates: ['controller', 'node'],
  },
  'standalone/single': {
    values: [...common, '--set', `ovn.standalone.addresses={CONTROL_PLANE_IP}`],
    templates: ['configmap', ...databases],
  },
  'standalone/ha': {
    values: [
      ...common,
      ...['-f', path('helm/values-standalone-ha.yaml')],
      ...['--set', `ovn.standalone.addresses={${addresses.join(',')}}`],
    ],
    templates: ['configmap', ...databases],
  },
  external: {
    values: [
      ...common,
      ...['-f', path('helm/values-external.yaml')],
      ...['--set', 'ovn.nbdbAddress=tcp:ZSTACK_IP:6641,ovn.sbdbAddress=tcp:ZSTACK_IP:6642'],
    ],
    templates: ['configmap'],
  },
}

/** The manifests that are the chart's output, by their names in this folder. */
export function renderedFiles(helm: string): Readonly<Record<string, string>> {
  return Object.fromEntries(
    Object.entries(renderings).flatMap(([folder, { values, templates }]) =>
      templates.map(template => [`${folder}/${template}.yaml`, render(helm, template, values)]),
    ),
  )
}

function render(helm: string, template: string, values: readonly string[]): string {
  const name = 'zstack-ovn-kubernetes'
  const argv = ['template', name, path('helm'), '-n', namespace, '--show-only', `templates/${template}.yaml`, ...values]
  const { status, stdout, stderr, error } = spawnSync(helm, argv, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`helm ${argv.join(' ')} failed: ${error?.message ?? stderr}`)
  return `# Made by cni/deploy/generate.ts from the chart in cni/deploy/helm; do not edit.\n${tidy(stdout)}`
}

/** The objects of a text of several documents. */
export const objectsIn = (text: string): unknown[] => parseAllDocuments(text).flatMap(document => document.toJS() ?? [])

/** Without what only Helm's updates need. Comments of the templates stay. */
function tidy(text: string): string {
  return parseAllDocuments(text)
    .filter(document => document.contents !== null)
    .map(document => {
      const pods = ['spec', 'template', 'metadata', 'annotations']
      if (document.hasIn(pods)) document.deleteIn(pods)
      document.commentBefore = document.commentBefore?.replace(/^ Source: .*\n?/m, '') || null
      return stringify(document, { lineWidth: 0 })
    })
    .map(one => one.replace(/^---\n/, '').trimStart())
    .join('---\n')
}

function write(files: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(files)) {
    mkdirSync(dirname(path(file)), { recursive: true })
    writeFileSync(path(file), text)
  }
}

if (import.meta.main) {
  write(derivedFiles())
  write(renderedFiles(findTool('helm')))
}
