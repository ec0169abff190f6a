import { Store } from '@ovnkit/reconcile'
import { type CustomResourceDefinition, type KubeObject, type Resource, resources } from '../resources.ts'
import { type Mirror, type MirrorOptions, mirror } from './mirror.ts'

/**
 * A mirror of a custom resource that a cluster may not have, or get and lose later. Without it the store is empty; when it is defined the watch begins by itself. It
 * follows the one definition for that; who may not read it asks again every few minutes.
 */
export function mirrorDefined<T extends KubeObject, V>(options: Omit<MirrorOptions<T, V>, 'optional'>): Mirror {
  const { client, signal, logger, resource } = options
  const definition = new Store<true>({ name: `definition of ${resource.plural}` })
  mirror({
    client,
    signal,
    ...(logger === undefined ? {} : { logger }),
    resource: resources.customResourceDefinitions,
    fieldSelector: `metadata.name=${resource.plural}.${resource.group}`,
    store: definition,
    trim: object => (serves(object, resource) ? true : undefined),
  })
  return mirror({ ...options, optional: true, definition })
}

const serves = ({ spec }: CustomResourceDefinition, { version }: Resource): boolean =>
  spec?.versions?.some(({ name, served }) => name === version && served) ?? false
