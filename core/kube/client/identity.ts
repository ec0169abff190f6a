import { apiVersionOf, type KubeObject, type ObjectName, type Resource } from '../resources.ts'

/** The object with the apiVersion and kind of its resource, which writes must carry. */
export function withType<T extends KubeObject>(resource: Resource<T>, object: T): T {
  return { ...object, apiVersion: apiVersionOf(resource), kind: resource.kind }
}

/** @throws TypeError when the object has no name */
export function nameOf({ kind, metadata }: KubeObject): ObjectName {
  const name = metadata?.name
  if (name === undefined) throw new TypeError(`${kind ?? 'the object'} has no metadata.name`)
  return metadata?.namespace === undefined ? { name } : { namespace: metadata.namespace, name }
}
