import { type HandleValue, partsOf } from '../handle/handle.ts'
import { parentOf, rootPrefix, trustRoot } from '../node/homes.ts'
import type { ChangingRecords } from '../registration/changing-records.ts'
import { certificateIn, issuerOf } from './certificate.ts'
import { trustLimits } from './limits.ts'
import { isCertificate, jwsIn } from './record-signature.ts'

/**
 * Writes the records of the prefixes right below one anew whose HS_CERT by this node has less than half of its time left, so
 * that they are certified again; how many. `records` are those of a node that signs.
 */
export async function renewCertificates(
  records: ChangingRecords,
  prefix: string,
  clock: { now(): number },
): Promise<number> {
  const isDue = (values: readonly HandleValue[] | undefined) =>
    values?.some((value) => {
      const jws = isCertificate(value) ? jwsIn(value) : undefined
      const certificate = jws && certificateIn(jws)
      if (certificate?.issuer !== issuerOf(prefix)) return false
      return certificate.expires - clock.now() / 1_000 < trustLimits.certificateSeconds / 2
    }) ?? false
  let renewed = 0
  for (const handle of certifiedUnder(records, prefix)) {
    if (!isDue(records.find(handle))) continue
    const written = await records.change<'gone'>(handle, '', (current) =>
      isDue(current?.values) ? { next: current?.values ?? null } : { refused: 'gone' },
    )
    if (written.done) renewed++
    else if (written.refused !== 'gone') throw written.refused
  }
  return renewed
}

function* certifiedUnder(records: ChangingRecords, prefix: string): Generator<string> {
  if (prefix === rootPrefix) yield trustRoot
  let after = prefix === rootPrefix ? '' : `0.NA/${prefix}.`
  for (;;) {
    const page = records.handlesUnder(rootPrefix, { ...(after !== '' && { after }), limit: trustLimits.renewalPage })
    for (const handle of page) {
      const { suffix } = partsOf(handle)
      if (prefix !== rootPrefix && !suffix.startsWith(`${prefix}.`)) return
      if (suffix !== rootPrefix && parentOf(suffix) === prefix) yield handle
    }
    const last = page.at(-1)
    if (last === undefined) return
    after = last
  }
}
