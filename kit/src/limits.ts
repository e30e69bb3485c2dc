/** Every limit of the platform: queues, bodies, batches, pages, times. Nothing that grows is without a row here. */
export const limits = {
  jsonBodyBytes: 1 << 20,
  fileBytes: 20 << 20,
  sessionHours: 12,
  sessionsPerUser: 20,
  signInAttemptsPer15Minutes: 10,
  oneTimeLinkHours: 72,
  idempotencyKeyDays: 30,
  publicCommandsPerMinute: 60,
  publicAddresses: 50_000,
  busRequestMs: 60_000,
  dbPoolSize: 12,
  dbStatementMs: 30_000,
  websocketBufferBytes: 1 << 20,
  websocketDevices: 64,
  /** Free bytes of the data folder's disk: with less a start is refused … */
  diskFreeToStartBytes: 512 << 20,
  /** … and with less a running platform takes no points, so that its engines can still write. */
  diskFreeToTakeBytes: 256 << 20,
} as const
