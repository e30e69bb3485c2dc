import { type KeyObject, randomBytes, sign } from 'node:crypto'
import { nameOfUser, type User } from '../../registration/authentication.ts'

/** Who follows, and the RSA key of that value. */
export interface Follower {
  user: User
  key: KeyObject
}

/**
 * Begins a session at another node's REST API and gives the header that proves who we are (Handle.Net Technical Manual,
 * chapter 14): the signature over the node's nonce and ours. Rejects when the node gives no challenge.
 */
export async function provenHeader(url: string, { user, key }: Follower, signal: AbortSignal): Promise<string> {
  const reply = await fetch(`${url}/api/sessions`, { method: 'POST', signal })
  const { sessionId, nonce } = (await reply.json()) as { sessionId?: unknown; nonce?: unknown }
  if (typeof sessionId !== 'string' || typeof nonce !== 'string' || !/^\w+$/.test(sessionId))
    throw new Error(`${url} gave no challenge`)
  const cnonce = randomBytes(16)
  const signature = sign('sha256', Buffer.concat([Buffer.from(nonce, 'base64'), cnonce]), key)
  const fields = {
    sessionId,
    cnonce: cnonce.toString('base64'),
    id: nameOfUser(user),
    type: 'HS_PUBKEY',
    alg: 'SHA256',
    signature: signature.toString('base64'),
  }
  return `Handle ${Object.entries(fields)
    .map(([name, value]) => `${name}="${value}"`)
    .join(', ')}`
}
