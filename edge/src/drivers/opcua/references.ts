import type * as Opcua from 'node-opcua-client'
import type { OpcUaClient } from './client.ts'

type NodeId = Opcua.NodeId

/** Types of references (OPC 10000-5 §11): HierarchicalReferences, HasProperty, HasSubtype. */
export const referenceTypes = { hierarchical: 'ns=0;i=33', property: 'ns=0;i=46', subtype: 'ns=0;i=45' } as const

export interface ReferencesAsked {
  type: (typeof referenceTypes)[keyof typeof referenceTypes]
  direction: 'Forward' | 'Inverse'
  /** Classes of the nodes at the other end. */
  classes: readonly ('Object' | 'Variable' | 'ObjectType' | 'VariableType')[]
}

/** References of nodes, in the nodes' order, page after page. Rejects with DeviceError. */
export async function referencesOf(
  client: OpcUaClient,
  nodeIds: readonly NodeId[],
  { type, direction, classes }: ReferencesAsked,
): Promise<Opcua.ReferenceDescription[][]> {
  const { BrowseDirection, NodeClass } = client.library
  const found: Opcua.ReferenceDescription[][] = []
  for (let i = 0; i < nodeIds.length; i += client.limits.nodesPerBrowse) {
    const results = await client.call(
      client.session.browse(
        nodeIds.slice(i, i + client.limits.nodesPerBrowse).map((nodeId) => ({
          nodeId,
          referenceTypeId: type,
          includeSubtypes: true,
          browseDirection: BrowseDirection[direction],
          nodeClassMask: classes.reduce((mask, each) => mask | NodeClass[each], 0),
          resultMask: 63,
        })),
      ),
    )
    for (const first of results) found.push(await allPages(client, first))
  }
  return found
}

async function allPages(client: OpcUaClient, first: Opcua.BrowseResult): Promise<Opcua.ReferenceDescription[]> {
  const references = [...(first.references ?? [])]
  for (let page = first; page.continuationPoint?.length; ) {
    page = await client.call(client.session.browseNext(page.continuationPoint, false))
    references.push(...(page.references ?? []))
  }
  return references
}
