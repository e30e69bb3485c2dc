/**
 * What an application may publish for a device of its organisation: measured values and attributes, and messages to the
 * device's own sessions. Nothing that a device would take for a command of the platform.
 */
const dataTopics = new Set([
  'kapok/v1/telemetry',
  'kapok/v1/points',
  'v1/devices/me/telemetry',
  'v1/devices/me/attributes',
])

export const mayPublishFor = (topic: string) => dataTopics.has(topic) || topic.startsWith('kapok/v1/user/')
