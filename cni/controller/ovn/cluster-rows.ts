import type { OvnNames } from '@ovnkit/cni-api'
import type { ElementSpec, OvsdbObjects, RowSpec } from '@ovnkit/reconcile'

export type RowMaker = Pick<OvsdbObjects, 'row' | 'element' | 'ref'>

/** Tables whose names expressions refer to. */
const inExpressions: ReadonlySet<string> = new Set(['Address_Set', 'Port_Group'])

/**
 * Makes rows under the names of a cluster. Renders know the plain names only; they become the cluster's where a row is made, and wherever a column says one: so no
 * render can forget it. What is somebody else's (a switch by its name) is referred to by elements and parents, which stay as they are.
 */
export function clusterRows(objects: RowMaker, names: OvnNames): RowMaker {
  if (names.of('') === '') return objects
  return {
    row: spec => objects.row(inCluster(spec, names)),
    element: spec => objects.element(elementInCluster(spec, names)),
    ref: (table, key) => objects.ref(table, key),
  }
}

/** The columns of a row of ours in which names stand (ovn-nb(5)). */
export function inCluster(spec: RowSpec, names: OvnNames): RowSpec {
  const { name, match, options, vips } = spec.columns
  return {
    ...spec,
    columns: {
      ...spec.columns,
      ...(typeof name === 'string' && {
        name: inExpressions.has(spec.table) ? names.inExpression(name) : names.of(name),
      }),
      ...(typeof match === 'string' && { match: expression(match, names) }),
      ...(isMap(options) && { options: peers(options, names) }),
      ...(isMap(vips) && { vips: templates(vips, names) }),
    },
  }
}

/** Values of template variables are under the variables' names. */
function elementInCluster(spec: ElementSpec, names: OvnNames): ElementSpec {
  if (spec.row.table !== 'Chassis_Template_Var' || spec.key === undefined) return spec
  return { ...spec, key: names.inExpression(spec.key) }
}

/** Ports stand in quotes, address sets behind `$`, port groups behind `@`. */
function expression(text: string, { of, inExpression }: OvnNames): string {
  return text.replace(
    /"((?:[^"\\]|\\.)*)"|([$@])([\w.]+)/g,
    (_, port: string | undefined, sign: string, name: string) =>
      port === undefined ? `${sign}${inExpression(name)}` : `"${of(port)}"`,
  )
}

type ColumnMap = Readonly<Record<string, string | number | boolean | undefined>>

function peers(options: ColumnMap, { of }: OvnNames): ColumnMap {
  const port = options['router-port']
  return typeof port === 'string' ? { ...options, 'router-port': of(port) } : options
}

function templates(vips: ColumnMap, { inExpression }: OvnNames): ColumnMap {
  const named = (text: string) => text.replace(/\^([\w.]+)/g, (_, name: string) => `^${inExpression(name)}`)
  return Object.fromEntries(
    Object.entries(vips).map(([address, backends]) => [
      named(address),
      typeof backends === 'string' ? named(backends) : backends,
    ]),
  )
}

const isMap = (value: RowSpec['columns'][string]): value is ColumnMap =>
  typeof value === 'object' && !Array.isArray(value)
