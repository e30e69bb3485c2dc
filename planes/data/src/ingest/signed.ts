import { verify } from 'node:crypto'
import { decodeSignedBatch, isSignedBatch, type SignedBatch } from '@kapok/contracts/signed-batch'
import type { Message } from './intake.ts'
import { type Reason, reason } from './reasons.ts'

export interface Opened {
  batch: SignedBatch
  keyId: string
  /** The beginning of the signature: what tells two contents of one sequence apart. */
  mark: string
}

/** Opens what an enrolled gateway signed, or says why it does not count. */
export function openSigned({ sender, payload }: Message): Opened | Reason {
  const { key, deviceId } = sender
  if (key === undefined) return reason('signature.no_key', {})
  if (!isSignedBatch(payload)) return reason('signature.missing', { gateway: deviceId })
  let mark = ''
  try {
    const batch = decodeSignedBatch(payload, (bytes, signature) => {
      mark = Buffer.from(signature.subarray(0, 8)).toString('hex')
      return verify(null, bytes, key.publicKey, signature)
    })
    return { batch, keyId: key.id, mark }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    return reason('signature.wrong', { why: error.message })
  }
}
