import { gs1Vocabulary } from './link.ts'
import { linksetContext } from './linkset.ts'

/** What an operator says of its resolver. */
export interface ResolverSettings {
  /** `https://id.example.cn`, without a slash at the end. */
  readonly root: string
  readonly name: string
  /** Values of `context` that its links use. */
  readonly contexts?: readonly string[]
  readonly contact?: { readonly fn: string }
}

export const descriptionPath = '/.well-known/gs1resolver'

/** The resolver description file (Resolver 1.2 §3, description-file-schema). */
export function resolverDescription({ root, name, contexts = [], contact }: ResolverSettings): object {
  return {
    name,
    resolverRoot: root,
    supportedPrimaryKeys: ['all'],
    supportedLinkType: [{ namespace: gs1Vocabulary, prefix: 'gs1:' }],
    linkTypeDefaultCanBeLinkset: false,
    ...(contexts.length === 0 ? {} : { supportedContextValuesEnumerated: contexts }),
    ...(contact === undefined ? {} : { contact }),
    jsonLdContextLocation: linksetContext,
  }
}
