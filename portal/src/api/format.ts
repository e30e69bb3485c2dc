/** Words for amounts and times. All times come from the server and are shown in Asia/Shanghai (UTC+8 all year). */
const shanghaiMs = 8 * 3_600_000

/** `1795428600000` → `2026-11-23 18:10`. */
export function instantText(at: number, withSeconds = false): string {
  return new Date(at + shanghaiMs)
    .toISOString()
    .slice(0, withSeconds ? 19 : 16)
    .replace('T', ' ')
}

export function civilDayText(at: number): string {
  return new Date(at + shanghaiMs).toISOString().slice(0, 10)
}

/** The civil day `n` days after a civil day. */
export function addDays(day: string, n: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + n * 86_400_000).toISOString().slice(0, 10)
}

/** Fen as the API gives them (`"12345678"`) → `123,456.78`. */
export function yuanText(fen: string): string {
  const negative = fen.startsWith('-')
  const digits = (negative ? fen.slice(1) : fen).padStart(3, '0')
  const yuan = digits.slice(0, -2).replace(/\B(?=(\d{3})+$)/g, ',')
  return `${negative ? '−' : ''}${yuan}.${digits.slice(-2)}`
}

/** What a person types (`123,456.7`) → fen as a decimal string; undefined when it is no amount of at most two decimals. */
export function fenOf(text: string): string | undefined {
  const match = /^(\d{1,13}|\d{1,3}(?:[,，]\d{3})+)(?:\.(\d{1,2}))?$/.exec(text.trim())
  if (match?.[1] === undefined) return undefined
  return String(BigInt(match[1].replace(/[,，]/g, '')) * 100n + BigInt((match[2] ?? '').padEnd(2, '0')))
}

/** Basis points → `12.5 %`. */
export function percentText(basisPoints: number): string {
  return `${(basisPoints / 100).toFixed(2).replace(/\.?0+$/, '')} %`
}

export function countText(n: number): string {
  return String(n).replace(/\B(?=(\d{3})+$)/g, ',')
}
