/** Every limit of the faces over HTTP. */
export const faceLimits = {
  /** 2,000 records of a batch with room. */
  bodyBytes: 16 << 20,
  /** Of all requests that are being read. */
  bodyBytesOfAll: 256 << 20,
  urlCharacters: 8_192,
  headerBytes: 32_768,
  requestMs: 30_000,
  keepAliveMs: 60_000,
  connections: 1_024,
  /** Handles of one page of a list. */
  pageSize: 1_000,
  /** Sessions of REST clients that answered a challenge, or were given one. */
  sessions: 10_000,
  sessionMs: 600_000,
} as const
