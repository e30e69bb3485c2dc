import { decodeSparkplug, SparkplugError, type SparkplugMetric, sparkplugValue } from '@kapok/contracts/sparkplug-b'
import type { TagValue } from '../driver.ts'
import type { Metric } from './metrics.ts'

const metricsMax = 100

/** What a host says; nothing of it for a payload that is none. */
function metricsIn(payload: Buffer): SparkplugMetric[] {
  try {
    return decodeSparkplug(payload, metricsMax).metrics
  } catch (error) {
    if (error instanceof SparkplugError) return []
    throw error
  }
}

/** tck-id-operational-behavior-data-commands-ncmd-rebirth-name and -value */
export function asksForRebirth(payload: Buffer): boolean {
  return metricsIn(payload).some(({ name, boolean }) => name === 'Node Control/Rebirth' && boolean === true)
}

/** What a DCMD wants written: metrics that `known` knows by their name or alias. */
export function writesOf(
  payload: Buffer,
  known: (name: string | undefined, alias: number | undefined) => Metric | undefined,
): { property: string; value: TagValue }[] {
  return metricsIn(payload).flatMap((metric) => {
    const found = known(metric.name, metric.alias)
    const value = metric.isNull ? undefined : sparkplugValue(metric, metric.datatype ?? found?.datatype ?? 0)
    return found === undefined || value === undefined ? [] : [{ property: found.property, value }]
  })
}

/** STATE of a host application: JSON since Sparkplug 3.0.0 (tck-id-operational-behavior-host-application-connect-birth-payload). */
export function hostStateOf(payload: Buffer): { online: boolean; timestamp: number } | undefined {
  try {
    const { online, timestamp } = JSON.parse(payload.toString('utf8')) as { online?: unknown; timestamp?: unknown }
    return typeof online === 'boolean' && typeof timestamp === 'number' ? { online, timestamp } : undefined
  } catch {
    return undefined
  }
}
