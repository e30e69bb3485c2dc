import { canonicalHandle, decodeData, type HandleValue, readOrUndefined } from '../handle/handle.ts'
import { type FindRecord, sameUser, type User } from './authentication.ts'
import { registrationLimits } from './limits.ts'

interface Grant extends User {
  permissions: number
}

/** The administrators that a record names (HS_ADMIN, RFC 3651 §3.2.1); what cannot be read grants nothing. */
function grantsOf(record: readonly HandleValue[]): Grant[] {
  return record.flatMap((value) => {
    if (value.type.toUpperCase() !== 'HS_ADMIN') return []
    const data = readOrUndefined(() => decodeData('HS_ADMIN', value.data))
    return data?.format === 'admin' ? [data] : []
  })
}

/**
 * The permissions (bits of `adminPermissions`) that the administrators of a record give to a user: by naming the key, any key
 * of its record (index 0), or a group (HS_VLIST) that holds it, groups within groups included.
 */
export async function permissionsOf(
  user: User,
  record: readonly HandleValue[],
  findRecord: FindRecord,
): Promise<number> {
  let permissions = 0
  for (const grant of grantsOf(record)) {
    if ((permissions | grant.permissions) === permissions) continue
    if (await isMember(user, grant, findRecord)) permissions |= grant.permissions
  }
  return permissions
}

/** Whether a reference names the user, or a group with it. Each group is looked at once, so a loop ends. */
export async function isMember(user: User, reference: User, findRecord: FindRecord): Promise<boolean> {
  const seen = new Set<string>()
  let level: User[] = [reference]
  for (let depth = 0; depth <= registrationLimits.groupDepth && level.length > 0; depth++) {
    const below: User[] = []
    for (const each of level) {
      if (sameUser(user, each) || (each.index === 0 && canonicalHandle(each.handle) === canonicalHandle(user.handle)))
        return true
      const name = `${each.index}:${canonicalHandle(each.handle)}`
      if (seen.has(name) || seen.size >= registrationLimits.groupMembers) continue
      seen.add(name)
      below.push(...(await membersOf(each, findRecord)))
    }
    level = below.slice(0, registrationLimits.groupMembers)
  }
  return false
}

async function membersOf({ handle, index }: User, findRecord: FindRecord): Promise<readonly User[]> {
  const value = (await findRecord(canonicalHandle(handle)))?.find((each) => each.index === index)
  if (value?.type.toUpperCase() !== 'HS_VLIST') return []
  const data = readOrUndefined(() => decodeData('HS_VLIST', value.data))
  return data?.format === 'vlist' ? data.references : []
}
