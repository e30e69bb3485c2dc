import { civilOffsetMs } from '@kapok/kit/clock'

/**
 * A time as people write it, by Beijing's clock unless it names a zone, as `2027-02-01 09:30` or with seconds; undefined for
 * what is no time.
 */
export function beijingTime(text: string): string | undefined {
  const [, year = '', month = '', day = '', hour = '00', minute = '00', second = '00', zone] =
    /^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?(?:[T\s]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?)?\s*(Z|[+-]\d{2}:?\d{2})?$/i.exec(
      text,
    ) ?? []
  if (year === '') return undefined
  const two = (part: string) => part.padStart(2, '0')
  const wall = `${year}-${two(month)}-${two(day)}T${two(hour)}:${minute}:${second}`
  const at = Date.parse(`${wall}${zone === undefined ? '+08:00' : zone.toUpperCase()}`)
  if (Number.isNaN(at)) return undefined
  const written = beijingTimeOf(at)
  // 31 February rolls over to March where the date is not looked at.
  return zone === undefined && !written.startsWith(wall.slice(0, 10)) ? undefined : written
}

export function beijingTimeOf(atMs: number): string {
  const text = new Date(atMs + civilOffsetMs).toISOString().replace('T', ' ')
  return text.slice(17, 19) === '00' ? text.slice(0, 16) : text.slice(0, 19)
}

/** ISO 8601 in UTC, as it stands in a record. */
export const instantOf = (time: string): string => new Date(`${time.replace(' ', 'T')}+08:00`).toISOString()
