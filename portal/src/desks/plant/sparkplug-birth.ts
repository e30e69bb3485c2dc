/**
 * An NBIRTH of Sparkplug B 3.0 (org.eclipse.tahu.protobuf.Payload: metrics and `seq` 0) with one metric for each value, as
 * text for a shell's `printf`: octal escapes, which every POSIX shell knows.
 */
export function sparkplugBirth(values: Record<string, unknown>): string {
  const metrics = Object.entries(values).flatMap(([name, value]) => {
    const written = metricValue(value)
    if (written === undefined) return []
    const metric = [...lengthy(0x0a, utf8(name)), 0x20, written.datatype, ...written.bytes]
    return lengthy(0x12, metric)
  })
  return [...metrics, 0x18, 0].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')
}

const utf8 = (text: string) => [...new TextEncoder().encode(text)]

/** Field key, length, bytes. The samples are short: a length below 128 is one byte. */
const lengthy = (key: number, bytes: readonly number[]) => [key, bytes.length, ...bytes]

/** Datatypes of Sparkplug B 3.0 §6.4.16: Double 10, Boolean 11, String 12. */
function metricValue(value: unknown): { datatype: number; bytes: readonly number[] } | undefined {
  if (typeof value === 'number')
    return { datatype: 10, bytes: [0x69, ...new Uint8Array(new Float64Array([value]).buffer)] }
  if (typeof value === 'boolean') return { datatype: 11, bytes: [0x70, value ? 1 : 0] }
  if (typeof value === 'string') return { datatype: 12, bytes: lengthy(0x7a, utf8(value)) }
  return undefined
}
