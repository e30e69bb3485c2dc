import { adminPermissions } from '@kapok/identifier/handle'
import { type NodeClient, NodeTrouble, type RestValue } from '../node/node-client.ts'
import type { Sentence } from '../record/fact-fault.ts'
import { platformIndexes, platformPermissions } from './platform-values.ts'

/** What keeps the platform from registering under a prefix, by asking its node; undefined when nothing does. */
export async function checkAccount(client: NodeClient, prefix: string): Promise<Sentence | undefined> {
  const record = `0.NA/${prefix}`
  try {
    const values = await client.read(record)
    if (values === undefined)
      return {
        zh: `节点没有 ${record} 的记录：地址可能是另一个节点的`,
        en: `The node has no record ${record}: it may be another node’s address`,
      }
    const missing = missingRights(record, values)
    if (missing.length > 0)
      return {
        zh: `${record} 的 HS_ADMIN（序号 ${platformIndexes.admin}）缺少权限：${missing.join('、')}`,
        en: `HS_ADMIN (index ${platformIndexes.admin}) of ${record} lacks: ${missing.join(', ')}`,
      }
    await client.list('')
    return undefined
  } catch (error) {
    if (error instanceof NodeTrouble) return sentenceOf(error, record)
    throw error
  }
}

function missingRights(record: string, values: readonly RestValue[]): string[] {
  let given = 0
  for (const { type, data } of values) {
    const { handle, index, permissions } = (data.value ?? {}) as Record<string, unknown>
    if (type.toUpperCase() !== 'HS_ADMIN' || String(handle).toUpperCase() !== record.toUpperCase()) continue
    if (index === platformIndexes.key || index === 0) given |= Number.parseInt(String(permissions), 2) || 0
  }
  return Object.entries(adminPermissions).flatMap(([name, bit]) =>
    (platformPermissions & bit) !== 0 && (given & bit) === 0 ? [name] : [],
  )
}

function sentenceOf({ kind, message }: NodeTrouble, record: string): Sentence {
  if (kind === 'silent') return { zh: `节点没有应答：${message}`, en: `The node did not answer: ${message}` }
  return {
    zh: `节点不认识平台的公钥：请把下面的值加入 ${record}（节点答复：${message}）`,
    en: `The node does not know the platform’s key: add the values below to ${record} (it said: ${message})`,
  }
}
