/** What a file is, by its content: the name and the sender's word are not asked. */
export type FileKind = 'application/pdf' | 'application/ofd' | 'image/jpeg' | 'image/png'

const startsWith = (bytes: Uint8Array, signature: readonly number[]) =>
  signature.every((byte, index) => bytes[index] === byte)

/** Media type of a PDF, OFD, JPG or PNG; undefined for anything else. OFD (GB/T 33190) is a ZIP with `OFD.xml` in its root. */
export function fileKind(bytes: Uint8Array): FileKind | undefined {
  if (startsWith(bytes, [0x25, 0x50, 0x44, 0x46, 0x2d])) return 'application/pdf'
  if (startsWith(bytes, [0xff, 0xd8, 0xff])) return 'image/jpeg'
  if (startsWith(bytes, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])) return 'image/png'
  if (startsWith(bytes, [0x50, 0x4b, 0x03, 0x04]) && zipNames(bytes).includes('OFD.xml')) return 'application/ofd'
  return undefined
}

/** Entries that a ZIP may have at most before we stop looking; a document has a few hundred. */
const entryLimit = 10_000

/** Names in the central directory of a ZIP; empty when it has none that can be read. */
function zipNames(bytes: Uint8Array): string[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  // The end record lies in the last 22 bytes, before a comment of at most 65,535.
  let end = bytes.length - 22
  const least = Math.max(0, end - 65_535)
  while (end >= least && view.getUint32(end, true) !== 0x06054b50) end--
  if (end < least || end < 0) return []
  const entries = Math.min(view.getUint16(end + 10, true), entryLimit)
  let at = view.getUint32(end + 16, true)
  const names: string[] = []
  for (let index = 0; index < entries; index++) {
    if (at + 46 > bytes.length || view.getUint32(at, true) !== 0x02014b50) return names
    const nameLength = view.getUint16(at + 28, true)
    if (at + 46 + nameLength > bytes.length) return names
    names.push(new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength)))
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true)
  }
  return names
}
