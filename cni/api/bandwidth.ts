import { annotationNames } from './names.ts'

/** Bits per second that a pod may receive (`ingress`) and send (`egress`). */
export type Direction = 'ingress' | 'egress'
export type Bandwidth = Partial<Record<Direction, bigint>>

/** The annotation of each direction. */
export const bandwidthAnnotations: Readonly<Record<Direction, string>> = {
  ingress: annotationNames.pod.ingressBandwidth,
  egress: annotationNames.pod.egressBandwidth,
}

const directions: readonly Direction[] = ['ingress', 'egress']
const decimal = ['', 'k', 'M', 'G', 'T', 'P', 'E']
const least = 1000n
const most = 10n ** 15n

/**
 * What the annotations `kubernetes.io/ingress-bandwidth` and `kubernetes.io/egress-bandwidth` of a pod ask for. As with the kubelet and the reference plugin
 * values are quantities of bits per second between 1k and 1P; a direction whose value is none of these is not limited, and is a problem that says why.
 */
export function readBandwidth(annotations: Readonly<Record<string, string | undefined>>): {
  readonly limits: Bandwidth
  readonly problems: readonly string[]
} {
  const limits: Bandwidth = {}
  const problems: string[] = []
  for (const direction of directions) {
    const text = annotations[bandwidthAnnotations[direction]]
    if (text === undefined) continue
    const value = parseQuantity(text)
    if (value === undefined || value < least || value > most) {
      problems.push(`annotation ${bandwidthAnnotations[direction]}: expected 1k to 1P bits per second, got "${text}"`)
    } else limits[direction] = value
  }
  return { limits, problems }
}

/**
 * The value of a Kubernetes quantity ("10M", "1.5Gi", "3e6", "100m"), rounded up to a whole number as `Quantity.Value()` does; undefined where it is none.
 * Source: k8s.io/apimachinery, pkg/api/resource.
 */
export function parseQuantity(text: string): bigint | undefined {
  const parts = /^([+-]?)(?=[.\d])(\d*)(?:\.(\d*))?(?:([KMGTPE]i)|([numkMGTPE])|[eE]([+-]?\d{1,3}))?$/.exec(text)
  if (parts === null) return undefined
  const [, sign, whole = '', fraction = '', binary, suffix, exponent] = parts
  if (whole === '' && fraction === '') return undefined
  const digits = BigInt(whole + fraction)
  const factor = binary === undefined ? 1n : 1024n ** BigInt('_KMGTPE'.indexOf(binary.charAt(0)))
  const power = Number(exponent ?? powerOf(suffix)) - fraction.length
  const scaled = digits * factor * 10n ** BigInt(Math.max(0, power))
  const divisor = 10n ** BigInt(Math.max(0, -power))
  return sign === '-' ? -(scaled / divisor) : (scaled + divisor - 1n) / divisor
}

function powerOf(suffix = ''): number {
  return decimal.includes(suffix) ? 3 * decimal.indexOf(suffix) : -3 * ('mun'.indexOf(suffix) + 1)
}
