/** Base64 bytes as `offset  hex  text`, sixteen a line, at most the first 4 KiB. */
export function hexDump(base64: string): string {
  const bytes = Uint8Array.from(atob(base64), (each) => each.charCodeAt(0))
  const shown = Math.min(bytes.length, 4096)
  const lines: string[] = []
  for (let at = 0; at < shown; at += 16) {
    const part = [...bytes.subarray(at, Math.min(at + 16, shown))]
    const hex = part.map((each) => each.toString(16).padStart(2, '0')).join(' ')
    const text = part.map((each) => (each >= 32 && each < 127 ? String.fromCharCode(each) : '·')).join('')
    lines.push(`${at.toString(16).padStart(6, '0')}  ${hex.padEnd(47)}  ${text}`)
  }
  if (shown < bytes.length) lines.push(`… ${bytes.length - shown} B`)
  return lines.join('\n')
}
